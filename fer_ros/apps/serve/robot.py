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

"""A node that listens to a running graph and calls the services of its nodes, for the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
import json
from pathlib import Path
import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from fer_msgs.msg import EmotionArray
from fer_ros.apps.analyze.results_file import face_row
from fer_ros.apps.serve.problem import Problem
from fer_ros.apps.startup import NODE_NAMES
from fer_ros.core.options import Option, OptionError
from fer_ros.core.values import NS_PER_S
from fer_ros.nodes.base.executor import SpinThread
from fer_ros.nodes.face_conversion import from_emotion_message, stamp_ns
from fer_ros.nodes.qos import IMAGES, RESULTS
from fer_ros.parameters.node_options import NODE_OPTIONS
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import GetParameters, SetParameters
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.signals import SignalHandlerOptions
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage

TRANSITIONS = {
    'configure': Transition.TRANSITION_CONFIGURE, 'activate': Transition.TRANSITION_ACTIVATE,
    'deactivate': Transition.TRANSITION_DEACTIVATE, 'cleanup': Transition.TRANSITION_CLEANUP}

LEVELS = ('ok', 'warning', 'error', 'stale')
"""Names of the levels of `diagnostic_msgs/DiagnosticStatus`, by value."""

ANSWER_S = 5.0
TRANSITION_S = 60.0
"""A node loads its networks when it is configured."""

REPORT_S = 5.0
"""Nodes report once a second; an older report says nothing."""


@dataclass
class Listener:
    """The newest emotions and overlay for a connection; older ones that nobody took are lost."""

    loop: asyncio.AbstractEventLoop
    has_overlay: bool
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    emotions: str | None = None
    overlay: bytes | None = None

    def put(self, **newest: str | bytes) -> None:
        """Take a message; called in the executor's thread."""
        def take() -> None:
            for name, value in newest.items():
                setattr(self, name, value)
            self.arrived.set()
        # The loop may have ended with the service.
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(take)


