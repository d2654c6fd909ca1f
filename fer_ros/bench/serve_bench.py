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

"""`fer bench serve`: pictures per second and latency of the web service, beside the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, ExitStack
import http.client
import json
import os
from pathlib import Path
import statistics
import subprocess
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from fer_ros.bench.results import child_environment, circumstances, percentiles
from fer_ros.bench.serve_worker import pictures

ROUNDS = 3
SECONDS = 6.0
CLIENTS = (1, 4, 16)


def run(
    rounds: int = ROUNDS, seconds: float = SECONDS,
    report: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """
    Measure the service with several numbers of clients, and the pipeline alone, in turns.

    :param rounds: number of repetitions.
    :param seconds: measured time of each run.
    :param report: called with a description of the current step.
    :return: the figures for the JSON, the medians of the rounds.
    :raises RuntimeError: if a process fails.
    """
    about = circumstances()
    workers = len(os.sched_getaffinity(0))
    data = pictures()
    alone: list[dict[str, float]] = []
    single: list[dict[str, float]] = []
    served: dict[int, list[dict[str, float]]] = {count: [] for count in CLIENTS}
    report('starting the service')
    with _server(workers) as (address, process):
        for number in range(rounds):
            report(f'round {number + 1} of {rounds}: the pipeline alone')
            alone.append(_alone(workers, seconds))
            single.append(_alone(1, seconds))
            for count in CLIENTS:
                report(f'round {number + 1} of {rounds}: {count} clients')
                served[count].append(_clients(address, process, data, count, seconds))
    runs = {f'clients_{count}': {'clients': count, **_medians(found)}
            for count, found in served.items()}
    return {
        **about, 'rounds': rounds, 'seconds': seconds, 'workers': workers,
        'load_after': round(os.getloadavg()[0], 2), 'runs': runs,
        'alone': {'one_process': _medians(single), 'all_processes': _medians(alone)},
        # Ratios of neighbours in time, because other programs disturb both alike.
        'http_ms': statistics.median(
            served_one['p50_ms'] - one['decoding_ms'] - one['pipeline_ms']
            for served_one, one in zip(served[CLIENTS[0]], single, strict=True)),
        'throughput': statistics.median(
            many['images_per_s'] / every['images_per_s']
            for many, every in zip(served[CLIENTS[-1]], alone, strict=True))}


def _medians(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


@contextmanager
def _server(workers: int) -> Iterator[tuple[str, int]]:
    """Yield the address and the process ID of a service."""
    with subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.bench.serve_worker', 'serve', str(workers)],
            env=child_environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith('Open '):
                    yield urlsplit(line.split()[1]).netloc, process.pid
                    return
            raise RuntimeError('the service did not start: see the lines above')
        finally:
            process.terminate()


def _alone(workers: int, seconds: float) -> dict[str, float]:
    """Run a pipeline in each of as many processes as the service has, and add their rates."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen(
                [sys.executable, '-m', 'fer_ros.bench.serve_worker', 'alone', str(seconds)],
                env=child_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True))
            for _ in range(workers)]
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        answers = []
        for process in processes:
            assert process.stdin is not None
            process.stdin.write('go\n')
            process.stdin.flush()
        for process in processes:
            output = process.communicate()[0]
            if process.returncode:
                raise RuntimeError('the pipeline could not be measured: see the lines above')
            answers.append(json.loads(output))
    return {
        'images_per_s': sum(answer['images_per_s'] for answer in answers),
        'decoding_ms': statistics.median(answer['decoding_ms'] for answer in answers),
        'pipeline_ms': statistics.median(answer['pipeline_ms'] for answer in answers)}


def _clients(
    address: str, process: int, data: list[bytes], count: int, seconds: float,
) -> dict[str, float]:
    """Send pictures over connections that stay open, each the next one after its answer."""
    times_ms: list[float] = []
    faults: list[str] = []
    barrier = threading.Barrier(count + 1)
    is_over = threading.Event()

    def work(number: int) -> None:
        connection = http.client.HTTPConnection(address, timeout=60)
        barrier.wait()
        k = number
        while not is_over.is_set():
            begin_s = time.perf_counter()
            connection.request('POST', '/v1/pictures', data[k % len(data)])
            answer = connection.getresponse()
            answer.read()
            times_ms.append((time.perf_counter() - begin_s) * 1e3)
            if answer.status != 200:
                faults.append(f'{answer.status} {answer.reason}')
            k += 1
        connection.close()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    barrier.wait()
    begin_s, cpu_ms = time.perf_counter(), _cpu_ms(process)
    is_over.wait(seconds)
    answered, cpu_ms = len(times_ms), _cpu_ms(process) - cpu_ms
    took_s = time.perf_counter() - begin_s
    is_over.set()
    for thread in threads:
        thread.join()
    if faults or not answered:
        raise RuntimeError(f'the service refused pictures: {faults[:1]}')
    return {
        'images_per_s': answered / took_s, 'server_cpu_ms': cpu_ms / answered,
        **percentiles(times_ms)}


def _cpu_ms(process: int) -> float:
    """Return the CPU time of the process that speaks HTTP, without the workers."""
    user, system = Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()[11:13]
    return (int(user) + int(system)) * 1000 / os.sysconf('SC_CLK_TCK')
