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

"""Bringing together what belongs to the same image but arrives by different ways."""

from collections import OrderedDict
from typing import Generic, TypeVar

A = TypeVar('A')
B = TypeVar('B')


class StampSynchronizer(Generic[A, B]):
    """
    Pairs two streams by their stamps, whichever side comes first.

    What finds no partner is given up when it is older than `max_wait_ns` against the newest stamp,
    or when more than `limit` of a kind wait, so that a stream without partners cannot fill the
    memory.
    """

    def __init__(self, max_wait_ns: int, limit: int = 64) -> None:
        """Begin with nothing."""
        self.max_wait_ns = max_wait_ns
        self._limit = limit
        self._first: OrderedDict[int, A] = OrderedDict()
        self._second: OrderedDict[int, B] = OrderedDict()
        self.given_up = 0
        """How many of the first kind found no partner."""

    @property
    def waiting(self) -> int:
        """How many of the first kind wait for their partners."""
        return len(self._first)

    def add_first(self, stamp_ns: int, value: A) -> tuple[A, B] | None:
        """Take one of the first kind in and return the pair if its partner is there."""
        partner = self._second.pop(stamp_ns, None)
        if partner is not None:
            return value, partner
        self._first[stamp_ns] = value
        self._forget(stamp_ns)
        return None

    def add_second(self, stamp_ns: int, value: B) -> tuple[A, B] | None:
        """Take one of the second kind in and return the pair if its partner is there."""
        partner = self._first.pop(stamp_ns, None)
        if partner is not None:
            return partner, value
        self._second[stamp_ns] = value
        self._forget(stamp_ns)
        return None

    def _forget(self, newest_ns: int) -> None:
        for waiting in (self._first, self._second):
            while waiting:
                oldest = next(iter(waiting))
                # A clock that jumped back leaves stamps of the future: they are given up too.
                if len(waiting) <= self._limit and abs(newest_ns - oldest) <= self.max_wait_ns:
                    break
                del waiting[oldest]
                self.given_up += waiting is self._first
