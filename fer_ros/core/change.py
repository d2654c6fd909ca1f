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
Whether an image, or a part of it, shows something else than before.

What has not changed need not be searched, fitted or classified again. Noise and a change of the
exposure are no change. All limits are measured (docs/benchmarks.md).
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
from fer_ros.core.geometry import Box
from fer_ros.core.values import Image, NS_PER_S
import numpy as np
import numpy.typing as npt

CELLS_PER_EDGE = 24
"""A face is compared in up to so many cells along each edge; an eye is three to five wide."""

MIN_CELL_PX = 2
"""Smallest edge of a cell; the mean of a cell has less noise than its pixels."""

CHANGE_PER_CONTRAST = 0.15
"""Difference that counts as a change, in standard deviations of the face's grey levels."""

MIN_CHANGE = 1.5
MAX_CHANGE = 5.0
"""Limits of that difference, in grey levels: of dim faces, and of those with much contrast."""

MAX_NOISE = 4.5
"""Largest noise of the cells, in grey levels, that is allowed for; the rest counts as change."""

_NOISE_GAIN = 2.6
"""Difference, in standard deviations of the noise, that noise alone does not reach in a face."""

MAX_GAIN = 1.5
"""Largest ratio of the contrasts that counts as a change of the exposure."""

SCENE_CHANGE = 8.0
"""Difference of a cell of the whole image that counts as motion, in grey levels."""

_SCENE_NOISE_GAIN = 5.0
"""The same in standard deviations of the noise; an image has more cells than a face."""

_SCENE_SIZE_PX = 160
_SCENE_CELL_PX = 4
"""The whole image is sampled down to this longest edge, then averaged in cells of this edge."""

CALM_AFTER_S = 2.0
"""
Time without motion after which a scene is calm.

Until then a detector that runs in every third image of 30 per second has searched the scene as it
is now, also rotated to both sides, and all its windows.
"""

REFERENCE_AGE_S = 1.0
"""Age at which the image that others are compared with is replaced, so that no drift adds up."""

_MAD_OF_NORMAL = 0.6745
"""Median of the absolute values of a normal distribution of standard deviation 1."""

Cells = npt.NDArray[np.float32]


def cells(grey: Image) -> Cells:
    """
    Return the mean grey levels of square cells.

    :param grey: (H, W) uint8, at least `MIN_CELL_PX` high and wide.
    :return: (h, w) float32; the smaller of h and w is at most `CELLS_PER_EDGE`. Pixels of the
        right and lower edge that fill no cell are left out.
    """
    edge = max(math.ceil(min(grey.shape) / CELLS_PER_EDGE), MIN_CELL_PX)
    rows, columns = grey.shape[0] // edge, grey.shape[1] // edge
    return _means(grey[:rows * edge, :columns * edge], rows, columns)


