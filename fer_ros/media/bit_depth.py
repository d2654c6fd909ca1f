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

"""Converts pictures of more than 8 bits to 8 bits, by the range of their values."""

from __future__ import annotations

from typing import Any

import cv2
from fer_ros.core.values import Image
import numpy as np
import numpy.typing as npt

BIT_DEPTHS = (8, 10, 12, 14, 16)
"""Bits of the converters of cameras; files of 16 bits store their values without scaling."""

OVERSHOOT = 1.05
"""Lossy compression can raise values a little above the largest value of the camera."""

PERCENTILES = (0.1, 99.9)
"""Percentiles that become black and white; a few broken or glaring pixels do not count."""

PERCENTILE_STRIDE = 4
"""Of live images, only the pixels of every fourth row and column count for the percentiles."""


def to_eight_bits(image: npt.NDArray[Any]) -> Image:
    """
    Convert the values of a picture to 8 bits.

    A file does not state how many of its 16 bits the camera has used, or which values of floating
    point are black and white, so the values themselves decide:

    - Integers from 0 to 65535: the bit depth is the smallest of `BIT_DEPTHS` that the largest
      value fits into. Its 8 most significant bits are kept.
    - Floating point from 0 to 1: 1 is white.
    - Other values, such as temperatures or negative numbers: stretched between `PERCENTILES`.

    :param image: any shape; integers or floating point. Values that are not finite become black.
    :return: uint8, the same shape.
    """
    if image.dtype == np.uint8:
        return image
    if np.issubdtype(image.dtype, np.integer):
        low, high = int(image.min()), int(image.max())
        if low >= 0 and high < 2 ** BIT_DEPTHS[-1]:
            depth = next(bits for bits in BIT_DEPTHS if high < OVERSHOOT * 2 ** bits)
            return (np.minimum(image, 2 ** depth - 1) >> (depth - BIT_DEPTHS[0])).astype(np.uint8)
    is_known = np.isfinite(image)
    values = np.where(is_known, image, 0).astype(np.float64)
    black, white = _limits(values[is_known], np.issubdtype(image.dtype, np.floating))
    if white <= black:
        return np.zeros(image.shape, np.uint8)
    levels = np.rint(255 * np.clip((values - black) / (white - black), 0, 1))
    return np.where(is_known, levels, 0).astype(np.uint8)


def stretch_to_eight_bits(image: npt.NDArray[np.uint16]) -> Image:
    """
    Stretch an image between `PERCENTILES` of its values, whatever its bit depth is.

    This is for infrared and thermal cameras, whose values fill only a part of the 16 bits. It is
    fast enough for live images, because the percentiles are those of every fourth row and column.

    :param image: (H, W) uint16.
    :return: (H, W) uint8.
    """
    black, white = np.percentile(
        image[::PERCENTILE_STRIDE, ::PERCENTILE_STRIDE], PERCENTILES)
    if white <= black:
        return np.zeros(image.shape, np.uint8)
    scale = 255 / (white - black)
    # OpenCV takes absolute values, which the maximum prevents from being needed.
    clipped = np.maximum(image, image.dtype.type(black))
    return np.asarray(cv2.convertScaleAbs(clipped, alpha=scale, beta=-black * scale), np.uint8)


def _limits(values: npt.NDArray[np.float64], may_be_normalized: bool) -> tuple[float, float]:
    """Return the values of black and white."""
    if not values.size or (may_be_normalized and values.min() >= 0 and values.max() <= 1):
        return 0.0, 1.0
    black, white = np.percentile(values, PERCENTILES)
    return float(black), float(white)
