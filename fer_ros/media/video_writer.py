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

"""Writes images with stamps to a video file; without ROS."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
import statistics

import cv2
from fer_ros.core.native_stderr import silenced
from fer_ros.core.values import Image, NS_PER_S
import numpy as np

MAX_GAP_S = 10.0
"""A longer gap between two images (a camera that was lost) is left out."""

RATE_IMAGES = 30
RATE_SPAN_S = 1.0
RATE_BYTES = 2 ** 28
"""The first images, of which there are no more than this, tell the rate."""

DEFAULT_RATE_HZ = 30.0
MIN_RATE_HZ, MAX_RATE_HZ = 1.0, 240.0

COMMON_RATES_HZ = (5, 7.5, 10, 12.5, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120)
COMMON_RATE_TOLERANCE = 0.03
"""What is as near to a common rate is that rate, with the jitter of the stamps."""

FOURCC = {'.mp4': 'mp4v', '.mkv': 'mp4v', '.avi': 'MJPG'}


def usual_rate_hz(times_ns: Sequence[int]) -> float:
    """
    Return the rate of images with these stamps.

    Each interval counts as the whole number of usual intervals that is nearest to it, so that
    neither pauses nor images that are late, and shorten the interval after them, change the rate.
    It is rounded, as stamps have jitter.
    """
    intervals = [b - a for a, b in pairwise(times_ns) if b > a]
    if not intervals:
        return DEFAULT_RATE_HZ
    # The low one: among two intervals the other may be a pause.
    usual = statistics.median_low(intervals)
    rate_hz = NS_PER_S * sum(round(interval / usual) for interval in intervals) / sum(intervals)
    common = min(COMMON_RATES_HZ, key=lambda common: abs(common - rate_hz))
    if abs(common - rate_hz) <= COMMON_RATE_TOLERANCE * rate_hz:
        return float(common)
    return min(max(round(rate_hz, 1), MIN_RATE_HZ), MAX_RATE_HZ)


def letterboxed(image: Image, width: int, height: int) -> Image:
    """Return the image scaled to fit, with black borders where its shape is another."""
    rows, columns = image.shape[:2]
    if (columns, rows) == (width, height):
        return image
    scale = min(width / columns, height / rows)
    inner = (max(round(columns * scale), 1), max(round(rows * scale), 1))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    result = np.zeros((height, width, 3), np.uint8)
    result[top:top + inner[1], left:left + inner[0]] = cv2.resize(image, inner)
    return result


class VideoFileWriter:
    """
    A video of constant rate made from images with stamps.

    Images are repeated or left out so that the video runs as time did. Where the program is
    killed, all but the last second of .mkv and .avi can be read, but nothing of .mp4, whose index
    comes last.
    """

    def __init__(
        self, path: Path, rate_hz: float | None = None, *, source_times_ns: Sequence[int] = (),
    ) -> None:
        """
        Prepare; the file is made with the first images, and has the size of the first one.

        :param rate_hz: of the video; None: that of the first images.
        :param source_times_ns: stamps of all images of the source, filled meanwhile by the
            caller, where some of them are not written: they tell the rate in place of the written
            ones.
        :raises ValueError: where the ending is not one that can be written, or the folder does
            not exist.
        """
        if path.suffix.lower() not in FOURCC:
            raise ValueError(
                f'{path} cannot be recorded: its name must end in {", ".join(FOURCC)}.')
        if not path.parent.is_dir():
            raise ValueError(f'{path} cannot be recorded: there is no folder {path.parent}.')
        self.path = path
        self.images = 0
        # MPEG-4 counts time in 65,535 parts of a second at most, OpenCV in decimal ones.
        self._rate_hz = rate_hz and round(rate_hz, 3 if rate_hz < 65 else 2)
        self._source_times_ns = source_times_ns
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._first: list[tuple[Image, int]] = []
        self._last: Image | None = None
        self._written = 0
        self._period_ns = 0
        self._next_ns = 0

    def write(self, image: Image, time_ns: int) -> None:
        """
        Add an image.

        :raises OSError: where the file cannot be written.
        """
        self.images += 1
        if self._writer is not None:
            self._add(image, time_ns)
            return
        self._first.append((image, time_ns))
        if (self._rate_hz or len(self._first) >= RATE_IMAGES
                or abs(time_ns - self._first[0][1]) >= RATE_SPAN_S * NS_PER_S
                or sum(first.nbytes for first, _ in self._first) >= RATE_BYTES):
            self._begin()

    def _begin(self) -> None:
        first, self._first = self._first, []
        rate_hz = self._rate_hz or usual_rate_hz(
            tuple(self._source_times_ns) or [time_ns for _, time_ns in first])
        self._period_ns = round(NS_PER_S / rate_hz)
        self._open(first[0][0], rate_hz)
        self._next_ns = first[0][1]
        for image, time_ns in first:
            self._add(image, time_ns)

    def _add(self, image: Image, time_ns: int) -> None:
        image = letterboxed(image, *self._size)
        period_ns = self._period_ns
        # An image can be half a period early for its place and take it; the one after it is then
        # that much earlier.
        if not -period_ns // 2 <= time_ns - self._next_ns + period_ns <= MAX_GAP_S * NS_PER_S:
            # The clock jumped, or nothing came for long: go on from here.
            self._next_ns = time_ns
        while self._next_ns + period_ns // 2 < time_ns and self._last is not None:
            self._put(self._last)
        if self._next_ns - period_ns // 2 <= time_ns:
            self._put(image)
        self._last = image

    def _put(self, image: Image) -> None:
        assert self._writer is not None
        self._writer.write(image)
        self._written += 1
        self._next_ns += self._period_ns

    def _open(self, image: Image, rate_hz: float) -> None:
        self._size = (image.shape[1], image.shape[0])
        fourcc = cv2.VideoWriter.fourcc(*FOURCC[self.path.suffix.lower()])
        with silenced():
            self._writer = cv2.VideoWriter(str(self.path), fourcc, rate_hz, self._size)
        if not self._writer.isOpened():
            width, height = self._size
            raise OSError(
                f'{self.path} cannot be written: check the permissions and the space on the disk, '
                f'and whether {self.path.suffix} can hold {width}x{height} at {rate_hz:g} Hz.')

    def close(self) -> None:
        """
        Complete the file.

        :raises OSError: where not all that was written can be read back.
        """
        if self._first:
            self._begin()
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        # OpenCV does not tell of a full disk.
        with silenced():
            capture = cv2.VideoCapture(str(self.path))
            readable = capture.get(cv2.CAP_PROP_FRAME_COUNT) if capture.grab() else 0
            capture.release()
        if readable < self._written - 1:
            raise OSError(
                f'{self.path} is damaged: of {self._written} images {max(readable, 0):.0f} can be '
                'read back. Check the space on the disk.')
