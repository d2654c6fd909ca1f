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

"""Lets a node configure and activate itself; rclpy defines the states and transitions."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

FIRST_WAIT_S, MAX_WAIT_S = 0.5, 8.0
"""Time before the first retry; it doubles with each retry up to the maximum."""

SUBSCRIBER_POLL_S = 0.05

SUBSCRIBER_TIMEOUT_S = 10.0
"""After this time a node is activated even if nobody subscribes to its results."""


REMIND_AFTER_S = 5.0
"""A node without autostart that nobody has configured for this time says how to do it."""


class AutostartState(str, Enum):
    """What autostart is doing; the words are shown in the diagnostics."""

    OFF = 'off'
    STARTING = 'starting'
    NOT_CONFIGURED = 'could not be configured, retrying'
    WAITING = 'configured, waiting for a subscriber'
    NOT_ACTIVATED = 'could not be activated, retrying'
    DONE = 'done'
    TAKEN_OVER = 'ended by a transition from outside'


class Autostart:
    """
    Configures and activates a node, and retries with a growing wait if that fails.

    It ends when the node is active. It also ends after a successful transition from outside, for
    example by `ros2 lifecycle set`: then a person or another tool is in control. It does not begin
    again before the process is restarted.

    Subscribers start before publishers: a configured node is activated when `is_subscribed` says
    that somebody subscribes to its results, so that the first results are not lost.
    """

    def __init__(
        self, node: LifecycleNode, is_subscribed: Callable[[], bool],
        on_change: Callable[[], None],
    ) -> None:
        """
        Prepare, without doing anything.

        :param is_subscribed: whether anybody subscribes to the results of the configured node.
        :param on_change: called after the state of autostart has changed.
        """
        self.state = AutostartState.OFF
        self._node = node
        self._is_subscribed = is_subscribed
        self._on_change = on_change
        self._timer: Any = None
        self._reminder: Any = None
        self._is_acting = False
        self._is_configured = False
        self._wait_s = FIRST_WAIT_S
        self._subscriber_deadline_s = 0.0
        self._failures = 0
        self._logged: set[str] = set()

    @property
    def has_ended(self) -> bool:
        """Whether the node was brought up, or someone else took over."""
        return self.state in (AutostartState.DONE, AutostartState.TAKEN_OVER)

    def begin(self) -> None:
        """Act as soon as the node is spun."""
        self.state = AutostartState.STARTING
        # By a steady clock: simulated time may not advance yet.
        self._timer = self._node.create_timer(
            0.0, self._act, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def remind(self) -> None:
        """Log how the node is configured, once, if nobody does it soon."""
        self._reminder = self._node.create_timer(
            REMIND_AFTER_S, self._log_commands, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def is_repeated(self, reason: str) -> bool:
        """Return whether this reason of a failure was already logged in an earlier attempt."""
        if not self._is_acting:
            return False
        if reason in self._logged:
            return True
        self._logged.add(reason)
        return False

    def on_transition(self, result: TransitionCallbackReturn) -> None:
        """Take note of a transition; one that somebody else requested ends autostart."""
        self._end_reminder()
        is_success = result is TransitionCallbackReturn.SUCCESS
        if self._timer is None or self._is_acting or not is_success:
            return
        self._end(AutostartState.TAKEN_OVER)
        self._node.get_logger().info(
            'A transition was requested from outside: autostart has ended.')

    def _log_commands(self) -> None:
        self._end_reminder()
        name = self._node.get_fully_qualified_name()
        self._node.get_logger().info(
            f'{name} waits to be configured: `ros2 lifecycle set {name} configure` and then '
            f'`ros2 lifecycle set {name} activate`, or start it with `--ros-args -p '
            'autostart:=true`.')

    def _end_reminder(self) -> None:
        if self._reminder is not None:
            self._node.destroy_timer(self._reminder)
            self._reminder = None

    def _act(self) -> None:
        if not self._is_configured:
            if not self._succeeds(self._node.trigger_configure):
                self._retry(AutostartState.NOT_CONFIGURED)
                return
            self._is_configured = True
            self._subscriber_deadline_s = time.monotonic() + SUBSCRIBER_TIMEOUT_S
        if self._must_wait():
            self._change(AutostartState.WAITING)
            self._act_in(SUBSCRIBER_POLL_S)
        elif self._succeeds(self._node.trigger_activate):
            self._end(AutostartState.DONE)
        else:
            self._retry(AutostartState.NOT_ACTIVATED)

    def _must_wait(self) -> bool:
        if self._is_subscribed():
            return False
        if time.monotonic() < self._subscriber_deadline_s:
            return True
        if self._failures == 0:
            self._node.get_logger().info(
                f'Nobody subscribed within {SUBSCRIBER_TIMEOUT_S:g} s; the node is activated now.')
        return False

    def _succeeds(self, trigger: Callable[[], TransitionCallbackReturn]) -> bool:
        self._is_acting = True
        try:
            result = trigger()
        finally:
            self._is_acting = False
        if result is TransitionCallbackReturn.ERROR:
            self._is_configured = False  # on_error has cleaned the node up
        return result is TransitionCallbackReturn.SUCCESS

    def _retry(self, state: AutostartState) -> None:
        self._change(state)
        self._failures += 1
        if self._failures == 2:
            self._node.get_logger().info(
                f'The node {state.value}: the message above states the reason, which is logged '
                f'once. The longest wait between two attempts is {MAX_WAIT_S:g} s.')
        self._act_in(self._wait_s)
        self._wait_s = min(2 * self._wait_s, MAX_WAIT_S)

    def _act_in(self, wait_s: float) -> None:
        self._timer.timer_period_ns = round(wait_s * 1e9)
        self._timer.reset()

    def _end(self, state: AutostartState) -> None:
        self._node.destroy_timer(self._timer)
        self._timer = None
        self._change(state)

    def _change(self, state: AutostartState) -> None:
        if state is not self.state:
            self.state = state
            self._on_change()
