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
Runs the nodes once, as `fer live` does: `python -m fer_ros.bench.ros_worker REQUEST`.

The request is JSON. The answer is JSON, too: the last line of the standard output.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, ExitStack
from dataclasses import dataclass
import json
import os
from pathlib import Path
import sys
import tempfile
import threading
import time
from typing import Any

from fer_ros.apps.live.bring_up import (
    BringUp,
    NODES,
    OneProcess,
    OwnProcesses,
    write_parameter_file,
)
from fer_ros.apps.live.monitor import Moment, Monitor
from fer_ros.apps.startup import NODE_NAMES, profile_variables
from fer_ros.bench.jpeg_camera import JpegCameraNode
from fer_ros.bench.prepared_camera import PreparedCameraNode
from fer_ros.bench.results import percentiles
from fer_ros.nodes.base.executor import SpinThread
from fer_ros.nodes.base.log_folder import ensure_log_folder
from fer_ros.parameters.parameter_files import read_config
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.utilities import try_shutdown

ANSWERS_TIMEOUT_S = 3.0
CHANGE_TIMEOUT_S = 10.0
SETTLE_S = 1.0
"""Wait after the deactivation, so that the nodes have finished their last work."""


@dataclass(frozen=True)
class Request:
    """
    What to measure.

    :param is_jpeg: whether the camera publishes compressed images.
    :param sample: file that `prepared_camera.write_sample` wrote, or folder that
        `jpeg_camera.write_jpegs` wrote.
    :param rate_hz: image rate.
    :param warm_up_s: time before the measurement.
    :param seconds: duration of the measurement.
    :param inactive_s: duration of the measurement of deactivated nodes; 0 for none.
    :param started_s: start of this process on the monotonic clock.
    """

    is_one_process: bool
    is_jpeg: bool
    sample: str
    rate_hz: float
    warm_up_s: float
    seconds: float
    inactive_s: float
    started_s: float


class Latencies:
    """Records the latency of the emotions of each image; the monitor calls it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms: list[float] = []

    def __call__(self, moment: Moment) -> None:
        latency_ms = (time.time_ns() - moment.stamp_ns) / 1e6
        with self._lock:
            self._ms.append(latency_ms)

    def take(self) -> list[float]:
        """Return the latencies since the last call."""
        with self._lock:
            taken, self._ms = self._ms, []
        return taken


def measure(request: Request) -> dict[str, Any]:
    """
    Start the nodes and measure them.

    :return: `first_emotion_s` since the start of the process; `p50_ms`, `p95_ms` and `p99_ms` from
        stamp to emotions; `images` and `lost`; `cpu_percent_by_process` (of one core) and
        `rss_mib_by_process`, with their sums `cpu_percent` and `rss_mib`; and `inactive`, the CPU
        load of each process with inactive nodes.
    """
    latencies = Latencies()
    with _running(request, latencies) as (monitor, nodes):
        time.sleep(request.warm_up_s)
        latencies.take()
        before = monitor.figures()
        start, cpu = time.monotonic(), _cpu(nodes)
        time.sleep(request.seconds)
        span_s, cpu_after = time.monotonic() - start, _cpu(nodes)
        ms, rss = latencies.take(), _rss_mib(nodes)
        inactive = _inactive(monitor, nodes, request.inactive_s) if request.inactive_s else {}
        nodes.stop(['camera_node'])
        monitor.wait_for_answers(ANSWERS_TIMEOUT_S)
        after = monitor.figures()
    percent = {name: 100 * (cpu_after[name] - cpu[name]) / span_s for name in cpu}
    return {
        'first_emotion_s': after.first_emotion_s, **percentiles(ms), 'images': len(ms),
        'published_hz': len(ms) / span_s,
        'lost': after.published - after.answered, 'lost_in_warm_up': before.lost,
        'cpu_percent': sum(percent.values()), 'cpu_percent_by_process': percent,
        'rss_mib': sum(rss.values()), 'rss_mib_by_process': rss, 'inactive': inactive}


@contextmanager
def _running(request: Request, latencies: Latencies) -> Iterator[tuple[Monitor, BringUp]]:
    os.environ.update(profile_variables())
    values = read_config('live')
    values['camera_node'].update(source=request.sample, rate_hz=request.rate_hz)
    ensure_log_folder()
    rclpy.init()
    with ExitStack() as stack:
        stack.callback(try_shutdown)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='fer_bench_'))
        file = Path(folder) / 'parameters.yaml'
        write_parameter_file(file, values)
        executor = SingleThreadedExecutor()
        monitor = Monitor(latencies, started_s=request.started_s)
        executor.add_node(monitor)
        stack.callback(SpinThread(executor, monitor.get_logger()).stop)
        arguments = ['--ros-args', '--params-file', str(file)]
        camera = JpegCameraNode if request.is_jpeg else PreparedCameraNode
        classes = {**NODES, 'camera_node': camera}
        nodes: BringUp = (
            OneProcess(monitor, arguments, executor, nodes=classes) if request.is_one_process
            else OwnProcesses(monitor, arguments, nodes=classes))
        stack.callback(nodes.stop)
        nodes.start()
        yield monitor, nodes


def _inactive(spinner: Node, nodes: BringUp, seconds: float) -> dict[str, float]:
    """Deactivate the nodes, publishers first, and return the CPU load of each process in %."""
    for name in reversed(NODE_NAMES):
        _deactivate(spinner, name)
    time.sleep(SETTLE_S)
    start, before = time.monotonic(), _cpu(nodes)
    time.sleep(seconds)
    after, span_s = _cpu(nodes), time.monotonic() - start
    return {name: 100 * (after[name] - before[name]) / span_s for name in before}


def _deactivate(spinner: Node, name: str) -> None:
    client = spinner.create_client(ChangeState, f'{name}/change_state')
    try:
        done = threading.Event()
        if not client.wait_for_service(CHANGE_TIMEOUT_S):
            raise RuntimeError(f'{name} has no service change_state')
        future = client.call_async(ChangeState.Request(
            transition=Transition(id=Transition.TRANSITION_DEACTIVATE)))
        future.add_done_callback(lambda _: done.set())
        if not done.wait(CHANGE_TIMEOUT_S) or not future.result().success:
            raise RuntimeError(f'{name} could not be deactivated')
    finally:
        spinner.destroy_client(client)


def _cpu(nodes: BringUp) -> dict[str, float]:
    """Return the CPU time of each process in seconds."""
    tick_s = 1 / os.sysconf('SC_CLK_TCK')
    seconds = {}
    for name, process in nodes.process_ids().items():
        # The name of the command is in parentheses and can contain spaces.
        fields = Path(f'/proc/{process}/stat').read_text(encoding='ascii').rpartition(')')[2]
        user, system = fields.split()[11:13]
        seconds[name] = (int(user) + int(system)) * tick_s
    return seconds


def _rss_mib(nodes: BringUp) -> dict[str, float]:
    page_mib = os.sysconf('SC_PAGE_SIZE') / 2 ** 20
    return {
        name: int(Path(f'/proc/{process}/statm').read_text(encoding='ascii').split()[1]) * page_mib
        for name, process in nodes.process_ids().items()}


if __name__ == '__main__':
    print(json.dumps(measure(Request(**json.loads(sys.argv[1])))), flush=True)
