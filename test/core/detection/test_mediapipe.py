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

"""The detectors find the faces that people counted, near and far, and nothing else."""

from contextlib import closing
from importlib.util import find_spec
import subprocess
import sys

import cv2
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.values import Box, KeyPoint
from fer_ros.media.image_file import read_image
from fer_ros.media.sample_clip import SampleClip
import numpy as np
from photographs import astronaut
import pytest


@pytest.fixture(scope='module')
def detector():
    detector = create_detector(DetectorOptions())
    yield detector
    detector.close()


@pytest.fixture(scope='module')
def clip():
    return SampleClip()


@pytest.fixture(scope='module')
def large_clip():
    return SampleClip(3)


def close_up(clip, identity, part, edge=480):
    """Return an image in which the face fills that part of the edge, and where it is in it."""
    face = clip.truth(0)[identity - 1]
    (x, y), half = face.box.center, face.box.width / part / 2
    rows, columns = (np.arange(edge) + 0.5) / edge * 2 * half, (np.arange(edge) + 0.5) / edge
    xs, ys = np.meshgrid(columns * 2 * half + x - half - 0.5, rows + y - half - 0.5)
    image = cv2.remap(
        clip.frame(0), xs.astype(np.float32), ys.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE)
    inside = (edge - part * edge) / 2
    return image, Box(inside, inside, part * edge, part * edge)


NEEDS_MTCNN = pytest.mark.skipif(
    not (find_spec('mtcnn') and find_spec('tensorflow')),
    reason='the packages of requirements/mtcnn.txt are not installed')


@pytest.mark.parametrize('name', [
    'mediapipe', 'mediapipe_short', 'mediapipe_full', 'haar',
    pytest.param('mtcnn', marks=NEEDS_MTCNN)])
def test_each_detector_finds_the_face_of_a_photograph(name):
    with closing(create_detector(DetectorOptions(name=name))) as detector:
        (face,) = detector.detect(astronaut())
    left, top = face.box.x, face.box.y
    right, bottom = left + face.box.width, top + face.box.height
    # Her pupils and the middle of her mouth, by eye.
    for x, y in ((202, 101), (246, 103), (223, 146)):
        assert left < x < right
        assert top < y < bottom
    between_pupils = 44
    assert 1.7 < face.box.width / between_pupils < 2.6
    assert face.box.width == pytest.approx(face.box.height, rel=1e-3)
    assert 0.5 <= face.score <= 1


@pytest.mark.parametrize('name', ['mediapipe', 'haar'])
def test_neither_tensorflow_nor_mediapipe_itself_is_imported(name):
    code = (
        'import numpy, sys; '
        'from fer_ros.core.detection import create_detector, DetectorOptions; '
        f"detector = create_detector(DetectorOptions(name='{name}')); "
        'detector.detect(numpy.zeros((48, 64, 3), numpy.uint8)); '
        "assert not {'mtcnn', 'tensorflow', 'mediapipe'} & sys.modules.keys()")
    subprocess.run([sys.executable, '-c', code], check=True)


@pytest.mark.parametrize(('file', 'fewest', 'most'), [
    ('vlad_sample1.jpg', 3, 3), ('vlad_sample2.jpg', 3, 3), ('vlad_sample5.jpg', 4, 5),
    ('multi_ageitgey_two_people.jpg', 2, 2), ('single_ageitgey_partial_face.jpg', 1, 1),
    ('none_intel_car-detection.png', 0, 0), ('none_intel_people-detection.png', 0, 0)])
def test_as_many_faces_are_found_as_people_counted(data_directory, detector, file, fewest, most):
    image = read_image(data_directory / 'photos' / file)
    assert fewest <= len(detector.detect(image)) <= most


def test_nothing_is_found_in_a_video_without_faces(data_directory, detector):
    video = cv2.VideoCapture(str(data_directory / 'clips' / 'no-face-bottles.mp4'))
    for index in range(300):
        is_read, image = video.read()
        assert is_read
        assert detector.detect(image) == [], index
    video.release()


