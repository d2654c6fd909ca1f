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

"""Views of labelled photographs: faces of a given size, dark, blurred, noisy, rolled."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Any

import cv2
from fer_ros.bench.labelled_photos import is_fully_visible, LabelledPhoto
from fer_ros.core.values import Box, Image
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 640, 480
"""Size of all views, a common size of robot cameras."""

CAMERA_NOISE = 3.0
"""Standard deviation of the noise of a camera in grey levels; darkness does not reduce it."""


@dataclass(frozen=True)
class View:
    """
    An image made of a photograph.

    :param faces: boxes of the fully visible faces; the face in the middle comes first.
    :param partial: boxes of faces that the edge cuts; a detector may find them or not.
    """

    image: Image
    faces: list[Box]
    partial: list[Box]


def view(photo: LabelledPhoto, index: int, edge: float, roll: float = 0.0) -> View:
    """
    Return a view with a face in the middle.

    :param index: index of the face in `photo.faces`.
    :param edge: edge of the face in the view, in pixels.
    :param roll: rotation of the whole image in radians, clockwise.
    """
    scale = edge / photo.faces[index].width
    image, stored = photo.image, 1.0
    if scale < 1:
        # Area averaging avoids aliasing in a smaller image.
        stored = scale
        image = np.asarray(
            cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    cos, sin = scale * math.cos(roll), scale * math.sin(roll)
    x, y = photo.faces[index].center
    matrix = np.array([
        [cos, -sin, WIDTH / 2 - cos * x + sin * y],
        [sin, cos, HEIGHT / 2 - sin * x - cos * y]])
    from_stored = matrix.copy()
    from_stored[:, :2] /= stored
    # OpenCV's coordinates start at the center of the first pixel, those of boxes at its corner.
    from_stored[:, 2] += from_stored[:, :2].sum(axis=1) / 2 - 0.5
    picture = cv2.warpAffine(
        image, from_stored, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    boxes = []
    for face in [photo.faces[index], *photo.faces[:index], *photo.faces[index + 1:]]:
        middle = matrix @ np.array([*face.center, 1.0])
        size = scale * face.width
        boxes.append(Box(middle[0] - size / 2, middle[1] - size / 2, size, size))
    visible = [box for box in boxes if box.clipped(WIDTH, HEIGHT).area > 0]
    whole = [box for box in visible if is_fully_visible(box, WIDTH, HEIGHT)]
    partial = [box for box in visible if not is_fully_visible(box, WIDTH, HEIGHT)]
    return View(np.asarray(picture, np.uint8), whole, partial)


def darkened(image: Image, gain: float, random: np.random.Generator) -> Image:
    """Return the image with its light multiplied by `gain`, and with noise of a camera."""
    return _grey_levels(image * gain + random.normal(0, CAMERA_NOISE, image.shape))


def blurred(image: Image, sigma: float) -> Image:
    """Return the image blurred by a Gaussian with this sigma in pixels; 0: unchanged."""
    return image if sigma <= 0 else np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def noisy(image: Image, sigma: float, random: np.random.Generator) -> Image:
    """Return the image with Gaussian noise of this sigma in grey levels."""
    return _grey_levels(image + random.normal(0, sigma, image.shape))


def _grey_levels(values: npt.NDArray[np.floating[Any]]) -> Image:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
