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

"""Processes that analyse images side by side; each serves one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
import logging
import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from fer_ros.apps.serve.limits import Limits
from fer_ros.apps.serve.problem import busy, Problem
from fer_ros.apps.serve.worker import Answer, Ready, Refusal, Request, work, WorkerSettings

START_TIMEOUT_S = 300.0
"""Some seconds suffice, except on a machine that is busy with other programs."""


class PoolError(Exception):
    """The workers cannot start; the text says why."""


class Worker:
    """
    A process, and the thread that speaks with it.

    A process that ends or does not answer is replaced.
    """

    def __init__(self, settings: WorkerSettings, timeout_s: float) -> None:
        """Prepare; `start` starts the process."""
        self._settings = settings
        self._timeout_s = timeout_s
        self._thread = ThreadPoolExecutor(1, 'worker')
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self.waiting = 0
        self.live = 0
        self.restarts = 0

    @property
    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._process is not None and self._process.is_alive()

    def start(self) -> Ready:
        """
        Start the process and wait until its networks are loaded.

        :raises PoolError: if they cannot be loaded.
        """
        return self._thread.submit(self._start).result()

    def _start(self) -> Ready:
        context = multiprocessing.get_context('spawn')
        self._pipe, other = context.Pipe()
        self._process = context.Process(
            target=work, args=(other, self._settings), name='fer serve worker', daemon=True)
        self._process.start()
        # Otherwise the end of the process would not be noticed here.
        other.close()
        try:
            ready = self._pipe.recv() if self._pipe.poll(START_TIMEOUT_S) else None
        except EOFError:
            ready = None
        if isinstance(ready, Ready):
            return ready
        self._kill()
        raise PoolError(
            ready.detail if isinstance(ready, Refusal) else
            'a worker process did not start: see the lines above, or free memory.')

    async def ask(self, request: Request) -> Answer:
        """
        Return the answer to a request, after the requests that came before.

        If the caller is cancelled, a request that still waits is not carried out.

        :raises Problem: if the request is refused, or the process died.
        """
        self.waiting += 1
        try:
            answer = await asyncio.wrap_future(self._thread.submit(self._exchange, request))
        finally:
            self.waiting -= 1
        if isinstance(answer, Refusal):
            raise Problem(answer.status, answer.detail)
        return answer

    def _exchange(self, request: Request) -> Answer | Refusal:
        """Send a request and wait for its answer; only the thread calls it."""
        try:
            if self._pipe is None:
                self._start()
            assert self._pipe is not None
            self._pipe.send(request)
            if self._pipe.poll(self._timeout_s):
                answer: Answer | Refusal = self._pipe.recv()
                return answer
            text = f'took more than {self._timeout_s:g} s'
        except (EOFError, OSError):
            text = 'ended the process that analysed it'
        except PoolError as error:
            return Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        logging.getLogger(__name__).warning('A worker is replaced: an image %s.', text)
        self._kill()
        self.restarts += 1
        return Refusal(
            HTTPStatus.INTERNAL_SERVER_ERROR, f'This image {text}: send another one.')

    def _kill(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def close(self) -> None:
        """End the process, after the image that it analyses."""
        self._thread.shutdown(cancel_futures=True)
        self._kill()


class Pool:
    """Gives each request to the worker that has least to do; live connections keep theirs."""

    def __init__(self, settings: WorkerSettings, workers: int, limits: Limits) -> None:
        """
        Start the processes.

        :raises PoolError: if the networks cannot be loaded.
        """
        self._limits = limits
        self.workers = [Worker(settings, limits.answer_s) for _ in range(workers)]
        try:
            with ThreadPoolExecutor(workers) as threads:
                ready = list(threads.map(Worker.start, self.workers))
        except BaseException:
            self.close()
            raise
        self.model = ready[0].model
        self.live_s = max(one.live_s for one in ready)
        """Seconds that a worker needs for an image of a camera, the slowest one's."""

    async def ask(self, request: Request) -> Answer:
        """
        Return the answer to a request that any worker may answer.

        :raises Problem: 503 if too many requests wait; else as `Worker.ask`.
        """
        worker = min(self.workers, key=lambda one: one.waiting + one.live)
        if worker.waiting >= self._limits.waiting_per_worker:
            worker = min(self.workers, key=lambda one: one.waiting)
            if worker.waiting >= self._limits.waiting_per_worker:
                raise busy('All processes have pictures waiting: try again in a second.')
        return await worker.ask(request)

    @contextmanager
    def live_place(self) -> Iterator[Worker]:
        """Yield a worker for all images of a live connection."""
        worker = min(self.workers, key=lambda one: one.live)
        worker.live += 1
        try:
            yield worker
        finally:
            worker.live -= 1

    @property
    def live(self) -> int:
        """Return the number of live connections."""
        return sum(worker.live for worker in self.workers)

    def close(self) -> None:
        """End all processes."""
        for worker in self.workers:
            worker.close()
