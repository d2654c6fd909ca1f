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

"""
The thread in which a node processes its messages, so that callbacks never wait for networks.

The queue between callback and thread is in `bounded_queue`, or in `complete_queue` for replays.
"""

from __future__ import annotations

from collections.abc import Callable
import threading
from typing import Any

from fer_ros.nodes.base.bounded_queue import BoundedDelayQueue
from fer_ros.nodes.base.complete_queue import CompleteQueue
from fer_ros.nodes.base.throughput import ThroughputMeter
from fer_ros.parameters.node_options import InputOptions, QueueOptions

LOG_THROTTLE_S = 5.0
"""Minimum time between two log messages of the same kind."""

MIB = 2 ** 20

REMEDY_OF_FULL_QUEUE = (
    'play the bag more slowly (ros2 bag play --rate 0.5), or raise input.max_queue_mib')


class Worker:
    """Processes messages one after the other in a thread."""

    def __init__(
        self, process: Callable[[Any], None], options: InputOptions,
        size_of: Callable[[Any], int], throughput: ThroughputMeter, logger: Any, name: str,
    ) -> None:
        """
        Start the thread.

        :param process: called with each message; an exception is logged and counted.
        :param options: decide which messages are dropped.
        :param size_of: returns the size of a message in bytes.
        """
        self._process = process
        self._throughput = throughput
        self._logger = logger
        self.job = 0
        """Number of the message that is processed now, 0 while there is none."""
        self.is_complete = isinstance(options, QueueOptions) and options.policy == 'all'
        self._queue: BoundedDelayQueue[Any] | CompleteQueue[Any]
        if isinstance(options, QueueOptions) and self.is_complete:
            self._queue = CompleteQueue(options.max_queue_mib * MIB, size_of, self._warn_of_drop)
        else:
            self._queue = BoundedDelayQueue(options.max_delay_s, throughput.count_dropped)
        self._thread = threading.Thread(target=self._run, name=f'{name} worker', daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Return the number of messages that wait."""
        return len(self._queue)

    @property
    def max_delay_s(self) -> float:
        """Return the maximum queueing delay."""
        return self._queue.max_delay_s

    @max_delay_s.setter
    def max_delay_s(self, value: float) -> None:
        self._queue.max_delay_s = value

    def receive(self, message: Any) -> None:
        """Put a message into the queue; never blocks. This is the subscription's callback."""
        self._throughput.count_in()
        self._queue.put(message)

    def stop(self) -> None:
        """End the thread after the message that it is processing."""
        self._queue.close()
        self._thread.join()

    def _warn_of_drop(self, number: int) -> None:
        self._throughput.count_dropped(number)
        self._logger.warning(
            f'Inputs are dropped in spite of input.policy all, because {self.waiting} wait '
            f'already: {REMEDY_OF_FULL_QUEUE}.', throttle_duration_sec=LOG_THROTTLE_S)

    def _run(self) -> None:
        begun = 0
        while (message := self._queue.take()) is not None:
            begun += 1
            self.job = begun
            try:
                self._process(message)
            except Exception as error:  # one bad message never ends a node
                self._throughput.count_failed()
                self._logger.error(
                    f'A message was skipped: {error}', throttle_duration_sec=LOG_THROTTLE_S)
            self.job = 0
