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

"""Makes what is shown, saved and recorded out of an image and its faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
from fer_ros.core.values import Box, FaceEmotion, Image
from fer_ros.media.drawing import draw_emotions, DrawingOptions
from fer_ros.media.face_blur import blur_faces
import numpy as np

MAX_ZOOM = 3.0
"""Small images are not enlarged more than this."""

CROP_MARGIN = 0.25
"""How far the picture of a face in the list reaches beyond its box, in edges of the box."""


@dataclass(frozen=True)
class Look:
    """What is made of an image: blurred faces, an overlay, names."""

    drawing: DrawingOptions
    show_overlay: bool = True
    blur_faces: bool = False
    names: Mapping[int, str] | None = None


def fitted_size(width: int, height: int, room: tuple[int, int]) -> tuple[int, int]:
    """Return the size at which an image fits into the room, (width, height), at least 1."""
    scale = min(room[0] / width, room[1] / height, MAX_ZOOM)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def composed(
    image: Image, faces: Sequence[FaceEmotion], look: Look, size: tuple[int, int] | None = None,
) -> Image:
    """
    Return a new image as it is shown.

    The overlay is drawn after the change of the size, so that its texts stay sharp.

    :param size: width and height of the result; None: those of the image.
    :return: (H, W, 3) uint8, BGR.
    """
    height, width = image.shape[:2]
    if size is None or size == (width, height):
        result = image.copy()
    else:
        is_smaller = size[0] < width
        result = np.asarray(cv2.resize(
            image, size, interpolation=cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR),
            np.uint8)
        faces = scaled_faces(faces, size[0] / width)
    if look.blur_faces:
        blur_faces(result, faces)
    if look.show_overlay:
        draw_emotions(result, faces, look.drawing, look.names)
    return result


def scaled_faces(faces: Sequence[FaceEmotion], scale: float) -> list[FaceEmotion]:
    """Return the faces as they are in an image that was resized by this factor."""
    return [
        replace(face, box=Box(*(
            scale * edge for edge in (
                face.box.x, face.box.y, face.box.width, face.box.height))))
        for face in faces]


def face_picture(image: Image, face: FaceEmotion, size: int, *, is_blurred: bool) -> Image:
    """
    Cut a face out, for the list.

    :return: (size, size, 3) uint8, RGB.
    """
    box = face.box
    half = max(box.width, box.height) * (0.5 + CROP_MARGIN)
    center_x, center_y = box.center
    scale = size / (2 * half)
    matrix = np.array(
        [[scale, 0, size / 2 - center_x * scale], [0, scale, size / 2 - center_y * scale]])
    if scale < 1:
        # warpAffine does not average; first reduce the part of the image.
        left, top = max(int(center_x - half), 0), max(int(center_y - half), 0)
        part = image[top:int(center_y + half) + 1, left:int(center_x + half) + 1]
        if part.size:
            reduced = cv2.resize(
                part, (max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)),
                interpolation=cv2.INTER_AREA)
            image = np.asarray(reduced, np.uint8)
            matrix = np.array([
                [1.0, 0, size / 2 - (center_x - left) * scale],
                [0, 1.0, size / 2 - (center_y - top) * scale]])
            scale = 1.0
    crop = cv2.warpAffine(
        image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if is_blurred:
        crop = cv2.resize(
            cv2.resize(crop, (6, 6), interpolation=cv2.INTER_AREA), (size, size),
            interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(crop[..., ::-1])
