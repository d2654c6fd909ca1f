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

"""Writes images with stamps to a video file of constant rate."""

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
"""Longer gaps between two images, as when a camera was lost, are left out of the video."""

RATE_IMAGES = 30
RATE_SPAN_S = 1.0
RATE_BYTES = 2 ** 28
"""The rate is measured on the first images, until one of these limits is reached."""

DEFAULT_RATE_HZ = 30.0
MIN_RATE_HZ, MAX_RATE_HZ = 1.0, 240.0

COMMON_RATES_HZ = (5, 7.5, 10, 12.5, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120)
COMMON_RATE_TOLERANCE = 0.03
"""A measured rate within this relative distance of a common rate is set to the common rate."""

FOURCC = {'.mp4': 'mp4v', '.mkv': 'mp4v', '.avi': 'MJPG'}


def usual_rate_hz(times_ns: Sequence[int]) -> float:
    """
    Return the rate of images with these stamps, in Hz.

    Each interval is counted as a whole number of usual intervals. So the rate is not affected by
    pauses, or by a late image, which lengthens one interval and shortens the next. The result is
    rounded because stamps have jitter.
    """
    intervals = [b - a for a, b in pairwise(times_ns) if b > a]
    if not intervals:
        return DEFAULT_RATE_HZ
    # The lower median: the larger of two intervals may be a pause.
    usual = statistics.median_low(intervals)
    rate_hz = NS_PER_S * sum(round(interval / usual) for interval in intervals) / sum(intervals)
    common = min(COMMON_RATES_HZ, key=lambda common: abs(common - rate_hz))
    if abs(common - rate_hz) <= COMMON_RATE_TOLERANCE * rate_hz:
        return float(common)
    return min(max(round(rate_hz, 1), MIN_RATE_HZ), MAX_RATE_HZ)


def letterboxed(image: Image, width: int, height: int) -> Image:
    """Scale the image to fit, with black borders if its aspect ratio differs."""
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
    Writes images with stamps to a video file of constant rate.

    Images are repeated or left out so that the video plays in real time. If the program is killed,
    .mkv and .avi files can be read except for the last second, but .mp4 files cannot be read at
    all, because their index is written at the end.
    """

    def __init__(
        self, path: Path, rate_hz: float | None = None, *, source_times_ns: Sequence[int] = (),
    ) -> None:
        """
        Prepare; the file is created after the first images, with the size of the first one.

        :param rate_hz: rate of the video; None: measure the rate of the first images.
        :param source_times_ns: stamps of all images of the source, appended by the caller while
            it writes. Needed if some images are not written: the rate is then measured on these
            stamps.
        :raises ValueError: if files with this ending cannot be written, or the folder does not
            exist.
        """
        if path.suffix.lower() not in FOURCC:
            raise ValueError(
                f'{path} cannot be recorded: its name must end in {", ".join(FOURCC)}.')
        if not path.parent.is_dir():
            raise ValueError(f'{path} cannot be recorded: there is no folder {path.parent}.')
        self.path = path
        self.images = 0
        # MPEG-4 divides a second into at most 65,535 ticks, and OpenCV uses decimal fractions.
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

        :raises OSError: if the file cannot be written.
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
        # An image may be half a period early for its position; the next image is then earlier by
        # the same amount.
        if not -period_ns // 2 <= time_ns - self._next_ns + period_ns <= MAX_GAP_S * NS_PER_S:
            # The clock jumped, or there was a long gap: continue from here.
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

        :raises OSError: if the written images cannot all be read back.
        """
        if self._first:
            self._begin()
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        # OpenCV does not report a full disk, so read the file back.
        with silenced():
            capture = cv2.VideoCapture(str(self.path))
            readable = capture.get(cv2.CAP_PROP_FRAME_COUNT) if capture.grab() else 0
            capture.release()
        if readable < self._written - 1:
            raise OSError(
                f'{self.path} is damaged: of {self._written} images, only {max(readable, 0):.0f} '
                'can be read back. Check the space on the disk.')
