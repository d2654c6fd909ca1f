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

from collections import deque
import itertools
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


class Simulation:
    """A worker that takes a fixed time for each item, in simulated time."""

    def __init__(self, clock, monkeypatch, max_delay_s=0.1):
        self.clock = clock
        self.dropped = []
        self.queue = BoundedDelayQueue(max_delay_s, self.dropped.append)
        # A worker that waits is woken by the next item.
        monkeypatch.setattr(
            self.queue._condition, 'wait_for', lambda ready: ready() or self._arrive())
        self._arrivals_s = deque()
        self._free_s = clock.now

    def run(self, period_s, work_s, seconds, first_s=None):
        """
        Let items arrive.

        :param first_s: time for the first item, if it is another one.
        :return: arrival and answer of each answered item, in seconds; the number of lost items.
        """
        answers, lost = [], sum(self.dropped)
        start_s = self.clock.now
        self._arrivals_s.extend(start_s + k * period_s for k in range(round(seconds / period_s)))
        while True:
            while self._arrivals_s and self._arrivals_s[0] <= self._free_s:
                self._arrive()
            if not self._arrivals_s:
                break
            self.clock.now = self._free_s
            arrived_s = self.queue.take()
            self._free_s = self.clock.now + (first_s if first_s and not answers else work_s)
            answers.append((arrived_s, self._free_s))
        self.clock.now = start_s + seconds
        return answers, sum(self.dropped) - lost

    def _arrive(self):
        self.clock.now = self._arrivals_s.popleft()
        self.queue.put(self.clock.now)


@pytest.mark.parametrize('period_s', [1 / 30, 1 / 60])
@pytest.mark.parametrize('load', [1.15, 1.5, 2.0, 2.4, 5.0])
def test_a_worker_that_is_too_slow_answers_evenly_and_soon(clock, monkeypatch, period_s, load):
    work_s = load * period_s
    simulation = Simulation(clock, monkeypatch)
    simulation.run(period_s, work_s, 5.0)
    answers, lost = simulation.run(period_s, work_s, 20.0)
    latencies = sorted(answered - arrived for arrived, answered in answers)
    assert latencies[int(0.95 * len(latencies))] < 2 * work_s
    # It is never idle: as many answers as it can give, each at the end of the one before.
    gaps = [b[1] - a[1] for a, b in itertools.pairwise(answers)]
    assert max(gaps) < 1.01 * work_s
    assert len(answers) == pytest.approx(20.0 / work_s, rel=0.02)
    assert lost == pytest.approx(20.0 / period_s - len(answers), abs=3)


def test_after_the_overload_a_short_hold_up_loses_nothing_again(clock, monkeypatch):
    simulation = Simulation(clock, monkeypatch)
    assert simulation.run(1 / 30, 0.08, 5.0)[1] > 50
    simulation.run(1 / 30, 0.01, 2.0)
    assert simulation.run(1 / 30, 0.01, 2.0)[1] == 0
    # Three items arrive while the first one is processed.
    answers, lost = simulation.run(1 / 30, 0.01, 2.0, first_s=0.11)
    assert lost == 0
    assert answers[0][1] - answers[0][0] > 0.1


def test_a_long_delay_permits_a_slow_worker_to_answer_everything(clock, monkeypatch):
    # The preset `still` permits ten seconds, because each picture comes only once.
    simulation = Simulation(clock, monkeypatch, max_delay_s=10.0)
    assert simulation.run(1 / 30, 0.1, 2.0)[1] == 0
