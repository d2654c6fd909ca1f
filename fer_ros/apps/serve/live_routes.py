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
`WS /v1/live`: images of a camera in, faces out.

The client sends each image as one binary message: JPEG, PNG or WebP. The answer is a text message
with JSON, `PictureAnswer` without `model` and with `frame`: the number of the message that was
analysed, from 0. While an image is analysed, only the newest of the images that arrive is kept;
`skipped` counts those that were left out since the last answer. An image that cannot be read is
answered by problem details and its `frame`; the connection goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
import json
import logging
import time
from typing import Annotated
import uuid

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect
from fer_ros.apps.serve.pool import Worker
from fer_ros.apps.serve.problem import as_mapping, busy, Problem, response
from fer_ros.apps.serve.rate_limit import RateLimit
from fer_ros.apps.serve.service import Service, service_of
from fer_ros.apps.serve.worker import EndLive, LiveRequest

PROTOCOL = 'fer.live'

POLICY_VIOLATION, UNSUPPORTED_DATA, NORMAL = 1008, 1003, 1000
"""Codes of RFC 6455, section 7.4.1."""

RETRY_AFTER_S = 10

router = APIRouter()


class Newest:
    """Receives the images of a connection and keeps the newest, with its number and time."""

    def __init__(self, websocket: WebSocket, rate_hz: float, idle_s: float) -> None:
        """Take an accepted connection."""
        self._websocket = websocket
        self._rate = RateLimit(rate_hz)
        self._idle_s = idle_s
        self._arrived = asyncio.Event()
        self._image: tuple[int, float, bytes] | None = None
        self.received = 0
        self.is_open = True

    async def receive(self) -> None:
        """Receive until the connection ends; close it if the client breaks a rule."""
        begin_s: float | None = None
        try:
            while True:
                message = await asyncio.wait_for(self._websocket.receive(), self._idle_s)
                if message['type'] == 'websocket.disconnect':
                    return
                data = message.get('bytes')
                now_s = time.monotonic()
                begin_s = now_s if begin_s is None else begin_s
                if data is None:
                    await self._close(UNSUPPORTED_DATA, 'Send each image as one binary message.')
                    return
                if self._rate.wait_s():
                    await self._close(POLICY_VIOLATION, 'Too many images: wait for the answers.')
                    return
                self._image = self.received, now_s - begin_s, data
                self.received += 1
                self._arrived.set()
        except asyncio.TimeoutError:
            await self._close(NORMAL, 'No image came for a long time.')
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._end()

    async def _close(self, code: int, reason: str) -> None:
        # First, because an answer must not be sent any more while the client is told.
        self._end()
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._websocket.close(code, reason)

    def _end(self) -> None:
        self.is_open = False
        self._arrived.set()

    async def images(self) -> AsyncIterator[tuple[int, float, bytes]]:
        """Yield number, time in seconds and content of the newest image, each only once."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            if not self.is_open:
                return
            image, self._image = self._image, None
            if image is not None:
                yield image


@router.websocket('/v1/live')
async def live(websocket: WebSocket, service: Annotated[Service, Depends(service_of)]) -> None:
    """Serve one camera: its identities and its smoothing are its own."""
    if service.pool.live >= service.live_limit:
        await websocket.send_denial_response(response(busy(
            f'All {service.live_limit} live places are taken: try again later.', RETRY_AFTER_S)))
        return
    offered = websocket.scope.get('subprotocols', [])
    with service.pool.live_place() as worker:
        await websocket.accept(PROTOCOL if PROTOCOL in offered else None)
        newest = Newest(websocket, service.limits.live_rate_hz, service.limits.live_idle_s)
        receiver = asyncio.ensure_future(newest.receive())
        connection = uuid.uuid4().hex
        try:
            await _answer_all(websocket, newest, worker, service, connection)
        except (WebSocketDisconnect, RuntimeError):
            # The client has gone while an answer was sent.
            pass
        finally:
            if newest.is_open:
                receiver.cancel()
            else:
                # The client may still be told why the connection ends.
                await receiver
            await asyncio.shield(_forget(worker, connection))


async def _answer_all(
    websocket: WebSocket, newest: Newest, worker: Worker, service: Service, connection: str,
) -> None:
    answered = -1
    async for number, time_s, data in newest.images():
        skipped = number - answered - 1
        answered = number
        service.metrics.skipped.inc(skipped)
        try:
            answer = await worker.ask(LiveRequest(
                connection, data, number, time_s, service.limits.live_pixels))
        except Problem as problem:
            text = json.dumps({'frame': number, 'skipped': skipped, **as_mapping(problem)})
        else:
            service.metrics.count('live', answer.faces)
            text = f'{{"skipped": {skipped}, {answer.content.decode()[1:]}'
        if not newest.is_open:
            return
        await websocket.send_text(text)


async def _forget(worker: Worker, connection: str) -> None:
    try:
        await worker.ask(EndLive(connection))
    except (Problem, RuntimeError):
        # The process was replaced, or the service ends: nothing is left to forget.
        logging.getLogger(__name__).debug('A live connection was already forgotten.')
