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

"""A queue between a callback and a worker thread that drops nothing until its memory is full."""

from collections import deque
from collections.abc import Callable
import math
import threading
from typing import Generic, TypeVar

T = TypeVar('T')


class CompleteQueue(Generic[T]):
    """
    A queue for replays: every item is processed, however long it waits.

    A player of bags does not wait for its subscribers, so a worker that is too slow would fill the
    memory. Therefore the queue refuses new items while the waiting ones have the permitted size.
    What was recorded one after the other is then also processed one after the other.
    """

    def __init__(
        self, max_bytes: int, size_of: Callable[[T], int], on_drop: Callable[[int], None],
    ) -> None:
        """
        Create an empty queue.

        :param max_bytes: maximum size of all waiting items; a single item may be larger.
        :param size_of: returns the size of an item in bytes.
        :param on_drop: called with the number of refused items.
        """
        # As that of BoundedDelayQueue, but here it has no effect.
        self.max_delay_s = math.inf
        self._max_bytes = max_bytes
        self._size_of = size_of
        self._on_drop = on_drop
        self._items: deque[tuple[int, T]] = deque()
        self._bytes = 0
        self._condition = threading.Condition()
        self._is_open = True

    def __len__(self) -> int:
        """Return the number of waiting items."""
        return len(self._items)

    def put(self, item: T) -> None:
        """Add an item, or refuse it; never blocks."""
        size = self._size_of(item)
        with self._condition:
            if not self._is_open:
                return
            if self._items and self._bytes + size > self._max_bytes:
                self._on_drop(1)
                return
            self._items.append((size, item))
            self._bytes += size
            self._condition.notify()

    def take(self) -> T | None:
        """
        Remove and return the oldest item; wait if the queue is empty.

        :return: the item; None after the queue was closed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._items or not self._is_open)
            if not self._is_open:
                return None
            size, item = self._items.popleft()
            self._bytes -= size
            return item

    def close(self) -> None:
        """Make every call of `take` return None, waiting calls included."""
        with self._condition:
            self._is_open = False
            self._items.clear()
            self._condition.notify_all()
