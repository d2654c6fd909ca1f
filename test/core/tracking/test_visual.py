# Copyright 2026 the fer_ros authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Faces are followed in the pictures where the detector is not asked; a loss is noticed."""

import math

import cv2
from fer_ros.core.tracking import create_tracker
from fer_ros.core.tracking.tracker import CsrtOptions, KcfOptions, TrackerOptions
from fer_ros.core.values import Box, Detection, FaceState, KeyPoint, NS_PER_S
from fer_ros.media.sample_clip import SampleClip
import numpy as np
import pytest

NAMES = ['csrt', 'kcf', 'medianflow', 'mosse']
BEGIN = 20
COUNT = 61


@pytest.fixture(scope='module')
def clip():
    """Return images of the sample clip and where its two faces truly are in them."""
    clip = SampleClip()
    indices = range(BEGIN, BEGIN + COUNT)
    return [clip.frame(index) for index in indices], [clip.truth(index) for index in indices]


def tracker(name, **options):
    return create_tracker(TrackerOptions(**{'name': name, 'min_hits': 1, **options}))


def stamp(index):
    return index * NS_PER_S // 30


def detection(face):
    points = np.full((6, 2), np.nan, np.float32)
    points[KeyPoint.RIGHT_EYE], points[KeyPoint.LEFT_EYE] = face.right_eye, face.left_eye
    return Detection(face.box, 0.9, points)


def covered(image, box, margin=0.35):
    """Return the image with a grey card before the face and its surroundings."""
    image, by = image.copy(), margin * box.width
    left, top = max(round(box.x - by), 0), max(round(box.y - by), 0)
    image[top:round(box.y + box.height + by), left:round(box.x + box.width + by)] = 90
    return image


def of_box(tracks, box):
    """Return the track that lies on a box."""
    (track,) = [track for track in tracks if track.box.iou(box) > 0.3]
    return track


@pytest.mark.parametrize('name', NAMES)
def test_faces_are_seen_between_detections_and_keep_their_identities(clip, name):
    follow = tracker(name)
    owners, overlaps, off, asked = {1: set(), 2: set()}, [], [], 0
    for index, (image, truth) in enumerate(zip(*clip, strict=True)):
        is_asked = index % 10 == 0 or follow.wants_detection
        asked += is_asked
        found = [detection(face) for face in truth] if is_asked else None
        tracks = follow.update(found, stamp(index), image)
        assert len(tracks) == 2
        for face in truth:
            track = of_box(tracks, face.box)
            owners[face.identity].add(track.track_id)
            assert track.state is (FaceState.DETECTED if is_asked else FaceState.TRACKED)
            if is_asked or not track.is_seen:
                continue
            overlaps.append(track.box.iou(face.box))
            off.append(
                math.dist(track.key_points[KeyPoint.LEFT_EYE], face.left_eye) / face.box.width)
            assert np.isnan(track.key_points[KeyPoint.NOSE_TIP]).all()
    assert owners in ({1: {1}, 2: {2}}, {1: {2}, 2: {1}})
    assert asked <= 15
    assert len(overlaps) >= 0.9 * 2 * (COUNT - asked)
    assert np.percentile(overlaps, 5) > 0.6
    assert np.median(off) < 0.08


@pytest.mark.parametrize('name', NAMES)
def test_a_face_that_is_covered_is_lost_and_looked_for(clip, name):
    images, truth = clip
    follow = tracker(name)
    follow.update([detection(truth[0][0])], stamp(0), images[0])
    for index in range(1, 6):
        (track,) = follow.update(None, stamp(index), images[index])
        assert track.is_seen
        assert not follow.wants_detection
    for index in range(6, 12):
        (track,) = follow.update(None, stamp(index), covered(images[index], truth[index][0].box))
    assert not track.is_seen
    assert (track.state, track.key_points) == (FaceState.TRACKED, None)
    assert follow.wants_detection
    # It comes out again, the detector finds it, and it is who it was.
    (track,) = follow.update([detection(truth[12][0])], stamp(12), images[12])
    assert (track.track_id, track.state, track.is_seen) == (1, FaceState.DETECTED, True)
    assert not follow.wants_detection


