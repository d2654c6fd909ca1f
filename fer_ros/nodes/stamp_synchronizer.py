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

"""Matches messages of two topics that belong to the same image."""

from collections import OrderedDict
from typing import Generic, TypeVar

A = TypeVar('A')
B = TypeVar('B')


class StampSynchronizer(Generic[A, B]):
    """
    Matches two streams by their stamps; either may arrive first.

    A value without a partner is dropped when its stamp differs from the newest stamp by more than
    `max_wait_ns`, or when more than `limit` values of its stream wait, so that a stream without
    partners cannot fill the memory.
    """

    def __init__(self, max_wait_ns: int, limit: int = 64) -> None:
        """Start empty."""
        self.max_wait_ns = max_wait_ns
        self._limit = limit
        self._first: OrderedDict[int, A] = OrderedDict()
        self._second: OrderedDict[int, B] = OrderedDict()
        self.unmatched = 0
        """Number of dropped values of the first stream."""

    @property
    def waiting(self) -> int:
        """Return the number of values of the first stream that wait for their partners."""
        return len(self._first)

    def add_first(self, stamp_ns: int, value: A) -> tuple[A, B] | None:
        """Add a value of the first stream; return the pair if its partner has arrived."""
        partner = self._second.pop(stamp_ns, None)
        if partner is not None:
            return value, partner
        self._first[stamp_ns] = value
        self._drop_old(stamp_ns)
        return None

    def add_second(self, stamp_ns: int, value: B) -> tuple[A, B] | None:
        """Add a value of the second stream; return the pair if its partner has arrived."""
        partner = self._first.pop(stamp_ns, None)
        if partner is not None:
            return partner, value
        self._second[stamp_ns] = value
        self._drop_old(stamp_ns)
        return None

    def _drop_old(self, newest_ns: int) -> None:
        for waiting in (self._first, self._second):
            while waiting:
                oldest = next(iter(waiting))
                # Stamps in the future, after a clock has jumped back, are dropped too.
                if len(waiting) <= self._limit and abs(newest_ns - oldest) <= self.max_wait_ns:
                    break
                del waiting[oldest]
                self.unmatched += waiting is self._first
