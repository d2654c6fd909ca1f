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

"""What is special about the Haar cascade."""

from types import SimpleNamespace

import cv2
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions, HaarOptions
from fer_ros.media.sample_clip import SampleClip
import numpy as np
from photographs import astronaut
import pytest


def haar(**options):
    return create_detector(DetectorOptions(name='haar', **options))


def test_its_faces_have_no_key_points():
    assert [face.key_points for face in haar().detect(astronaut())] == [None]


def test_its_boxes_are_those_that_crops_are_framed_by():
    clip, detector, default = SampleClip(), haar(), create_detector(DetectorOptions())
    off = []
    for image in (clip.frame(index) for index in range(0, 300, 30)):
        others = default.detect(image)
        for box in (face.box for face in detector.detect(image)):
            other = max((face.box for face in others), key=box.iou)
            if box.iou(other) > 0.3:
                (x, y), (other_x, other_y) = box.center, other.center
                off.append(np.array([x - other_x, y - other_y, box.width - other.width])
                           / other.width)
    assert len(off) >= 10
    assert np.abs(np.median(off, axis=0)).max() < 0.15


def test_detections_of_a_lower_score_are_dropped():
    (face,) = haar(min_score=0.0).detect(astronaut())
    assert len(haar(min_score=face.score - 0.01).detect(astronaut())) == 1
    assert haar(min_score=face.score + 0.01).detect(astronaut()) == []


def test_small_faces_are_dropped_where_large_ones_are_asked_for():
    (face,) = haar().detect(astronaut())
    assert len(haar(min_size=int(face.box.width) - 10).detect(astronaut())) == 1
    assert haar(min_size=150).detect(astronaut()) == []


def test_more_neighbours_find_less():
    image = SampleClip().frame(0)
    counts = [
        len(haar(min_score=0.0, haar=HaarOptions(min_neighbors=n)).detect(image))
        for n in (1, 5, 100)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[2]


@pytest.mark.parametrize('shape', [(1, 1), (1, 640), (480, 1), (16, 16), (480, 640)])
def test_an_empty_image_of_any_size_holds_no_face(shape):
    assert haar().detect(np.full((*shape, 3), 128, np.uint8)) == []


def test_the_image_is_not_changed():
    image = astronaut()
    haar().detect(image)
    assert np.array_equal(image, astronaut())


@pytest.mark.parametrize('data', [None, SimpleNamespace(haarcascades='/nowhere/')])
def test_without_opencvs_cascades_it_is_said_what_to_install(monkeypatch, data):
    monkeypatch.setattr(cv2, 'data', data)
    with pytest.raises(ImportError, match=r"'haar' needs .*xml, .*install opencv-contrib-python"):
        haar()
