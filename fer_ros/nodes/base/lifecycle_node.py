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
The base class of all nodes: a lifecycle node with parameters, diagnostics, worker and autostart.

Each of these parts is a class in a module of its own; this class connects them to the lifecycle.
"""

from __future__ import annotations

from collections.abc import Callable
import math
import os
import socket
import time
import traceback
from typing import Any, ClassVar, TypeVar

from diagnostic_msgs.msg import DiagnosticStatus
from fer_ros.core.options import OptionError, Options
from fer_ros.core.values import NS_PER_S
from fer_ros.nodes.base.autostart import Autostart
from fer_ros.nodes.base.diagnostics import (
    AUTOSTART_KEY,
    clock_warning,
    HOST_KEY,
    Level,
    NodeDiagnostics,
    PROCESS_KEY,
    STARTED_KEY,
)
from fer_ros.nodes.base.parameters import NodeParameters
from fer_ros.nodes.base.throughput import Throughput, ThroughputMeter
from fer_ros.nodes.base.worker import REMEDY_OF_FULL_QUEUE, Worker
from fer_ros.parameters.node_options import InputOptions
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.lifecycle.node import LifecycleNodeMixin
from rclpy.time import Time

NO_TIME = (
    'No time has arrived on /clock yet: play the bag with --clock, start the simulator, or set '
    'use_sim_time to false.')


T = TypeVar('T')


def required(value: T | None) -> T:
    """Return an attribute that exists only while the node is configured or active."""
    if value is None:
        raise RuntimeError('The node is not configured.')
    return value


class PipelineNode(LifecycleNode):
    """
    A lifecycle node whose parameters are in a table and which works in one thread.

    Subclasses set `OPTIONS` and write `configure`, `activate`, `deactivate`, `cleanup`, `apply`
    and `status`. An exception in `configure` or `activate` is logged and fails the transition; it
    does not end the node.
    """

    OPTIONS: ClassVar[type[Options]]

    def __init__(self, name: str, **kwargs: Any) -> None:
        """Declare the parameters; with `autostart`, begin as soon as the node is spun."""
        super().__init__(name, **kwargs)
        self.identity = round(time.time(), 3), socket.gethostname(), os.getpid()
        self.throughput = ThroughputMeter()
        self.is_active = False
        self._is_configured = False
        self._fault = ''
        self.worker: Worker | None = None
        self.before_transition: Callable[[], None] = lambda: None
        self.diagnostics = NodeDiagnostics(self, self._diagnose)
        self.autostart = Autostart(self, self.has_subscribers, self.diagnostics.publish)
        self.parameters = NodeParameters(
            self, self.OPTIONS, lambda: self._is_configured, self.apply)
        # A value of a wrong type is explained by the attempt to configure the node.
        if self.get_parameter('autostart').value is not False:
            self.autostart.begin()
        else:
            self.autostart.remind()

    # Methods that subclasses write.

    def configure(self) -> None:
        """
        Create the core object and the publishers.

        Raise an exception with a sentence if that is impossible.
        """

    def activate(self) -> None:
        """Subscribe and start working."""

    def deactivate(self) -> None:
        """Stop working and destroy the subscriptions."""

    def cleanup(self) -> None:
        """Free what `configure` created."""

    def apply(self, options: Any) -> None:
        """Take over changed options; only dynamic ones differ."""

    def has_subscribers(self) -> bool:
        """Return whether the configured node can be activated without losing its first results."""
        return True

    def status(self, figures: Throughput) -> tuple[Level, dict[str, Any]]:
        """Return level and sentence, and more rows for /diagnostics."""
        return (DiagnosticStatus.OK, 'Running.'), {}

    def inactive_status(self) -> Level:
        """Return level and sentence for /diagnostics while the node is not active."""
        if self._fault:
            return DiagnosticStatus.ERROR, self._fault
        return DiagnosticStatus.OK, 'Inactive.' if self._is_configured else 'Not configured.'

    # Methods that subclasses use.

    @property
    def options(self) -> Any:
        """
        Return the node's options with the present values of its parameters.

        :raises OptionError: if a value given at start has the wrong type or is out of range.
        """
        return self.parameters.options

    def start_worker(
        self, process: Callable[[Any], None], options: InputOptions,
        size_of: Callable[[Any], int] = lambda _: 0,
    ) -> Callable[[Any], None]:
        """
        Start the thread that processes messages.

        :param size_of: returns the size of a message in bytes; only needed for `QueueOptions`.
        :return: the callback that puts a message into the thread's queue.
        """
        self.worker = Worker(
            process, options, size_of, self.throughput, self.get_logger(), self.get_name())
        return self.worker.receive

    def stop_worker(self) -> None:
        """End the thread after the message that it is processing."""
        if self.worker is not None:
            self.worker.stop()
            self.worker = None

    def remedy_of_drops(self, usual: str) -> str:
        """Return what to do if inputs are dropped, in words."""
        is_complete = self.worker is not None and self.worker.is_complete
        return REMEDY_OF_FULL_QUEUE if is_complete else usual

    def set_max_delay(self, max_delay_s: float) -> None:
        """Change the maximum queueing delay of a running worker."""
        if self.worker is not None:
            self.worker.max_delay_s = max_delay_s

    def age_s(self, stamp: Any) -> float:
        """Return the time since a stamp in seconds by the node's clock; NaN before /clock."""
        now = self.get_clock().now()
        return (now - Time.from_msg(stamp)).nanoseconds / 1e9 if now.nanoseconds else math.nan

    # Lifecycle.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Create the core object and the publishers."""
        self.diagnostics.begin()
        self.parameters.warn_of_unknown(self._parameter_overrides)
        if not self._attempt('be configured', self.configure):
            fault = self._fault
            self._attempt('clean up', self.cleanup)
            self._fault = fault
            return TransitionCallbackReturn.FAILURE
        self._is_configured = True
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and start working."""
        result = super().on_activate(state)
        self.throughput = ThroughputMeter()
        self.is_active = True
        if not self._attempt('be activated', self.activate):
            fault = self._fault
            self._stop_work()
            super().on_deactivate(state)
            self._fault = fault
            return TransitionCallbackReturn.FAILURE
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop working."""
        self._stop_work()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free what configuring created."""
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything."""
        self._stop_work()
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything; the node can be configured again."""
        self._stop_work()
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def close(self) -> None:
        """Stop, free everything and destroy the node, in any state."""
        self._stop_work()
        self._release()
        self.destroy_node()

    def _LifecycleNodeMixin__change_state(self, transition_id: int) -> TransitionCallbackReturn:
        # In rclpy of Jazzy, a request for a transition that the present state does not allow ends
        # the process. In rclpy of Kilted, it has the result ERROR, and nothing else happens. (An
        # error in a callback cannot be taken for it: it is caught, and its result is FAILURE.)
        before = self._state_machine.current_state
        self.before_transition()
        try:
            change = LifecycleNodeMixin._LifecycleNodeMixin__change_state
            result = change(self, transition_id)
        except rclpy_implementation.RCLError:
            result = TransitionCallbackReturn.ERROR
        is_refused = before == self._state_machine.current_state
        if is_refused and result == TransitionCallbackReturn.ERROR:
            self.get_logger().warning(
                f'Transition {transition_id} is not possible in the state {before[1]!r}; it is '
                'ignored.')
            return TransitionCallbackReturn.FAILURE
        self.autostart.on_transition(result)
        return result

    def _attempt(self, what: str, action: Callable[[], None]) -> bool:
        self._fault = ''
        details = ''
        try:
            action()
        except (OptionError, ValueError, OSError, ImportError) as error:
            self._fault = f'{self.get_name()} cannot {what}: {error}'
        except Exception as error:  # rclpy of Jazzy would discard it without a message
            self._fault = f'{self.get_name()} cannot {what}: {error!r}'
            details = f'\n{traceback.format_exc()}'
        if self._fault and not self.autostart.is_repeated(self._fault):
            self.get_logger().error(f'{self._fault}{details}')
        return not self._fault

    def _stop_work(self) -> None:
        self.is_active = False
        self._attempt('stop working', self.deactivate)
        self.stop_worker()

    def _release(self) -> None:
        self._is_configured = False
        self._attempt('clean up', self.cleanup)

    # Diagnostics and parameters.

    def _diagnose(self) -> tuple[Level, dict[str, Any], Throughput]:
        figures = self.throughput.snapshot()
        rows: dict[str, Any] = {}
        if self.is_active:
            level, rows = self.status(figures)
            now_s = self.get_clock().now().nanoseconds / NS_PER_S
            if not now_s:
                level = DiagnosticStatus.WARN, NO_TIME
            elif level[0] == DiagnosticStatus.OK and not math.isnan(figures.clock_offset_s):
                level = DiagnosticStatus.WARN, clock_warning(figures.clock_offset_s, now_s)
            if self.worker is not None:
                waiting = self.worker.waiting
                rows = {**rows, 'waiting': waiting}
                if self.worker.is_complete and waiting and not figures.rate_dropped:
                    # Neither silence nor a high latency is a fault then.
                    level = DiagnosticStatus.OK, f'Running; {waiting} inputs wait.'
        else:
            level = self.inactive_status()
        started, host, process = self.identity
        return level, {
            **rows, AUTOSTART_KEY: self.autostart.state.value, STARTED_KEY: started,
            HOST_KEY: host, PROCESS_KEY: process}, figures

    def describe_parameter(self, name: str) -> ParameterDescriptor:
        """Return the descriptor of a parameter, with its range for tools that show sliders."""
        return self.parameters.with_range(super().describe_parameter(name))

    def describe_parameters(self, names: list[str]) -> list[ParameterDescriptor]:
        """Return the descriptors of parameters."""
        return [self.describe_parameter(name) for name in names]
