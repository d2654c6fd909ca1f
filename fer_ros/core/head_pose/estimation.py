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

"""Orientation of a head from the landmarks or the key points of its face, in one image."""

import math

from fer_ros.core.values import HeadPose, Mesh, Points
import numpy as np
import numpy.typing as npt

KEY_POINT_MODEL = np.array([
    (-0.500, -0.366, -0.124),  # right eye
    (0.500, -0.366, -0.124),   # left eye
    (0.000, 0.136, -0.810),    # tip of the nose
    (0.000, 0.687, -0.572),    # centre of the mouth
    (-1.048, -0.046, 0.813),   # right tragion
    (1.048, -0.046, 0.813),    # left tragion
], np.float64)
"""
Positions of BlazeFace's key points on a head that looks into the camera.

In units of the distance between the eyes. Axes as in `HeadPose` (x right, y down, z away from the
camera). Fitted to faces whose orientation the face mesh gave (docs/benchmarks.md).
"""

MESH_MODEL = {
    33: (-0.500, 0.000, 0.000),    # right eye, outer corner
    133: (-0.197, 0.011, -0.062),  # right eye, inner corner
    362: (0.197, 0.011, -0.062),   # left eye, inner corner
    263: (0.500, 0.000, 0.000),    # left eye, outer corner
    6: (0.000, 0.025, -0.294),     # bridge of the nose
    4: (0.000, 0.344, -0.513),     # tip of the nose
    1: (0.000, 0.417, -0.493),     # below the tip
    2: (0.000, 0.493, -0.327),     # foot of the nose
    129: (-0.230, 0.393, -0.192),  # right wing of the nose
    358: (0.230, 0.393, -0.192),   # left wing of the nose
    205: (-0.442, 0.442, -0.142),  # right cheek
    425: (0.442, 0.442, -0.142),   # left cheek
}
"""
Positions of landmarks that expressions move little, on a head that looks into the camera.

In units of the distance between the outer corners of the eyes (about 9 cm), axes as above: the
symmetric mean of aligned faces. How the landmarks were chosen is in docs/benchmarks.md.
"""

_MIN_SCALE = 1e-6
"""Below it, the points lie on a line or coincide."""

Matrix = npt.NDArray[np.float64]


def _inverse(model: Matrix) -> Matrix:
    """Return the (3, N) pseudo-inverse of a centred model, (N, 3), for least-squares fits."""
    return np.asarray(np.linalg.pinv(model - model.mean(axis=0)), np.float64)


_LANDMARKS = np.array(list(MESH_MODEL))
_INVERSE_OF_MESH = _inverse(np.array(list(MESH_MODEL.values()), np.float64))


def head_pose_of_key_points(key_points: Points | None) -> HeadPose:
    """
    Return the orientation that fits a detector's key points best.

    All angles are NaN if fewer than four key points are known, or if they lie on a line or
    coincide. The result is relative to the ray from the camera to the face. Typical errors are in
    docs/benchmarks.md.

    :param key_points: (6, 2), pixels, in the order of `KeyPoint`; NaN if unknown.
    """
    if key_points is None:
        return HeadPose()
    points = np.asarray(key_points, np.float64)
    known = np.isfinite(points).all(axis=1)
    if known.sum() < 4:
        return HeadPose()
    return _pose(_inverse(KEY_POINT_MODEL[known]), points[known])


def head_pose_of_mesh(mesh: Mesh) -> HeadPose:
    """
    Return the orientation that fits the landmarks of a face best.

    It is relative to the ray from the camera to the face. All angles are NaN if the landmarks
    coincide.
    """
    return _pose(_INVERSE_OF_MESH, mesh.landmarks[_LANDMARKS, :2].astype(np.float64))


def _pose(inverse: Matrix, points: Matrix) -> HeadPose:
    """
    Fit a model, given by its pseudo-inverse (3, N), to points (N, 2).

    Scaled orthographic projection (the head is small compared with its distance): the
    least-squares affine map from the model to the image, and the rotation nearest to it (D. F.
    DeMenthon, L. S. Davis, "Model-Based Object Pose in 25 Lines of Code", IJCV 1995, without the
    iteration).
    """
    affine = (inverse @ (points - points.mean(axis=0))).T
    u, scales, vt = np.linalg.svd(affine, full_matrices=False)
    if not scales[1] > _MIN_SCALE:
        return HeadPose()
    rows = u @ vt
    return _angles(np.vstack([rows, np.cross(rows[0], rows[1])]))


def _angles(rotation: Matrix) -> HeadPose:
    """
    Decompose a rotation into yaw about y, then pitch about x, then roll about z (fixed axes).

    In this order, a rotation of the image changes only the roll.
    """
    return HeadPose(
        roll=math.atan2(-rotation[0, 1], rotation[1, 1]),
        pitch=math.asin(min(max(float(rotation[2, 1]), -1.0), 1.0)),
        yaw=math.atan2(-rotation[2, 0], rotation[2, 2]))


def rotation_matrix(pose: HeadPose) -> Matrix:
    """Return the (3, 3) rotation: yaw about y, pitch about x, then roll about z (fixed axes)."""
    (cr, sr), (cp, sp), (cy, sy) = (
        (math.cos(a), math.sin(a)) for a in (pose.roll, pose.pitch, pose.yaw))
    roll = np.array([(cr, -sr, 0), (sr, cr, 0), (0, 0, 1)])
    pitch = np.array([(1, 0, 0), (0, cp, -sp), (0, sp, cp)])
    yaw = np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
    return np.asarray(roll @ pitch @ yaw, np.float64)
