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
Tells a watchdog beside this process that its nodes respond, or that one has hung.

The watchdog is a program of its own (`watchdog`), because a process that was stopped, or in which
native code holds Python's lock, cannot watch itself.
"""

from __future__ import annotations

from collections.abc import Sequence
import os
import signal
import subprocess
import sys

from fer_ros.core.options import OptionError
from fer_ros.nodes.base import watchdog
from fer_ros.nodes.base.lifecycle_node import PipelineNode
from rclpy.clock import Clock, ClockType

PERIOD_S = 1.0

LONG_WORK = 6
"""
A transition, and the work on one message, may take so many times `watchdog_s`.

A transition loads networks or opens a camera. A picture of 12 megapixels can take some seconds.
"""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Heartbeat:
    """
    Beats in the executor of the nodes, while all of them respond.

    A node has also hung if its worker does not finish a message. The time is counted in beats, so
    that a process that was stopped and goes on is not taken for one that works for long.
    """

    def __init__(self, nodes: Sequence[PipelineNode]) -> None:
        """Start the watchdog, unless `watchdog_s` of all nodes is 0."""
        self._nodes = nodes
        self._jobs = [(0, 0)] * len(nodes)
        self._process: subprocess.Popen[bytes] | None = None
        self._limit_s = min(filter(None, map(_limit_s, nodes)), default=0.0)
        if not self._limit_s:
            return
        name = ', '.join(node.get_fully_qualified_name() for node in nodes)
        # Ctrl-C reaches the watchdog too, which inherits that these signals are blocked. It ends
        # after this process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            process = subprocess.Popen(
                [sys.executable, '-I', '-S', watchdog.__file__, str(os.getpid()), name,
                 f'{self._limit_s:g}'], stdin=subprocess.PIPE, bufsize=0)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)
        self._process = process
        self.allow_long_work()
        for node in nodes:
            node.before_transition = self.allow_long_work
        nodes[0].create_timer(PERIOD_S, self._beat, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def allow_long_work(self) -> None:
        """Say that the next beat may come later than usual."""
        self._write(LONG_WORK * self._limit_s)

    def close(self) -> None:
        """End the watchdog."""
        if self._process is not None:
            # It may be stopped, and would then not notice the end of its input.
            self._process.kill()
            self._process.wait()
            self._process = None

    def _beat(self) -> None:
        hangs = False
        for k, node in enumerate(self._nodes):
            job = node.worker.job if node.worker is not None else 0
            last, beats = self._jobs[k]
            self._jobs[k] = job, beats + 1 if job and job == last else 0
            working_s = self._jobs[k][1] * PERIOD_S
            if working_s >= LONG_WORK * self._limit_s:
                hangs = True
                node.get_logger().fatal(
                    f'{node.get_name()} has worked on one message for {working_s:.0f} s.')
        self._write(0.0 if hangs else self._limit_s + PERIOD_S)

    def _write(self, seconds: float) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            # If the watchdog was stopped, the pipe may be full; the line is then left out.
            self._process.stdin.write(b'%.3f\n' % seconds)
        except OSError as error:
            self._nodes[0].get_logger().warning(
                f'The watchdog of this process has ended ({error.strerror}): if the node hangs, '
                'nobody will notice.')
            self._process = None


def _limit_s(node: PipelineNode) -> float:
    try:
        return float(node.options.watchdog_s)
    except OptionError:
        return 0.0  # configuring the node says what is wrong
