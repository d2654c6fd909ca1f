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

"""The hand-over from a callback to the worker."""

import threading

from fer_ros.nodes.base import bounded_queue as module
from fer_ros.nodes.base.bounded_queue import BoundedDelayQueue, MAX_ITEMS
from graph import DEADLINE_S
import pytest


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(module, 'time', made)
    return made


@pytest.fixture
def dropped():
    return []


def test_the_oldest_comes_first_and_nothing_is_lost_in_a_short_hold_up(clock, dropped):
    queue = BoundedDelayQueue(0.1, dropped.append)
    for item in range(4):
        queue.put(item)
        clock.now += 0.03
    clock.now -= 0.03
    assert [queue.take() for _ in range(4)] == [0, 1, 2, 3]
    assert dropped == []


def test_what_waited_too_long_is_dropped_when_something_newer_has_come(clock, dropped):
    queue = BoundedDelayQueue(0.1, dropped.append)
    queue.put('old')
    queue.put('older than the newest')
    clock.now += 0.2
    queue.put('new')
    assert queue.take() == 'new'
    assert sum(dropped) == 2


def test_the_newest_is_kept_however_late_it_is(clock, dropped):
    queue = BoundedDelayQueue(0.1, dropped.append)
    queue.put(1)
    queue.put(2)
    clock.now += 1000
    assert queue.take() == 2
    assert sum(dropped) == 1


def test_without_a_delay_the_newest_wins(clock, dropped):
    queue = BoundedDelayQueue(0.0, dropped.append)
    for item in range(5):
        queue.put(item)
    assert queue.take() == 4
    assert sum(dropped) == 4


def test_the_delay_can_change_while_it_is_used(clock, dropped):
    queue = BoundedDelayQueue(10.0, dropped.append)
    queue.put(1)
    queue.put(2)
    clock.now += 1
    queue.max_delay_s = 0.5
    assert queue.take() == 2
    assert sum(dropped) == 1


def test_closing_wakes_who_waits(dropped):
    queue = BoundedDelayQueue(0.1, dropped.append)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(queue.take()))
    thread.start()
    queue.close()
    thread.join(DEADLINE_S)
    assert taken == [None]


def test_a_closed_queue_returns_nothing(dropped):
    queue = BoundedDelayQueue(0.1, dropped.append)
    queue.put(1)
    queue.close()
    assert queue.take() is None
    queue.put(2)
    assert queue.take() is None
    assert dropped == []


def test_a_worker_that_is_as_fast_as_the_callback_misses_nothing(dropped):
    queue = BoundedDelayQueue(60.0, dropped.append)
    taken = []

    def work():
        while (item := queue.take()) is not None:
            taken.append(item)
            room.release()
            if item == 999:
                return

    room = threading.Semaphore(8)
    thread = threading.Thread(target=work)
    thread.start()
    for item in range(1000):
        assert room.acquire(timeout=DEADLINE_S)
        queue.put(item)
    thread.join(DEADLINE_S)
    assert taken == list(range(1000))
    assert dropped == []


def test_no_more_than_a_bounded_number_waits(dropped):
    queue = BoundedDelayQueue(3600.0, dropped.append)
    for item in range(10 * MAX_ITEMS):
        queue.put(item)
    queue.put('last')
    count = 0
    while queue.take() != 'last':
        count += 1
    assert count < MAX_ITEMS
    assert sum(dropped) == 10 * MAX_ITEMS - count
