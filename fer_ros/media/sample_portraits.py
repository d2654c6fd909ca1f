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
The two portraits of the sample clip; they are not drawn into images here.

One is the photograph of Grace Hopper (US Navy, public domain) that matplotlib contains. The other
is made from it here: mirrored, with a rounder face, a smile, light from the left and a red
uniform. So the clip shows two people with different emotions, and needs no other photograph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
import functools
import importlib.util
from pathlib import Path

import cv2
from fer_ros.core.values import Image
from fer_ros.media.image_file import read_image
import numpy as np

Point = tuple[float, float]

FILE = 'mpl-data/sample_data/grace_hopper.jpg'
SYSTEM_FILE = Path('/usr/share/matplotlib', FILE)
"""Where Debian and Ubuntu install the data of matplotlib, outside of the Python package."""

WIDTH, HEIGHT = 512, 400
"""Size of the part of the photograph that the smiling face is made from: all but the chest."""

_HEIGHT_RATIO = 0.92
"""Height of the smiling face relative to that in the photograph."""

_FOREHEAD_ROWS = (125.0, 152.0)
"""Rows of the photograph from the brim of the cap to the forehead."""

_FOREHEAD = 20.0
"""By how many rows the cap is moved up; more of the forehead is then visible."""

_SMILE: tuple[tuple[Point, Point, Point], ...] = (
    ((232.4, 280.6), (-7.5, -11.0), (15.0, 13.0)),
    ((302.5, 277.1), (7.5, -11.0), (15.0, 13.0)),
    ((267.7, 274.0), (0.0, 4.0), (15.0, 8.0)),
    ((267.9, 288.0), (0.0, 5.0), (17.0, 9.0)),
    ((213.0, 243.0), (-2.0, -8.0), (18.0, 16.0)),
    ((322.0, 239.0), (2.0, -8.0), (18.0, 16.0)),
)
"""
Points of the photograph, by how much the smile moves them, and over which distance the movement
decreases (standard deviation of a Gaussian); all are (x, y) in pixels.

The points are the corners of the mouth (landmarks 61 and 291 of MediaPipe's face mesh), the upper
and the lower lip, and the cheeks.
"""
_MOVED = (slice(180, 330), slice(150, 380))
"""Rows and columns of the photograph outside of which the smile moves nothing."""

_FACE = (173.0, 357.0, 158.0, 312.0)
"""Left, right, top and bottom of the face in the photograph; the uniform is outside."""

_DARK_LEVEL = 75.0
"""Brightest level of the uniform's dark cloth, of 255."""

_CLOTH_BGR = (18.0, 8.0, 62.0)
"""Added to the dark cloth, which makes it red."""

_FACE_X, _FACE_HALF_WIDTH = 263.0, 110.0
"""Centre and half width of the face in the photograph, in pixels."""

_LIGHT = 0.25
"""Relative change of the brightness from the centre of the face to its sides."""


@dataclass(frozen=True)
class Portrait:
    """
    A photograph and where the head is in it, in the photograph's pixels.

    The eyes are the pupils, measured by hand in the photograph of Grace Hopper. The box of the
    face is within 3 % of the mean of MediaPipe's short-range and full-range detections. `head` is
    the ellipse that is cut out: centre (x, y) and half axes.
    """

    identity: int
    name: str
    photograph: Callable[[], Image]
    right_eye: Point
    left_eye: Point
    face_center: Point
    face_size: float
    head: tuple[float, float, float, float]


def grace_hopper() -> Image:
    """
    Read the photograph.

    :return: (600, 512, 3) uint8, BGR.
    :raises FileNotFoundError: if matplotlib is not installed.
    """
    return read_image(_file())


def smiling_face() -> Image:
    """
    Make the second portrait from the photograph; the result is kept for the next call.

    :return: (368, 512, 3) uint8, BGR; read-only.
    :raises FileNotFoundError: if matplotlib is not installed.
    """
    return _smiling_face(_file())


