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

"""The face stage finds what the sample clip truly holds, and what a script says."""

from dataclasses import replace
import math

import cv2
from fer_ros.core import face_stage
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.detection.window_search import search_windows
from fer_ros.core.face_stage import FaceOptions, FaceStage
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.landmarks.options import LandmarkOptions
from fer_ros.core.tracking.tracker import TrackerOptions
from fer_ros.core.values import Box, Detection, FaceState, Frame, KeyPoint, NS_PER_S
from fer_ros.media.sample_clip import SampleClip, wall
import numpy as np
from photographs import astronaut, likeness
import pytest

IMAGES = 330  # the clip is 300 long: its end leads into its start


class ScriptedDetector:
    """Finds what it is told."""

    detect_small = None

    def __init__(self, *images):
        self.images = list(images)
        self.calls = 0
        self.is_closed = False

    def detect(self, image, scale=1.0):
        self.calls += 1
        return self.images.pop(0) if self.images else []

    def close(self):
        self.is_closed = True


def stage(*images, **options):
    detector = ScriptedDetector(*images)
    # The script changes, the images do not.
    options.setdefault('landmarks', LandmarkOptions(max_age_s=0.0))
    return FaceStage(FaceOptions(**options), create=lambda _: detector), detector


def found(x, y, edge=60.0):
    points = np.array([(x + dx * edge, y + dy * edge) for dx, dy in (
        (-0.2, -0.2), (0.2, -0.2), (0, 0), (0, 0.2), (-0.4, -0.1), (0.4, -0.1))], np.float32)
    return Detection(Box(x - edge / 2, y - edge / 2, edge, edge), 0.9, points)


FACE = Box(175.6, 75.4, 99.6, 99.6)
"""Where the astronaut's face is."""


@pytest.fixture(scope='module')
def photograph():
    return astronaut()


@pytest.fixture(scope='module')
def detector():
    """Return the default detector; it is closed at the end."""
    made = create_detector(DetectorOptions())
    yield made
    made.close()


class LentDetector:
    """A detector of which the test counts the calls, and which outlives the stage."""

    detect_small = None

    def __init__(self, detector):
        self._detector = detector
        self.calls = 0

    def detect(self, image, scale=1.0):
        self.calls += 1
        return self._detector.detect(image, scale)

    def close(self):
        pass


def lent(shared, **options):
    """Return a stage with a detector that counts its calls, and the detector."""
    counting = LentDetector(shared)
    return FaceStage(FaceOptions(**options), create=lambda _: counting), counting


def turned(image, angle):
    """Return the photograph with its face turned clockwise by an angle in degrees."""
    matrix = cv2.getRotationMatrix2D((225, 125), -angle, 1.0)
    return cv2.warpAffine(image, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)


def degrees(pose):
    return np.degrees([pose.roll, pose.pitch, pose.yaw])


