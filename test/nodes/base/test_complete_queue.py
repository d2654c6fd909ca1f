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

"""The hand-over of a replay, which drops nothing until its memory is full."""

import threading

from fer_ros.nodes.base.complete_queue import CompleteQueue
from graph import DEADLINE_S
import pytest


@pytest.fixture
def dropped():
    return []


def test_everything_comes_in_order_however_many_there_are(dropped):
    queue = CompleteQueue(10_000, len, dropped.append)
    for number in range(1000):
        queue.put(f'{number:4}')
    assert len(queue) == 1000
    assert [int(queue.take()) for _ in range(1000)] == list(range(1000))
    assert len(queue) == 0
    assert dropped == []


def test_new_items_are_refused_while_the_waiting_ones_fill_the_memory(dropped):
    queue = CompleteQueue(10, len, dropped.append)
    for item in ('aaaa', 'bbbb', 'cccc', 'dd'):
        queue.put(item)
    assert dropped == [1]
    assert queue.take() == 'aaaa'
    queue.put('eeee')
    assert [queue.take() for _ in range(3)] == ['bbbb', 'dd', 'eeee']
    assert dropped == [1]


def test_an_item_that_is_larger_than_the_memory_is_taken_if_nothing_waits(dropped):
    queue = CompleteQueue(3, len, dropped.append)
    queue.put('large')
    queue.put('too')
    assert queue.take() == 'large'
    assert dropped == [1]


def test_closing_ends_a_waiting_take_and_forgets_what_waits(dropped):
    queue = CompleteQueue(3, len, dropped.append)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(queue.take()))
    thread.start()
    queue.close()
    thread.join(DEADLINE_S)
    assert taken == [None]
    queue.put('a')
    assert len(queue) == 0
    assert queue.take() is None