def in_smiling_face(point: Point) -> Point:
    """
    Return where a point of the photograph is in the smiling face.

    :param point: below the forehead, and not moved by the smile.
    """
    return WIDTH - 1 - point[0], (point[1] + 0.5) * _HEIGHT_RATIO - 0.5


PORTRAITS = (
    Portrait(
        identity=1, name='smiling face', photograph=smiling_face,
        right_eye=in_smiling_face((304.0, 186.1)), left_eye=in_smiling_face((221.5, 189.5)),
        face_center=(248.1, 214.0), face_size=187.3,
        head=(248.0, 180.0, 150.0, 173.0)),
    Portrait(
        identity=2, name='Grace Hopper', photograph=grace_hopper,
        right_eye=(221.5, 189.5), left_eye=(304.0, 186.1),
        face_center=(267.4, 236.4), face_size=197.5,
        head=(263.0, 196.0, 150.0, 188.0)),
)


def _file() -> Path:
    # Finding the package without importing it keeps matplotlib out of the process.
    found = importlib.util.find_spec('matplotlib')
    locations: Iterable[str] = (found.submodule_search_locations or ()) if found else ()
    for path in (*(Path(location, FILE) for location in locations), SYSTEM_FILE):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f'the sample clip needs the photograph {Path(FILE).name} that the package matplotlib '
        '(python3-matplotlib) contains: install it, or choose another source')


@functools.cache
def _smiling_face(file: Path) -> Image:
    photograph = read_image(file)[:HEIGHT]
    _smile(photograph[_MOVED])
    _dye(photograph)
    face = _with_higher_forehead(photograph[:, ::-1])
    from_center = (np.arange(WIDTH) - in_smiling_face((_FACE_X, 0.0))[0]) / _FACE_HALF_WIDTH
    light = 1 - _LIGHT * np.sin(np.clip(from_center, -1, 1) * np.pi / 2)
    result: Image = np.clip(face * light[:, None].astype(np.float32), 0, 255).astype(np.uint8)
    result.flags.writeable = False
    return result


def _with_higher_forehead(photograph: Image) -> Image:
    """Return the photograph with its reduced height, and with the cap moved up."""
    rows = np.arange(HEIGHT)
    moved = (rows + 0.5) * _HEIGHT_RATIO - 0.5
    moved -= np.interp(rows, _FOREHEAD_ROWS, (_FOREHEAD, 0.0))
    # For each row of the result, the row of the photograph.
    source = np.interp(np.arange(round(HEIGHT * _HEIGHT_RATIO)), moved, rows)
    map_x, map_y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), source.astype(np.float32))
    return np.asarray(cv2.remap(photograph, map_x, map_y, cv2.INTER_CUBIC), np.uint8)


def _smile(part: Image) -> None:
    """Move the points of the part `_MOVED` of the photograph, in place."""
    rows, columns = (
        np.arange(area.start, area.stop, dtype=np.float32) for area in _MOVED)
    map_x, map_y = np.meshgrid(columns - columns[0], rows - rows[0])
    for (x, y), (dx, dy), (spread_x, spread_y) in _SMILE:
        weight = np.outer(
            np.exp(-((rows - y - dy) / spread_y) ** 2 / 2),
            np.exp(-((columns - x - dx) / spread_x) ** 2 / 2))
        map_x -= dx * weight
        map_y -= dy * weight
    part[:] = cv2.remap(part, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _dye(photograph: Image) -> None:
    """Make the dark cloth outside of the face red, in place."""
    left, right, top, bottom = _FACE
    columns, rows = np.arange(photograph.shape[1]), np.arange(photograph.shape[0])
    beside = np.maximum(left - columns, columns - right)
    above_or_below = np.maximum(top - rows, rows - bottom)
    # The cloth is dyed fully from 8 pixels outside of the face on.
    outside = np.maximum(beside, above_or_below[:, None]).clip(0, 8) / 8
    darkness = (_DARK_LEVEL - photograph.max(axis=2)).clip(0, 40) / 40
    weight = (outside * darkness).astype(np.float32)
    photograph[:] = np.clip(
        photograph + weight[..., None] * np.array(_CLOTH_BGR, np.float32), 0, 255)
