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

import cv2
from fer_ros.core.detection.detector import Detector
from fer_ros.core.geometry import Box, Similarity
from fer_ros.core.values import Detection, Image
import numpy as np

SEARCH_ANGLE_RAD = math.radians(60)
"""
Rotation of the image, to one side and to the other.

MediaPipe's networks find nearly all faces that lean by up to 35 degrees, so 60 covers up to 95.
"""

ROTATED_VIEW_SIZE_PX = 512
"""Longest edge of the rotated image; MediaPipe's networks see at most 192 pixels of it."""


class RotatedSearch:
    """Runs a detector on the rotated image, and rotates the detections back."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def find(self, image: Image, side: int) -> list[Detection]:
        """
        Return what the detector finds in the rotated image.

        Boxes are upright squares around the same centres, as a detector that finds faces at any
        roll would report them.

        :param image: (H, W, 3) uint8, BGR.
        :param side: 1 for faces that lean clockwise, -1 for the others.
        """
        to_view, size = _to_rotated_view(image, -side * SEARCH_ANGLE_RAD)
        view = np.asarray(cv2.warpAffine(image, to_view.warp_matrix(), size), np.uint8)
        to_image = to_view.inverse()
        return [_moved(found, to_image) for found in self._detector.detect(view, to_view.scale)]


def _to_rotated_view(image: Image, angle: float) -> tuple[Similarity, tuple[int, int]]:
    """Return the transform from the image to a rotated view of all of it, and the view's size."""
    height, width = image.shape[:2]
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    view_width, view_height = cos * width + sin * height, sin * width + cos * height
    scale = min(ROTATED_VIEW_SIZE_PX / max(view_width, view_height), 1.0)
    size = math.ceil(view_width * scale), math.ceil(view_height * scale)
    return Similarity(
        scale, angle, (width / 2, height / 2), (size[0] / 2, size[1] / 2)), size


def _moved(found: Detection, transform: Similarity) -> Detection:
    edge = transform.scale * found.box.edge
    x, y = transform.points(np.array([found.box.center]))[0].tolist()
    points = found.key_points
    if points is not None:
        points = transform.points(points).astype(np.float32)
    return Detection(Box(x - edge / 2, y - edge / 2, edge, edge), found.score, points)
