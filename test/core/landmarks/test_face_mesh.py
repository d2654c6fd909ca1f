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

"""Landmarks lie where MediaPipe's own graph puts them, and turn with the image."""

import math

import cv2
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.geometry import Region
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.landmarks.mesh import (
    LEFT_EYE_CORNER,
    mesh_from_landmarks,
    region_of_face,
    RIGHT_EYE_CORNER,
)
from fer_ros.core.values import Box, KeyPoint
from fer_ros.media.sample_clip import SampleClip
import numpy as np
from photographs import astronaut
import pytest

FACE = Region(225.0, 125.0, 150.0)
"""Where the astronaut's face is."""


@pytest.fixture(scope='module')
def network():
    return FaceMesh()


@pytest.fixture(scope='module')
def photograph():
    return astronaut()


@pytest.fixture(scope='module')
def mesh(network, photograph):
    return network.find(photograph, network.find(photograph, FACE).region)


def turned(image, angle, center):
    """Return the image turned clockwise by an angle in degrees, and the matrix (2, 3) of it."""
    matrix = cv2.getRotationMatrix2D(center, -angle, 1.0)
    size = image.shape[1], image.shape[0]
    return cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE), matrix


def test_landmarks_are_those_of_mediapipes_own_graph(network, photograph):
    solutions = pytest.importorskip('mediapipe').solutions
    with solutions.face_mesh.FaceMesh(static_image_mode=True) as graph:
        (face,) = graph.process(photograph[:, :, ::-1].copy()).multi_face_landmarks
    theirs = np.array([(p.x * 512, p.y * 512, p.z * 512) for p in face.landmark])
    detector = create_detector(DetectorOptions(name='mediapipe_short'))
    (detection,) = detector.detect(photograph)
    detector.close()
    ours = network.find(photograph, region_of_face(detection.box, detection.key_points))
    assert np.linalg.norm(ours.landmarks[:, :2] - theirs[:, :2], axis=1).mean() < 1.0
    assert np.abs(ours.landmarks[:, 2] - theirs[:, 2]).mean() < 1.0


def test_the_eyes_are_where_people_see_them(mesh):
    # Measured by hand in the photograph.
    points = mesh.key_points
    np.testing.assert_allclose(points[KeyPoint.RIGHT_EYE], (204.4, 101.2), atol=4)
    np.testing.assert_allclose(points[KeyPoint.LEFT_EYE], (246.0, 103.4), atol=4)


@pytest.mark.parametrize('angle', [-170, -90, -60, -30, 30, 60, 90, 140])
def test_landmarks_turn_with_the_image(network, photograph, mesh, angle):
    image, matrix = turned(photograph, angle, (225, 125))
    found = network.find(image, Region(225, 125, 150, math.radians(angle + 10)))
    found = network.find(image, found.region)
    expected = mesh.landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    assert found.is_face
    assert np.linalg.norm(found.landmarks[:, :2] - expected, axis=1).mean() < 2


def test_a_face_is_told_from_what_is_none(network, photograph, mesh):
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    assert mesh.is_face
    assert not network.find(photograph, Region(430, 90, 150)).is_face
    assert not network.find(noise, Region(100, 100, 150)).is_face


def test_the_region_may_reach_over_the_images_edge(network, photograph, mesh):
    # The forehead is cut off.
    found = network.find(photograph[90:], Region(225, 35, 150))
    assert found.is_face
    off = found.landmarks[1, :2] + (0, 90) - mesh.landmarks[1, :2]
    assert np.abs(off).max() < 5


@pytest.mark.parametrize('name', ['mediapipe_short', 'mediapipe_full'])
def test_the_mesh_stands_in_for_a_detection(network, name):
    clip, detector = SampleClip(), create_detector(DetectorOptions(name=name))
    overlaps = []
    for index in range(0, 300, 25):
        image = clip.frame(index)
        for detection in detector.detect(image):
            mesh = network.find(image, region_of_face(detection.box, detection.key_points))
            same = network.find(image, mesh.region)
            overlaps.append(same.box.iou(detection.box))
            edge = detection.box.width
            off = np.linalg.norm(same.key_points - detection.key_points, axis=1) / edge
            assert off[:4].max() < 0.15
    detector.close()
    assert len(overlaps) >= 20
    assert np.median(overlaps) > 0.8


@pytest.mark.parametrize('roll', [-2.5, -1.0, 0.0, 0.4, 1.57])
def test_a_region_lies_upright_around_its_landmarks(roll):
    upright = np.random.default_rng(3).uniform(-1, 1, (468, 2)) * (30, 40)
    upright[:2] = (-30, -40), (30, 40)
    upright[RIGHT_EYE_CORNER], upright[LEFT_EYE_CORNER] = (-20, -9), (20, -9)
    cos, sin = math.cos(roll), math.sin(roll)
    landmarks = np.zeros((468, 3), np.float32)
    landmarks[:, :2] = upright @ np.array([(cos, sin), (-sin, cos)]) + (200, 150)
    region = mesh_from_landmarks(landmarks, 1.0).region
    found = (region.center_x, region.center_y, region.edge, region.roll)
    assert found == pytest.approx((200, 150, 1.5 * 80, roll), abs=1e-4)


@pytest.mark.parametrize('guess', [
    (0.2, 0.0, 1.0, 0.0), (-0.1, 0.15, 1.3, 0.3), (0.0, 0.0, 0.9, math.radians(45))])
def test_looking_again_settles_where_the_face_is(network, photograph, mesh, guess):
    x, y, ratio, roll = guess
    best = mesh.region
    found = network.refine(photograph, Region(
        best.center_x + x * best.edge, best.center_y + y * best.edge, ratio * best.edge,
        best.roll + roll))
    off = np.abs(found.landmarks[:, :2] - mesh.landmarks[:, :2])
    assert off.max() < 0.03 * best.edge


def test_the_region_of_a_face_is_turned_by_its_eyes():
    box = Box(10, 20, 60, 80)
    points = np.full((6, 2), np.nan, np.float32)
    points[:2] = (20, 40), (50, 70)
    assert region_of_face(box, points) == Region(40, 60, 120, pytest.approx(math.pi / 4))
    assert region_of_face(box, None) == Region(40, 60, 120, 0)
    assert region_of_face(box, np.full((6, 2), np.nan, np.float32)) == Region(40, 60, 120, 0)


def test_the_features_give_the_landmarks_back(network, photograph):
    mesh = network.find(photograph, network.find(photograph, FACE).region)
    output = network._network.output(3 * 468).reshape(-1)
    kernel = network._network.constant('conv2d_21/Kernel').astype(np.float64).reshape(1404, 288)
    bias = network._network.constant('conv2d_21/Bias').astype(np.float64).reshape(-1)
    assert mesh.features.shape == (288,)
    np.testing.assert_allclose(kernel @ mesh.features + bias, output, atol=0.05)


def test_what_is_no_face_has_no_features(network):
    mesh = network.find(np.full((200, 200, 3), 90, np.uint8), Region(100.0, 100.0, 150.0))
    assert not mesh.is_face
    assert mesh.features is None
