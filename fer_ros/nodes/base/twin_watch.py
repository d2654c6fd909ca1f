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

"""Notices another running node of the same name, which would answer the same images twice."""

from __future__ import annotations

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fer_ros.nodes.base.diagnostics import (
    DIAGNOSTICS_QOS,
    HOST_KEY,
    PERIOD_S,
    PROCESS_KEY,
    STARTED_KEY,
)
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.subscription import Subscription

Identity = tuple[float, str, int]
"""When a node was started, in seconds of the wall clock, its host and its process ID."""


class TwinWatch:
    """
    Reports once that a node of the same name runs that was started earlier.

    Names in the graph do not tell whether a node still lives: the middleware shows a killed one
    for some seconds more. So the watch listens to /diagnostics while there are two of a name.
    """

    def __init__(self, node: Node, own: Identity, on_twin: Callable[[str], None]) -> None:
        """
        Watch from now on, until the node is destroyed.

        :param on_twin: gets a sentence that says what runs where, and what to do.
        """
        self._node = node
        self._own = own
        self._on_twin = on_twin
        self._reports: Subscription | None = None
        self._timer = node.create_timer(
            PERIOD_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _look(self) -> None:
        own = self._node.get_name(), self._node.get_namespace()
        has_twin = self._node.get_node_names_and_namespaces().count(own) > 1
        if has_twin and self._reports is None:
            self._reports = self._node.create_subscription(
                DiagnosticArray, '/diagnostics', self._read, DIAGNOSTICS_QOS)
        elif not has_twin and self._reports is not None:
            self._node.destroy_subscription(self._reports)
            self._reports = None

    def _read(self, message: DiagnosticArray) -> None:
        name = self._node.get_fully_qualified_name()
        for status in message.status:
            other = _identity(status)
            if status.name == name.lstrip('/') and other is not None and other < self._own:
                self._timer.cancel()
                _, host, process = other
                self._on_twin(
                    f'{name} already runs, in process {process} on {host}; two nodes of one name '
                    'would answer each image twice, so this one ends. End the other one, or start '
                    'this one in another namespace (`namespace:=NAME` of the launch files).')
                return


def _identity(status: DiagnosticStatus) -> Identity | None:
    rows = {row.key: row.value for row in status.values}
    try:
        return float(rows[STARTED_KEY]), rows[HOST_KEY], int(rows[PROCESS_KEY])
    except (KeyError, ValueError):
        return None
