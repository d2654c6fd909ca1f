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

"""Reads the body of a request within limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from http import HTTPStatus
import time
from typing import TypeVar

from fer_ros.apps.serve.problem import Problem
from starlette.requests import ClientDisconnect, Request

Result = TypeVar('Result')


async def chunks(
    request: Request, max_bytes: int, *, stall_s: float, total_s: float = float('inf'),
) -> AsyncIterator[bytes]:
    """
    Yield the body in parts.

    :param stall_s: longest time between two parts.
    :param total_s: longest time for the whole.
    :raises Problem: 400 if it ends early, 408 if it takes too long, 413 if it is too large.
    """
    stated = request.headers.get('content-length', '')
    if stated.isdigit() and int(stated) > max_bytes:
        raise _too_large(max_bytes)
    end_s = time.monotonic() + total_s
    received = 0
    stream = request.stream()
    while True:
        try:
            part = await asyncio.wait_for(
                anext(stream), min(stall_s, max(end_s - time.monotonic(), 0.001)))
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            raise Problem(
                HTTPStatus.REQUEST_TIMEOUT,
                'The upload took too long: send it without a pause.',
                {'Connection': 'close'}) from None
        except ClientDisconnect as error:
            raise Problem(
                HTTPStatus.BAD_REQUEST, 'The connection ended in the middle of the upload.',
            ) from error
        received += len(part)
        if received > max_bytes:
            raise _too_large(max_bytes)
        yield part


async def body(request: Request, max_bytes: int, total_s: float) -> bytes:
    """
    Return the whole body.

    :raises Problem: as `chunks`, and 400 if it is empty.
    """
    data = b''.join([
        part async for part in chunks(request, max_bytes, stall_s=total_s, total_s=total_s)])
    if not data:
        raise Problem(
            HTTPStatus.BAD_REQUEST, 'The body is empty: send the content of the file as body.')
    return data


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f'The body is larger than {max_bytes / 2**20:g} MiB: make it smaller.',
        {'Connection': 'close'})


async def while_connected(request: Request, work: Awaitable[Result]) -> Result:
    """
    Return the result of the work, or cancel it when the client goes away.

    :raises Problem: 400 if the client has gone, which nobody reads.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Problem(HTTPStatus.BAD_REQUEST, 'The client has closed the connection.')
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())['type'] != 'http.disconnect':
        pass
