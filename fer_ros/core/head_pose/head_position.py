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

"""Position of a head in metres, from the landmarks of its face and a calibrated camera."""

from __future__ import annotations

import math

import cv2
from fer_ros.core.camera_model import CameraModel
from fer_ros.core.head_pose.estimation import KEY_POINT_MODEL, Matrix, MESH_MODEL, rotation_matrix
from fer_ros.core.values import HeadPose, KeyPoint, Mesh, Points, Position
import numpy as np

EYE_CORNERS_M = 0.089
"""
Distance between the outer corners of the eyes of the model's head in metres.

It is the distance in MediaPipe's `canonical_face_model.obj` (8.9 cm), and about the mean of
adults. Their heads differ by about 7 % to either side, and the computed distances with them.
"""

EYES_M = 0.063
"""Distance between the pupils of the same head in metres: the unit of `KEY_POINT_MODEL`."""

_LANDMARKS = np.array(list(MESH_MODEL))
_MESH_M = EYE_CORNERS_M * np.array(list(MESH_MODEL.values()), np.float64)
_EYES = KEY_POINT_MODEL[[KeyPoint.RIGHT_EYE, KeyPoint.LEFT_EYE]].mean(axis=0)
_KEY_POINTS_M = EYES_M * (KEY_POINT_MODEL - _EYES)


def position_of_mesh(mesh: Mesh, camera: CameraModel) -> Position:
    """
    Return the point between the eyes in metres; NaN if it cannot be computed.

    Axes are those of the camera's optical frame (REP 103): x to the right, y down, z forward.
    """
    return _position(_MESH_M, mesh.landmarks[_LANDMARKS, :2], camera)


def position_of_key_points(key_points: Points | None, camera: CameraModel) -> Position:
    """
    Return the same from a detector's key points, which are less exact.

    :param key_points: (6, 2), pixels, in the order of `KeyPoint`; NaN if unknown.
    """
    if key_points is None:
        return Position()
    known = np.isfinite(key_points).all(axis=1)
    if known.sum() < 4:
        return Position()
    return _position(_KEY_POINTS_M[known], key_points[known], camera)


def _position(model: Matrix, points: Points, camera: CameraModel) -> Position:
    """
    Return the translation of the perspective projection that fits best.

    It is found by SQPnP (G. Terzakis, M. Lourakis, "A Consistently Fast and Globally Optimal
    Solution to the Perspective-n-Point Problem", ECCV 2020) on points without distortion.

    :param model: (N, 3), metres; the origin is the point between the eyes.
    :param points: (N, 2), pixels.
    """
    rays = camera.rays(points)
    if not np.isfinite(rays).all():
        return Position()
    try:
        is_found, _, translation = cv2.solvePnP(
            model, rays, np.eye(3), np.zeros(4), flags=cv2.SOLVEPNP_SQPNP)
    except cv2.error:  # points that coincide
        return Position()
    x, y, z = translation[:, 0].tolist()
    return Position(x, y, z) if is_found and z > 0 else Position()


def orientation_in_camera(pose: HeadPose, position: Position) -> Matrix:
    """
    Return the rotation (3, 3) from the head's axes to the optical frame of the camera.

    `HeadPose` is relative to the ray from the camera to the face. A face beside the middle of the
    image that looks into the camera is turned towards it. This adds the direction of that ray.
    """
    yaw = math.atan2(position.x, position.z)
    pitch = -math.atan2(position.y, math.hypot(position.x, position.z))
    ray = rotation_matrix(HeadPose(roll=0.0, pitch=0.0, yaw=yaw)) @ rotation_matrix(
        HeadPose(roll=0.0, pitch=pitch, yaw=0.0))
    return np.asarray(ray @ rotation_matrix(pose), np.float64)
