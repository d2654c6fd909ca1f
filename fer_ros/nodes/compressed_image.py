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

"""Decodes `sensor_msgs/CompressedImage`: JPEG and PNG of drivers and image_transport."""

from __future__ import annotations

from typing import Any

import cv2
from fer_ros.core.values import Image
from fer_ros.media.bit_depth import stretch_to_eight_bits, to_eight_bits
from fer_ros.media.image_file import is_truncated, JPEG_SIGNATURE, MAX_EDGE, PNG_SIGNATURE
from fer_ros.nodes.image_encodings import ImageError
import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CompressedImage

# As image_transport does it. An EXIF orientation would not agree with camera_info.
_FLAGS = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION


def decode(message: CompressedImage) -> Image:
    """
    Return the image of a message.

    The first bytes of the data decide how it is decoded, because the names of formats differ:
    `jpeg`, `jpg`, `rgb8; jpeg compressed bgr8`. The image is decoded in full size: a smaller one
    would lose distant faces.

    :return: (H, W, 3) uint8, BGR, contiguous. Images of 16 bits are converted as those of
        `sensor_msgs/Image`.
    :raises ImageError: if the data is neither JPEG nor PNG, or is truncated or damaged.
    """
    where = f'compressed image in the format {message.format!r}'
    data = memoryview(message.data).tobytes()
    if not data:
        raise ImageError(f'{where}: it has no data')
    if not data.startswith((JPEG_SIGNATURE, PNG_SIGNATURE)):
        raise ImageError(
            f'{where}: it is neither JPEG nor PNG; publish one of these, or decode it with '
            '`ros2 run image_transport republish`')
    if is_truncated(data):
        raise ImageError(
            f'{where}: the end of it is missing after {len(data)} bytes; was it truncated in '
            'transport?')
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), _FLAGS)
    except cv2.error as error:
        raise ImageError(f'{where}: it cannot be decoded ({error.err})') from error
    if image is None:
        raise ImageError(f'{where}: it is damaged')
    if max(image.shape[:2]) > MAX_EDGE:
        raise ImageError(f'{where}: an edge is longer than {MAX_EDGE} pixels')
    return _to_bgr(image, message.format)


def _to_bgr(image: npt.NDArray[Any], words: str) -> Image:
    """Convert a decoded image; `words` is the format of its message."""
    encoding, _, compression = words.partition(';')
    if image.ndim == 2:
        is_infrared = image.dtype == np.uint16 and encoding == '16UC1'
        grey = stretch_to_eight_bits(image) if is_infrared else to_eight_bits(image)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    image = to_eight_bits(image)
    # image_transport states the order in which the encoder got the colours, usually bgr8.
    if 'compressed rgb' in compression:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
    return np.asarray(image, np.uint8)
