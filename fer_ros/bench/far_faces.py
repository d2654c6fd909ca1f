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

"""Views of distant people: small faces of labelled photographs in large textured images."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
from fer_ros.bench.labelled_photos import LabelledPhoto, whole_faces
from fer_ros.bench.photo_views import View
from fer_ros.core.values import Box, Image
import numpy as np

CONTEXT = 2.2
"""Edge of the pasted part of a photograph in edges of its face."""

TEXTURES = {2: 5.0, 6: 9.0, 20: 16.0, 70: 28.0}
"""
Structures of the background: size in pixels of an image of 640 pixels, and grey levels.

The contrast grows with the size, as in photographs.
"""


def textured_background(width: int, height: int, random: np.random.Generator) -> Image:
    """Return an image of smoothed noise of several scales and colours: (height, width, 3)."""
    image = np.full((height, width, 3), 110.0, np.float32)
    for size, contrast in TEXTURES.items():
        scaled = max(size * max(width, height) / 640, 1.0)
        small = max(round(width / scaled), 2), max(round(height / scaled), 2)
        noise = random.normal(0, contrast, (small[1], small[0], 1)).astype(np.float32)
        colour = random.normal(0, contrast / 3, (small[1], small[0], 3)).astype(np.float32)
        image += cv2.resize(noise + colour, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(image, 0, 255), np.uint8)


def far_view(
    photo: LabelledPhoto, index: int, edge: float, background: Image,
    random: np.random.Generator,
) -> View:
    """
    Return the background with one face of a photograph at a random place.

    :param edge: edge of the face in the view, in pixels.
    :param background: (H, W, 3) uint8, BGR; it is not changed.
    """
    face = photo.faces[index]
    size = round(CONTEXT * edge)
    scale = edge / face.width
    x, y = face.center
    # Area averaging first avoids aliasing.
    stored = min(scale, 1.0)
    source = photo.image if scale >= 1 else np.asarray(cv2.resize(
        photo.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    step = scale / stored
    matrix = np.array([
        (step, 0, size / 2 - scale * x + (step - 1) / 2),
        (0, step, size / 2 - scale * y + (step - 1) / 2)])
    part = cv2.warpAffine(source, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
    rows, columns = np.mgrid[:size, :size]
    distance = np.hypot(columns + 0.5 - size / 2, rows + 0.5 - size / 2) / (size / 2)
    weight = np.clip((1 - distance) / 0.2, 0, 1)[..., None]
    image = background.copy()
    height, width = image.shape[:2]
    left = int(random.integers(0, width - size + 1))
    top = int(random.integers(0, height - size + 1))
    place = image[top:top + size, left:left + size]
    place[:] = np.rint(weight * part + (1 - weight) * place)
    box = Box(left + (size - edge) / 2, top + (size - edge) / 2, edge, edge)
    return View(image, [box], [])


def far_views(
    photos: Sequence[LabelledPhoto], width: int, height: int, edge: float, repeats: int,
    random: np.random.Generator,
) -> list[View]:
    """Return views of all whole faces, each at several places in front of new backgrounds."""
    return [
        far_view(photo, index, edge, textured_background(width, height, random), random)
        for _ in range(repeats) for photo, index in whole_faces(photos)]
