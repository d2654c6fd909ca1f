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

"""Positions are those at which a head was projected, and follow the size of a photograph."""

import math

import cv2
from fer_ros import Frame, Pipeline
from fer_ros.core.camera_model import CameraModel
from fer_ros.core.head_pose.estimation import (
    head_pose_of_mesh,
    KEY_POINT_MODEL,
    MESH_MODEL,
    rotation_matrix,
)
from fer_ros.core.head_pose.head_position import (
    EYE_CORNERS_M,
    EYES_M,
    orientation_in_camera,
    position_of_key_points,
    position_of_mesh,
)
from fer_ros.core.landmarks.mesh import LANDMARK_COUNT, mesh_from_landmarks
from fer_ros.core.values import HeadPose, KeyPoint, Position
import numpy as np
from photographs import astronaut
import pytest

K = (600.0, 0.0, 319.5, 0.0, 600.0, 239.5, 0.0, 0.0, 1.0)
CAMERAS = {
    'ideal': CameraModel(640, 480, K),
    'distorted': CameraModel(640, 480, K, 'plumb_bob', (-0.2, 0.04, 0.001, -0.001, 0.0)),
    'fisheye': CameraModel(640, 480, K, 'equidistant', (-0.02, 0.01, -0.004, 0.001)),
}
PLACES = [
    (0, 0, 0.5), (0, 0, 1), (0, 0, 2), (0, 0, 4), (0.2, -0.15, 0.6), (-0.9, 0.4, 2),
    (1.6, 0.8, 4)]
POSES = [(0, 0, 0), (0.3, 0.2, -0.5), (-0.8, -0.3, 0.7)]


def projected(points, place, pose, camera):
    """Return where points of a head (N, 3), in metres, are seen, (N, 2) pixels."""
    in_camera = points @ rotation_matrix(HeadPose(*pose)).T + place
    matrix, none = np.array(camera.k).reshape(3, 3), np.zeros(3)
    if camera.distortion_model == 'equidistant':
        pixels, _ = cv2.fisheye.projectPoints(
            in_camera[:, None], none, none, matrix, np.array(camera.d))
    else:
        pixels, _ = cv2.projectPoints(
            in_camera, none, none, matrix, np.array(camera.d or (0.0,) * 4))
    return pixels.reshape(-1, 2) + 0.5


def mesh_at(place, pose, camera, noise_px=0.0):
    """Return the mesh of a head of the model's size at a place, (x, y, z) in metres."""
    head = EYE_CORNERS_M * np.array(list(MESH_MODEL.values()))
    pixels = projected(head, place, pose, camera)
    pixels += np.random.default_rng(1).normal(0, noise_px, pixels.shape)
    landmarks = np.zeros((LANDMARK_COUNT, 3), np.float32)
    landmarks[:, :2] = pixels.mean(axis=0)
    landmarks[list(MESH_MODEL), :2] = pixels
    return mesh_from_landmarks(landmarks, 1.0)


def far(found, place):
    """Return the error of a position as a share of the distance."""
    return math.dist((found.x, found.y, found.z), place) / math.hypot(*place)


@pytest.mark.parametrize('camera', CAMERAS.values(), ids=CAMERAS)
@pytest.mark.parametrize('pose', POSES)
@pytest.mark.parametrize('place', PLACES)
def test_a_head_is_found_where_it_is(place, pose, camera):
    """From 0.5 to 4 m, also beside the middle of the image and turned."""
    assert far(position_of_mesh(mesh_at(place, pose, camera), camera), place) < 0.01


@pytest.mark.parametrize('place', PLACES)
def test_landmarks_of_real_accuracy_suffice(place):
    """An error of 1.5 % of the distance between the eyes costs less than 10 % of the distance."""
    camera = CAMERAS['ideal']
    noise = 0.015 * 600 * EYES_M / place[2]
    found = position_of_mesh(mesh_at(place, (0.1, 0.2, 0.4), camera, noise), camera)
    assert far(found, place) < 0.1


def test_key_points_serve_without_landmarks():
    """The detector's key points give the same point between the eyes."""
    eyes = KEY_POINT_MODEL[[KeyPoint.RIGHT_EYE, KeyPoint.LEFT_EYE]].mean(axis=0)
    points = projected(EYES_M * (KEY_POINT_MODEL - eyes), (0.1, 0, 1.5), (0, 0, 0.3),
                       CAMERAS['ideal']).astype(np.float32)
    assert far(position_of_key_points(points, CAMERAS['ideal']), (0.1, 0, 1.5)) < 0.01


@pytest.mark.parametrize('points', [
    None, np.full((6, 2), np.nan, np.float32), np.full((6, 2), 100, np.float32)])
def test_what_is_unknown_is_nan(points):
    """No key points, unknown ones, and points that coincide."""
    assert math.isnan(position_of_key_points(points, CAMERAS['ideal']).z)


def test_a_photograph_is_nearer_the_larger_it_is():
    """The whole pipeline: the distance is inverse to the size; without a camera it is unknown."""
    picture = astronaut()
    distances = {}
    for scale in 2.0, 1.0, 0.5:
        image = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = image.shape[:2]
        camera = CameraModel(width, height, (
            600.0, 0.0, width / 2 - 0.5, 0.0, 600.0, height / 2 - 0.5, 0.0, 0.0, 1.0))
        with Pipeline.from_config('still') as pipeline:
            (face,) = pipeline.process(Frame(image, 0, camera=camera))
            (unknown,) = pipeline.process(Frame(image, 1))
        distances[scale] = face.position.z
        assert math.isnan(unknown.position.z)
    # 600 px of focal length, and eyes whose outer corners are 8.9 cm apart.
    assert distances[0.5] == pytest.approx(2 * distances[1.0], rel=0.1)
    assert distances[2.0] == pytest.approx(0.5 * distances[1.0], rel=0.1)
    assert 0.5 < distances[1.0] < 1.2


@pytest.mark.parametrize('pose', POSES)
@pytest.mark.parametrize('place', PLACES)
def test_orientation_in_the_camera_is_that_of_the_head(place, pose):
    """The pose relative to the ray and the direction of the ray add up."""
    mesh = mesh_at(place, pose, CAMERAS['ideal'])
    found = orientation_in_camera(head_pose_of_mesh(mesh), Position(*place))
    turn = found @ rotation_matrix(HeadPose(*pose)).T
    angle = math.acos(min((np.trace(turn) - 1) / 2, 1.0))
    # The pose is computed as if the head were far away.
    assert angle < math.radians(6 if place[2] >= 1 else 12)
