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
Converts between `sensor_msgs/Image` and arrays.

It uses `cv_bridge` if that is installed, else the same conversions of OpenCV (ROS from PyPI has no
`cv_bridge`). Each message is checked first, because its sizes may contradict its data.
"""

from collections.abc import Callable

import cv2
from fer_ros.core.values import Image
from fer_ros.media.image_file import MAX_EDGE
import numpy as np
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

try:
    from cv_bridge import CvBridge
except ImportError:
    CvBridge = None

CHANNELS = {
    'bgr8': 3, 'rgb8': 3, 'bgra8': 4, 'rgba8': 4, 'mono8': 1,
    'yuv422': 2, 'uyvy': 2, 'yuv422_yuy2': 2, 'yuyv': 2,
}
"""
Supported encodings and their bytes per pixel.

The names are those of sensor_msgs/image_encodings.hpp.
"""

_TO_BGR: dict[str, int | None] = {
    'bgr8': None,
    'rgb8': cv2.COLOR_RGB2BGR,
    'bgra8': cv2.COLOR_BGRA2BGR,
    'rgba8': cv2.COLOR_RGBA2BGR,
    'mono8': cv2.COLOR_GRAY2BGR,
    'yuv422': cv2.COLOR_YUV2BGR_UYVY,
    'uyvy': cv2.COLOR_YUV2BGR_UYVY,
    'yuv422_yuy2': cv2.COLOR_YUV2BGR_YUY2,
    'yuyv': cv2.COLOR_YUV2BGR_YUY2,
}


class ImageError(ValueError):
    """An image message is invalid or not supported; the text says why."""


def check_image(message: ImageMessage) -> None:
    """
    Check that encoding, size, step and data of a message fit together.

    :raises ImageError: if the encoding is not supported, the image has no pixels, the step is too
        small, or data is missing.
    """
    where = f'image of {message.width}x{message.height} in {message.encoding or "no encoding"!r}'
    channels = CHANNELS.get(message.encoding)
    if channels is None:
        raise ImageError(
            f'{where}: the encoding is not supported; publish one of {", ".join(CHANNELS)}')
    if message.width == 0 or message.height == 0:
        raise ImageError(f'{where}: it has no pixels')
    if max(message.width, message.height) > MAX_EDGE:
        raise ImageError(f'{where}: an edge is longer than {MAX_EDGE} pixels')
    if channels == 2 and message.width % 2:
        raise ImageError(f'{where}: images in YUV 4:2:2 must have an even width')
    if message.step < message.width * channels:
        raise ImageError(
            f'{where}: step is {message.step} bytes, but a row has {message.width * channels}')
    if len(message.data) < message.step * message.height:
        raise ImageError(
            f'{where}: it has {len(message.data)} bytes, but step times height is '
            f'{message.step * message.height}; was it truncated in transport?')


def _pixels(message: ImageMessage) -> Image:
    """Return the pixels of a message as (H, W) or (H, W, C), without a copy."""
    channels = CHANNELS[message.encoding]
    rows = np.frombuffer(message.data, np.uint8, message.step * message.height)
    rows = rows.reshape(message.height, message.step)[:, :message.width * channels]
    return rows if channels == 1 else rows.reshape(message.height, message.width, channels)


def _with_opencv(message: ImageMessage) -> Image:
    code = _TO_BGR[message.encoding]
    pixels = _pixels(message)
    return np.ascontiguousarray(pixels) if code is None else np.asarray(
        cv2.cvtColor(pixels, code), np.uint8)


def _with_cv_bridge() -> Callable[[ImageMessage], Image]:
    bridge = CvBridge()

    def convert(message: ImageMessage) -> Image:
        # cv_bridge reads rows wrongly whose padding is not a whole number of pixels, and that of
        # Jazzy does not know the newer names.
        is_padded = message.step != message.width * CHANNELS[message.encoding]
        if is_padded or message.encoding in ('uyvy', 'yuyv'):
            return _with_opencv(message)
        return np.ascontiguousarray(bridge.imgmsg_to_cv2(message, 'bgr8'))
    return convert


_convert = _with_opencv if CvBridge is None else _with_cv_bridge()


def to_bgr(message: ImageMessage) -> Image:
    """
    Return the image of a message.

    :return: (H, W, 3) uint8, BGR, contiguous. It may share the message's memory.
    :raises ImageError: if the message is invalid or not supported.
    """
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
    return np.ascontiguousarray(_pixels(message))


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
