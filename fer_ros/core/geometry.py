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

"""
Boxes, rotated regions and similarity transforms, in one convention for coordinates.

Coordinates are pixels of the image, x to the right, y down, counted from the outer corner of the
first pixel, so that its centre is (0.5, 0.5). Boxes, key points and landmarks all use it. OpenCV's
matrices count from the centre of the first pixel; `Similarity.warp_matrix` converts. Nothing here
reads pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """
    An upright rectangle in pixels of the image; x to the right, y down.

    It may extend beyond the image.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Return the area in square pixels; 0 if a side is not positive."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def edge(self) -> float:
        """Return the edge of the square that has the same area, in pixels."""
        return math.sqrt(self.area)

    @property
    def center(self) -> tuple[float, float]:
        """Return the centre (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    def scaled(self, factor: float) -> Box:
        """Return a box with the same centre whose sides are multiplied by a factor."""
        width, height = factor * self.width, factor * self.height
        return Box(
            self.x + (self.width - width) / 2, self.y + (self.height - height) / 2, width, height)

    def intersection(self, other: Box) -> Box:
        """Return the part that both boxes cover; its area is 0 if they do not overlap."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Box(x, y, max(right - x, 0.0), max(bottom - y, 0.0))

    def iou(self, other: Box) -> float:
        """Return intersection over union, [0, 1]."""
        common = self.intersection(other).area
        union = self.area + other.area - common
        return common / union if union > 0 else 0.0

    def covers_most_of(self, other: Box) -> bool:
        """Return whether the boxes share more than half of the smaller one."""
        return self.intersection(other).area > 0.5 * min(self.area, other.area)

    def clipped(self, width: int, height: int) -> Box:
        """Return the part inside an image of that size."""
        return self.intersection(Box(0.0, 0.0, float(width), float(height)))


@dataclass(frozen=True)
class Region:
    """
    A rotated square in an image.

    Centre and edge are in pixels; `roll` is in radians, positive clockwise in the image.
    """

    center_x: float
    center_y: float
    edge: float
    roll: float = 0.0

    def from_view(self, size: int) -> Similarity:
        """Return the transform from a view of this region, (size, size) pixels, to the image."""
        return Similarity(
            self.edge / size, self.roll, (size / 2, size / 2), (self.center_x, self.center_y))


@dataclass(frozen=True)
class Similarity:
    """
    A transform that scales, rotates, moves and, if asked, mirrors points.

    It takes the point `source` to the point `target`. `angle` is in radians, positive clockwise in
    the image. Points are mirrored, left to right, before they are rotated.
    """

    scale: float
    angle: float
    source: tuple[float, float]
    target: tuple[float, float]
    mirrored: bool = False

    @property
    def linear(self) -> Matrix:
        """Return the (2, 2) matrix of rotation, scale and mirroring."""
        cos, sin = self.scale * math.cos(self.angle), self.scale * math.sin(self.angle)
        flip = -1.0 if self.mirrored else 1.0
        return np.array([(cos * flip, -sin), (sin * flip, cos)])

    def points(self, points: npt.NDArray[Any]) -> Matrix:
        """Return points, (N, 2), after the transform."""
        moved = (points - np.array(self.source)) @ self.linear.T + np.array(self.target)
        return np.asarray(moved, np.float64)

    def inverse(self) -> Similarity:
        """Return the transform that undoes this one."""
        return Similarity(
            1 / self.scale, self.angle if self.mirrored else -self.angle, self.target,
            self.source, self.mirrored)

    def warp_matrix(self) -> Matrix:
        """Return the (2, 3) matrix for `cv2.warpAffine`, whose points are pixel centres."""
        linear = self.linear
        shift = np.array(self.target) - 0.5 - linear @ (np.array(self.source) - 0.5)
        return np.column_stack([linear, shift])
