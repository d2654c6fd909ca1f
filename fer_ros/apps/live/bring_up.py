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
Starts the nodes, in this process or in one process each, and waits until they are active.

The nodes change their lifecycle states by themselves (parameter `autostart`); this module only
watches them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
import os
from pathlib import Path
import subprocess
import sys
import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from fer_ros.apps.startup import NODE_NAMES, RESPAWN_DELAY_S
from fer_ros.core.yaml_values import dump_yaml
from fer_ros.nodes.base.autostart import AutostartState
from fer_ros.nodes.base.diagnostics import AUTOSTART_KEY, DIAGNOSTICS_QOS, PROCESS_KEY
from fer_ros.nodes.base.lifecycle_node import PipelineNode
from fer_ros.nodes.base.parent import PARENT_VARIABLE
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

NodeClasses = Mapping[str, Callable[..., PipelineNode]]

NODES: NodeClasses = {
    'emotion_node': EmotionNode,
    'face_node': FaceNode,
    'overlay_node': OverlayNode,
    'camera_node': CameraNode,
}
"""The class of each node."""

BRING_UP_TIMEOUT_S = 40.0
"""Loading the networks takes seconds on a slow and busy machine."""

POLL_S = 0.02

DISCOVERY_PERIOD_S = 0.5
DISCOVERY_CHECKS = 20
"""It takes some seconds until the nodes of other processes are discovered."""

STOP_TIMEOUT_S = 15.0

UP = (AutostartState.DONE.value, AutostartState.TAKEN_OVER.value)

FAILED = {
    AutostartState.NOT_CONFIGURED.value: 'configured',
    AutostartState.NOT_ACTIVATED.value: 'activated',
}
"""States of autostart after a failure, and the step that failed."""


class BringUpError(RuntimeError):
    """A node did not start or did not become active; the text says which."""


class Interrupted(BringUpError):
    """The user asked to end before all nodes were active."""


