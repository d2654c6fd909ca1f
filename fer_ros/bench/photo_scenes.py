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

"""Pictures with known faces, and views of them: of other sizes, dark, blurred, noisy, rolled."""

from __future__ import annotations

from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any

import cv2
from fer_ros.bench.crowd import CrowdClip
from fer_ros.core.resources import share_directory
from fer_ros.core.values import Box, Image
from fer_ros.media.image_file import read_image
import numpy as np
import numpy.typing as npt
import yaml

WIDTH, HEIGHT = 640, 480
"""Size of all views, a robot camera's."""

DARK_NOISE = 3.0
"""Spread of a camera's own noise in grey levels, which darkness leaves as it is."""

_WHOLE = 0.999
"""Share of a box from which it is wholly in a picture; the rest is what rounding takes."""


@dataclass(frozen=True)
class Scene:
    """A picture and where its faces are."""

    name: str
    image: Image
    faces: list[Box]


@dataclass(frozen=True)
class View:
    """
    A picture made of a scene.

    `faces` are those wholly in it, the one that it was made for first; `partial` those that its
    edge cuts, which may be found or not.
    """

    image: Image
    faces: list[Box]
    partial: list[Box]


def sample_scene() -> Scene:
    """Return the two heads of the sample clip before a plain wall."""
    clip = CrowdClip(2, 2 * WIDTH, 2 * HEIGHT)
    return Scene('sample', clip.frame(0), [face.box for face in clip.truth(0)])


def photo_scenes(folder: Path) -> list[Scene]:
    """Return the photographs that config/bench/photos.yaml knows, as far as they are there."""
    path = share_directory() / 'config' / 'bench' / 'photos.yaml'
    places = yaml.safe_load(path.read_text(encoding='utf-8'))
    return [
        Scene(name, read_image(folder / name), [
            Box(x - edge / 2, y - edge / 2, edge, edge) for x, y, edge in faces])
        for name, faces in places.items() if (folder / name).is_file()]


def view(scene: Scene, index: int, edge: float, roll: float = 0.0) -> View:
    """
    Return the picture that shows a face in the middle.

    :param index: of the face among `scene.faces`.
    :param edge: of the face in the view, in pixels.
    :param roll: turn of the whole picture in radians, clockwise as seen.
    """
    scale = edge / scene.faces[index].width
    image, stored = scene.image, 1.0
    if scale < 1:
        # Each pixel of a smaller picture is a mean of those that it stands for.
        stored = scale
        image = np.asarray(
            cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    cos, sin = scale * math.cos(roll), scale * math.sin(roll)
    x, y = scene.faces[index].center
    matrix = np.array([
        [cos, -sin, WIDTH / 2 - cos * x + sin * y],
        [sin, cos, HEIGHT / 2 - sin * x - cos * y]])
    from_stored = matrix.copy()
    from_stored[:, :2] /= stored
    # OpenCV counts from the middle of the first pixel, boxes from its corner.
    from_stored[:, 2] += from_stored[:, :2].sum(axis=1) / 2 - 0.5
    picture = cv2.warpAffine(
        image, from_stored, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    boxes = []
    for face in [scene.faces[index], *scene.faces[:index], *scene.faces[index + 1:]]:
        middle = matrix @ np.array([*face.center, 1.0])
        size = scale * face.width
        boxes.append(Box(middle[0] - size / 2, middle[1] - size / 2, size, size))
    seen = [box.clipped(WIDTH, HEIGHT).area / box.area for box in boxes]
    return View(
        np.asarray(picture, np.uint8),
        [box for box, share in zip(boxes, seen, strict=True) if share > _WHOLE],
        [box for box, share in zip(boxes, seen, strict=True) if 0 < share <= _WHOLE])


def is_whole(scene: Scene, face: Box) -> bool:
    """Return whether the face is wholly in the picture."""
    height, width = scene.image.shape[:2]
    return face.clipped(width, height).area > _WHOLE * face.area


def darkened(image: Image, gain: float, random: np.random.Generator) -> Image:
    """Return the picture with `gain` of its light and the camera's own noise."""
    return _grey_levels(image * gain + random.normal(0, DARK_NOISE, image.shape))


def blurred(image: Image, spread: float) -> Image:
    """Return the picture blurred by a Gaussian of that spread in pixels; 0: as it is."""
    return image if spread <= 0 else np.asarray(cv2.GaussianBlur(image, (0, 0), spread), np.uint8)


def noisy(image: Image, spread: float, random: np.random.Generator) -> Image:
    """Return the picture with independent noise of that spread in grey levels."""
    return _grey_levels(image + random.normal(0, spread, image.shape))


def _grey_levels(values: npt.NDArray[np.floating[Any]]) -> Image:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
