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

"""Opens videos through FFmpeg, so that their images are upright; errors are the caller's task."""

from __future__ import annotations

import os
from typing import Any

import cv2
from fer_ros.media.opencv_log import quiet_opencv

# Damaged files and absent servers are reported as errors, so FFmpeg's own messages are switched
# off. A value that the user has set is kept.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')


class UprightCapture:
    """
    Reads from a `cv2.VideoCapture` and has its methods.

    Images are rotated and mirrored as the file states. The stated width and height are those of
    the rotated images.
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
        self._flip: int | None = None
        if is_mirrored:
            # The x axis has the right direction after the rotation, so the other axis is flipped.
            self._flip = 1 if self._is_on_its_side else 0

    def get(self, key: int) -> float:
        return float(self._capture.get(key))

    def grab(self) -> bool:
        return bool(self._capture.grab())

    def retrieve(self) -> tuple[bool, Any]:
        ok, image = self._capture.retrieve()
        if not ok or image is None or image.size == 0:
            return False, None
        if self._flip is not None:
            image = cv2.flip(image, self._flip)
        return True, image

    def release(self) -> None:
        self._capture.release()


def open_ffmpeg(
    name: str, properties: tuple[int, ...] = (), *, is_mirrored: bool = False,
) -> UprightCapture | None:
    """
    Open a video file or network stream.

    :param name: its path or address.
    :param properties: parameters of `cv2.VideoCapture`, key and value in turn.
    :param is_mirrored: see `UprightCapture`.
    :return: None if it does not open or contains no video.
    """
    with quiet_opencv():
        opened = cv2.VideoCapture(name, cv2.CAP_FFMPEG, list(properties))
    if opened.isOpened() and opened.get(cv2.CAP_PROP_FRAME_WIDTH) > 0:
        return UprightCapture(opened, is_mirrored=is_mirrored)
    opened.release()
    return None