def write_parameter_file(path: Path, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a ROS parameter file for nodes in any namespace; dots in names stay unchanged."""
    sections = {
        f'/**/{node}': {'ros__parameters': dict(own)} for node, own in values.items() if own}
    path.write_text(dump_yaml(sections), encoding='utf-8')


class BringUp(ABC):
    """
    The four nodes, from start to end.

    `spinner` is a node in the same namespace that another thread spins.
    """

    def __init__(
        self, spinner: Node, arguments: Sequence[str], stop: threading.Event | None = None,
        nodes: NodeClasses = NODES,
    ) -> None:
        """
        Prepare, without starting anything.

        :param arguments: ROS arguments for every node, beginning with `--ros-args`.
        :param stop: interrupts the start when it is set.
        :param nodes: the class of each node; `python -m` with its module runs it alone.
        """
        self._classes = nodes
        self._interrupt = stop or threading.Event()
        self._spinner = spinner
        self._arguments = list(arguments)
        self._checks_left = 0
        self._next_check_s = 0.0

    def start(self) -> None:
        """
        Start the nodes and wait until all are active.

        :raises BringUpError: if one fails; all nodes are stopped then.
        :raises Interrupted: if the user interrupted it; all nodes are stopped then.
        """
        try:
            self._start_all()
        except BringUpError:
            self._warn_of_namesakes()
            self.stop()
            raise
        self._checks_left = DISCOVERY_CHECKS

    @abstractmethod
    def stop(self, names: Iterable[str] = tuple(reversed(NODE_NAMES))) -> None:
        """
        Stop nodes, by default all of them, publishers first.

        Each finishes the message that it is processing.
        """

    def watch(self) -> None:
        """Start nodes again that ended, and warn of other nodes; call it regularly."""
        if self._checks_left and time.monotonic() > self._next_check_s:
            self._checks_left -= 1
            self._next_check_s = time.monotonic() + DISCOVERY_PERIOD_S
            self._warn_of_namesakes()

    @abstractmethod
    def process_ids(self) -> dict[str, int]:
        """Return the process of each node."""

    @abstractmethod
    def _start_all(self) -> None:
        """Start the nodes and wait until they are active."""

    @abstractmethod
    def _autostart_states(self) -> dict[str, str]:
        """Return the state of autostart of each node that is known."""

    def _wait_until_active(self, name: str) -> None:
        deadline = time.monotonic() + BRING_UP_TIMEOUT_S
        while True:
            self._check_alive(name)
            states = self._autostart_states()
            for failed in (node for node, state in states.items() if state in FAILED):
                raise BringUpError(
                    f'{failed} could not be {FAILED[states[failed]]}; its message above says why.')
            if states.get(name) in UP:
                return
            if time.monotonic() > deadline:
                raise BringUpError(f'{name} was not active within {BRING_UP_TIMEOUT_S:g} s.')
            self._interrupt.wait(POLL_S)

    def _check_alive(self, name: str) -> None:
        """Raise an exception if the node has ended, or if the user wants to end."""
        if self._interrupt.is_set():
            raise Interrupted('Ended before all nodes were active.')

    def _warn_of_namesakes(self) -> None:
        namespace = self._spinner.get_namespace()
        count = Counter(
            name for name, space in self._spinner.get_node_names_and_namespaces()
            if space == namespace)
        double = [name for name in NODE_NAMES if count[name] > 1]
        if double:
            self._checks_left = 0
            self._spinner.get_logger().warning(
                f'Other nodes named {", ".join(double)} run in the namespace {namespace}. Their '
                'images and emotions mix with those of this run: end the other nodes, or start '
                'one of the two runs with --namespace NAME or another ROS_DOMAIN_ID.')


class OneProcess(BringUp):
    """All nodes in this process, in the executor that spins the spinner."""

    def __init__(
        self, spinner: Node, arguments: Sequence[str], executor: SingleThreadedExecutor,
        stop: threading.Event | None = None, nodes: NodeClasses = NODES,
    ) -> None:
        """Prepare, without starting anything."""
        super().__init__(spinner, arguments, stop, nodes)
        self._executor = executor
        self._nodes: dict[str, PipelineNode] = {}

    def _start_all(self) -> None:
        # One after the other: each subscriber is active before its publisher exists.
        for name in NODE_NAMES:
            self._check_alive(name)
            node = self._classes[name](
                cli_args=self._arguments,
                parameter_overrides=[Parameter('autostart', value=True)])
            self._nodes[name] = node
            self._executor.add_node(node)
            self._wait_until_active(name)

    def _autostart_states(self) -> dict[str, str]:
        return {name: node.autostart.state.value for name, node in self._nodes.items()}

    def process_ids(self) -> dict[str, int]:
        """Return this process."""
        return {'all nodes': os.getpid()}

    def stop(self, names: Iterable[str] = tuple(reversed(NODE_NAMES))) -> None:
        """Stop nodes, by default all of them."""
        for name in names:
            node = self._nodes.pop(name, None)
            if node is None:
                continue

            def close(node: PipelineNode = node) -> None:
                self._executor.remove_node(node)
                node.close()
            # In the executor's thread, which must not wait for entities that are being destroyed.
            self._in_executor(close).wait(STOP_TIMEOUT_S)

    def _in_executor(self, action: Callable[[], None]) -> threading.Event:
        """Call a function in the executor's thread; return an event that is set after it."""
        done = threading.Event()

        def run() -> None:
            try:
                action()
            finally:
                done.set()
        self._executor.create_task(run)
        return done


class OwnProcesses(BringUp):
    """
    Each node in a process of its own; a process that ends is started again.

    Each node reports on /diagnostics how its autostart proceeds. The report contains the ID of its
    process, so that nodes of the same name in other processes are not mistaken for it.
    """

    def __init__(
        self, spinner: Node, arguments: Sequence[str], stop: threading.Event | None = None,
        nodes: NodeClasses = NODES,
    ) -> None:
        """Prepare, without starting anything."""
        super().__init__(spinner, arguments, stop, nodes)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._respawn_times_s: dict[str, float] = {}
        self._reported: dict[int, str] = {}
        spinner.create_subscription(
            DiagnosticArray, '/diagnostics', self._receive, DIAGNOSTICS_QOS)

    def _start_all(self) -> None:
        for name in NODE_NAMES:
            self._launch(name)
        for name in NODE_NAMES:
            self._wait_until_active(name)

    def _launch(self, name: str) -> None:
        # In sessions of their own: Ctrl-C reaches only this process, which ends the others in
        # order. If this process is killed, they end by themselves.
        self._processes[name] = subprocess.Popen(
            [sys.executable, '-m', self._classes[name].__module__, *self._arguments,
             '-p', 'autostart:=true'], start_new_session=True,
            stdin=subprocess.DEVNULL, env={**os.environ, PARENT_VARIABLE: str(os.getpid())})

    def _receive(self, message: DiagnosticArray) -> None:
        for status in message.status:
            rows = {row.key: row.value for row in status.values}
            if rows.get(PROCESS_KEY, '').isdecimal():
                self._reported[int(rows[PROCESS_KEY])] = rows.get(AUTOSTART_KEY, '')

    def _autostart_states(self) -> dict[str, str]:
        return {
            name: self._reported[process.pid] for name, process in self._processes.items()
            if process.pid in self._reported}

    def _check_alive(self, name: str) -> None:
        super()._check_alive(name)
        code = self._processes[name].poll()
        if code is not None:
            raise BringUpError(f'{name} ended with exit code {code}.')

    def process_ids(self) -> dict[str, int]:
        """Return the process of each node."""
        return {name: process.pid for name, process in self._processes.items()}

    def watch(self) -> None:
        """Start nodes again that ended, and warn of other nodes; call it regularly."""
        super().watch()
        now = time.monotonic()
        for name, process in list(self._processes.items()):
            if process.poll() is None:
                continue
            if name not in self._respawn_times_s:
                self._spinner.get_logger().error(
                    f'{name} died with exit code {process.returncode}; it is started again.')
                self._respawn_times_s[name] = now + RESPAWN_DELAY_S
                # The node that died stays in the graph for some time.
                self._checks_left = 0
            elif now >= self._respawn_times_s[name]:
                del self._respawn_times_s[name]
                self._launch(name)

    def stop(self, names: Iterable[str] = tuple(reversed(NODE_NAMES))) -> None:
        """Stop nodes, by default all of them."""
        for name in names:
            process = self._processes.pop(name, None)
            if process is None or process.poll() is not None:
                continue
            # SIGTERM ends a process at once that is still importing; SIGINT would end it with a
            # traceback.
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._spinner.get_logger().error(
                    f'{name} did not end within {STOP_TIMEOUT_S:g} s; it is killed.')
                process.kill()
                process.wait()
