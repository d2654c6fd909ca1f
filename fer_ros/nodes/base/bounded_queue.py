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

"""A queue between a callback and a worker thread that drops old items when the worker is slow."""

from collections import deque
from collections.abc import Callable
import threading
import time
from typing import Generic, TypeVar

T = TypeVar('T')


MAX_ITEMS = 64
"""Maximum length of the queue, so that it cannot fill the memory."""


class BoundedDelayQueue(Generic[T]):
    """
    A short queue that keeps only the newest item once the oldest has waited too long.

    A queue of one item would lose an image whenever the worker is delayed for longer than the time
    between two images, which happens on a busy machine. A plain queue would add its length to the
    latency of a worker that is always too slow. With this queue a short delay loses nothing, and
    the items of a worker that is too slow have waited for at most `max_delay_s`.
    """

    def __init__(self, max_delay_s: float, on_drop: Callable[[int], None]) -> None:
        """
        Create an empty queue.

        :param max_delay_s: maximum waiting time before an item is dropped for a newer one; 0: keep
            only the newest item.
        :param on_drop: called with the number of dropped items.
        """
        self.max_delay_s = max_delay_s
        self._on_drop = on_drop
        self._items: deque[tuple[float, T]] = deque()
        self._condition = threading.Condition()
        self._is_open = True

    def put(self, item: T) -> None:
        """Add an item; never blocks."""
        with self._condition:
            self._items.append((time.monotonic(), item))
            self._drop_late()
            self._condition.notify()

    def take(self) -> T | None:
        """
        Remove and return the oldest item that is not late; wait if the queue is empty.

        :return: the item; None after the queue was closed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._items or not self._is_open)
            if not self._is_open:
                return None
            self._drop_late()
            return self._items.popleft()[1]

    def close(self) -> None:
        """Make every call of `take` return None, waiting calls included."""
        with self._condition:
            self._is_open = False
            self._items.clear()
            self._condition.notify_all()

    def _drop_late(self) -> None:
        if len(self._items) < 2:
            return
        is_late = self._items[0][0] < time.monotonic() - self.max_delay_s
        if is_late or self.max_delay_s <= 0 or len(self._items) > MAX_ITEMS:
            # The worker is too slow: the items in between would also be late when they are taken.
            dropped = len(self._items) - 1
            newest = self._items.pop()
            self._items.clear()
            self._items.append(newest)
            self._on_drop(dropped)
