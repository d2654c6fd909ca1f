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

"""Starts the nodes, in this process or in one each, and drives their lifecycle."""

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

from fer_ros.nodes.base.lifecycle_node import PipelineNode
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.client import Client
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
import yaml

NODES: dict[str, type[PipelineNode]] = {
    'emotion_node': EmotionNode,
    'face_node': FaceNode,
    'overlay_node': OverlayNode,
    'camera_node': CameraNode,
}
"""In the order in which they are brought up: whoever listens comes before whoever speaks."""

BRING_UP_TIMEOUT_S = 40.0
"""Loading the networks on a slow and busy machine takes seconds."""

CHANGE_TIMEOUT_S = 5.0

POLL_S = 0.02

DISCOVERY_PERIOD_S = 0.5
DISCOVERY_LOOKS = 20
"""It takes some seconds until the nodes of other processes are known for sure."""

STOP_TIMEOUT_S = 15.0
RESPAWN_DELAY_S = 1.0

NEXT = {
    State.PRIMARY_STATE_UNCONFIGURED: (Transition.TRANSITION_CONFIGURE, 'configured'),
    State.PRIMARY_STATE_INACTIVE: (Transition.TRANSITION_ACTIVATE, 'activated'),
}
"""From each state, the transition on the way to being active."""


class BringUpError(RuntimeError):
    """A node did not start or could not be brought into a state; the text says which."""


