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

"""Logs that no image arrives, because people look at the terminal before `/diagnostics`."""

from __future__ import annotations

from collections.abc import Callable
import time

from fer_ros.nodes.base.lifecycle_node import PipelineNode
from rclpy.clock import Clock, ClockType

SILENCE_S = 5.0
"""Time without an image after which the node says so."""

CHECK_PERIOD_S = 0.5


class SilenceLog:
    """Logs one line when no image has arrived for some time, and one when they arrive again."""

    def __init__(self, node: PipelineNode, topic: str, reason: Callable[[], str]) -> None:
        """
        Start to watch the inputs that the node counts.

        :param topic: fully resolved name, for the sentence.
        :param reason: returns why nothing arrives and what to do, in sentences.
        """
        self._node = node
        self._topic = topic
        self._reason = reason
        self._start_s = time.monotonic()
        self._is_told = False
        self._timer = node.create_timer(
            CHECK_PERIOD_S, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def destroy(self) -> None:
        """Stop watching."""
        self._node.destroy_timer(self._timer)

    def _check(self) -> None:
        figures = self._node.throughput.snapshot()
        silence_s = figures.age_s if figures.received else time.monotonic() - self._start_s
        # Images with a period of several seconds are not late after five.
        interval_s = figures.interval_s if figures.received > 1 else 0.0
        is_silent = silence_s > max(SILENCE_S, 3 * interval_s)
        if is_silent and not self._is_told:
            self._node.get_logger().warning(
                f'No image has arrived on {self._topic} for {silence_s:.0f} s: {self._reason()}')
        elif self._is_told and not is_silent:
            self._node.get_logger().info(f'Images arrive on {self._topic}.')
        self._is_told = is_silent
