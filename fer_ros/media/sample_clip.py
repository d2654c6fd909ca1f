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

"""Draws a clip of two moving heads whose boxes, identities and roll are known exactly."""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
from fer_ros.core.values import Box, Image
from fer_ros.media.sample_portraits import Portrait, PORTRAITS
import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

WIDTH = 640
HEIGHT = 480
RATE_HZ = 30.0
FRAME_COUNT = 300


@dataclass(frozen=True)
class SampleFace:
    """
    The true position of a face of the clip.

    `box` is the square that face detectors report: around the center of the face, from the
    forehead to the chin. It grows with the face but does not rotate with it. `roll` is in radians,
    positive if the head leans clockwise in the image. `right_eye` and `left_eye` are the pupils
    (x, y) of the person's own right and left eye, in pixels.
    """

    identity: int
    name: str
    box: Box
    roll: float
    right_eye: tuple[float, float]
    left_eye: tuple[float, float]


STORED_FACE_SIZE = 130.0
"""Width of the face, in pixels at scale 1, at which heads are stored."""


@dataclass(frozen=True)
class _Head:
    """A head that is ready to be drawn; its points are relative to the center of the face."""

    portrait: Portrait
    image: Image
    weight: npt.NDArray[np.float32]
    center: tuple[float, float]
    right_eye: Matrix
    left_eye: Matrix
    roll: float
    corners: Matrix


@dataclass(frozen=True)
class Place:
    """Center and width of a face in a frame, in pixels, and its rotation in radians."""

    x: float
    y: float
    size: float
    turn: float


class SampleClip:
    """
    A clip of two heads that move around each other in front of a plain wall.

    It is ten seconds long and can be repeated without a jump. At 640x480 the faces are 90 to 180
    pixels wide; they lean up to about 20 degrees to both sides. They are always completely in the
    image and never touch. The same index always returns the same image.

    >>> clip = SampleClip()
    >>> clip.frame(0).shape
    (480, 640, 3)
    >>> [face.identity for face in clip.truth(0)]
    [1, 2]
    """

    rate_hz = RATE_HZ
    frame_count = FRAME_COUNT

    def __init__(self, scale: float = 1.0) -> None:
        """
        Read the photograph, make the second face from it, and cut both heads out.

        :param scale: size of the images relative to 640x480, [0.25, 8].
        :raises FileNotFoundError: if the package that contains the photograph is not installed;
            the text names it.
        :raises ValueError: if the scale is out of range.
        """
        if not 0.25 <= scale <= 8:
            raise ValueError(f'the scale of the sample clip must be 0.25 to 8, not {scale!r}')
        self._scale = scale
        self.width = round(WIDTH * scale)
        self.height = round(HEIGHT * scale)
        self._heads = [cut_out(portrait, scale) for portrait in PORTRAITS]
        self._wall = wall(self.width, self.height)

    def frame(self, index: int) -> Image:
        """
        Draw a frame.

        :param index: from 0; after the last frame the clip starts again.
        :return: (H, W, 3) uint8, BGR, owned by the caller.
        """
        image = self._wall.copy()
        for head, place in zip(self._heads, self._places(index), strict=True):
            _draw(image, head, place, self._scale)
        return image

    def truth(self, index: int) -> list[SampleFace]:
        """Return the faces of a frame, in the order of their identities."""
        faces = []
        for head, place in zip(self._heads, self._places(index), strict=True):
            matrix = _placing(head, place, self._scale)
            right_eye, left_eye = (
                (float(x), float(y))
                for x, y in (matrix @ point for point in (head.right_eye, head.left_eye)))
            half = place.size / 2
            faces.append(SampleFace(
                identity=head.portrait.identity,
                name=head.portrait.name,
                box=Box(place.x - half, place.y - half, place.size, place.size),
                roll=head.roll + place.turn,
                right_eye=right_eye,
                left_eye=left_eye))
        return faces

    def _places(self, index: int) -> tuple[Place, Place]:
        phase = 2 * math.pi * (index % FRAME_COUNT) / FRAME_COUNT
        s = self._scale
        # There is space for large faces side by side, but only for small ones above each other.
        room = (1 + math.cos(2 * phase)) / 2
        x, y = 162 * math.cos(phase), 118 * math.sin(phase)
        size_1 = 92 + room * (58 + 28 * math.cos(phase))
        size_2 = 92 + room * (58 - 28 * math.cos(phase))
        turn_1 = math.radians(17) * math.sin(2 * phase)
        turn_2 = math.radians(17) * math.sin(3 * phase + 1)
        middle_x, middle_y = WIDTH / 2, HEIGHT / 2 + 8
        return (
            Place((middle_x - x) * s, (middle_y - y) * s, size_1 * s, turn_1),
            Place((middle_x + x) * s, (middle_y + y) * s, size_2 * s, turn_2))


