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

"""Hands what a callback receives over to a worker thread, newest first when there is too much."""

from collections import deque
from collections.abc import Callable
import threading
import time
from typing import Generic, TypeVar

T = TypeVar('T')


MAX_ITEMS = 64
"""More never wait, however long they may: they would fill the memory."""


class Mailbox(Generic[T]):
    """
    A short queue that keeps only the newest item once the oldest has waited too long.

    A single slot would lose an image whenever the worker is held up for longer than the time
    between two images, which happens on a busy machine. A plain queue would add its length to the
    latency when the worker is too slow for good. Here a short hold-up loses nothing, and what a
    worker that is too slow gets has waited for at most `max_delay_s`.
    """

    def __init__(self, max_delay_s: float, on_drop: Callable[[int], None]) -> None:
        """
        Open the mailbox.

        :param max_delay_s: what waited longer is dropped when something newer has come; 0: only
            the newest is kept.
        :param on_drop: called with the number of dropped items.
        """
        self.max_delay_s = max_delay_s
        self._on_drop = on_drop
        self._items: deque[tuple[float, T]] = deque()
        self._condition = threading.Condition()
        self._is_open = True

    def put(self, item: T) -> None:
        """Leave an item for the worker; never blocks."""
        with self._condition:
            self._items.append((time.monotonic(), item))
            self._drop_late()
            self._condition.notify()

    def take(self) -> T | None:
        """
        Return the oldest item that is not late, waiting for one.

        :return: the item; None once the mailbox is closed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._items or not self._is_open)
            if not self._is_open:
                return None
            self._drop_late()
            return self._items.popleft()[1]

    def close(self) -> None:
        """Make `take` return None, now and from now on."""
        with self._condition:
            self._is_open = False
            self._items.clear()
            self._condition.notify_all()

    def _drop_late(self) -> None:
        if len(self._items) < 2:
            return
        is_late = self._items[0][0] < time.monotonic() - self.max_delay_s
        if is_late or self.max_delay_s <= 0 or len(self._items) > MAX_ITEMS:
            # The worker is too slow: what is between would be late as well when its turn came.
            dropped = len(self._items) - 1
            newest = self._items.pop()
            self._items.clear()
            self._items.append(newest)
            self._on_drop(dropped)
