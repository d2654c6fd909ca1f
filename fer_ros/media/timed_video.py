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

"""Reads a video file together with the time of each image; it does not wait for that time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
from fer_ros.core.values import Image
from fer_ros.media.source_options import SourceOptions
from fer_ros.media.sources.video import VideoSource


@dataclass(frozen=True)
class TimedImage:
    """
    An image of a file.

    `number` counts from 0, damaged images included. `time_s` is the time that the file states.
    `image` is (H, W, 3) uint8, BGR.
    """

    number: int
    time_s: float
    image: Image


class TimedVideo(VideoSource):
    """
    A video file whose images have the times that the file states.

    `faults` are sentences about the parts that could not be read, complete at the end of the file.
    """

    # The images have times, so the rate is not used.
    _warns_of_rate = False

    def __init__(self, path: Path) -> None:
        """
        Open the file.

        :raises SourceError: like `VideoSource`.
        """
        super().__init__(path, SourceOptions())
        self._damaged = 0
        self._number, self._time_s = -1, -1 / self.rate_hz

    def images(self) -> Iterator[TimedImage]:
        """Yield the images that can be decoded."""
        while (place := self.take()) is not None:
            image = self.retrieve()
            if image is not None:
                yield TimedImage(*place, image)

    def take(self) -> tuple[int, float] | None:
        """
        Take the next image without converting it; `retrieve` returns it.

        :return: its number and its time in seconds; None at the end.
        """
        if not self.grab():
            return None
        stated_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        # Formats without times, such as raw MJPEG, state 0 for every image.
        self._time_s = stated_s if stated_s > self._time_s else self._time_s + 1 / self.rate_hz
        self._number += 1
        return self._number, self._time_s

    def retrieve(self) -> Image | None:
        image = super().retrieve()
        self._damaged += image is None
        return image

    def seek(self, number: int) -> None:
        """
        Continue with the image of this number; reads from the start if the file has no index.

        :raises SourceError: if the file can no longer be opened.
        """
        number = max(number, 0)
        # OpenCV cannot seek to the first image of some files.
        if number == 0 or not self._capture.seek(number):
            self.rewind()
            for _ in range(number):
                if not self.grab():
                    break
        self._first_is_grabbed = False
        self._delivered = number
        self._number, self._time_s = number - 1, (number - 1) / self.rate_hz - 1e-3

    @property
    def faults(self) -> list[str]:
        """Return what is wrong with the file."""
        if not self._damaged:
            return self.warnings
        return [*self.warnings, (
            f'{self.spec}: {self._damaged} damaged images are skipped; copy or record it again')]
