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

"""Limits how often something happens: a bucket of tokens that fills at a steady rate."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
import math
import time

MAX_CLIENTS = 10_000
"""Addresses that are remembered; the one that was quiet for longest is forgotten first."""


@dataclass
class _Bucket:
    tokens: float
    at_s: float


class RateLimit:
    """A bucket for each client, twice the tokens of a second deep."""

    def __init__(
        self, rate_hz: float, clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the mean rate that is permitted."""
        self._rate_hz = rate_hz
        self._clock_s = clock_s
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, client: str = '') -> int:
        """Take a token; return 0, or the whole seconds until there is one."""
        now_s = self._clock_s()
        bucket = self._buckets.pop(client, None) or _Bucket(2 * self._rate_hz, now_s)
        self._buckets[client] = bucket
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        bucket.tokens = min(
            bucket.tokens + (now_s - bucket.at_s) * self._rate_hz, 2 * self._rate_hz)
        bucket.at_s = now_s
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        return max(math.ceil((1 - bucket.tokens) / self._rate_hz), 1)
