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

"""`fer bench ros`: latency of the nodes from the stamp of an image to its emotions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
import json
from pathlib import Path
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from fer_ros.bench.results import child_environment, circumstances
from fer_ros.bench.ros_domain import free_domain, RosError

RATES_HZ = (30, 60)
ROUNDS = 2
WARM_UP_S = 2.0
SECONDS = 8.0
INACTIVE_S = 5.0
"""With these values, all runs take about three minutes."""

RUN_TIMEOUT_S = 120.0

MODES = {
    'one_process': 'one process', 'four_processes': 'four processes',
    'four_processes_jpeg': 'four processes, JPEG',
}


def run(
    rates_hz: Sequence[float] = RATES_HZ, rounds: int = ROUNDS, seconds: float = SECONDS,
    report: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """
    Run the nodes in one process and in four, with raw and JPEG images, on the sample clip.

    :param rates_hz: image rates.
    :param rounds: number of repetitions.
    :param seconds: measured time of each run.
    :param report: called with a description of the current step.
    :return: the figures for the JSON.
    :raises RosError: if ROS is missing or a run fails.
    """
    if find_spec('rclpy') is None:
        raise RosError(
            'ROS cannot be imported (rclpy): run it in the environment of `make setup`, or source '
            "ROS 2's setup file.")
    # Not at the top: it imports rclpy.
    from fer_ros.bench.jpeg_camera import write_jpegs
    from fer_ros.bench.prepared_camera import write_sample
    about = circumstances()
    rows: dict[str, list[dict[str, Any]]] = {
        _name(mode, rate_hz): [] for rate_hz in rates_hz for mode in MODES}
    with tempfile.TemporaryDirectory(prefix='fer_bench_') as folder:
        report('drawing the sample')
        samples = dict.fromkeys(MODES, Path(folder) / 'sample.raw')
        samples['four_processes_jpeg'] = Path(folder) / 'jpeg'
        write_sample(samples['four_processes'])
        write_jpegs(samples['four_processes_jpeg'])
        for round_ in range(rounds):
            for rate_hz in rates_hz:
                for mode, words in MODES.items():
                    report(f'round {round_ + 1} of {rounds}: {words}, {rate_hz:g} images/s')
                    # The load of inactive nodes is measured only once.
                    is_last = mode == 'four_processes' and not round_ and rate_hz == rates_hz[0]
                    rows[_name(mode, rate_hz)].append(_once(
                        mode, samples[mode], rate_hz, seconds, INACTIVE_S if is_last else 0.0))
    inactive = next(row['inactive'] for found in rows.values() for row in found if row['inactive'])
    return {
        **about, 'rounds': rounds, 'seconds': seconds,
        'runs': {
            _name(mode, rate_hz): {
                'processes': words, 'rate_hz': rate_hz, **summary(rows[_name(mode, rate_hz)])}
            for rate_hz in rates_hz for mode, words in MODES.items()},
        'inactive': {
            'cpu_percent': inactive, 'highest_cpu_percent': max(inactive.values())}}


def _name(mode: str, rate_hz: float) -> str:
    return f'{mode}_{rate_hz:g}'


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the medians of the runs; images and lost images are summed."""
    result: dict[str, Any] = {
        key: statistics.median(row[key] for row in rows)
        for key in ('p50_ms', 'p95_ms', 'p99_ms', 'published_hz', 'cpu_percent', 'rss_mib')}
    first = [row['first_emotion_s'] for row in rows if row['first_emotion_s'] is not None]
    result['first_emotion_s'] = statistics.median(first) if first else None
    for key in ('images', 'lost'):
        result[key] = sum(row[key] for row in rows)
    for key in ('cpu_percent_by_process', 'rss_mib_by_process'):
        result[key] = {
            name: statistics.median(row[key][name] for row in rows) for name in rows[0][key]}
    return result


def _once(
    mode: str, sample: Path, rate_hz: float, seconds: float, inactive_s: float,
) -> dict[str, Any]:
    """Run the nodes once, in a new process and an unused ROS domain."""
    request = {
        'is_one_process': mode == 'one_process', 'is_jpeg': mode.endswith('jpeg'),
        'sample': str(sample),
        'rate_hz': float(rate_hz), 'warm_up_s': WARM_UP_S, 'seconds': seconds,
        'inactive_s': inactive_s, 'started_s': time.monotonic()}
    done = subprocess.run(
        [sys.executable, '-m', 'fer_ros.bench.ros_worker', json.dumps(request)],
        env=child_environment(
            ROS_DOMAIN_ID=str(free_domain()), ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST'),
        capture_output=True, text=True, errors='replace', check=False,
        timeout=RUN_TIMEOUT_S + seconds)
    if done.returncode:
        said = '\n'.join(done.stderr.splitlines()[-8:])
        raise RosError(f'the nodes could not be run ({mode}, {rate_hz:g} images/s):\n{said}')
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
