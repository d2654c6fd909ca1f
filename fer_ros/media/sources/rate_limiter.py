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

"""Chooses which images of a live source are delivered; it does not wait."""

from __future__ import annotations


class RateLimiter:
    """
    Chooses images so that their rate is at most the requested one.

    An image may be early by half of the interval at which images arrive. So no image is dropped
    because of jitter if the camera already has the requested rate.
    """

    def __init__(self, rate_hz: float) -> None:
        """Choose at most about `rate_hz` images per second; 0 chooses all."""
        self._period_s = 1 / rate_hz if rate_hz else 0.0
        self._due_s: float | None = None
        self._last_s: float | None = None
        self._interval_s = 0.0

    def is_due(self, time_s: float) -> bool:
        """Return whether the image that arrived at this monotonic time is chosen."""
        if not self._period_s:
            return True
        if self._last_s is not None:
            gap_s = min(time_s - self._last_s, self._period_s)
            self._interval_s += (gap_s - self._interval_s) * (0.1 if self._interval_s else 1.0)
        self._last_s = time_s
        if self._due_s is None:
            self._due_s = time_s + self._period_s
            return True
        if time_s < self._due_s - self._interval_s / 2:
            return False
        self._due_s += self._period_s
        if time_s >= self._due_s:
            # The images are slower than requested, or there was a gap. This image may have been
            # delayed, so the next one may follow a little earlier.
            self._due_s = time_s + self._period_s - self._interval_s / 4
        return True
