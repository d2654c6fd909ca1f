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

"""`/v1/robot`: a running ROS graph, where the service was started with --ros."""

from __future__ import annotations

import asyncio
from enum import Enum
from http import HTTPStatus
from typing import Annotated, TYPE_CHECKING

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect
from fer_ros.apps.serve.answers import NodeParameter, NodeState, NodeValue
from fer_ros.apps.serve.live_routes import PROTOCOL
from fer_ros.apps.serve.problem import documented, Problem, response
from fer_ros.apps.serve.service import Service, service_of

if TYPE_CHECKING:
    from fer_ros.apps.serve.robot import Listener, Robot

router = APIRouter(tags=['robot'])

ServiceOf = Annotated[Service, Depends(service_of)]


class NodeName(str, Enum):
    """The nodes of the pipeline."""

    CAMERA = 'camera_node'
    FACE = 'face_node'
    EMOTION = 'emotion_node'
    OVERLAY = 'overlay_node'


class TransitionName(str, Enum):
    """Transitions of a lifecycle node."""

    CONFIGURE = 'configure'
    ACTIVATE = 'activate'
    DEACTIVATE = 'deactivate'
    CLEANUP = 'cleanup'


def _robot(service: Service) -> Robot:
    if service.robot is None:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            'This service does not listen to ROS 2: start it with --ros where ROS 2 is sourced.')
    return service.robot


@router.get(
    '/v1/robot/nodes', summary='Tell the state of each node',
    responses=documented(401, 404, 429))
async def nodes(service: ServiceOf) -> list[NodeState]:
    """Return the lifecycle state and the newest report to `/diagnostics` of each node."""
    return [NodeState(**node) for node in await _robot(service).nodes()]


@router.post(
    '/v1/robot/nodes/{node}/transitions/{transition}', summary='Change the state of a node',
    status_code=HTTPStatus.NO_CONTENT,
    responses=documented(401, 404, 409, 422, 429, 503, 504))
async def change_state(node: NodeName, transition: TransitionName, service: ServiceOf) -> None:
    """Carry out a transition; a node with autostart then leaves its state to requests."""
    await _robot(service).change_state(node.value, transition.value)


@router.get(
    '/v1/robot/nodes/{node}/parameters', summary='List the parameters of a node',
    responses=documented(401, 404, 422, 429, 503, 504))
async def parameters(node: NodeName, service: ServiceOf) -> list[NodeParameter]:
    """Return each parameter with its range, its meaning and its present value."""
    return [NodeParameter(**row) for row in await _robot(service).parameters(node.value)]


@router.put(
    '/v1/robot/nodes/{node}/parameters/{parameter}', summary='Set a parameter of a node',
    status_code=HTTPStatus.NO_CONTENT,
    responses=documented(400, 401, 404, 409, 422, 429, 503, 504))
async def set_parameter(
    node: NodeName, parameter: str, body: NodeValue, service: ServiceOf,
) -> None:
    """Set it as `ros2 param set` does; it takes effect between two images."""
    await _robot(service).set_parameter(node.value, parameter, body.value)


@router.websocket('/v1/robot/stream')
async def stream(websocket: WebSocket, service: ServiceOf, overlay: bool = False) -> None:
    """
    Send `/emotions` as texts with JSON, and with `?overlay=true` the overlay as JPEG.

    A client that is too slow gets the newest of each.
    """
    try:
        robot = _robot(service)
    except Problem as problem:
        await websocket.send_denial_response(response(problem))
        return
    offered = websocket.scope.get('subprotocols', [])
    await websocket.accept(PROTOCOL if PROTOCOL in offered else None)
    listener = robot.listen(overlay)
    sender = asyncio.ensure_future(_send(websocket, listener))
    try:
        while (await websocket.receive())['type'] != 'websocket.disconnect':
            pass
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        sender.cancel()
        robot.forget(listener)


async def _send(websocket: WebSocket, listener: Listener) -> None:
    while True:
        await listener.arrived.wait()
        listener.arrived.clear()
        emotions, listener.emotions = listener.emotions, None
        overlay, listener.overlay = listener.overlay, None
        if emotions is not None:
            await websocket.send_text(emotions)
        if overlay is not None:
            await websocket.send_bytes(overlay)