def _means(grey: Image, rows: int, columns: int) -> Cells:
    # A whole number of pixels per cell takes a third of the time that fractions take. Means that
    # are rounded to whole grey levels would make the median of small differences useless.
    return np.asarray(cv2.resize(
        grey.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def is_changed(now: Cells, before: Cells) -> bool:
    """
    Return whether two views of the same region differ by more than noise and exposure.

    The exposure is taken out as the gain and offset that fit best. What is left is judged where it
    is largest, in 3x3 cells, because a mouth or an eye is a small part of a face.
    """
    if now.shape != before.shape:
        return True
    contrast = float(before.std())
    limit = min(max(CHANGE_PER_CONTRAST * contrast, MIN_CHANGE), MAX_CHANGE)
    difference = _difference(now, before)
    noise = min(_noise(difference), MAX_NOISE)
    strongest = float(cv2.boxFilter(difference * difference, -1, (3, 3)).max())
    return strongest > limit ** 2 + (_NOISE_GAIN * noise) ** 2


def _difference(now: Cells, before: Cells) -> Cells:
    """Return what is left of a difference if gain and offset are fitted by least squares."""
    centred, reference = now - now.mean(), before - before.mean()
    energy = float(np.vdot(reference, reference))
    gain = float(np.vdot(reference, centred)) / energy if energy > 0 else 1.0
    # Without limits, everything would be the same as a plain wall.
    gain = min(max(gain, 1 / MAX_GAIN), MAX_GAIN)
    return np.asarray(centred - np.float32(gain) * reference, np.float32)


def _noise(difference: Cells) -> float:
    """Return the standard deviation of noise in a difference; what moved is seldom its median."""
    sizes = np.abs(difference).ravel()
    middle = len(sizes) // 2
    return float(np.partition(sizes, middle)[middle]) / _MAD_OF_NORMAL


@dataclass(frozen=True, eq=False)
class Appearance:
    """What a box of an image looked like."""

    box: Box
    cells: Cells

    @classmethod
    def of(cls, image: Image, box: Box) -> Appearance | None:
        """
        Return what the box looks like; None if too little of it is inside the image.

        :param image: (H, W, 3) uint8, BGR.
        """
        found = _cells_in(image, box)
        return None if found is None else cls(box, found)

    def is_changed_in(self, image: Image) -> bool:
        """Return whether the box looks different in another image of the same size."""
        found = _cells_in(image, self.box)
        return found is None or is_changed(found, self.cells)


def _cells_in(image: Image, box: Box) -> Cells | None:
    height, width = image.shape[:2]
    inside = box.clipped(width, height)
    left, top = round(inside.x), round(inside.y)
    part = image[top:round(inside.y + inside.height), left:round(inside.x + inside.width)]
    if min(part.shape[:2]) < 4 * MIN_CELL_PX:
        return None
    return cells(np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8))


class SceneWatch:
    """
    Notes when something has moved anywhere in the images of a video.

    An image is compared with one that is up to `REFERENCE_AGE_S` older, so that slow motion
    counts.
    """

    def __init__(self) -> None:
        self._reference: Cells | None = None
        self._reference_ns = 0
        self._moved_ns: int | None = None

    def look(self, image: Image, stamp_ns: int) -> None:
        """
        Compare the next image with those before.

        :param image: (H, W, 3) uint8, BGR.
        """
        view = _scene_cells(image)
        has_moved = self._reference is None or _has_moved(view, self._reference)
        if has_moved:
            self.note_motion(stamp_ns)
        age_s = (stamp_ns - self._reference_ns) / NS_PER_S
        if has_moved or not 0 <= age_s < REFERENCE_AGE_S:
            self._reference, self._reference_ns = view, stamp_ns

    def note_motion(self, stamp_ns: int) -> None:
        """Note that something has moved or changed in the image with this stamp."""
        self._moved_ns = stamp_ns

    def is_calm(self, stamp_ns: int) -> bool:
        """Return whether nothing has moved for `CALM_AFTER_S`."""
        return (
            self._moved_ns is not None
            and stamp_ns - self._moved_ns >= CALM_AFTER_S * NS_PER_S)

    def reset(self) -> None:
        """Forget all images."""
        self._reference = self._moved_ns = None


def _has_moved(now: Cells, before: Cells) -> bool:
    if now.shape != before.shape:
        return True
    difference = _difference(now, before)
    limit = max(SCENE_CHANGE, _SCENE_NOISE_GAIN * min(_noise(difference), MAX_NOISE))
    return float(np.abs(difference).max()) > limit


def _scene_cells(image: Image) -> Cells:
    step = max(max(image.shape[:2]) // _SCENE_SIZE_PX, 1)
    sampled = cv2.cvtColor(np.ascontiguousarray(image[::step, ::step]), cv2.COLOR_BGR2GRAY)
    rows, columns = (max(n // _SCENE_CELL_PX, 1) for n in sampled.shape)
    return _means(
        np.asarray(sampled, np.uint8)[:rows * _SCENE_CELL_PX, :columns * _SCENE_CELL_PX],
        rows, columns)