def cut_out(portrait: Portrait, scale: float) -> _Head:
    """
    Return the head of a photograph, to be drawn in images of this scale (1: 640x480).

    :raises FileNotFoundError: if the package that contains the photograph is not installed.
    """
    photograph = portrait.photograph()
    x, y, half_width, half_height = portrait.head
    left, top = max(0, round(x - half_width)), max(0, round(y - half_height))
    right = min(photograph.shape[1], round(x + half_width))
    bottom = min(photograph.shape[0], round(y + half_height))
    ratio = STORED_FACE_SIZE * min(scale, 1.5) / portrait.face_size
    image = cv2.resize(
        photograph[top:bottom, left:right], None, fx=ratio, fy=ratio,
        interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC)
    rows, columns = np.mgrid[:image.shape[0], :image.shape[1]].astype(np.float32)
    distance = np.hypot(
        (columns / ratio + left - x) / half_width, (rows / ratio + top - y) / half_height)
    weight = np.clip((1 - distance) / 0.18, 0, 1).astype(np.float32)
    weight = (weight * weight * (3 - 2 * weight)).astype(np.float32)

    def from_center(point: tuple[float, float]) -> Matrix:
        """Return a point of the photograph relative to the face, homogeneous, in stored pixels."""
        return np.array([
            (point[0] - portrait.face_center[0]) * ratio,
            (point[1] - portrait.face_center[1]) * ratio,
            1.0])

    corners = np.stack([
        from_center((cx, cy)) for cx in (left, right) for cy in (top, bottom)])
    dx = portrait.left_eye[0] - portrait.right_eye[0]
    dy = portrait.left_eye[1] - portrait.right_eye[1]
    return _Head(
        portrait=portrait, image=np.asarray(image, np.uint8), weight=weight,
        center=((portrait.face_center[0] - left) * ratio, (portrait.face_center[1] - top) * ratio),
        right_eye=from_center(portrait.right_eye),
        left_eye=from_center(portrait.left_eye),
        roll=math.atan2(dy, dx), corners=corners)


def wall(width: int, height: int) -> Image:
    """Return a plain grey wall with a soft texture, lit from above."""
    noise = np.random.RandomState(7).normal(0, 1, (60, 80)).astype(np.float32)
    grain = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * 3
    light = np.linspace(158, 120, height, dtype=np.float32)[:, None]
    grey = np.clip(grain + light, 0, 255)
    tint = np.array([1.0, 0.98, 0.94], np.float32)
    return (grey[..., None] * tint).astype(np.uint8)


def _placing(head: _Head, place: Place, scale: float) -> Matrix:
    """Return the (2, 3) matrix from points relative to the face to pixels of the frame."""
    ratio = place.size / (STORED_FACE_SIZE * min(scale, 1.5))
    cos, sin = ratio * math.cos(place.turn), ratio * math.sin(place.turn)
    # Because y points down, a positive angle rotates clockwise in the image.
    return np.array([[cos, -sin, place.x], [sin, cos, place.y]])


def _draw(image: Image, head: _Head, place: Place, scale: float) -> None:
    """Draw the head over the image, with a soft edge."""
    matrix = _placing(head, place, scale)
    corners = head.corners @ matrix.T
    left, top = (int(v) for v in np.maximum(np.floor(corners.min(axis=0)), 0))
    right, bottom = (int(v) for v in np.minimum(
        np.ceil(corners.max(axis=0)) + 1, (image.shape[1], image.shape[0])))
    matrix = matrix.copy()
    matrix[:, 2] -= matrix[:, :2] @ np.array(head.center) + (left, top)
    size = (right - left, bottom - top)
    patch = cv2.warpAffine(head.image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(head.weight, matrix, size)
    part = image[top:bottom, left:right]
    part[:] = cv2.blendLinear(patch, part, weight, 1 - weight)
