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

"""MTCNN's package is asked as it expects, and its answers are told as all detectors' are."""

from importlib.util import find_spec
import math
import sys

from checkout import ROOT
import cv2
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions, MtcnnOptions
from fer_ros.core.values import KeyPoint
from fer_ros.media.sample_clip import SampleClip
import numpy as np
from photographs import astronaut
import pytest

needs_package = pytest.mark.skipif(
    not (find_spec('mtcnn') and find_spec('tensorflow')),
    reason='the packages of requirements/mtcnn.txt are not installed')
EARS = [KeyPoint.RIGHT_EAR_TRAGION, KeyPoint.LEFT_EAR_TRAGION]


class ScriptedPackage:
    """Stands for the package `mtcnn`; answers with what it is told."""

    def __init__(self, *rows):
        self.rows = np.array(rows, float).reshape(-1, 16)

    def MTCNN(self):
        return self

    def detect_faces(self, image, **arguments):
        self.image, self.arguments = image, arguments
        return self.rows


def row(left, top, right, bottom, score=0.9, points=((0, 0),) * 5):
    return [0, left, top, right, bottom, score, *(x for x, _ in points), *(y for _, y in points)]


@pytest.fixture
def package(monkeypatch):
    """Return a function that puts a package in the place of `mtcnn`."""
    def put(*rows):
        scripted = ScriptedPackage(*rows)
        monkeypatch.setitem(sys.modules, 'mtcnn', scripted)
        return scripted
    return put


def mtcnn(**options):
    return create_detector(DetectorOptions(name='mtcnn', **options))


def black(width, height):
    return np.zeros((height, width, 3), np.uint8)


def test_without_the_package_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'mtcnn', None)
    with pytest.raises(ImportError, match=r"'mtcnn' needs .*mtcnn.*requirements/mtcnn\.txt"):
        mtcnn()


@pytest.mark.skipif(find_spec('mtcnn') is not None, reason='mtcnn is installed')
def test_where_the_package_is_not_installed_it_is_named():
    with pytest.raises(ImportError, match=r"No module named 'mtcnn'.*requirements/mtcnn\.txt"):
        mtcnn()