class Robot:
    """A node in a context of its own; its methods are called from the server's event loop."""

    def __init__(self, namespace: str = '') -> None:
        """Start listening."""
        self._context = Context()
        rclpy.init(
            args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node(
            'fer_serve', namespace=namespace or None, context=self._context)
        self._prefix = f'{self._node.get_namespace()}/'.lstrip('/')
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._reports: dict[str, tuple[float, dict[str, Any]]] = {}
        self._listeners: list[Listener] = []
        self._clients: dict[tuple[Any, str], Any] = {}
        self._overlay: Any = None
        self._node.create_subscription(EmotionArray, 'emotions', self._take_emotions, RESULTS)
        self._node.create_subscription(
            DiagnosticArray, '/diagnostics', self._take_diagnostics, 10)
        for name in NODE_NAMES:
            for kind, service in (
                    (GetState, 'get_state'), (ChangeState, 'change_state'),
                    (GetParameters, 'get_parameters'), (SetParameters, 'set_parameters')):
                self._clients[kind, name] = self._node.create_client(kind, f'{name}/{service}')
        self._spinning = SpinThread(self._executor, self._node.get_logger())

    def close(self) -> None:
        """Leave the graph."""
        self._spinning.stop()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def _take_emotions(self, message: EmotionArray) -> None:
        if not self._listeners:
            return
        stamp_s = stamp_ns(message.header.stamp) / NS_PER_S
        age = self._node.get_clock().now() - Time.from_msg(message.header.stamp)
        text = json.dumps({
            'model': message.model, 'latency_ms': round(age.nanoseconds / 1e6, 1),
            'faces': [
                face_row(Path('robot'), 0, stamp_s, from_emotion_message(face))
                for face in message.emotions]}, allow_nan=False)
        for listener in list(self._listeners):
            listener.put(emotions=text)

    def _take_overlay(self, message: CompressedImage) -> None:
        for listener in list(self._listeners):
            if listener.has_overlay:
                listener.put(overlay=bytes(message.data))

    def _take_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            name = status.name[len(self._prefix):]
            if status.name == self._prefix + name and name in NODE_NAMES:
                level = int.from_bytes(status.level, 'little')
                self._reports[name] = (time.monotonic(), {
                    'level': LEVELS[min(level, len(LEVELS) - 1)], 'message': status.message,
                    'values': {pair.key: pair.value for pair in status.values}})

    def listen(self, has_overlay: bool) -> Listener:
        """
        Return a listener that receives until it is given to `forget`.

        :param has_overlay: whether it also receives the annotated images as JPEG.
        """
        listener = Listener(asyncio.get_running_loop(), has_overlay)
        self._listeners.append(listener)
        self._do(self._follow_overlay)
        return listener

    def forget(self, listener: Listener) -> None:
        """Stop sending to a listener."""
        self._listeners.remove(listener)
        self._do(self._follow_overlay)

    def _follow_overlay(self) -> None:
        """Subscribe to the overlay while somebody looks: overlay_node works only then."""
        is_wanted = any(listener.has_overlay for listener in self._listeners)
        if is_wanted and self._overlay is None:
            self._overlay = self._node.create_subscription(
                CompressedImage, 'emotions/overlay/compressed', self._take_overlay, IMAGES)
        elif not is_wanted and self._overlay is not None:
            self._node.destroy_subscription(self._overlay)
            self._overlay = None

    def _do(self, work: Callable[[], None]) -> None:
        """Call a function in the executor's thread, which alone may change subscriptions."""
        done = threading.Event()

        def call() -> None:
            work()
            done.set()
        self._executor.create_task(call)
        done.wait(ANSWER_S)

    async def nodes(self) -> list[dict[str, Any]]:
        """Return state and report of each node, in the order of an image's way."""
        states = await asyncio.gather(*(self._state(name) for name in NODE_NAMES))
        begin_s = time.monotonic() - REPORT_S
        found = []
        for name, state in zip(NODE_NAMES, states, strict=True):
            reported_s, report = self._reports.get(name, (0.0, {}))
            if reported_s < begin_s:
                report = {'level': 'stale', 'message': '', 'values': {}}
            found.append({'name': name, 'state': state, **report})
        order = ('camera_node', 'face_node', 'emotion_node', 'overlay_node')
        return sorted(found, key=lambda node: order.index(node['name']))

    async def _state(self, name: str) -> str:
        if not self._clients[GetState, name].service_is_ready():
            return 'absent'
        try:
            answer = await self._call(GetState, name, GetState.Request())
        except Problem:
            return 'silent'
        return str(answer.current_state.label)

    async def change_state(self, name: str, transition: str) -> None:
        """
        Carry out a transition.

        :param transition: a key of `TRANSITIONS`.
        :raises Problem: if the node does not answer or refuses.
        """
        request = ChangeState.Request(transition=Transition(id=TRANSITIONS[transition]))
        answer = await self._call(ChangeState, name, request, TRANSITION_S)
        if not answer.success:
            report = self._reports.get(name, (0.0, {'message': ''}))[1]
            raise Problem(
                HTTPStatus.CONFLICT,
                f'{name} did not {transition}: {report["message"] or "see its log"}')

    async def parameters(self, name: str) -> list[dict[str, Any]]:
        """
        Return the rows of the options table of a node, each with its present value.

        :raises Problem: if the node does not answer.
        """
        table = NODE_OPTIONS[name].table()
        answer = await self._call(
            GetParameters, name, GetParameters.Request(names=[row.name for row in table]))
        return [
            {**_row(row), 'value': parameter_value_to_python(value)}
            for row, value in zip(table, answer.values, strict=True)]

    async def set_parameter(self, name: str, parameter: str, value: Any) -> None:
        """
        Set a parameter.

        :raises Problem: 404 if there is none of this name, 422 if the value is wrong, 409 if the
            node refuses.
        """
        row = {row.name: row for row in NODE_OPTIONS[name].table()}.get(parameter)
        if row is None:
            raise Problem(HTTPStatus.NOT_FOUND, f'{name} has no parameter {parameter}.')
        try:
            checked = row.checked(value)
        except OptionError as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f'{error}.') from error
        answer = await self._call(SetParameters, name, SetParameters.Request(
            parameters=[Parameter(parameter, value=checked).to_parameter_msg()]))
        (result,) = answer.results
        if not result.successful:
            raise Problem(HTTPStatus.CONFLICT, f'{name} refused: {result.reason}')

    async def _call(
        self, kind: Any, name: str, request: Any, timeout_s: float = ANSWER_S,
    ) -> Any:
        """
        Call a service of a node.

        :raises Problem: 503 if there is no such node, 504 if it does not answer.
        """
        client = self._clients[kind, name]
        if not client.service_is_ready():
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f'{name} does not run: start it with ros2 launch fer_ros live.launch.py.')
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(done.set))
        try:
            await asyncio.wait_for(done.wait(), timeout_s)
        except asyncio.TimeoutError:
            client.remove_pending_request(future)
            raise Problem(
                HTTPStatus.GATEWAY_TIMEOUT, f'{name} does not answer: it is busy or hangs.',
            ) from None
        return future.result()


def _row(row: Option) -> dict[str, Any]:
    return {
        'name': row.name, 'type': row.type.__name__, 'description': row.description,
        'unit': row.unit, 'minimum': row.minimum, 'maximum': row.maximum,
        'choices': list(row.choices), 'is_dynamic': row.dynamic}