def write_parameter_file(path: Path, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a ROS parameter file for nodes in any namespace; names with dots stay as they are."""
    sections = {
        f'/**/{node}': {'ros__parameters': dict(own)} for node, own in values.items() if own}
    path.write_text(yaml.safe_dump(sections, sort_keys=False), encoding='utf-8')


class Interrupted(BringUpError):
    """The user asked to end before all nodes were up."""


class BringUp(ABC):
    """
    The four nodes, from start to end.

    `spinner` is a node in their namespace that is spun by another thread.
    """

    def __init__(
        self, spinner: Node, arguments: Sequence[str], stop: threading.Event | None = None,
    ) -> None:
        """
        Prepare.

        :param arguments: ROS arguments for every node, beginning with `--ros-args`.
        :param stop: ends the bringing up.
        """
        self._interrupt = stop or threading.Event()
        self._spinner = spinner
        self._arguments = list(arguments)
        self._looks_left = 0
        self._next_look_s = 0.0

    def start(self) -> None:
        """
        Start the nodes and bring them up in order.

        :raises BringUpError: where that fails; what was started is stopped again.
        :raises Interrupted: where it was ended before.
        """
        try:
            for name in NODES:
                self._launch(name)
            for name in NODES:
                self._bring_up(name)
        except BringUpError:
            self._warn_of_namesakes()
            self.stop()
            raise
        self._looks_left = DISCOVERY_LOOKS

    @abstractmethod
    def stop(self, names: Iterable[str] = tuple(reversed(NODES))) -> None:
        """
        Stop nodes, by default all, those that speak first.

        What they were working on is finished.
        """

    def watch(self) -> None:
        """Bring nodes that died back up, warn of others; to be called now and then."""
        if self._looks_left and time.monotonic() > self._next_look_s:
            self._looks_left -= 1
            self._next_look_s = time.monotonic() + DISCOVERY_PERIOD_S
            self._warn_of_namesakes()

    @abstractmethod
    def process_ids(self) -> dict[str, int]:
        """Return the process of each node."""

    @abstractmethod
    def _launch(self, name: str) -> None:
        """Start a node."""

    @abstractmethod
    def _bring_up(self, name: str) -> None:
        """Configure and activate a node that was started."""

    def _check_alive(self, name: str) -> None:
        """Raise where the node cannot answer any more, or nobody wants to know."""
        if self._interrupt.is_set():
            raise Interrupted('Ended before all nodes were up.')

    def _warn_of_namesakes(self) -> None:
        namespace = self._spinner.get_namespace()
        count = Counter(
            name for name, space in self._spinner.get_node_names_and_namespaces()
            if space == namespace)
        double = [name for name in NODES if count[name] > 1]
        if double:
            self._looks_left = 0
            self._spinner.get_logger().warning(
                f'Other nodes named {", ".join(double)} run in the namespace {namespace}, and '
                'their images and emotions mix with those of these nodes: end the others, or give '
                '--namespace NAME or another ROS_DOMAIN_ID to one of the two.')


class OneProcess(BringUp):
    """All nodes in this process, spun by the executor that spins the spinner."""

    def __init__(
        self, spinner: Node, arguments: Sequence[str], executor: SingleThreadedExecutor,
        stop: threading.Event | None = None,
    ) -> None:
        """Prepare."""
        super().__init__(spinner, arguments, stop)
        self._executor = executor
        self._nodes: dict[str, PipelineNode] = {}

    def _launch(self, name: str) -> None:
        node = NODES[name](cli_args=self._arguments)
        self._nodes[name] = node
        self._executor.add_node(node)

    def _bring_up(self, name: str) -> None:
        # Not by the nodes' services: they could be those of another process' nodes.
        node = self._nodes[name]
        deadline = time.monotonic() + BRING_UP_TIMEOUT_S
        for trigger, (_, word) in zip(
                (node.trigger_configure, node.trigger_activate), NEXT.values(), strict=True):
            results: list[TransitionCallbackReturn] = []
            done = self._in_executor(
                lambda trigger=trigger, results=results: results.append(trigger()))
            while not done.wait(POLL_S):
                self._check_alive(name)
                if time.monotonic() > deadline:
                    raise BringUpError(
                        f'{name} was not {word} within {BRING_UP_TIMEOUT_S:g} s.')
            if results != [TransitionCallbackReturn.SUCCESS]:
                raise BringUpError(f'{name} could not be {word}; its message above says why.')
        self._check_alive(name)

    def _in_executor(self, action: Callable[[], None]) -> threading.Event:
        """Let the executor's thread do something; return what is set when it is done."""
        done = threading.Event()

        def run() -> None:
            try:
                action()
            finally:
                done.set()
        self._executor.create_task(run)
        return done

    def process_ids(self) -> dict[str, int]:
        """Return this process."""
        return {'all nodes': os.getpid()}

    def stop(self, names: Iterable[str] = tuple(reversed(NODES))) -> None:
        """Stop nodes, by default all."""
        for name in names:
            node = self._nodes.pop(name, None)
            if node is None:
                continue

            def close(node: PipelineNode = node) -> None:
                self._executor.remove_node(node)
                node.close()
            # In the executor's thread: it must not wait for what is being destroyed.
            self._in_executor(close).wait(STOP_TIMEOUT_S)


class OwnProcesses(BringUp):
    """
    Each node in a process of its own; one that dies is started again.

    The spinner's clients ask the nodes to change state.
    """

    def __init__(
        self, spinner: Node, arguments: Sequence[str], stop: threading.Event | None = None,
    ) -> None:
        """Prepare."""
        super().__init__(spinner, arguments, stop)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        # Made before the nodes are: the answer to one who has only just appeared is easily lost.
        self._clients: dict[tuple[str, str], Client] = {
            (name, service): spinner.create_client(kind, f'{name}/{service}')
            for name in NODES
            for service, kind in (('get_state', GetState), ('change_state', ChangeState))}

    def _launch(self, name: str) -> None:
        module = NODES[name].__module__
        # In sessions of their own, so that Ctrl-C reaches this process alone, which ends them in
        # order; they end by themselves where it is killed.
        self._processes[name] = subprocess.Popen(
            [sys.executable, '-m', module, *self._arguments], start_new_session=True,
            stdin=subprocess.DEVNULL, env={**os.environ, 'FER_ROS_PARENT': str(os.getpid())})

    def _bring_up(self, name: str) -> None:
        """Ask a node for its state and for the next one until it is active."""
        deadline = time.monotonic() + BRING_UP_TIMEOUT_S
        while (state := self._state(name, deadline)) in NEXT:
            transition, word = NEXT[state]
            request = ChangeState.Request(transition=Transition(id=transition))
            # Where its answer is lost all the same, its state tells what happened.
            response = self._ask(
                name, 'change_state', request, min(time.monotonic() + CHANGE_TIMEOUT_S, deadline))
            if response is not None and not response.success:
                raise BringUpError(f'{name} could not be {word}; its message above says why.')
        if state != State.PRIMARY_STATE_ACTIVE:
            raise BringUpError(f'{name} has ended.')

    def _state(self, name: str, deadline: float) -> int:
        while True:
            # A process that was killed leaves its services behind for 20 s; a question that only
            # they received is lost, so it is asked again.
            response = self._ask(
                name, 'get_state', GetState.Request(), min(time.monotonic() + 1.0, deadline))
            if response is not None:
                return int(response.current_state.id)
            if time.monotonic() > deadline:
                raise BringUpError(f'{name} did not answer within {BRING_UP_TIMEOUT_S:g} s.')

    def _ask(self, name: str, service: str, request: Any, deadline: float) -> Any:
        """Return the answer, or None where none came in time."""
        client = self._clients[name, service]
        while not client.service_is_ready():
            self._check_alive(name)
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_S)
        done = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        while not done.wait(POLL_S):
            self._check_alive(name)
            if time.monotonic() > deadline:
                client.remove_pending_request(future)
                return None
        return future.result()

    def _check_alive(self, name: str) -> None:
        super()._check_alive(name)
        code = self._processes[name].poll()
        if code is not None:
            raise BringUpError(f'{name} ended with exit code {code}.')

    def process_ids(self) -> dict[str, int]:
        """Return the process of each node."""
        return {name: process.pid for name, process in self._processes.items()}

    def watch(self) -> None:
        """Bring nodes that died back up, warn of others; to be called now and then."""
        super().watch()
        for name, process in self._processes.items():
            if process.poll() is None:
                continue
            self._spinner.get_logger().error(
                f'{name} died with exit code {process.returncode}; it is started again.')
            if self._interrupt.wait(RESPAWN_DELAY_S):
                return
            # The one that died stays in the graph for a time.
            self._looks_left = 0
            self._launch(name)
            try:
                self._bring_up(name)
            except Interrupted:
                return
            except BringUpError as error:
                self._spinner.get_logger().error(f'{error} It is tried again.')
                self._processes[name].kill()
                self._processes[name].wait()
            break

    def stop(self, names: Iterable[str] = tuple(reversed(NODES))) -> None:
        """Stop nodes, by default all."""
        for name in names:
            process = self._processes.pop(name, None)
            if process is None or process.poll() is not None:
                continue
            # One that is still importing ends at once by SIGTERM; by SIGINT it would do so with a
            # traceback.
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._spinner.get_logger().error(
                    f'{name} did not end within {STOP_TIMEOUT_S:g} s; it is killed.')
                process.kill()
                process.wait()