@pytest.mark.parametrize('name', NAMES)
def test_a_face_that_the_detector_misses_is_followed_on(clip, name):
    images, truth = clip
    follow = tracker(name)
    follow.update([detection(truth[0][0])], stamp(0), images[0])
    for index in range(1, 6):
        (track,) = follow.update([], stamp(index), images[index])
        assert track.is_seen
        assert track.box.iou(truth[index][0].box) > 0.6


@pytest.mark.parametrize('name', NAMES)
def test_what_no_detector_confirms_ends_after_the_timeout(clip, name):
    # The tracker holds on to the wall, which does not move.
    image = clip[0][0]
    wall = Detection(Box(300.0, 20.0, 80.0, 80.0), 0.6)
    follow = tracker(name, timeout_s=0.5)
    follow.update([wall], stamp(0), image)
    counts = [len(follow.update([], stamp(index), image)) for index in range(1, 31)]
    assert counts == [1] * 15 + [0] * 15


def test_the_detector_is_wanted_until_a_new_face_is_sure(clip):
    images, truth = clip
    follow = tracker('mosse', min_hits=2)
    assert follow.update([detection(truth[0][0])], stamp(0), images[0]) == []
    assert follow.wants_detection
    assert len(follow.update([detection(truth[1][0])], stamp(1), images[1])) == 1
    assert not follow.wants_detection


def test_the_detector_is_not_wanted_for_a_face_that_is_gone(clip):
    images, truth = clip
    follow = tracker('mosse', timeout_s=0.5)
    follow.update([detection(truth[0][0])], stamp(0), images[0])
    grey = np.full_like(images[0], 90)
    wanted = []
    for index in range(1, 31):
        follow.update([] if follow.wants_detection else None, stamp(index), grey)
        wanted.append(follow.wants_detection)
    assert wanted[2]
    assert not any(wanted[18:])


@pytest.mark.parametrize(('name', 'strict'), [
    ('csrt', {'csrt': CsrtOptions(psr_threshold=1.0)}),
    ('kcf', {'kcf': KcfOptions(detect_threshold=1.0)})])
def test_a_stricter_threshold_loses_the_face(clip, name, strict):
    images, truth = clip
    for options, is_seen in (({}, True), (strict, False)):
        follow = tracker(name, **options)
        follow.update([detection(truth[0][0])], stamp(0), images[0])
        for index in range(1, 11):
            (track,) = follow.update(None, stamp(index), images[index])
        assert track.is_seen is is_seen


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('box', [
    Box(-60.0, 150.0, 150.0, 150.0), Box(560.0, 400.0, 160.0, 160.0), Box(-10.0, -10.0, 4.0, 4.0),
    Box(638.0, 100.0, 50.0, 50.0), Box(-300.0, -300.0, 2000.0, 2000.0), Box(5.2, 5.3, 0.4, 0.6)])
def test_a_box_anywhere_does_no_harm(clip, name, box):
    follow = tracker(name)
    for index in range(4):
        found = [Detection(box, 0.9)] if index == 0 else None
        tracks = follow.update(found, stamp(index), clip[0][index])
        assert [track.track_id for track in tracks] == [1]


@pytest.mark.parametrize('name', NAMES)
def test_where_the_size_of_the_images_changes_faces_are_looked_for(clip, name):
    images, truth = clip
    follow = tracker(name)
    follow.update([detection(truth[0][0])], stamp(0), images[0])
    (track,) = follow.update(None, stamp(1), cv2.resize(images[1], (320, 240)))
    assert not track.is_seen
    assert follow.wants_detection


@pytest.mark.parametrize('name', NAMES)
def test_identities_are_never_used_again_after_a_reset(clip, name):
    images, truth = clip
    follow = tracker(name)
    seen = []
    for index in range(3):
        faces = [detection(face) for face in truth[index]]
        seen += follow.update(faces, stamp(index), images[index])
        follow.reset()
    assert follow.update(None, stamp(3), images[3]) == []
    assert len({track.track_id for track in seen}) == len(seen) == 6


@pytest.mark.parametrize(('name', 'missing'), [
    ('csrt', 'TrackerCSRT'), ('kcf', 'TrackerKCF'), ('medianflow', 'legacy'), ('mosse', 'legacy')])
def test_without_opencvs_contrib_modules_it_is_said_what_to_install(monkeypatch, name, missing):
    monkeypatch.delattr(cv2, missing)
    with pytest.raises(ImportError, match=f'tracker {name} .*install opencv-contrib-python'):
        tracker(name)
