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
What all nodes have in common.

That is lifecycle, parameters from the table, diagnostics, a worker thread.
"""

from collections.abc import Callable
import ctypes
import math
import os
import signal
import sys
import threading
import traceback
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from fer_ros.core.options import hint, Option, OptionError, Options
from fer_ros.nodes.base.bounded_queue import Mailbox
from fer_ros.nodes.base.signals import ignore_signals, POLL_S, stop_on_signals
from fer_ros.nodes.base.throughput import Snapshot, Statistics
from fer_ros.parameters.configuration import NODE_OPTIONS, ROS_PARAMETERS
from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.lifecycle.node import LifecycleNodeMixin
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from rclpy.time import Time
from rclpy.timer import Timer

DIAGNOSTICS_PERIOD_S = 1.0
THROTTLE_S = 5.0
"""The same complaint is not repeated within this time."""

FAILURE_SHOWN_S = 60.0
"""So long a faulty message is shown in /diagnostics."""

STALE_AFTER_S = 1.0
"""Without input for longer, a node reports WARN; for five times longer, STALE."""

NO_TIME = (
    'No time has come on /clock yet: play the bag with --clock, start the simulator, or set '
    'use_sim_time to false.')

PR_SET_PDEATHSIG = 1
"""From Linux's <sys/prctl.h>."""

Level = tuple[bytes, str]


