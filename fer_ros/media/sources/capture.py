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

"""Cameras, video files and network streams, all read through OpenCV."""

from __future__ import annotations

from collections.abc import Callable
import math
import os
from pathlib import Path
import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import cv2
from fer_ros.core.values import Image
from fer_ros.media.opencv_log import quiet_opencv
from fer_ros.media.sources.base import (
    FALLBACK_RATE_HZ,
    FrameSource,
    MAX_RATE_HZ,
    SourceError,
    SourceOptions,
)
import numpy as np

CaptureFactory = Callable[..., Any]
"""Makes a `cv2.VideoCapture` from a name, a backend and a list of properties and their values."""

_DAMAGED_IN_A_ROW = 30
_FIRST_IMAGE_ATTEMPTS = 5

# What FFmpeg prints about a damaged file or an absent server is said here in words; the user's own
# setting wins.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')


class _CaptureSource(FrameSource):
    """What camera, file and stream have in common."""

    def __init__(
        self, spec: str, capture: Any, rate_hz: float, frame_count: int | None = None,
    ) -> None:
        self._capture = capture
        self._delivered = self._damaged_in_a_row = 0
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        super().__init__(spec, '', width, height, rate_hz, frame_count)

    def retrieve(self) -> Image | None:
        ok, image = self._capture.retrieve()
        if not ok or image is None or image.size == 0:
            self._damaged_in_a_row += 1
            if self.is_live and self._damaged_in_a_row >= _DAMAGED_IN_A_ROW:
                raise SourceError(
                    f'the last {self._damaged_in_a_row} images of {self.description} could not be '
                    'decoded: check the cable, or ask for another pixel format '
                    '(fourcc)', may_return=True)
            return None
        self._damaged_in_a_row = 0
        return _as_bgr(image)

    def _note_early_end(self, name: str) -> None:
        # Some containers state a duration only, so that the number of images is off by one or two.
        tolerance = max(2.0, 0.01 * (self.frame_count or 0))
        if self.frame_count and self.frame_count - self._delivered > tolerance:
            warning = (
                f'{name} ended after {self._delivered} of {self.frame_count} images: the file is '
                'probably truncated; copy or record it again')
            if warning not in self.warnings:
                self.warnings.append(warning)

    def close(self) -> None:
        self._capture.release()


def _as_bgr(image: Any) -> Image:
    if image.ndim == 2 or image.shape[2] == 1:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    elif image.shape[2] == 4:
        image = cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)
    return np.ascontiguousarray(image, np.uint8)


class CameraSource(_CaptureSource):
    """
    A camera, through Video4Linux.

    Two images are buffered: with one, a USB camera has nowhere to put the image that comes while
    the last one is read, and its rate halves.
    """

    is_live = True

    def __init__(
        self, device: str, options: SourceOptions, capture: CaptureFactory = cv2.VideoCapture,
    ) -> None:
        """
        Open the camera, ask for size, rate and pixel format, and wait until an image arrives.

        :param device: its path, as /dev/video0 or a link to it.
        :raises SourceError: where it does not exist, may not be read, is in use or delivers no
            image.
        """
        _check_device(device)
        # OpenCV knows no other way to set how long it waits for a camera's image, and reads it
        # once, in whole seconds.
        os.environ.setdefault(
            'OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT', str(math.ceil(options.read_timeout_s)))
        with quiet_opencv():
            opened = capture(device, cv2.CAP_V4L2)
            if not opened.isOpened():
                raise SourceError(
                    f'{device} does not open as a camera: another program may be using it, or it '
                    'is not the node '
                    "that delivers the camera's images (a camera often has several: try them)",
                    may_return=True)
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
                    f'{device} opens but delivers no image: plug it in again, or ask for another '
                    'size, rate or pixel format (fourcc)', may_return=True)
            device_rate_hz = float(opened.get(cv2.CAP_PROP_FPS))
            if not 0 < device_rate_hz <= MAX_RATE_HZ:
                device_rate_hz = 0.0
        rate_hz = min((rate for rate in (options.rate_hz, device_rate_hz) if rate), default=0.0)
        super().__init__(device, opened, rate_hz)
        self.height, self.width = image.shape[:2]
        self.description = f'camera {device}, {self.width}x{self.height}{_at(rate_hz)}'
        asked = (options.width or self.width, options.height or self.height)
        if asked != (self.width, self.height):
            self.warnings.append(
                f'{device} was asked for {asked[0]}x{asked[1]} and gives '
                f'{self.width}x{self.height}')
        if 0 < device_rate_hz < options.rate_hz / 1.02:
            self.warnings.append(
                f'{device} was asked for {options.rate_hz:g} Hz and gives {device_rate_hz:g} Hz '
                f'at {self.width}x{self.height}: another pixel format (fourcc MJPG) or size may '
                'be faster')

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
            return _as_bgr(image)
    return None


def _check_device(device: str) -> None:
    if not os.path.exists(device):
        others = sorted(str(path) for path in Path('/dev').glob('video*'))
        there = f'there is {", ".join(others)}' if others else (
            'no camera is connected, or it is not passed on to this container or virtual machine')
        raise SourceError(f'there is no camera at {device}: {there}', may_return=True)
    if not os.access(device, os.R_OK | os.W_OK):
        raise SourceError(
            f'no permission to use {device}: add yourself to the group video (sudo usermod -aG '
            'video $USER) and log in again', may_return=True)


def _at(rate_hz: float) -> str:
    return f' at {rate_hz:.4g} Hz' if rate_hz else ''


