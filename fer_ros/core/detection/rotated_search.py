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

"""Finding faces that lean so far that a detector for upright faces misses them."""

from __future__ import annotations

import math
from typing import Any

import cv2
from fer_ros.core.detection.detector import Detector
from fer_ros.core.values import Box, Detection, Image, Points
import numpy as np
import numpy.typing as npt

TURN = math.radians(60)
"""
How far the image is turned, to one side and to the other.

MediaPipe's networks find nearly all faces that lean by up to 35 degrees: this reaches to 95.
"""

EDGE = 512
"""Longest edge of the turned image in pixels; MediaPipe's networks see 192 at most."""

Matrix = npt.NDArray[np.float64]


class RollSearch:
    """Lets a detector see the image turned, and turns back what it finds."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def find(self, image: Image, side: int) -> list[Detection]:
        """
        Return what the detector finds in the turned image.

        Boxes are upright squares around the same centres, as a detector would give them that finds
        faces at any roll.

        :param image: (H, W, 3) uint8, BGR.
        :param side: 1 for faces that lean clockwise, -1 for the others.
        """
        to_view, size, scale = _turning(image, -side * TURN)
        view = np.asarray(cv2.warpAffine(image, to_view, size), np.uint8)
        to_image = np.asarray(cv2.invertAffineTransform(to_view), np.float64)
        return [_moved(found, to_image) for found in self._detector.detect(view, scale)]


def _turning(image: Image, angle: float) -> tuple[Matrix, tuple[int, int], float]:
    """Return the matrix (2, 3) that turns the whole image into a smaller one, its size, scale."""
    height, width = image.shape[:2]
    cos, sin = math.cos(angle), math.sin(angle)
    across = abs(cos) * width + abs(sin) * height
    along = abs(sin) * width + abs(cos) * height
    scale = min(EDGE / max(across, along), 1.0)
    size = math.ceil(across * scale), math.ceil(along * scale)
    turn = scale * np.array([(cos, -sin), (sin, cos)])
    middle = np.array([width - 1, height - 1]) / 2
    shift = (np.array(size) - 1) / 2 - turn @ middle
    return np.column_stack([turn, shift]), size, scale


def _moved(found: Detection, matrix: Matrix) -> Detection:
    """Return a detection where a turning and scaling matrix (2, 3) takes it."""
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    edge = scale * math.sqrt(found.box.area)
    # Points are counted from the edge of the first pixel, matrices from its middle.
    x, y = _places(np.array([found.box.center]), matrix)[0].tolist()
    points: Points | None = None
    if found.key_points is not None:
        points = _places(found.key_points, matrix).astype(np.float32)
    return Detection(Box(x - edge / 2, y - edge / 2, edge, edge), found.score, points)


def _places(points: npt.NDArray[Any], matrix: Matrix) -> Matrix:
    return np.asarray((points - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5, np.float64)
