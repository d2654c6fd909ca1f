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

"""Opens videos through FFmpeg; their images are upright and their pixels are square."""

from __future__ import annotations

import os
from typing import Any

import cv2
from fer_ros.media.opencv_log import quiet_opencv

# Damaged files and absent servers are reported as errors, so FFmpeg's own messages are switched
# off. A value that the user has set is kept.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')


MAX_PIXEL_RATIO = 4.0
"""Greatest ratio of the edges of a pixel. Real formats reach 2; a higher one is a mistake."""


class CorrectedCapture:
    """
    Reads from a `cv2.VideoCapture` and has its methods.

    Images are rotated and mirrored as the file states. If its pixels are not square (anamorphic
    video), the image is enlarged in the direction of the longer edge of a pixel. It is not reduced
    in the other direction, because small faces would lose detail. The stated width and height are
    those of the corrected images.

    `fault` is the second half of a sentence about the file, empty if nothing is wrong.
    """

    def __init__(self, capture: Any, *, is_mirrored: bool = False) -> None:
        """
        Switch the rotation on, which is off by default in OpenCV.

        :param capture: an open `cv2.VideoCapture` with the backend FFmpeg.
        :param is_mirrored: whether the file states that its images are mirrored. OpenCV reads only
            the direction of the image's x axis from the file's matrix.
        """
        self._capture = capture
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self._is_on_its_side = round(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 180 == 90
        self.fault = ''
        self._scale_x, self._scale_y = self._square_pixels()
        self._flip: int | None = None
        if is_mirrored:
            # The x axis has the right direction after the rotation, so the other axis is flipped.
            self._flip = 1 if self._is_on_its_side else 0

    def _square_pixels(self) -> tuple[float, float]:
        """Return the horizontal and vertical scale, at least 1, that make the pixels square."""
        width = self._capture.get(cv2.CAP_PROP_SAR_NUM)
        height = self._capture.get(cv2.CAP_PROP_SAR_DEN)
        if width <= 0 or height <= 0:
            return 1.0, 1.0  # not stated
        if max(width, height) > MAX_PIXEL_RATIO * min(width, height):
            self.fault = (
                f'states impossible pixels of {width:g}x{height:g}: they are taken as square')
            return 1.0, 1.0
        if self._is_on_its_side:
            # The file states the shape of a pixel before the rotation.
            width, height = height, width
        return max(width / height, 1.0), max(height / width, 1.0)

    def get(self, key: int) -> float:
        value = float(self._capture.get(key))
        if key == cv2.CAP_PROP_FRAME_WIDTH:
            return round(value * self._scale_x)
        if key == cv2.CAP_PROP_FRAME_HEIGHT:
            return round(value * self._scale_y)
        return value

    def seek(self, number: int) -> bool:
        """Make the image of this number the next one; return whether the file can do that."""
        return bool(self._capture.set(cv2.CAP_PROP_POS_FRAMES, number)) and round(
            self._capture.get(cv2.CAP_PROP_POS_FRAMES)) == number

    @property
    def fourcc(self) -> str:
        """Return the four letters that name the codec, such as avc1; empty if unknown."""
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC))
        return code.to_bytes(4, 'little').decode('latin-1').strip('\0 ')

    def grab(self) -> bool:
        return bool(self._capture.grab())

    def retrieve(self) -> tuple[bool, Any]:
        ok, image = self._capture.retrieve()
        if not ok or image is None or image.size == 0:
            return False, None
        if self._flip is not None:
            image = cv2.flip(image, self._flip)
        height, width = image.shape[:2]
        size = round(width * self._scale_x), round(height * self._scale_y)
        if size != (width, height):
            image = cv2.resize(image, size)
        return True, image

    def release(self) -> None:
        self._capture.release()


def open_ffmpeg(
    name: str, properties: tuple[int, ...] = (), *, is_mirrored: bool = False,
) -> CorrectedCapture | None:
    """
    Open a video file or network stream.

    :param name: its path or address.
    :param properties: parameters of `cv2.VideoCapture`, key and value in turn.
    :param is_mirrored: see `CorrectedCapture`.
    :return: None if it does not open or contains no video.
    """
    with quiet_opencv():
        opened = cv2.VideoCapture(name, cv2.CAP_FFMPEG, list(properties))
    if opened.isOpened() and opened.get(cv2.CAP_PROP_FRAME_WIDTH) > 0:
        return CorrectedCapture(opened, is_mirrored=is_mirrored)
    opened.release()
    return None