class VideoSource(_CaptureSource):
    """A video file, in whatever format FFmpeg reads; upright where it says how it was held."""

    def __init__(self, path: Path, options: SourceOptions) -> None:
        """
        Open the file.

        :raises SourceError: where it is empty, no video, or too damaged to open.
        """
        self._path = path
        opened = _open_ffmpeg(str(path))
        if opened is None:
            raise SourceError(_video_fault(path))
        rate_hz = float(opened.get(cv2.CAP_PROP_FPS))
        rate_is_possible = 0 < rate_hz <= MAX_RATE_HZ
        if not rate_is_possible:
            rate_hz = FALLBACK_RATE_HZ
        count = opened.get(cv2.CAP_PROP_FRAME_COUNT)
        super().__init__(
            str(path), opened, options.rate_hz or rate_hz, int(count) if 0 < count < 1e9 else None)
        if not self._capture.grab():
            self.close()
            raise SourceError(_video_fault(path))
        self._first_is_grabbed = True
        if not rate_is_possible and not options.rate_hz:
            self.warnings.append(
                f'{path} does not say how many images it has a second: it is shown at {rate_hz:g} '
                'Hz; rate_hz sets another rate')
        frames = f', {self.frame_count} images' if self.frame_count else ''
        self.description = (
            f'video file {path}, {self.width}x{self.height}{frames}{_at(self.rate_hz)}')

    def grab(self) -> bool:
        if self._first_is_grabbed or self._capture.grab():
            self._first_is_grabbed = False
            self._delivered += 1
            return True
        self._note_early_end(str(self._path))
        return False

    def rewind(self) -> None:
        # Seeking to the start fails in files without an index; opening again does not.
        self._capture.release()
        opened = _open_ffmpeg(str(self._path))
        if opened is None:
            raise SourceError(_video_fault(self._path))
        self._capture = opened
        self._first_is_grabbed = False
        self._delivered = 0


def _open_ffmpeg(name: str, properties: tuple[int, ...] = ()) -> Any | None:
    with quiet_opencv():
        opened = cv2.VideoCapture(name, cv2.CAP_FFMPEG, list(properties))
    if opened.isOpened() and opened.get(cv2.CAP_PROP_FRAME_WIDTH) > 0:
        return opened
    opened.release()
    return None


def _video_fault(path: Path) -> str:
    try:
        with path.open('rb') as file:
            start = file.read(12)
    except OSError as error:
        return f'{path} cannot be read: {error.strerror}'
    if not start:
        return f'{path} is empty (0 bytes): copy or record it again'
    if start[4:8] == b'ftyp':
        return (
            f'{path} is an MP4 file without its index: its recording or copy was cut short; copy '
            'or record it again')
    return (
        f'{path} is no video or image that can be read here, or it is damaged: check that other '
        'programs play it, or convert it to MP4')


class StreamSource(_CaptureSource):
    """
    A stream from the network (RTSP, or HTTP with MJPEG, HLS or a file).

    It is live unless the server states its length, as it does for a file.
    """

    def __init__(self, url: str, options: SourceOptions) -> None:
        """
        Connect, and wait until an image arrives.

        :raises SourceError: where nothing answers, or what comes is no video.
        """
        self._timeout_s = options.read_timeout_s
        self._name = without_password(url)
        opened = self._connected(url)
        count = opened.get(cv2.CAP_PROP_FRAME_COUNT)
        frame_count = int(count) if 0 < count < 1e9 else None
        rate_hz = options.rate_hz
        if frame_count and not rate_hz:
            stated = float(opened.get(cv2.CAP_PROP_FPS))
            rate_hz = stated if 0 < stated <= MAX_RATE_HZ else FALLBACK_RATE_HZ
        super().__init__(url, opened, rate_hz, frame_count)
        self.is_live = frame_count is None
        self._first_is_grabbed = True
        self.description = f'stream {self._name}, {self.width}x{self.height}{_at(self.rate_hz)}'

    def _connected(self, url: str) -> Any:
        timeout_ms = round(self._timeout_s * 1000)
        # With several threads the decoder holds back an image for each of them.
        opened = _open_ffmpeg(url, (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms,
            cv2.CAP_PROP_N_THREADS, 1))
        if opened is None or not opened.grab():
            raise SourceError(
                f'the stream {self._name} does not open: check the address, that its sender is '
                f'on, and that this machine reaches it (waited at most {self._timeout_s:g} s for '
                'each answer)', may_return=True)
        return opened

    def rewind(self) -> None:
        if not self.is_live:
            self._capture.release()
            self._capture = self._connected(self.spec)
            self._first_is_grabbed = True
            self._delivered = 0

    def grab(self) -> bool:
        if self._first_is_grabbed or self._capture.grab():
            self._first_is_grabbed = False
            self._delivered += 1
            return True
        if not self.is_live:
            self._note_early_end(f'the stream {self._name}')
            return False
        raise SourceError(
            f'the stream {self._name} stopped delivering images: check that its sender is on',
            may_return=True)


def without_password(url: str) -> str:
    """
    Return the address fit for a log: name and password are replaced.

    >>> without_password('rtsp://admin:secret@camera.local/live')
    'rtsp://***@camera.local/live'
    """
    parts = urlsplit(url)
    if '@' not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc='***@' + parts.netloc.rpartition('@')[2]))


def is_camera(spec: str) -> bool:
    """Return whether the text names a camera: its number or a path below /dev."""
    return re.fullmatch(r'\d+', spec) is not None or spec.startswith('/dev/')


def device_path(spec: str) -> str:
    """
    Return the path of the camera that the text names.

    >>> device_path('2')
    '/dev/video2'
    """
    return f'/dev/video{int(spec)}' if spec.isdigit() else spec
