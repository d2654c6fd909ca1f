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

"""The faces of a synthetic crowd are where their boxes say."""

from fer_ros.bench.crowd import CrowdClip
from fer_ros.bench.matching import matched
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
import numpy as np
import pytest


@pytest.fixture(scope='module')
def detector():
    detector = create_detector(DetectorOptions())
    yield detector
    detector.close()


@pytest.mark.parametrize(('faces', 'width', 'height'), [
    (1, 640, 480), (4, 640, 480), (8, 1280, 960), (1, 1920, 1080), (1, 320, 240)])
def test_the_faces_of_a_crowd_are_where_the_truth_says(detector, faces, width, height):
    clip = CrowdClip(faces, width, height)
    for index in (0, 17):
        image, truth = clip.frame(index), [face.box for face in clip.truth(index)]
        assert image.shape == (height, width, 3)
        assert len(truth) == faces
        found = [face.box for face in detector.detect(image)]
        # The detector may miss one of many, but what it finds is where the truth says.
        assert len(matched(truth, found)) == len(found) > 0.8 * faces


def test_the_people_of_a_crowd_keep_apart_and_come_back_to_the_begin():
    clip = CrowdClip(9, 640, 480)
    assert [face.identity for face in clip.truth(5)] == list(range(1, 10))
    for index in range(clip.frame_count):
        boxes = [face.box for face in clip.truth(index)]
        assert max(a.iou(b) for k, a in enumerate(boxes) for b in boxes[:k]) == 0
    np.testing.assert_array_equal(clip.frame(0), clip.frame(clip.frame_count))
