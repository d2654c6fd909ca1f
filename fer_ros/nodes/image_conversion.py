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
Converts between messages with an image and arrays.

It uses `cv_bridge` if that is installed, else the same conversions of OpenCV (ROS from PyPI has no
`cv_bridge`). Each message is checked first, because its sizes may contradict its data.
"""

from collections.abc import Callable
from typing import TypeAlias

from fer_ros.core.values import Image
from fer_ros.media.image_file import MAX_EDGE
from fer_ros.nodes.compressed_image import decode
from fer_ros.nodes.image_encodings import ENCODINGS, ImageError
import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CompressedImage, Image as ImageMessage
from std_msgs.msg import Header

try:
    from cv_bridge import CvBridge
except ImportError:
    CvBridge = None

AnyImage: TypeAlias = ImageMessage | CompressedImage
"""A message with an image."""

_BRIDGED = {'bgr8', 'rgb8', 'bgra8', 'rgba8', 'mono8', 'yuv422', 'yuv422_yuy2'}
"""Encodings that every version of cv_bridge converts as we do."""


def check_image(message: ImageMessage) -> None:
    """
    Check that encoding, size, step and data of a message fit together.

    :raises ImageError: if the encoding is not supported, the image has no pixels, the step is too
        small, or data is missing.
    """
    width, height = message.width, message.height
    where = f'image of {width}x{height} in {message.encoding or "no encoding"!r}'
    encoding = ENCODINGS.get(message.encoding)
    if encoding is None:
        reason = (
            'floating point has no fixed black and white' if message.encoding.startswith('32FC')
            else 'the encoding is not supported')
        raise ImageError(
            f'{where}: {reason}; publish bgr8, rgb8, mono8 or another encoding in docs/nodes.md')
    if width == 0 or height == 0:
        raise ImageError(f'{where}: it has no pixels')
    if max(width, height) > MAX_EDGE:
        raise ImageError(f'{where}: an edge is longer than {MAX_EDGE} pixels')
    if encoding.even_width and width % 2:
        raise ImageError(f'{where}: images in this encoding must have an even width')
    if encoding.even_height and height % 2:
        raise ImageError(f'{where}: images in this encoding must have an even height')
    row_bytes = width * encoding.row_values * encoding.value_bytes
    if message.step < row_bytes:
        raise ImageError(f'{where}: step is {message.step} bytes, but a row has {row_bytes}')
    size = message.step * round(height * encoding.planes)
    if len(message.data) < size:
        planes = '' if encoding.planes == 1 else f' and {encoding.planes:g} (planes)'
        raise ImageError(
            f'{where}: it has {len(message.data)} bytes, but step times height{planes} is {size}; '
            'was it truncated in transport?')


def _rows(message: ImageMessage) -> npt.NDArray[np.uint8]:
    """Return all rows of a message as (rows, step), without a copy."""
    count = round(message.height * ENCODINGS[message.encoding].planes)
    rows = np.frombuffer(message.data, np.uint8, message.step * count)
    return rows.reshape(count, message.step)


def _with_opencv(message: ImageMessage) -> Image:
    encoding = ENCODINGS[message.encoding]
    order = '>' if message.is_bigendian else '<'
    return encoding.to_bgr(
        _rows(message), message.width, np.dtype(f'{order}u{encoding.value_bytes}'))


def _with_cv_bridge() -> Callable[[ImageMessage], Image]:
    bridge = CvBridge()

    def convert(message: ImageMessage) -> Image:
        # cv_bridge reads rows wrongly whose padding is not a whole number of pixels.
        is_padded = message.step != message.width * ENCODINGS[message.encoding].row_values
        if is_padded or message.encoding not in _BRIDGED:
            return _with_opencv(message)
        return np.ascontiguousarray(bridge.imgmsg_to_cv2(message, 'bgr8'))
    return convert


_convert = _with_opencv if CvBridge is None else _with_cv_bridge()


def to_bgr(message: AnyImage) -> Image:
    """
    Return the image of a message.

    :return: (H, W, 3) uint8, BGR, contiguous. It may share the message's memory.
    :raises ImageError: if the message is invalid or not supported.
    """
    if isinstance(message, CompressedImage):
        return decode(message)
    check_image(message)
    return _convert(message)


def to_crop(message: ImageMessage) -> Image:
    """
    Return the crop of a face in a message.

    :return: (S, S) uint8. It may share the message's memory.
    :raises ImageError: if the message is invalid, not square or not mono8.
    """
    check_image(message)
    if message.encoding != 'mono8' or message.width != message.height:
        raise ImageError(
            f'a crop must be square and mono8, but this is {message.width}x{message.height} in '
            f'{message.encoding!r}')
    return np.ascontiguousarray(_rows(message)[:, :message.width])


def to_message(image: Image, header: Header) -> ImageMessage:
    """
    Return an image as a message that shares its memory.

    :param image: (H, W, 3) BGR or (H, W) grey, uint8.
    """
    message = ImageMessage(header=header)
    message.height, message.width = image.shape[:2]
    message.encoding = 'bgr8' if image.ndim == 3 else 'mono8'
    message.step = image[0].size
    # The setter of `data` copies, and without need: rclpy reads any buffer behind it.
    message._data = np.ascontiguousarray(image).data.cast('B')
    return message
