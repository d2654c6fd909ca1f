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

"""Measures rates, latencies and counts of a node over the last seconds, for its diagnostics."""

from collections import deque
from dataclasses import dataclass
import math
import threading
import time

import numpy as np

INTERVAL_WEIGHT = 0.2
"""Weight of the newest interval in the moving average."""

MIN_LATENCY_S, MAX_LATENCY_S = -1.0, 60.0
"""A stamp whose age is outside of these seconds was not made by the clock of this node."""

LONGEST_GAP, LONGEST_GAP_S = 3.0, 1.0
"""Longest gap that enters the moving average: this multiple of it, or these seconds if longer."""


@dataclass(frozen=True)
class Throughput:
    """
    The measurements at one moment.

    Rates are in Hz over the last seconds. Latencies are in milliseconds. Ages, and the average
    interval between two inputs, are in seconds. A value without observations is NaN. The clock
    offset is the age in seconds of a stamp that was made by another clock, else NaN.
    """

    received: int
    published: int
    dropped: int
    failed: int
    lost: int
    rate_in: float
    rate_out: float
    rate_dropped: float
    latency_p50_ms: float
    latency_p95_ms: float
    age_s: float
    interval_s: float
    failure_age_s: float
    loss_age_s: float
    clock_offset_s: float


class ThroughputMeter:
    """Counts the inputs and results of a node; safe to use from several threads."""

    def __init__(self, window_s: float = 5.0) -> None:
        """
        Start at zero.

        :param window_s: length of the period that rates and latencies refer to, in seconds.
        """
        self._window_s = window_s
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._in: deque[float] = deque()
        self._out: deque[tuple[float, float]] = deque()
        self._received = self._published = self._dropped = self._failed = self._lost = 0
        self._dropped_times: deque[tuple[float, int]] = deque()
        self._clock_offset_s = math.nan
        self._last_in = self._last_failure = self._last_loss = math.nan
        self._interval_s = math.nan

    def count_in(self) -> None:
        """Count an input."""
        now = time.monotonic()
        with self._lock:
            self._received += 1
            gap_s = now - self._last_in
            if math.isnan(self._interval_s):
                self._interval_s = gap_s
            else:
                # One long pause must not dominate the average.
                gap_s = min(gap_s, max(LONGEST_GAP_S, LONGEST_GAP * self._interval_s))
                self._interval_s += INTERVAL_WEIGHT * (gap_s - self._interval_s)
            self._last_in = now
            self._in.append(now)
            while self._in[0] < now - self._window_s:
                self._in.popleft()

    def count_out(self, latency_s: float = float('nan')) -> None:
        """Count a result; the latency is the age of its stamp in seconds, NaN if unknown."""
        now = time.monotonic()
        is_by_another_clock = not MIN_LATENCY_S <= latency_s <= MAX_LATENCY_S
        with self._lock:
            self._clock_offset_s = latency_s if is_by_another_clock else math.nan
            latency_s = math.nan if is_by_another_clock else latency_s
            self._published += 1
            self._out.append((now, latency_s))
            while self._out[0][0] < now - self._window_s:
                self._out.popleft()

    def count_dropped(self, number: int = 1) -> None:
        """Count inputs that were dropped for newer ones."""
        now = time.monotonic()
        with self._lock:
            self._dropped += number
            self._dropped_times.append((now, number))
            while self._dropped_times[0][0] < now - self._window_s:
                self._dropped_times.popleft()

    def count_failed(self) -> None:
        """Count an input that could not be processed."""
        with self._lock:
            self._failed += 1
            self._last_failure = time.monotonic()

    def count_lost(self, number: int) -> None:
        """Count inputs that the middleware lost in transport."""
        with self._lock:
            self._lost += number
            self._last_loss = time.monotonic()

    def snapshot(self) -> Throughput:
        """Return the measurements at this moment."""
        now = time.monotonic()
        with self._lock:
            begin = now - self._window_s
            times_in = [t for t in self._in if t >= begin]
            out = [(t, latency) for t, latency in self._out if t >= begin]
            dropped = sum(number for t, number in self._dropped_times if t >= begin)
            span = min(self._window_s, max(now - self._start, 1e-3))
            latencies = np.array([latency for _, latency in out if latency == latency])
            p50, p95 = (
                1000 * np.percentile(latencies, (50, 95)) if latencies.size
                else (float('nan'), float('nan')))
            return Throughput(
                received=self._received, published=self._published, dropped=self._dropped,
                failed=self._failed, lost=self._lost, rate_in=len(times_in) / span,
                rate_out=len(out) / span, rate_dropped=dropped / span,
                latency_p50_ms=float(p50), latency_p95_ms=float(p95),
                age_s=now - self._last_in, interval_s=self._interval_s,
                failure_age_s=now - self._last_failure, loss_age_s=now - self._last_loss,
                clock_offset_s=self._clock_offset_s)
