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

    def images(self) -> Iterator[TimedImage]:
        """Yield the images that can be decoded."""
        time_s = -1 / self.rate_hz
        number = 0
        while self.grab():
            stated_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
            # Formats without times, such as raw MJPEG, state 0 for every image.
            time_s = stated_s if stated_s > time_s else time_s + 1 / self.rate_hz
            image = self.retrieve()
            if image is None:
                self._damaged += 1
            else:
                yield TimedImage(number, time_s, image)
            number += 1

    @property
    def faults(self) -> list[str]:
        """Return what is wrong with the file."""
        if not self._damaged:
            return self.warnings
        return [*self.warnings, (
            f'{self.spec}: {self._damaged} damaged images are skipped; copy or record it again')]
