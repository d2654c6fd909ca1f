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

"""From the 468 landmarks of a face to its key points, its box, and the region around it."""

from __future__ import annotations

import math

from fer_ros.core.geometry import Box, Region, Similarity
from fer_ros.core.values import KeyPoint, Mesh, Points
import numpy as np

LANDMARK_COUNT = 468
"""Their positions are drawn in MediaPipe's `canonical_face_model_uv_visualization.png`."""

REGION_SCALE = 1.5
"""Edge of a region in units of the face's box, as in MediaPipe's own graph."""

RIGHT_EYE_CORNER = 33
LEFT_EYE_CORNER = 263
"""Outer corners of the person's right and left eye; the line between them defines the roll."""

KEY_POINT_LANDMARKS = {
    KeyPoint.RIGHT_EYE: (33, 133),
    KeyPoint.LEFT_EYE: (263, 362),
    KeyPoint.NOSE_TIP: (1, 4),
    KeyPoint.MOUTH_CENTER: (13, 14),
    KeyPoint.RIGHT_EAR_TRAGION: (234, 234),
    KeyPoint.LEFT_EAR_TRAGION: (454, 454),
}
"""Two landmarks whose midpoint is the detector's key point (docs/benchmarks.md)."""

_KEY_POINT_PAIRS = np.array([KEY_POINT_LANDMARKS[point] for point in KeyPoint])

BOX_SCALE = 1.024
"""Edge of a detector's box in units of the mean of the mesh's upright width and height."""

BOX_BELOW_EYES = 0.21
"""Distance of the centre of a detector's box below the eyes, in edges of the box."""

# Both are medians over detections by MediaPipe's two networks (docs/benchmarks.md).

PRESENCE_THRESHOLD = 0.9
"""Presence from which the landmarks are those of a face (docs/benchmarks.md)."""


def mesh_from_landmarks(landmarks: Points, presence: float) -> Mesh:
    """
    Return a mesh with everything that follows from its landmarks.

    :param landmarks: (468, 3) float32, pixels of the image.
    :param presence: [0, 1], the network's confidence that there is a face.
    """
    points = landmarks[:, :2].astype(np.float64)
    across = points[LEFT_EYE_CORNER] - points[RIGHT_EYE_CORNER]
    roll = math.atan2(across[1], across[0])
    rotation = Similarity(1.0, roll, (0.0, 0.0), (0.0, 0.0))
    upright = rotation.linear.T @ points.T
    low, high = upright.min(axis=1), upright.max(axis=1)
    key_points = np.asarray(landmarks[_KEY_POINT_PAIRS, :2].mean(axis=1), np.float32)
    edge = BOX_SCALE * float((high - low).mean())
    eyes = (key_points[KeyPoint.RIGHT_EYE] + key_points[KeyPoint.LEFT_EYE]) / 2
    down_x, down_y = (rotation.linear @ (0.0, BOX_BELOW_EYES * edge)).tolist()
    box = Box(float(eyes[0]) + down_x - edge / 2, float(eyes[1]) + down_y - edge / 2, edge, edge)
    center_x, center_y = (rotation.linear @ ((low + high) / 2)).tolist()
    region = Region(center_x, center_y, REGION_SCALE * float((high - low).max()), roll)
    return Mesh(landmarks, presence, presence >= PRESENCE_THRESHOLD, box, key_points, region)


def region_of_face(box: Box, key_points: Points | None, roll: float = 0.0) -> Region:
    """
    Return the region in which a detected face is upright.

    :param key_points: (6, 2), pixels, in the order of `KeyPoint`.
    :param roll: rotation of the region in radians, used if the eyes are unknown.
    """
    if key_points is not None:
        across = key_points[KeyPoint.LEFT_EYE] - key_points[KeyPoint.RIGHT_EYE]
        if np.isfinite(across).all():
            roll = math.atan2(across[1], across[0])
    return Region(*box.center, REGION_SCALE * max(box.width, box.height), roll)


def region_differences(a: Region, b: Region) -> tuple[float, float, float]:
    """Return distance (in edges of b), ratio of the sizes (1 or more) and angle of two regions."""
    turn = (a.roll - b.roll + math.pi) % (2 * math.pi) - math.pi
    return (
        math.hypot(a.center_x - b.center_x, a.center_y - b.center_y) / b.edge,
        max(a.edge / b.edge, b.edge / a.edge), abs(turn))
