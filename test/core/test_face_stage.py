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

import math

from fer_ros.core.face_stage import FaceOptions, FaceStage
from fer_ros.core.sample import SampleClip
from fer_ros.core.tracking import TrackerOptions
from fer_ros.core.values import Box, Detection, FaceState, Frame, KeyPoint, NS_PER_S
import numpy as np
import pytest

IMAGES = 330  # the clip is 300 long: its end leads into its start


class ScriptedDetector:
    """Finds what it is told."""

    def __init__(self, *images):
        self.images = list(images)
        self.is_closed = False

    def detect(self, image):
        return self.images.pop(0) if self.images else []

    def close(self):
        self.is_closed = True


def stage(*images, **options):
    detector = ScriptedDetector(*images)
    return FaceStage(FaceOptions(**options), create=lambda _: detector), detector


def found(x, y, edge=60.0):
    points = np.array([(x + dx * edge, y + dy * edge) for dx, dy in (
        (-0.2, -0.2), (0.2, -0.2), (0, 0), (0, 0.2), (-0.4, -0.1), (0.4, -0.1))], np.float32)
    return Detection(Box(x - edge / 2, y - edge / 2, edge, edge), 0.9, points)


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
    usual = np.median(crops, axis=0).ravel()
    alike = [np.corrcoef(crop.ravel(), usual)[0, 1] for crop in crops]
    # Not turned, they reach 0.74.
    assert np.median(alike) > 0.8


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