@pytest.mark.parametrize('identity', [1, 2])
@pytest.mark.parametrize('part', [0.1, 0.15, 0.25, 0.3, 0.35, 0.5, 0.7, 0.85, 0.95])
def test_a_face_is_found_once_however_much_of_the_image_it_fills(
        detector, large_clip, identity, part):
    image, box = close_up(large_clip, identity, part)
    # The background of the clip may hold the other face.
    near = [d for d in detector.detect(image) if d.box.iou(box) > 0.1]
    assert len(near) == 1
    assert near[0].box.iou(box) > 0.6


def test_neither_network_alone_finds_near_and_far_faces(large_clip):
    near, _ = close_up(large_clip, 1, 1.0)
    far, _ = close_up(large_clip, 1, 0.07)
    with_full, with_short = (
        create_detector(DetectorOptions(name=f'mediapipe_{reach}')) for reach in ('full', 'short'))
    both = create_detector(DetectorOptions())
    assert with_full.detect(near) == []
    assert with_short.detect(far) == []
    # The far image shows both faces of the clip.
    assert (len(both.detect(near)), len(with_full.detect(far)), len(both.detect(far))) == (1, 2, 2)


@pytest.mark.parametrize('name', ['mediapipe', 'mediapipe_short', 'mediapipe_full'])
def test_key_points_lie_on_the_eyes(clip, name):
    detector = create_detector(DetectorOptions(name=name))
    truth = clip.truth(0)
    found = detector.detect(clip.frame(0))
    assert len(found) == 2
    for face in truth:
        nearest = max(found, key=lambda d: d.box.iou(face.box))
        assert nearest.key_points.shape == (6, 2)
        assert nearest.key_points.dtype == np.float32
        assert 0.5 <= nearest.score <= 1
        for key_point, eye in (
                (KeyPoint.RIGHT_EYE, face.right_eye), (KeyPoint.LEFT_EYE, face.left_eye)):
            off = np.hypot(*(nearest.key_points[key_point] - eye))
            assert off < 0.08 * face.box.width


@pytest.mark.parametrize('name', ['mediapipe_short', 'mediapipe_full'])
def test_a_face_that_leans_to_a_side_keeps_its_size(clip, name):
    image, detector = clip.frame(0), create_detector(DetectorOptions(name=name))
    ratios = []
    for face in clip.truth(0):
        edges = []
        for roll_deg in (0, -40, -30, 30, 40):
            turn = cv2.getRotationMatrix2D(face.box.center, -roll_deg, 1)
            turned = cv2.warpAffine(
                image, turn, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
            nearest = max(detector.detect(turned), key=lambda d: d.box.iou(face.box))
            edges.append(np.sqrt(nearest.box.area))
        ratios.extend(np.array(edges[1:]) / edges[0])
    assert np.mean(ratios) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize('name', ['mediapipe', 'mediapipe_short', 'mediapipe_full'])
def test_detections_of_a_lower_score_are_dropped(data_directory, name):
    image = read_image(data_directory / 'photos' / 'vlad_sample1.jpg')
    scores = sorted(d.score for d in create_detector(DetectorOptions(name=name)).detect(image))
    assert len(scores) == 3
    for kept, min_score in enumerate([1.0, *(score - 0.001 for score in reversed(scores))]):
        options = DetectorOptions(name=name, min_score=min_score)
        assert len(create_detector(options).detect(image)) == kept


def test_small_faces_are_dropped_where_large_ones_are_asked_for(clip):
    image = clip.frame(0)
    widths = sorted(d.box.width for d in create_detector(DetectorOptions()).detect(image))
    limit = int(sum(widths) / 2)
    found = create_detector(DetectorOptions(min_size=limit)).detect(image)
    assert [d.box.width for d in found] == [widths[1]]
    assert widths[0] < limit


@pytest.mark.parametrize('shape', [(1, 1), (1, 640), (480, 1), (16, 16), (2160, 3840)])
def test_an_empty_image_of_any_size_holds_no_face(detector, shape):
    assert detector.detect(np.full((*shape, 3), 128, np.uint8)) == []


def test_the_image_is_not_changed(detector, clip):
    image = clip.frame(3)
    detector.detect(image)
    assert np.array_equal(image, clip.frame(3))


def test_the_detector_says_nothing_on_the_terminal(capfd, clip):
    detector = create_detector(DetectorOptions())
    detector.detect(clip.frame(0))
    detector.close()
    assert capfd.readouterr() == ('', '')
