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

"""Lowers the rate of images that arrive at a rate of their own."""

from __future__ import annotations


class RateLimiter:
    """
    Chooses from images that come at their own rate those that make up a lower one.

    An image counts as in time up to half of the images' own interval early, so that a camera that
    already has the wanted rate loses none to its jitter.
    """

    def __init__(self, rate_hz: float) -> None:
        """Choose about `rate_hz` images a second; 0 chooses all."""
        self._period_s = 1 / rate_hz if rate_hz else 0.0
        self._due_s: float | None = None
        self._last_s: float | None = None
        self._interval_s = 0.0

    def is_due(self, time_s: float) -> bool:
        """Return whether the image that came at that time, monotonic in seconds, is chosen."""
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
            # The images are slower than asked, or there was a gap. This one may have been held up,
            # so the next may follow a little sooner.
            self._due_s = time_s + self._period_s - self._interval_s / 4
        return True
