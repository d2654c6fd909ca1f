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

"""Publishes the state of a node on /diagnostics once a second, and on request in between."""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from fer_ros.nodes.base.throughput import Throughput
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

PERIOD_S = 1.0

AUTOSTART_KEY = 'autostart'
"""Key of the row with the state of autostart, for programs that read it."""

STARTED_KEY, HOST_KEY, PROCESS_KEY = 'started', 'host', 'process'
"""Keys of the rows that tell which node it is: start in seconds of the wall clock, and process."""

DIAGNOSTICS_QOS = QoSProfile(
    depth=10, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""A subscriber that asks for it also receives the reports from before its discovery."""

FAILURE_SHOWN_S = 60.0
"""A message that could not be processed is reported for this time."""

STALE_AFTER_S = 1.0
"""Without input for longer, a node reports WARN; after five times this time, STALE."""

DROPPED_FRACTION = 0.05
"""A node that drops more than this fraction of its inputs reports WARN."""

YEAR_2000_S = 946_684_800
"""A stamp before this time does not count from 1970."""

Level = tuple[bytes, str]
"""Level of a `DiagnosticStatus` and its sentence."""


class NodeDiagnostics:
    """The diagnostics of one node."""

    def __init__(
        self, node: Node, report: Callable[[], tuple[Level, dict[str, Any], Throughput]],
    ) -> None:
        """
        Publish nothing yet.

        :param report: returns level and sentence, rows and throughput of this moment.
        """
        self._node = node
        self._report = report
        self._publisher: Any = None

    def begin(self) -> None:
        """Publish from now on, until the node is destroyed."""
        if self._publisher is not None:
            return
        self._publisher = self._node.create_publisher(
            DiagnosticArray, '/diagnostics', DIAGNOSTICS_QOS)
        # By a steady clock: diagnostics are needed most when simulated time does not advance.
        self._node.create_timer(
            PERIOD_S, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        """Publish the state of this moment, if publishing has begun."""
        if self._publisher is None:
            return
        (level, message), rows, figures = self._report()
        values = {
            **rows,
            'rate in (Hz)': f'{figures.rate_in:.1f}',
            'rate out (Hz)': f'{figures.rate_out:.1f}',
            'received': figures.received,
            'published': figures.published,
            'dropped': figures.dropped,
            'failed': figures.failed,
            'lost in transport': figures.lost,
            'age of the last input (s)': _number(figures.age_s, 2),
            'latency p50 (ms)': _number(figures.latency_p50_ms, 1),
            'latency p95 (ms)': _number(figures.latency_p95_ms, 1),
        }
        status = DiagnosticStatus(
            level=level, name=self._node.get_fully_qualified_name().lstrip('/'), message=message,
            hardware_id=str(rows.get('source', '')),
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()])
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)


def input_status(
    figures: Throughput, topic: str, remedy: Callable[[], str], remedy_of_drops: str,
) -> Level:
    """
    Return level and sentence for missing, lost, failed and dropped inputs.

    :param topic: topic of the input, for the sentence.
    :param remedy: returns what to check if no input arrives.
    :param remedy_of_drops: what to do if this node is too slow for its inputs.
    """
    age = figures.age_s
    if math.isnan(age):
        return DiagnosticStatus.STALE, f'Nothing has arrived on {topic} yet: {remedy()}'
    # An input with a period of several seconds is not late after one second.
    late_s = max(STALE_AFTER_S, 3 * figures.interval_s)
    if age > late_s:
        level = DiagnosticStatus.STALE if age > 5 * late_s else DiagnosticStatus.WARN
        return level, f'Nothing has arrived on {topic} for {age:.1f} s: {remedy()}'
    if figures.loss_age_s < FAILURE_SHOWN_S:
        return (DiagnosticStatus.WARN, (
            f'{figures.lost} messages on {topic} were lost in transport: start the publisher of '
            'this topic with FASTRTPS_DEFAULT_PROFILES_FILE set to config/fastdds.xml of '
            'fer_ros.'))
    if figures.failure_age_s < FAILURE_SHOWN_S:
        return (DiagnosticStatus.WARN, (
            f'{figures.failed} messages on {topic} could not be processed, the last one '
            f'{figures.failure_age_s:.0f} s ago; the log contains the reason.'))
    if figures.rate_dropped:
        share = f'{figures.rate_dropped:.1f} of {figures.rate_in:.1f} messages/s are dropped'
        if figures.rate_dropped > DROPPED_FRACTION * figures.rate_in:
            return DiagnosticStatus.WARN, f'The node is too slow, {share}: {remedy_of_drops}.'
        return DiagnosticStatus.OK, f'Running; {share}.'
    return DiagnosticStatus.OK, 'Running.'


def clock_warning(offset_s: float, now_s: float) -> str:
    """
    Return a sentence about stamps that were made by another clock than the node's.

    :param offset_s: age of a stamp by the node's clock.
    :param now_s: present time of the node's clock.
    """
    stamp_s = now_s - offset_s
    if abs(stamp_s) < 1:
        fault = 'The stamps of the images are zero'
    elif stamp_s < YEAR_2000_S <= now_s:
        fault = (
            f'The stamps of the images ({stamp_s:.0f} s) do not count from 1970, but perhaps from '
            'the start of a computer')
    else:
        word = 'behind' if offset_s > 0 else 'ahead of'
        fault = f'The stamps of the images are {_duration(abs(offset_s))} {word} this clock'
    return (
        f'{fault}, so the latency is not known: let the driver stamp with the time of ROS, '
        'synchronize the clocks of the computers, or play a bag with --clock and use_sim_time. '
        'Emotions and identities need stamps that increase.')


def _duration(seconds: float) -> str:
    for unit, length_s in (('days', 86_400), ('hours', 3_600), ('minutes', 60)):
        if seconds >= 2 * length_s:
            return f'{seconds / length_s:.0f} {unit}'
    return f'{seconds:.1f} seconds'


def _number(value: float, digits: int) -> str:
    return '' if math.isnan(value) else f'{value:.{digits}f}'