def test_without_tensorflow_it_is_named(monkeypatch, tmp_path):
    (tmp_path / 'mtcnn.py').write_text('import tensorflow\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, 'mtcnn', raising=False)
    monkeypatch.setitem(sys.modules, 'tensorflow', None)
    with pytest.raises(ImportError, match=r'tensorflow.*requirements/mtcnn\.txt'):
        mtcnn()


def test_points_are_given_in_the_order_of_all_detectors(package):
    # As the package has them: left eye, right eye, nose, mouth's left, right; sides of the image.
    points = ((120, 140), (180, 142), (150, 170), (130, 200), (172, 204))
    package(row(100, 100, 200, 230, 0.9, points))
    (face,) = mtcnn().detect(black(640, 480))
    points = face.key_points
    assert (points.shape, points.dtype) == ((6, 2), np.float32)
    assert points[KeyPoint.RIGHT_EYE].tolist() == [120, 140]
    assert points[KeyPoint.LEFT_EYE].tolist() == [180, 142]
    assert points[KeyPoint.NOSE_TIP].tolist() == [150, 170]
    assert points[KeyPoint.MOUTH_CENTER].tolist() == [151, 202]
    assert np.isnan(points[EARS]).all()


def test_boxes_are_square_and_keep_their_middle_across_the_face(package):
    package(row(100, 100, 180, 220))
    (face,) = mtcnn().detect(black(640, 480))
    assert face.box.width == pytest.approx(face.box.height)
    assert face.box.width == pytest.approx(100, rel=0.1)
    assert face.box.center[0] == pytest.approx(140)
    assert 160 < face.box.center[1] < 175


@pytest.mark.parametrize(('width', 'height', 'shrink'), [
    (640, 480, 1), (320, 240, 1), (1280, 960, 2), (480, 1920, 3)])
def test_large_images_are_reduced_and_the_answers_enlarged(package, width, height, shrink):
    rows = row(60, 80, 100, 120, 0.9, ((70, 90), (90, 90), (80, 100), (75, 110), (85, 110)))
    scripted = package(rows)
    (face,) = mtcnn().detect(black(width, height))
    assert scripted.image.shape == (height // shrink, width // shrink, 3)
    assert face.box.center[0] == pytest.approx(80 * shrink)
    assert face.key_points[KeyPoint.MOUTH_CENTER].tolist() == [80 * shrink, 110 * shrink]


def test_the_edge_that_images_are_reduced_to_is_an_option(package):
    scripted = package()
    assert mtcnn(mtcnn=MtcnnOptions(image_edge=320)).detect(black(640, 480)) == []
    assert scripted.image.shape == (240, 320, 3)


def test_colours_come_in_the_packages_order_and_the_image_is_not_changed(package):
    scripted = package()
    blue = np.full((48, 64, 3), (255, 0, 0), np.uint8)
    mtcnn().detect(blue)
    assert scripted.image[0, 0].tolist() == [0, 0, 255]
    assert blue[0, 0].tolist() == [255, 0, 0]


def test_each_network_gets_its_threshold(package):
    scripted = package()
    networks = MtcnnOptions(pnet_threshold=0.5, rnet_threshold=0.8)
    mtcnn(min_score=0.95, mtcnn=networks).detect(black(64, 64))
    thresholds = {k: v for k, v in scripted.arguments.items() if k.startswith('threshold')}
    assert thresholds == {'threshold_pnet': 0.5, 'threshold_rnet': 0.8, 'threshold_onet': 0.95}


def test_small_faces_are_dropped_where_large_ones_are_asked_for(package):
    package(row(0, 0, 30, 30), row(100, 100, 200, 200))
    faces = mtcnn(min_size=60).detect(black(640, 480))
    assert [round(face.box.center[0]) for face in faces] == [150]


@pytest.mark.parametrize(
    'other', ['train.txt', 'lock/main.txt', 'lock/train.txt'])
def test_its_requirements_fit_those_of_the_other_environments(other):
    def pins(name):
        lines = (ROOT / 'requirements' / name).read_text().splitlines()
        return dict(
            line.split(';')[0].split('==') for line in lines if '==' in line and line[0] != '#')

    asked, there = pins('mtcnn.txt'), pins(other)
    assert asked.keys() >= {'mtcnn', 'tensorflow'}
    assert {name: there.get(name, pinned) for name, pinned in asked.items()} == asked


@needs_package
def test_the_landmarks_of_a_photograph_are_found():
    (face,) = mtcnn().detect(astronaut())
    # By eye; left and right are hers; the mouth's centre is the middle of its corners.
    for key_point, place in (
            (KeyPoint.RIGHT_EYE, (202, 101)), (KeyPoint.LEFT_EYE, (246, 103)),
            (KeyPoint.NOSE_TIP, (223, 126)), (KeyPoint.MOUTH_CENTER, (223, 140))):
        assert math.dist(face.key_points[key_point], place) < 0.12 * 44
    assert np.isnan(face.key_points[EARS]).all()


@needs_package
def test_boxes_are_those_that_crops_are_framed_by():
    clip, detector, default = SampleClip(), mtcnn(), create_detector(DetectorOptions())
    off = []
    for image in (clip.frame(index) for index in range(0, 300, 60)):
        others = [face.box for face in default.detect(image)]
        for box in (face.box for face in detector.detect(image)):
            other = max(others, key=box.iou)
            if box.iou(other) > 0.3:
                (x, y), (other_x, other_y) = box.center, other.center
                off.append(np.array([x - other_x, y - other_y, box.width - other.width])
                           / other.width)
    assert len(off) >= 8
    assert np.abs(np.median(off, axis=0)).max() < 0.15


@needs_package
@pytest.mark.parametrize('shape', [(1, 1), (1, 640), (480, 1), (16, 16), (13, 500), (480, 640)])
def test_an_empty_image_of_any_size_holds_no_face(shape):
    detector = mtcnn()
    assert detector.detect(np.full((*shape, 3), 128, np.uint8)) == []
    detector.close()


@needs_package
def test_a_large_photograph_is_searched_as_well():
    large = cv2.resize(astronaut(), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    (face,) = mtcnn().detect(large)
    assert math.dist(face.key_points[KeyPoint.RIGHT_EYE], (606, 303)) < 0.12 * 132