class PipelineNode(LifecycleNode):
    """
    A lifecycle node whose parameters come from a table and whose work is done by one thread.

    Subclasses set `OPTIONS` and write `configure`, `activate`, `deactivate`, `cleanup`, and
    `status`; whatever `configure` and `activate` raise becomes a log message and a failed
    transition, not the end of the node.
    """

    OPTIONS: ClassVar[type[Options]]

    def __init__(self, name: str, **kwargs: Any) -> None:
        """Declare the parameters, nothing else."""
        super().__init__(name, **kwargs)
        self.statistics = Statistics()
        self.is_active = False
        self._is_configured = False
        self._fault = ''
        self._table = {row.name: row for row in self.OPTIONS.table()}
        self._diagnostics: Any = None
        self._diagnostics_timer: Timer | None = None
        self._mailbox: Mailbox[Any] | None = None
        self._worker: threading.Thread | None = None
        for row in self._table.values():
            self.declare_parameter(row.name, row.default, _descriptor(row))
        self.set_parameters(self._as_numbers(
            [self.get_parameter(name) for name in self._table]))
        self.add_pre_set_parameters_callback(self._as_numbers)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_over)

    # What subclasses write.

    def configure(self) -> None:
        """
        Make the core object and the publishers.

        Raise with a sentence where that is impossible.
        """

    def activate(self) -> None:
        """Subscribe and begin to work."""

    def deactivate(self) -> None:
        """Stop to work; destroy the subscriptions."""

    def cleanup(self) -> None:
        """Free what `configure` made."""

    def apply(self, options: Any) -> None:
        """Take over changed options; only dynamic ones differ."""

    def status(self, figures: Snapshot) -> tuple[Level, dict[str, Any]]:
        """Return level and sentence, and further rows for /diagnostics."""
        return (DiagnosticStatus.OK, 'Works.'), {}

    def inactive_status(self) -> Level:
        """Return level and sentence for /diagnostics while the node is not active."""
        if self._fault:
            return DiagnosticStatus.ERROR, self._fault
        return DiagnosticStatus.OK, 'Inactive.' if self._is_configured else 'Not configured.'

    # Parameters.

    @property
    def options(self) -> Any:
        """
        Return the node's options as its parameters are now.

        :raises OptionError: where a parameter given at the start has the wrong type or is out of
            range.
        """
        return self.OPTIONS.from_mapping({
            name: self.get_parameter(name).value for name in self._table})

    def _as_numbers(self, parameters: list[Parameter]) -> list[Parameter]:
        """Return the parameters, whole numbers turned into floats where the table says number."""
        return [
            Parameter(p.name, value=float(p.value))
            if type(p.value) is int and p.name in self._table and self._table[p.name].type is float
            else p for p in parameters]

    def _check_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        values = {p.name: p.value for p in parameters if p.name in self._table}
        try:
            for name, value in values.items():
                if value is None:
                    raise OptionError(f'{name} cannot be deleted')
                self._table[name].checked(value)
                if not self._table[name].dynamic and self._is_configured:
                    raise OptionError(
                        f'{name} cannot change while the node is configured: deactivate and clean '
                        'up the node first (ros2 lifecycle set)')
            if values and self._is_configured:
                current = {name: self.get_parameter(name).value for name in self._table}
                self.OPTIONS.from_mapping({**current, **values})
        except OptionError as error:
            return SetParametersResult(successful=False, reason=f'{error}.')
        return SetParametersResult(successful=True)

    def _take_over(self, parameters: list[Parameter]) -> None:
        if self._is_configured and any(p.name in self._table for p in parameters):
            options = self.options
            self.apply(options)
            if self._mailbox is not None:
                self._mailbox.max_delay_s = options.input.max_delay_s

    def _warn_of_unknown_parameters(self) -> None:
        # A file or command line that sets parameters for all nodes sets those of the others here
        # as well.
        known = {row.name for options in NODE_OPTIONS.values() for row in options.table()}
        for name in self._parameter_overrides:
            if name in known or name.split('.')[0] in ROS_PARAMETERS:
                continue
            self.get_logger().warning(
                f'There is no parameter {name!r}, it is ignored{hint(name, self._table)}')

    # Lifecycle.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make the core object and the publishers."""
        self._begin_diagnostics()
        self._warn_of_unknown_parameters()
        if not self._attempt('be configured', self.configure):
            fault = self._fault
            self._attempt('clean up', self.cleanup)
            self._fault = fault
            return TransitionCallbackReturn.FAILURE
        self._is_configured = True
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and begin to work."""
        result = super().on_activate(state)
        self.statistics = Statistics()
        self.is_active = True
        if not self._attempt('be activated', self.activate):
            fault = self._fault
            self._stop_work()
            super().on_deactivate(state)
            self._fault = fault
            return TransitionCallbackReturn.FAILURE
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop to work."""
        self._stop_work()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free what configuring made."""
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
        """Stop, free everything and destroy the node, whatever state it is in."""
        self._stop_work()
        self._release()
        self.destroy_node()

    def _LifecycleNodeMixin__change_state(self, transition_id: int) -> TransitionCallbackReturn:
        # Jazzy's rclpy lets a request for a transition that the state does not permit end the
        # whole process.
        try:
            change = LifecycleNodeMixin._LifecycleNodeMixin__change_state
            return change(self, transition_id)
        except rclpy_implementation.RCLError:
            self.get_logger().warning(
                f'Transition {transition_id} is not possible from the state '
                f'{self._state_machine.current_state[1]!r}, it is ignored.')
            return TransitionCallbackReturn.FAILURE

    def _attempt(self, what: str, action: Callable[[], None]) -> bool:
        self._fault = ''
        try:
            action()
        except (OptionError, ValueError, OSError, ImportError) as error:
            self._fault = f'{self.get_name()} cannot {what}: {error}'
            self.get_logger().error(self._fault)
            return False
        except Exception as error:  # Jazzy's rclpy would drop it without a word
            self._fault = f'{self.get_name()} cannot {what}: {error!r}'
            self.get_logger().error(f'{self._fault}\n{traceback.format_exc()}')
            return False
        return True

    def _stop_work(self) -> None:
        self.is_active = False
        self._attempt('end its work', self.deactivate)
        self.stop_worker()

    def _release(self) -> None:
        self._is_configured = False
        self._attempt('clean up', self.cleanup)

    def _begin_diagnostics(self) -> None:
        """Publish from now on, also where configuring fails or was undone."""
        if self._diagnostics_timer is not None:
            return
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # Diagnostics must come also where simulated time stands still.
        self._diagnostics_timer = self.create_timer(
            DIAGNOSTICS_PERIOD_S, self.publish_diagnostics,
            clock=Clock(clock_type=ClockType.STEADY_TIME))

    # Work.

    def start_worker(
        self, work: Callable[[Any], None], max_delay_s: float,
    ) -> Callable[[Any], None]:
        """
        Start the thread that works on messages, and return the callback that hands them over.

        :param work: called with one message after the other; what it raises is logged and counted.
        """
        mailbox: Mailbox[Any] = Mailbox(max_delay_s, self.statistics.count_dropped)
        self._mailbox = mailbox
        self._worker = threading.Thread(
            target=self._work, args=(mailbox, work), name=f'{self.get_name()} worker', daemon=True)
        self._worker.start()

        def receive(message: Any) -> None:
            self.statistics.count_in()
            mailbox.put(message)
        return receive

    def stop_worker(self) -> None:
        """Let the worker finish the message it is at, and end it."""
        if self._mailbox is not None:
            self._mailbox.close()
        if self._worker is not None:
            self._worker.join()
        self._mailbox = self._worker = None

    def _work(self, mailbox: Mailbox[Any], work: Callable[[Any], None]) -> None:
        while (message := mailbox.take()) is not None:
            try:
                work(message)
            except Exception as error:  # one bad message never ends a node
                self.statistics.count_failed()
                self.get_logger().error(
                    f'A message was skipped: {error}', throttle_duration_sec=THROTTLE_S)

    def age_s(self, stamp: Any) -> float:
        """Return the time since a stamp in seconds, by the node's clock; NaN before /clock."""
        now = self.get_clock().now()
        return (now - Time.from_msg(stamp)).nanoseconds / 1e9 if now.nanoseconds else math.nan

    # Diagnostics.

    def publish_diagnostics(self) -> None:
        """Publish what the node does at this moment; a timer does so once a second."""
        figures = self.statistics.snapshot()
        rows: dict[str, Any] = {}
        if self.is_active:
            (level, message), rows = self.status(figures)
            if not self.get_clock().now().nanoseconds:
                level, message = DiagnosticStatus.WARN, NO_TIME
        else:
            level, message = self.inactive_status()
        values = {
            **rows,
            'rate in (Hz)': f'{figures.rate_in:.1f}',
            'rate out (Hz)': f'{figures.rate_out:.1f}',
            'received': figures.received,
            'published': figures.published,
            'dropped': figures.dropped,
            'failed': figures.failed,
            'lost on the way': figures.lost,
            'age of the last input (s)': _number(figures.age_s, 2),
            'latency p50 (ms)': _number(figures.latency_p50_ms, 1),
            'latency p95 (ms)': _number(figures.latency_p95_ms, 1),
        }
        status = DiagnosticStatus(
            level=level, name=self.get_fully_qualified_name().lstrip('/'), message=message,
            hardware_id=str(rows.get('source', '')),
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()])
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)

    def input_status(self, figures: Snapshot, topic: str, remedy: str) -> Level:
        """
        Return the level that the age of the last input stands for.

        :return: the level, with a sentence that says what to do.
        """
        age = figures.age_s
        if math.isnan(age):
            return DiagnosticStatus.STALE, f'Nothing has come on {topic} yet: {remedy}'
        # What comes once in some seconds is not late after one.
        late_s = max(STALE_AFTER_S, 3 * figures.interval_s)
        if age > late_s:
            level = DiagnosticStatus.STALE if age > 5 * late_s else DiagnosticStatus.WARN
            return level, f'Nothing has come on {topic} for {age:.1f} s: {remedy}'
        if figures.loss_age_s < FAILURE_SHOWN_S:
            return (DiagnosticStatus.WARN, (
                f'{figures.lost} messages on {topic} were lost on their way: start who publishes '
                'it with FASTRTPS_DEFAULT_PROFILES_FILE set to config/fastdds.xml of fer_ros.'))
        if figures.failure_age_s < FAILURE_SHOWN_S:
            return (DiagnosticStatus.WARN,
                    (f'{figures.failed} messages on {topic} were faulty, the last one '
                     f'{figures.failure_age_s:.0f} s ago; the log says why.'))
        return DiagnosticStatus.OK, 'Works.'


