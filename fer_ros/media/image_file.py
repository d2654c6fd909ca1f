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

"""Reads image files, with an error in words for each that cannot be read."""

from pathlib import Path

import cv2
from fer_ros.core.values import Image
from fer_ros.media.opencv_log import quiet_opencv
import numpy as np

MAX_EDGE = 32766
"""OpenCV warps no image with a longer one."""

_PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'


def read_image(path: Path) -> Image:
    """
    Read an image file, turned upright where it says how the camera was held.

    :return: (H, W, 3) uint8, BGR; grey, 16-bit and transparent images are converted.
    :raises ValueError: where the file cannot be read, is truncated, damaged or too large; the text
        says which.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f'{path} cannot be read: {error.strerror}') from error
    if not data:
        raise ValueError(f'{path} is empty (0 bytes): copy it again')
    if _is_truncated(data):
        raise ValueError(f'{path} is truncated: copy it again')
    if data.startswith(_PNG_SIGNATURE):
        data = _without_color_profile(data)
    try:
        with quiet_opencv():
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ValueError(
            f'{path} cannot be decoded: it is damaged, or larger than OpenCV permits '
            f'({error.err}); make it smaller or copy it again') from error
    if image is None:
        raise ValueError(
            f'{path} is damaged or no image: check that other programs show it, or copy it again')
    if max(image.shape[:2]) > MAX_EDGE:
        raise ValueError(
            f'{path} is {image.shape[1]}x{image.shape[0]} pixels, and no edge may be longer than '
            f'{MAX_EDGE}: make it smaller')
    return np.ascontiguousarray(image, np.uint8)


def _is_truncated(data: bytes) -> bool:
    # The decoder fills what is missing of a JPEG with grey and raises nothing, so the end mark is
    # looked for behind the headers, which may hold a smaller JPEG. Behind it anything may follow.
    if data.startswith(b'\xff\xd8\xff'):
        return data.find(b'\xff\xd9', _begin_of_pixels(data)) < 0
    if data.startswith(_PNG_SIGNATURE):
        return b'IEND' not in data
    return False


def _begin_of_pixels(jpeg: bytes) -> int:
    """Return the place of the mark that begins the coded pixels (FF DA), or where marks end."""
    position = 2
    while jpeg[position:position + 1] == b'\xff' and jpeg[position + 1:position + 2] != b'\xda':
        is_filling = jpeg[position + 1:position + 2] == b'\xff'
        length = int.from_bytes(jpeg[position + 2:position + 4], 'big')
        position += 1 if is_filling else 2 + length
    return position


def _without_color_profile(png: bytes) -> bytes:
    """Return the PNG without its color profile, which OpenCV does not use but prints about."""
    parts = [_PNG_SIGNATURE]
    position = len(_PNG_SIGNATURE)
    while position < len(png):
        end = position + 12 + int.from_bytes(png[position:position + 4], 'big')
        if png[position + 4:position + 8] != b'iCCP':
            parts.append(png[position:end])
        position = end
    return b''.join(parts)
