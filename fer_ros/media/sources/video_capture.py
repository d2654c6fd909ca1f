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

"""A source that reads from `cv2.VideoCapture`; base of cameras, video files and streams."""

from __future__ import annotations

from typing import Any

import cv2
from fer_ros.core.values import Image
from fer_ros.media.sources.frame_source import FrameSource, SourceError
import numpy as np

_DAMAGED_IN_A_ROW = 30


class CaptureSource(FrameSource):
    """Base class of cameras, video files and network streams."""

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
                    'decoded: check the cable, or set another pixel format (fourcc)',
                    may_return=True)
            return None
        self._damaged_in_a_row = 0
        return as_bgr(image)

    def _note_early_end(self, name: str) -> None:
        # Some containers state only a duration; the number of images can then be off by one or
        # two.
        tolerance = max(2.0, 0.01 * (self.frame_count or 0))
        if self.frame_count and self.frame_count - self._delivered > tolerance:
            warning = (
                f'{name} ended after {self._delivered} of {self.frame_count} images: the file is '
                'probably truncated; copy or record it again')
            if warning not in self.warnings:
                self.warnings.append(warning)

    def close(self) -> None:
        self._capture.release()


def as_bgr(image: Any) -> Image:
    if image.ndim == 2 or image.shape[2] == 1:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    elif image.shape[2] == 4:
        image = cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)
    return np.ascontiguousarray(image, np.uint8)


def at_rate(rate_hz: float) -> str:
    return f' at {rate_hz:.4g} Hz' if rate_hz else ''
