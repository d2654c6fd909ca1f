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

"""Cameras: on Linux through Video4Linux, elsewhere by their number as OpenCV counts."""

from __future__ import annotations

from collections.abc import Callable
import math
import os
from pathlib import Path
import re
import sys
from typing import Any

import cv2
from fer_ros.core.values import Image
from fer_ros.media.opencv_log import quiet_opencv
from fer_ros.media.source_options import MAX_RATE_HZ, SourceOptions
from fer_ros.media.sources.frame_source import SourceError
from fer_ros.media.sources.video_capture import as_bgr, at_rate, CaptureSource

CaptureFactory = Callable[..., Any]
"""Creates a `cv2.VideoCapture` from the path of a device and a backend."""

_FIRST_IMAGE_ATTEMPTS = 5


class CameraSource(CaptureSource):
    """
    A camera, read through Video4Linux; on other systems through what OpenCV finds there.

    The driver of Video4Linux buffers two images. With only one buffer, a USB camera cannot store
    the next image while the last one is read, and its rate is halved.
    """

    is_live = True

    def __init__(
        self, device: str, options: SourceOptions, capture: CaptureFactory = cv2.VideoCapture,
    ) -> None:
        """
        Open the camera, request size, rate and pixel format, and wait for the first image.

        :param device: its path, such as /dev/video0, or a link to it; without Video4Linux, its
            number.
        :raises SourceError: if it does not exist, cannot be accessed, is in use or delivers no
            image.
        """
        is_number = device.isdigit()
        if not is_number:
            _check_device(device)
        # OpenCV offers no other way to set its timeout for a camera. It reads this variable once,
        # in whole seconds.
        os.environ.setdefault(
            'OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT', str(math.ceil(options.read_timeout_s)))
        with quiet_opencv():
            opened = (
                capture(int(device), cv2.CAP_ANY) if is_number
                else capture(device, cv2.CAP_V4L2))
            if not opened.isOpened():
                raise SourceError(
                    f'{device} does not open as a camera: another program may be using it, or it '
                    'is not the device that delivers the images (a camera often has several '
                    'devices: try the others)', may_return=True)
            if options.fourcc:
                opened.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*options.fourcc))
            if options.width:
                opened.set(cv2.CAP_PROP_FRAME_WIDTH, options.width)
            if options.height:
                opened.set(cv2.CAP_PROP_FRAME_HEIGHT, options.height)
            if options.rate_hz:
                opened.set(cv2.CAP_PROP_FPS, options.rate_hz)
            opened.set(cv2.CAP_PROP_BUFFERSIZE, 2)
            image = _first_image(opened)
            if image is None:
                opened.release()
                raise SourceError(
                    f'{device} opens but delivers no image: plug it in again, or set another '
                    'size, rate or pixel format (fourcc)', may_return=True)
            device_rate_hz = float(opened.get(cv2.CAP_PROP_FPS))
            if not 0 < device_rate_hz <= MAX_RATE_HZ:
                device_rate_hz = 0.0
        rate_hz = min((rate for rate in (options.rate_hz, device_rate_hz) if rate), default=0.0)
        super().__init__(device, opened, rate_hz)
        self.height, self.width = image.shape[:2]
        self.description = f'camera {device}, {self.width}x{self.height}{at_rate(rate_hz)}'
        requested = (options.width or self.width, options.height or self.height)
        if requested != (self.width, self.height):
            self.warnings.append(
                f'{device} delivers {self.width}x{self.height} instead of the requested '
                f'{requested[0]}x{requested[1]}')
        if 0 < device_rate_hz < options.rate_hz / 1.02:
            self.warnings.append(
                f'{device} delivers {device_rate_hz:g} Hz at {self.width}x{self.height} instead '
                f'of the requested {options.rate_hz:g} Hz: another pixel format (fourcc MJPG) or '
                'size may be faster')

    def grab(self) -> bool:
        if not self._capture.grab():
            raise SourceError(
                f'the camera {self.spec} stopped delivering images: check that it is still '
                'connected', may_return=True)
        return True


def _first_image(capture: Any) -> Image | None:
    # The first image after a camera starts is often incomplete.
    for _ in range(_FIRST_IMAGE_ATTEMPTS):
        if not capture.grab():
            return None
        ok, image = capture.retrieve()
        if ok and image is not None and image.size:
            return as_bgr(image)
    return None


def _check_device(device: str) -> None:
    if not os.path.exists(device):
        others = sorted(str(path) for path in Path('/dev').glob('video*'))
        hint = f'available: {", ".join(others)}' if others else (
            'no camera is connected, or it is not passed on to this container or virtual machine')
        raise SourceError(f'there is no camera at {device}: {hint}', may_return=True)
    if not os.access(device, os.R_OK | os.W_OK):
        raise SourceError(
            f'no permission to use {device}: add yourself to the group video (sudo usermod -aG '
            'video $USER) and log in again', may_return=True)


def is_camera(spec: str) -> bool:
    """Return whether the text names a camera, by its number or by a path below /dev."""
    return re.fullmatch(r'\d+', spec) is not None or spec.startswith('/dev/')


def device_path(spec: str) -> str:
    """
    Return the path of the camera that the text names by its number or path.

    Without Video4Linux, cameras have no paths, and a number stays a number.

    >>> device_path('2')
    '/dev/video2'
    """
    has_paths = sys.platform.startswith('linux')
    return f'/dev/video{int(spec)}' if spec.isdigit() and has_paths else spec
