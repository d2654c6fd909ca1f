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

"""Photographs with known faces. Views of them are made in `photo_views.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_ros.bench.crowd import CrowdClip
from fer_ros.core.resources import share_directory
from fer_ros.core.values import Box, Image
from fer_ros.core.yaml_values import load_yaml
from fer_ros.media.image_file import read_image

_SAMPLE_WIDTH, _SAMPLE_HEIGHT = 1280, 960

_WHOLE = 0.999
"""Visible share of a box from which it counts as fully visible; the rest is rounding."""


@dataclass(frozen=True)
class LabelledPhoto:
    """An image and the boxes of its faces."""

    name: str
    image: Image
    faces: list[Box]


def sample_photo() -> LabelledPhoto:
    """Return the two heads of the sample clip in front of a plain wall."""
    clip = CrowdClip(2, _SAMPLE_WIDTH, _SAMPLE_HEIGHT)
    return LabelledPhoto('sample', clip.frame(0), [face.box for face in clip.truth(0)])


def labelled_photos(folder: Path) -> list[LabelledPhoto]:
    """Return the photographs of config/bench/photos.yaml that exist in a folder."""
    path = share_directory() / 'config' / 'bench' / 'photos.yaml'
    places = load_yaml(path.read_text(encoding='utf-8'))
    return [
        LabelledPhoto(name, read_image(folder / name), [
            Box(x - edge / 2, y - edge / 2, edge, edge) for x, y, edge in faces])
        for name, faces in places.items() if (folder / name).is_file()]


def is_fully_visible(box: Box, width: int, height: int) -> bool:
    """Return whether a box is inside an image of this size, except for rounding."""
    return box.clipped(width, height).area > _WHOLE * box.area


def is_whole(photo: LabelledPhoto, face: Box) -> bool:
    """Return whether the edge of the photograph cuts the face nowhere."""
    height, width = photo.image.shape[:2]
    return is_fully_visible(face, width, height)


def whole_faces(photos: Sequence[LabelledPhoto]) -> list[tuple[LabelledPhoto, int]]:
    """Return photo and index of all faces that no edge cuts."""
    return [
        (photo, index) for photo in photos for index, face in enumerate(photo.faces)
        if is_whole(photo, face)]
