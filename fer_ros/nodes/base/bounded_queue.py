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

WINDOW = 12
"""Number of items that the load is measured with; it covers all phases of the detector."""

RECOVERED = 0.9
"""Load below which a worker that was too slow keeps up again."""


class _Load:
    """Work that arrives, relative to what the worker can do."""

    def __init__(self) -> None:
        self._arrivals_s: deque[float] = deque(maxlen=WINDOW + 1)
        self._work_s: deque[float] = deque(maxlen=WINDOW)

    def arrived(self, now_s: float) -> None:
        self._arrivals_s.append(now_s)

    def worked(self, span_s: float) -> None:
        self._work_s.append(span_s)

    @property
    def value(self) -> float:
        """Return the mean time for an item by the mean time between two; 0 while unknown."""
        if len(self._work_s) < 3 or len(self._arrivals_s) < 3:
            return 0.0
        # Without the longest one: a single hold-up, such as the first call of a network, is no
        # sign of a slow worker.
        work_s = (sum(self._work_s) - max(self._work_s)) / (len(self._work_s) - 1)
        span_s = self._arrivals_s[-1] - self._arrivals_s[0]
        return work_s * (len(self._arrivals_s) - 1) / span_s if span_s > 0 else 0.0


class BoundedDelayQueue(Generic[T]):
    """
    A short queue that keeps only the newest item once the oldest has waited too long.

    A queue of one item would lose an image whenever the worker is delayed for longer than the time
    between two images, which happens on a busy machine. A plain queue would add its length to the
    latency of a worker that is always too slow. With this queue a short delay loses nothing, and
    the items of a worker that is too slow have waited for at most `max_delay_s`.

    If an item was late because the worker is slower than the items arrive, only the newest one is
    kept from then on, until the worker keeps up again. The items are then dropped when a newer one
    arrives, not after they have waited: the worker always has something to do, so its results come
    evenly, and their latency is at most its time for one item and the time between two items.
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
        self._load = _Load()
        self._is_overloaded = False
        self._taken_s: float | None = None

    def __len__(self) -> int:
        """Return the number of waiting items."""
        return len(self._items)

    def put(self, item: T) -> None:
        """Add an item; never blocks."""
        with self._condition:
            now_s = time.monotonic()
            self._load.arrived(now_s)
            self._items.append((now_s, item))
            self._drop_late()
            self._condition.notify()

    def take(self) -> T | None:
        """
        Remove and return the oldest item that is not late; wait if the queue is empty.

        The time until the next call counts as the worker's time for this item.

        :return: the item; None after the queue was closed.
        """
        with self._condition:
            if self._taken_s is not None:
                self._load.worked(time.monotonic() - self._taken_s)
            self._condition.wait_for(lambda: self._items or not self._is_open)
            if not self._is_open:
                return None
            self._drop_late()
            self._taken_s = time.monotonic()
            return self._items.popleft()[1]

    def close(self) -> None:
        """Make every call of `take` return None, waiting calls included."""
        with self._condition:
            self._is_open = False
            self._items.clear()
            self._condition.notify_all()

    def _drop_late(self) -> None:
        if self._is_overloaded:
            self._is_overloaded = self._load.value > RECOVERED
        if len(self._items) < 2:
            return
        is_late = self._items[0][0] < time.monotonic() - self.max_delay_s
        is_late = is_late or self.max_delay_s <= 0 or len(self._items) > MAX_ITEMS
        if is_late or self._is_overloaded:
            self._is_overloaded = self._is_overloaded or self._load.value > 1
            # The worker is too slow: the items in between would also be late when they are taken.
            dropped = len(self._items) - 1
            newest = self._items.pop()
            self._items.clear()
            self._items.append(newest)
            self._on_drop(dropped)