def frame(index, shape=(480, 640)):
    return Frame(np.full((*shape, 3), 90, np.uint8), index * NS_PER_S // 30)


@pytest.fixture(scope='module')
def followed():
    """Return for each image of the clip the truth, and the found face for each identity."""
    clip, images = SampleClip(), []
    with FaceStage(FaceOptions()) as stage:
        for index in range(IMAGES):
            faces = stage.process(Frame(clip.frame(index), round(index / clip.rate_hz * NS_PER_S)))
            truth = {face.identity: face for face in clip.truth(index)}
            matched = {}
            for identity, true in truth.items():
                near = [face for face in faces if face.box.iou(true.box) > 0.3]
                assert len(near) <= 1
                matched[identity] = near[0] if near else None
            images.append((truth, faces, matched))
    return images


def of(followed, identity):
    return [
        (truth[identity], matched[identity]) for truth, _, matched in followed
        if matched[identity] is not None]


def test_nothing_but_the_two_faces_is_found(followed):
    # The first image only holds faces that are not confirmed yet.
    assert [len(faces) for _, faces, _ in followed] == [0] + [2] * (IMAGES - 1)


@pytest.mark.parametrize('identity', [1, 2])
def test_each_face_is_found_in_nearly_every_image(followed, identity):
    pairs = of(followed, identity)
    assert len(pairs) >= 0.99 * IMAGES
    detected = sum(face.state is FaceState.DETECTED for _, face in pairs)
    assert detected >= 0.98 * IMAGES


@pytest.mark.parametrize('identity', [1, 2])
def test_boxes_lie_on_the_truth(followed, identity):
    overlaps = [face.box.iou(truth.box) for truth, face in of(followed, identity)]
    assert min(overlaps) > 0.6
    assert np.median(overlaps) > 0.8


def test_identities_never_change(followed):
    owners = [{face.track_id for _, face in of(followed, identity)} for identity in (1, 2)]
    assert [len(owner) for owner in owners] == [1, 1]
    assert owners[0] | owners[1] == {1, 2}


@pytest.mark.parametrize('identity', [1, 2])
def test_roll_agrees_with_the_truth(followed, identity):
    off = [
        math.degrees(face.head_pose.roll - truth.roll) for truth, face in of(followed, identity)]
    assert np.median(np.abs(off)) < 3
    assert np.percentile(np.abs(off), 95) < 10


@pytest.mark.parametrize('identity', [1, 2])
def test_crops_are_upright_and_look_alike_through_the_whole_clip(followed, identity):
    crops = np.array([face.crop for _, face in of(followed, identity)], float)
    assert crops.shape[1:] == (96, 96)
    usual = np.median(crops, axis=0)
    # Not turned, they reach 0.74.
    assert np.median([likeness(crop, usual) for crop in crops]) > 0.95


def test_a_predicted_face_has_neither_crop_nor_pose():
    stage_, _ = stage([found(100, 100)], [found(102, 100)], [])
    stage_.process(frame(0))
    (seen,) = stage_.process(frame(1))
    (predicted,) = stage_.process(frame(2))
    assert (seen.state, predicted.state) == (FaceState.DETECTED, FaceState.TRACKED)
    assert seen.crop.shape == (96, 96)
    assert not math.isnan(seen.head_pose.yaw)
    assert (predicted.crop, predicted.key_points) == (None, None)
    assert math.isnan(predicted.head_pose.yaw)
    assert predicted.track_id == seen.track_id


def test_a_detected_face_carries_what_the_detector_found():
    detection = found(100, 100)
    stage_, _ = stage([detection], tracker=TrackerOptions(min_hits=1))
    (face,) = stage_.process(frame(0))
    assert (face.box, face.score) == (detection.box, detection.score)
    assert face.key_points[KeyPoint.NOSE_TIP].tolist() == [100, 100]


def test_a_face_that_leaves_the_image_is_not_predicted_beyond_its_edge():
    walk = [[found(500 + 20 * k, 200)] for k in range(8)]
    stage_, _ = stage(*walk)
    faces = [stage_.process(frame(k)) for k in range(20)]
    assert len(faces[7]) == len(faces[8]) == 1
    assert faces[-1] == []
    for k, (face,) in ((k, faces) for k, faces in enumerate(faces) if faces):
        assert face.box.clipped(640, 480).area > 0, k


def test_of_too_many_faces_the_largest_are_kept():
    sizes = [30, 90, 50, 70, 110]
    detections = [found(100 + 120 * k, 200, size) for k, size in enumerate(sizes)]
    stage_, _ = stage(detections, max_faces=3, tracker=TrackerOptions(min_hits=1))
    assert sorted(face.box.width for face in stage_.process(frame(0))) == [70, 90, 110]


def test_a_face_that_a_larger_one_has_pushed_out_is_not_predicted_beside_it():
    images = [[found(150, 200, 80), found(450, 200, size)] for size in (70, 70, 90, 90, 90)]
    stage_, _ = stage(*images, max_faces=1, tracker=TrackerOptions(min_hits=1))
    faces = [stage_.process(frame(k)) for k in range(5)]
    assert [[face.box.width for face in found_] for found_ in faces] == [
        [80], [80], [90], [90], [90]]


@pytest.mark.parametrize('count', [0, 1, 20])
def test_any_number_of_faces_is_served(count):
    detections = [found(60 + 120 * (k % 5), 60 + 110 * (k // 5)) for k in range(count)]
    stage_, _ = stage(*([list(detections)] * 10))
    for k in range(10):
        faces = stage_.process(frame(k))
    assert [face.track_id for face in faces] == list(range(1, count + 1))


def test_dynamic_options_count_from_the_next_image():
    detections = [found(100 + 150 * k, 200) for k in range(3)]
    stage_, _ = stage(*([list(detections)] * 2), tracker=TrackerOptions(min_hits=3))
    assert stage_.process(frame(0)) == []
    stage_.options = FaceOptions(max_faces=2, tracker=TrackerOptions(min_hits=2))
    assert len(stage_.process(frame(1))) == 2
    assert stage_.options.max_faces == 2


@pytest.mark.parametrize('crop_size', [16, 48, 224])
def test_crops_have_the_size_of_the_option(crop_size):
    stage_, _ = stage([found(100, 100)], crop_size=crop_size, tracker=TrackerOptions(min_hits=1))
    assert stage_.process(frame(0))[0].crop.shape == (crop_size, crop_size)


def test_after_a_reset_identities_are_new():
    stage_, _ = stage(*([[found(100, 100)]] * 4))
    first = [stage_.process(frame(k)) for k in range(2)][-1]
    stage_.reset()
    second = [stage_.process(frame(k)) for k in range(2)][-1]
    assert [first[0].track_id, second[0].track_id] == [1, 2]


def test_the_detector_is_closed_with_the_stage():
    stage_, detector = stage()
    with stage_ as same:
        assert same is stage_
        assert not detector.is_closed
    assert detector.is_closed


@pytest.mark.parametrize('interval', [1, 3, 7])
def test_the_detector_is_asked_in_every_so_many_images(interval):
    stage_, detector = stage(
        detector=DetectorOptions(interval=interval), rotated_search_interval=0)
    for k in range(21):
        stage_.process(frame(k))
        assert detector.calls == 1 + k // interval
    # The count begins anew.
    stage_.reset()
    stage_.process(frame(0))
    assert detector.calls == 1 + 20 // interval + 1


def test_a_lost_face_is_looked_for_in_each_image(photograph, detector):
    stage_, counting = lent(
        detector, detector=DetectorOptions(interval=10), rotated_search_interval=0)
    for k in range(8):
        shown = photograph if k < 4 else np.full_like(photograph, 90)
        stage_.process(Frame(shown, k * NS_PER_S // 30))
    # Searched in its turn, again to confirm the face, then from the loss.
    assert counting.calls == 2 + 4


@pytest.mark.parametrize('options', [
    {}, {'landmarks': LandmarkOptions(name='none')},
    {'tracker': TrackerOptions(name='none')}], ids=['no landmarks', 'no network', 'no tracker'])
def test_faces_that_nothing_follows_are_looked_for_in_each_image(options):
    stage_, detector = stage(
        *([[found(100, 100)]] * 8), detector=DetectorOptions(interval=10),
        rotated_search_interval=0, **options)
    for k in range(8):
        faces = stage_.process(frame(k))
        assert [face.state for face in faces] == [FaceState.DETECTED] * len(faces)
    assert len(faces) == 1
    assert detector.calls == 8


def test_more_faces_than_are_looked_at_are_looked_for_in_each_image(photograph, detector):
    beside = np.hstack([photograph, photograph])
    for most, searches in ((2, 2), (1, 8)):
        stage_, counting = lent(
            detector, detector=DetectorOptions(interval=10), rotated_search_interval=0,
            landmarks=LandmarkOptions(faces_per_image=most, max_age_s=0.0))
        for k in range(8):
            faces = stage_.process(Frame(beside, k * NS_PER_S // 30))
        assert len(faces) == 2
        assert counting.calls == searches


def test_boxes_do_not_jump_between_searched_and_followed_images(detector):
    clip = SampleClip()
    jumps = {}
    for interval in (1, 3):
        stage_, _ = lent(detector, detector=DetectorOptions(interval=interval))
        places = {}
        for index in range(60):
            for face in stage_.process(Frame(clip.frame(index), index * NS_PER_S // 30)):
                places.setdefault(face.track_id, []).append(
                    np.array([*face.box.center, face.box.width]) / face.box.width)
        jumps[interval] = np.mean([
            np.abs(np.diff(np.array(of_one), n=2, axis=0)).mean() for of_one in places.values()])
    assert jumps[3] < 1.5 * jumps[1]


def test_where_the_tracker_follows_it_alone_says_where_the_faces_are(photograph, detector):
    stage_, counting = lent(
        detector, detector=DetectorOptions(interval=10), rotated_search_interval=0,
        tracker=TrackerOptions(name='csrt', min_hits=1))
    for k in range(10):
        shift = np.float64([(1, 0, 4 * k), (0, 1, 2 * k)])
        image = cv2.warpAffine(photograph, shift, (512, 512), borderMode=cv2.BORDER_REPLICATE)
        (face,) = stage_.process(Frame(image, k * NS_PER_S // 30))
        assert face.state is (FaceState.TRACKED if k else FaceState.DETECTED)
        expected = Box(FACE.x + 4 * k, FACE.y + 2 * k, FACE.width, FACE.height)
        assert face.box.iou(expected) > 0.6
        assert face.crop is not None
        assert not math.isnan(face.head_pose.yaw)
    assert counting.calls == 1


def test_between_searches_faces_are_followed_by_their_landmarks(detector):
    clip = SampleClip()
    stage_, counting = lent(
        detector, detector=DetectorOptions(interval=5), rotated_search_interval=0)
    shown, owners = 0, {1: set(), 2: set()}
    for index in range(100):
        faces = stage_.process(Frame(clip.frame(index), index * NS_PER_S // 30))
        for true in clip.truth(index):
            for face in faces:
                if face.box.iou(true.box) > 0.55 and face.crop is not None:
                    shown += 1
                    owners[true.identity].add(face.track_id)
                    assert abs(math.degrees(face.head_pose.roll - true.roll)) < 10
    assert shown >= 0.98 * 2 * 99
    assert sorted(map(len, owners.values())) == [1, 1]
    # Twenty in their turn, and one to confirm the faces.
    assert counting.calls <= 25


@pytest.mark.parametrize('side', [1, -1])
def test_a_face_that_rolls_is_followed_and_its_crops_stay_upright(photograph, detector, side):
    stage_, _ = lent(detector)
    for k in range(6):
        upright = stage_.process(Frame(photograph, k * NS_PER_S // 30))
    (upright,) = upright
    angles = [*range(0, 61, 2), *[60] * 10]
    for k, angle in enumerate(angles, 6):
        (face,) = stage_.process(Frame(turned(photograph, side * angle), k * NS_PER_S // 30))
        assert face.track_id == upright.track_id
        assert likeness(face.crop, upright.crop) > 0.9
        off = degrees(face.head_pose) - degrees(upright.head_pose) - (side * angle, 0, 0)
        # As long as she turns the filter lags behind.
        assert abs(off[0]) < 6
        assert np.abs(off[1:]).max() < 5
    assert abs(off[0]) < 3


@pytest.mark.parametrize('angle', [-75, -60, 60, 75])
def test_a_face_that_leans_from_the_beginning_is_found_within_two_turned_searches(
        photograph, detector, angle):
    stage_, _ = lent(detector, rotated_search_interval=4)
    image = turned(photograph, angle)
    for k in range(10):
        faces = stage_.process(Frame(image, k * NS_PER_S // 30))
    (face,) = faces
    # The astronaut herself leans by three degrees.
    assert degrees(face.head_pose)[0] == pytest.approx(angle + 3, abs=5)
    assert face.crop is not None


@pytest.mark.parametrize(('min_size', 'faces'), [(80, 1), (140, 0)])
def test_the_least_size_of_a_leaning_face_is_that_in_the_image(photograph, min_size, faces):
    # Of 100 px, and of 41 px where the image is searched turned.
    image = np.zeros((1080, 1920, 3), np.uint8)
    image[200:712, 700:1212] = turned(photograph, 60)
    options = FaceOptions(
        DetectorOptions(min_size=min_size), TrackerOptions(name='none'), rotated_search_interval=1)
    with FaceStage(options) as stage_:
        assert len(stage_.process(Frame(image, 0))) == faces


@pytest.mark.parametrize('angle', [-60, 0, 60])
def test_unrelated_pictures_are_searched_on_both_sides(photograph, detector, angle):
    stage_, counting = lent(
        detector, rotated_search_interval=1, tracker=TrackerOptions(name='none'))
    for k in range(1, 3):
        (face,) = stage_.process(Frame(turned(photograph, angle), 0))
        assert degrees(face.head_pose)[0] == pytest.approx(angle + 3, abs=5)
        assert counting.calls == 3 * k


def test_unrelated_pictures_do_not_depend_on_the_one_before(photograph, detector):
    def found(*angles):
        stage_, _ = lent(detector, rotated_search_interval=1, tracker=TrackerOptions(name='none'))
        for angle in angles:
            faces = stage_.process(Frame(turned(photograph, angle), 0))
        return [(face.box, face.score) for face in faces]

    # Found alone only where the landmarks of the other picture's face are followed.
    assert found(110, 130) == found(130)
    assert found(0, 20) == found(20)


@pytest.mark.parametrize('options', [
    {'rotated_search_interval': 0}, {'landmarks': LandmarkOptions(name='none')}])
def test_without_turned_searches_the_detector_is_asked_once_an_image(options):
    stage_, detector = stage(
        detector=DetectorOptions(interval=1), **{'rotated_search_interval': 1, **options})
    for k in range(5):
        stage_.process(frame(k))
    assert detector.calls == 5


@pytest.mark.parametrize('rows', [range(6), [KeyPoint.LEFT_EAR_TRAGION], [KeyPoint.RIGHT_EYE], []],
                         ids=['all unknown', 'no tragion', 'no eye', 'none'])
@pytest.mark.parametrize('name', ['mesh', 'none'])
def test_faces_without_some_key_points_have_a_crop_and_a_pose_where_it_can_be_known(
        photograph, detector, rows, name):
    (known,) = detector.detect(photograph)
    points = None
    if rows:
        points = known.key_points.copy()
        points[list(rows)] = np.nan
    stage_, _ = stage(
        [Detection(known.box, 0.9, points)], tracker=TrackerOptions(min_hits=1),
        landmarks=LandmarkOptions(name=name))
    (face,) = stage_.process(Frame(photograph, 0))
    assert face.crop.shape == (96, 96)
    if name == 'mesh' or rows not in ([], range(6)):
        assert np.abs(degrees(face.head_pose) - (3, 0, 0)).max() < 15
    else:
        assert np.isnan(degrees(face.head_pose)).all()


def test_what_is_no_face_for_the_landmarks_has_the_pose_of_its_key_points():
    stage_, _ = stage([found(100, 100)], tracker=TrackerOptions(min_hits=1))
    (face,) = stage_.process(frame(0))
    assert not math.isnan(face.head_pose.yaw)
    assert face.key_points[KeyPoint.NOSE_TIP].tolist() == [100, 100]


def test_landmarks_of_20_faces_are_looked_at_in_turn(photograph, detector, monkeypatch):
    (one,) = detector.detect(photograph)
    patch = photograph[50:200, 150:300]
    image = np.vstack([np.hstack([patch] * 5)] * 4)
    detections = [
        Detection(
            Box(one.box.x + 150 * (k % 5 - 1), one.box.y + 150 * (k // 5) - 50, one.box.width,
                one.box.height),
            0.9, one.key_points + np.float32((150 * (k % 5 - 1), 150 * (k // 5) - 50)))
        for k in range(20)]
    looks, find = [], FaceMesh.find
    monkeypatch.setattr(
        FaceMesh, 'find', lambda *given: looks.append(None) or find(*given))
    stage_, _ = stage(
        *([list(detections)] * 12), rotated_search_interval=0, tracker=TrackerOptions(min_hits=1),
        landmarks=LandmarkOptions(faces_per_image=4))
    poses = {}
    for k in range(12):
        before = len(looks)
        faces = stage_.process(Frame(image, k * NS_PER_S // 30))
        # A new face may take a second look.
        assert len(looks) - before <= (8 if k < 5 else 4)
        for face in faces:
            poses.setdefault(face.track_id, []).append(degrees(face.head_pose))
    assert len(poses) == 20
    for seen in poses.values():
        assert np.isfinite(seen).all()
        # They are all the same face.
        assert np.ptp([other[-1] for other in poses.values()], axis=0).max() < 6


def test_the_pose_of_a_still_face_hardly_trembles(photograph, detector):
    stage_, _ = lent(detector, rotated_search_interval=0)
    rng, poses = np.random.default_rng(5), []
    for k in range(60):
        noisy = np.clip(photograph + rng.normal(0, 6, photograph.shape), 0, 255).astype(np.uint8)
        poses += [
            degrees(face.head_pose) for face in stage_.process(Frame(noisy, k * NS_PER_S // 30))]
    assert np.std(poses[20:], axis=0).max() < 0.5


def test_both_leaning_heads_of_a_clip_are_seen_in_every_image(data_directory, detector):
    name = 'head-pose-face-detection-female-and-male.gif'
    video = cv2.VideoCapture(str(data_directory / 'clips' / name))
    stage_, _ = lent(detector)
    images, rolls = [], {}
    while True:
        is_read, image = video.read()
        if not is_read:
            break
        images.append(stage_.process(Frame(image, len(images) * NS_PER_S // 12)))
        for face in images[-1]:
            assert face.crop is not None
            rolls.setdefault(face.track_id, []).append(degrees(face.head_pose)[0])
    assert [len(faces) for faces in images[1:]] == [2] * 55
    assert set(rolls) == {1, 2}
    # Seen: after a second both lean to the left of the image, by about 45 degrees.
    for roll in rolls.values():
        assert -60 < min(roll) < -38
        assert np.abs(np.diff(roll[12:])).max() < 5


def distant(photograph, width, height, edge, x, y):
    """Return an image with the photograph reduced so that its face is small, and its box."""
    size = round(512 * edge / FACE.width)
    small = cv2.resize(photograph, (size, size), interpolation=cv2.INTER_AREA)
    image = np.full((height, width, 3), 90, np.uint8)
    image[y:y + size, x:x + size] = small
    scale = size / 512
    return image, Box(x + FACE.x * scale, y + FACE.y * scale, edge, edge)


@pytest.mark.parametrize(('width', 'height'), [(1280, 720), (1920, 1080)])
def test_a_distant_face_is_found_within_seconds_and_then_followed(photograph, width, height):
    image, truth = distant(photograph, width, height, 32, width - 400, 300)
    with FaceStage(FaceOptions()) as stage_:
        found_at = []
        for k in range(75):
            faces = stage_.process(Frame(image, k * NS_PER_S // 30))
            if faces:
                found_at.append((k, faces[0].track_id))
                assert faces[0].box.iou(truth) > 0.4
        first = found_at[0][0]
        assert first <= 33
        # From then on it is in every image, although its window is searched once a second.
        assert [k for k, _ in found_at] == list(range(first, 75))
        assert {track_id for _, track_id in found_at} == {1}


def test_all_distant_faces_of_a_picture_are_found_at_once(photograph):
    image, truth = distant(photograph, 1920, 1080, 32, 300, 500)
    other, second = distant(photograph, 1920, 1080, 60, 1300, 200)
    image = np.where(other != 90, other, image)
    with FaceStage(FaceOptions(tracker=TrackerOptions(name='none'))) as stage_:
        faces = stage_.process(Frame(image, 0))
    assert len(faces) == 2
    for box in truth, second:
        assert max(face.box.iou(box) for face in faces) > 0.4


@pytest.mark.parametrize('options', [
    {'detector': DetectorOptions(min_face_fraction=0.0)},
    {'landmarks': LandmarkOptions(name='none')}])
def test_without_windows_distant_faces_are_not_found(photograph, options):
    image, _ = distant(photograph, 1920, 1080, 32, 300, 500)
    with FaceStage(FaceOptions(tracker=TrackerOptions(name='none'), **options)) as stage_:
        assert stage_.process(Frame(image, 0)) == []


def test_a_detection_of_low_score_without_landmarks_is_no_face_of_a_picture(photograph):
    wall = np.full((480, 640, 3), 120, np.uint8)
    wall[:, ::8] = 60
    face = Detection(FACE, 0.6)
    options = {'tracker': TrackerOptions(name='none'), 'rotated_search_interval': 0}
    for image, detection, expected in (
            (wall, replace(found(300, 200, 150), score=0.6), 0),
            (wall, replace(found(300, 200, 150), score=0.9), 1),
            (photograph, face, 1)):
        stage_, _ = stage([detection], **options)
        assert len(stage_.process(Frame(image, 0))) == expected


def calm_stage(detector, **options):
    return lent(
        detector, detector=DetectorOptions(interval=3, still_interval=20, **options),
        rotated_search_interval=0)


def searches(stage_, counting, images, begin=0):
    """Return the numbers of the images in which the detector ran."""
    ran = []
    for k, image in enumerate(images, begin):
        before = counting.calls
        stage_.process(Frame(image, k * NS_PER_S // 30))
        if counting.calls > before:
            ran.append(k)
    return ran


@pytest.mark.parametrize('shown', ['face', 'empty'])
def test_while_nothing_moves_the_detector_runs_less_often(photograph, detector, shown):
    image = photograph * 0.8 if shown == 'face' else wall(512, 512)
    stage_, counting = calm_stage(detector)
    rng = np.random.default_rng(3)
    images = [
        np.clip(image * (1 + 0.1 * math.sin(k / 40)) + rng.normal(0, 4, image.shape), 0, 255)
        .astype(np.uint8) for k in range(130)]
    ran = searches(stage_, counting, images)
    assert np.diff([k for k in ran if 4 <= k < 60]).max() == 3
    assert np.diff([k for k in ran if k > 60]).min() == 20


@pytest.mark.parametrize('what', ['moves', 'comes', 'goes'])
def test_motion_makes_the_detector_run_at_once_and_often(photograph, detector, what):
    other = photograph.copy()
    if what == 'moves':
        other[:, :400] = np.roll(photograph[:, :400], 4, axis=1)
    elif what == 'comes':
        other[350:450, 50:150] = photograph[75:175, 175:275]
    else:
        other[:220] = 90
    stage_, counting = calm_stage(detector)
    quiet = searches(stage_, counting, [photograph] * 75)
    assert quiet[-1] < 70
    ran = searches(stage_, counting, [other] * 40, begin=75)
    assert ran[0] == 75
    assert np.diff(ran).max() <= 3


def test_an_image_has_one_kind_of_search(photograph):
    """Of the whole image, of the leaning image, or of windows; so none takes much longer."""
    view = cv2.resize(photograph, (640, 640))[:480]
    stage_ = FaceStage(FaceOptions(detector=DetectorOptions(still_interval=1)))
    kinds = [set() for _ in range(120)]
    now = 0

    def noted(owner, name, kind):
        function = getattr(owner, name)

        def called(image, where, *arguments):
            # There may be no window to search.
            if where:
                kinds[now].add(kind)
            return function(image, where, *arguments)
        setattr(owner, name, called)
    noted(stage_, '_searched', 'whole')
    noted(stage_._rotated_search, 'find', 'leaning')
    noted(stage_, '_small_faces', 'windows')
    for now in range(len(kinds)):
        stage_.process(Frame(view, now * NS_PER_S // 30))
    # The first images are searched one after the other, until the face is confirmed.
    later = kinds[10:]
    assert max(len(kind) for kind in later) == 1
    assert sum('whole' in kind for kind in later) == pytest.approx(len(later) / 3, abs=1)
    assert sum('leaning' in kind for kind in later) == pytest.approx(len(later) / 30, abs=1)
    assert sum('windows' in kind for kind in later) > 10


def test_windows_are_searched_less_often_while_nothing_moves(photograph):
    view = cv2.resize(photograph, (640, 640))[:480]
    windows = []
    for still_interval in (1, 30):
        stage_ = FaceStage(FaceOptions(
            detector=DetectorOptions(still_interval=still_interval)))
        taken = [0] * 300
        take = stage_._window_schedule.take

        def counted(image, stamp_ns, *arguments, take=take, taken=taken):
            chosen = take(image, stamp_ns, *arguments)
            taken[round(stamp_ns * 30 / NS_PER_S)] = len(chosen)
            return chosen
        stage_._window_schedule.take = counted
        for k in range(300):
            stage_.process(Frame(view, k * NS_PER_S // 30))
        windows.append((sum(taken[:60]), sum(taken[75:])))
    assert windows[0][0] == windows[1][0]
    assert windows[1][1] < 0.5 * windows[0][1]


@pytest.mark.parametrize('size', [(640, 480), (1280, 720), (1920, 1080)])
def test_each_window_of_an_empty_scene_is_searched_in_about_a_second(size, monkeypatch):
    width, height = size
    seen = set()
    monkeypatch.setattr(
        face_stage, 'find_in_window', lambda image, window, detect: seen.add(window) or [])
    scene = np.full((height, width, 3), 90, np.uint8)
    options = FaceOptions()
    with FaceStage(options) as faces:
        for k in range(32):
            faces.process(Frame(scene, k * NS_PER_S // 30))
    assert len(seen) == len(search_windows(
        width, height, options.detector.min_face_fraction))
