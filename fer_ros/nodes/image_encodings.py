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
The encodings of `sensor_msgs/Image` that can be read, and their conversion to BGR.

Names are those of sensor_msgs/image_encodings.hpp; `nv12` is the name that drivers use beside
`nv21`. Whether sizes and data of a message fit together is checked in `image_conversion`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
from fer_ros.core.values import Image
from fer_ros.media.bit_depth import stretch_to_eight_bits, to_eight_bits
import numpy as np
import numpy.typing as npt


class ImageError(ValueError):
    """An image message is invalid or not supported; the text says why."""


Rows = npt.NDArray[np.uint8]
"""All planes of an image as (rows, step); rows may end with bytes that are not used."""


@dataclass(frozen=True)
class Encoding:
    """
    The layout of an encoding in memory, and its conversion.

    :param row_values: values per pixel in a row.
    :param value_bytes: bytes of a value: 1, or 2 in the byte order of the message.
    :param to_bgr: returns (H, W, 3) uint8 in BGR; called with the rows, the width in pixels and
        the type of a value.
    :param planes: number of rows of all planes, as a multiple of the height.
    :param even_width, even_height: neighbours share their colour, so the number must be even.
    """

    row_values: int
    value_bytes: int
    to_bgr: Callable[[Rows, int, np.dtype[Any]], Image]
    planes: float = 1.0
    even_width: bool = False
    even_height: bool = False


_BGR_OF_YUV = np.array([
    [1.164383, 2.017232, 0.0, -276.835849],
    [1.164383, -0.391762, -0.812968, 135.575295],
    [1.164383, 0.0, 1.596027, -222.921567],
])
"""Inverse of ITU-R BT.601 with luma from 16 to 235 and chroma from 16 to 240, as in OpenCV."""


def _pixels(rows: Rows, width: int, channels: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return (H, W) or (H, W, C) of the rows without their padding, in this machine's order."""
    used = rows[:, :width * channels * dtype.itemsize]
    if dtype.itemsize > 1:
        # A step need not be a whole number of values.
        used = np.ascontiguousarray(used).view(dtype).astype(dtype.newbyteorder('='), copy=False)
    return used if channels == 1 else used.reshape(len(rows), width, channels)


def _packed(channels: int, code: int | None, value_bytes: int = 1) -> Encoding:
    """Return an encoding that OpenCV converts; 16 bits are scaled by the bit depth in use."""
    def to_bgr(rows: Rows, width: int, dtype: np.dtype[Any]) -> Image:
        pixels = to_eight_bits(_pixels(rows, width, channels, dtype))
        return np.ascontiguousarray(pixels if code is None else cv2.cvtColor(pixels, code))
    return Encoding(channels, value_bytes, to_bgr)


def _infrared(rows: Rows, width: int, dtype: np.dtype[Any]) -> Image:
    grey = stretch_to_eight_bits(_pixels(rows, width, 1, dtype))
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def _yuv422(code: int) -> Encoding:
    def to_bgr(rows: Rows, width: int, dtype: np.dtype[Any]) -> Image:
        return np.asarray(cv2.cvtColor(_pixels(rows, width, 2, dtype), code), np.uint8)
    return Encoding(2, 1, to_bgr, even_width=True)


def _yuv420(code: int) -> Encoding:
    def to_bgr(rows: Rows, width: int, dtype: np.dtype[Any]) -> Image:
        return np.asarray(cv2.cvtColor(_pixels(rows, width, 1, dtype), code), np.uint8)
    return Encoding(1, 1, to_bgr, planes=1.5, even_width=True, even_height=True)


def _nv24(rows: Rows, width: int, dtype: np.dtype[Any]) -> Image:
    # OpenCV 4 has no conversion of it. A row of U and V takes twice the step.
    height = len(rows) // 3
    luma = _pixels(rows[:height], width, 1, dtype)
    chroma = _pixels(rows[height:].reshape(height, -1), width, 2, dtype)
    return np.asarray(cv2.transform(cv2.merge([luma, chroma]), _BGR_OF_YUV), np.uint8)


_BAYER = {
    'rggb': cv2.COLOR_BayerRGGB2BGR, 'bggr': cv2.COLOR_BayerBGGR2BGR,
    'gbrg': cv2.COLOR_BayerGBRG2BGR, 'grbg': cv2.COLOR_BayerGRBG2BGR,
}

ENCODINGS: dict[str, Encoding] = {
    'bgr8': _packed(3, None),
    'rgb8': _packed(3, cv2.COLOR_RGB2BGR),
    'bgra8': _packed(4, cv2.COLOR_BGRA2BGR),
    'rgba8': _packed(4, cv2.COLOR_RGBA2BGR),
    'mono8': _packed(1, cv2.COLOR_GRAY2BGR),
    '8UC1': _packed(1, cv2.COLOR_GRAY2BGR),
    '8UC3': _packed(3, None),
    '8UC4': _packed(4, cv2.COLOR_BGRA2BGR),
    'bgr16': _packed(3, None, 2),
    'rgb16': _packed(3, cv2.COLOR_RGB2BGR, 2),
    'mono16': _packed(1, cv2.COLOR_GRAY2BGR, 2),
    '16UC1': Encoding(1, 2, _infrared),
    **{f'bayer_{order}8': _packed(1, code) for order, code in _BAYER.items()},
    **{f'bayer_{order}16': _packed(1, code, 2) for order, code in _BAYER.items()},
    'yuv422': _yuv422(cv2.COLOR_YUV2BGR_UYVY),
    'uyvy': _yuv422(cv2.COLOR_YUV2BGR_UYVY),
    'yuv422_yuy2': _yuv422(cv2.COLOR_YUV2BGR_YUY2),
    'yuyv': _yuv422(cv2.COLOR_YUV2BGR_YUY2),
    'nv12': _yuv420(cv2.COLOR_YUV2BGR_NV12),
    'nv21': _yuv420(cv2.COLOR_YUV2BGR_NV21),
    'nv24': Encoding(1, 1, _nv24, planes=3.0),
}
"""
The encodings that can be read.

- Images of 16 bits are converted by the range of their values: `to_eight_bits` keeps the 8 most
  significant bits that the camera uses; `stretch_to_eight_bits` (16UC1, which infrared and thermal
  cameras use) makes the darkest value black and the brightest white.
- nv12, nv21 (4:2:0) and nv24 (4:4:4) have a plane of luma and a plane of U and V (nv21: V and U)
  with the same step; nv24 has twice the step there.
"""