def _number(value: float, digits: int) -> str:
    return '' if math.isnan(value) else f'{value:.{digits}f}'


def _descriptor(row: Option) -> ParameterDescriptor:
    unit = f' [{row.unit}]' if row.unit else ''
    return ParameterDescriptor(
        description=f'{row.description}{unit}', additional_constraints=row.range,
        # Types are checked by the table: it takes 30 for 30.0, and says in words what is wrong.
        dynamic_typing=True)


def end_with_parent() -> bool:
    """
    Let Linux send SIGINT to this process when the one that FER_ROS_PARENT names has died.

    :return: whether that one is gone already.
    """
    parent = os.environ.get('FER_ROS_PARENT', '')
    if not parent or sys.platform != 'linux':
        return False
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    return os.getppid() != int(parent)


def run_node(
    create: Callable[[], PipelineNode], args: list[str] | None = None,
    stop: threading.Event | None = None,
) -> int:
    """
    Spin a node until the process is interrupted or terminated, and end it cleanly.

    :param stop: is set by the handlers of SIGINT and SIGTERM; None: they are installed here.
    :return: the exit code, 0.
    """
    if stop is None:
        stop = stop_on_signals()
    # rclpy's own handlers would end the middleware before the node could say goodbye to it.
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    if end_with_parent():
        stop.set()
    node = create()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinning = SpinThread(executor, node.get_logger())
    try:
        while not stop.wait(POLL_S):
            pass
    finally:
        spinning.stop()
        node.close()
        rclpy.try_shutdown()
        # A second Ctrl-C, as launch sends one, must not kill what has ended well but for the
        # interpreter.
        ignore_signals()
    return 0


class SpinThread:
    """
    Spins an executor in a thread of its own.

    What a callback raises is logged and does not end it.
    """

    def __init__(self, executor: SingleThreadedExecutor, logger: Any) -> None:
        """Begin."""
        self._executor = executor
        self._logger = logger
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name='executor', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, then shut the executor down."""
        self._is_stopping = True
        # Jazzy's Executor.shutdown destroys what would wake a thread that is about to wait, which
        # then waits for ever; an empty task wakes it for certain.
        self._executor.create_task(lambda: None)
        self._thread.join()
        self._executor.shutdown()

    def _run(self) -> None:
        while not self._is_stopping:
            try:
                self._executor.spin_once()
            except ExternalShutdownException:
                return
            except Exception as error:
                self._logger.error(
                    f'A callback failed: {error!r}', throttle_duration_sec=THROTTLE_S)
