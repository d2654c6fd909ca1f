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

"""`fer bench desktop`: how many images the window shows, and how long after they were read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
from typing import Any

from fer_ros.bench.results import child_environment, circumstances

WARM_UP_S, SECONDS = 4.0, 10.0
ROUNDS = 3
RUN_TIMEOUT_S = 180.0

RUNS = {
    'one_face_720p': {'width': 1280, 'height': 720, 'faces': 1, 'rate_hz': 30.0},
    'two_faces_480p': {'width': 640, 'height': 480, 'faces': 2, 'rate_hz': 30.0},
}


@contextmanager
def display() -> Iterator[str]:
    """
    Yield the display of this desktop, or of an X server without a monitor that ends with it.

    :raises RuntimeError: if there is neither.
    """
    if os.environ.get('DISPLAY'):
        yield os.environ['DISPLAY']
        return
    if shutil.which('Xvfb') is None:
        raise RuntimeError(
            'there is no display, and Xvfb is not installed: run it on a desktop, or run '
            'tools/setup.sh test-windows')
    reader, writer = os.pipe()
    with subprocess.Popen(
            ['Xvfb', '-displayfd', str(writer), '-screen', '0', '1920x1080x24',
             '-nolisten', 'tcp'],
            pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        try:
            with os.fdopen(reader) as answer:
                yield f':{answer.readline().strip()}'
        finally:
            server.terminate()


def run(
    rounds: int = ROUNDS, seconds: float = SECONDS,
    report: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """
    Show prepared images in the real window.

    :param rounds: number of repetitions.
    :param seconds: measured time of each run.
    :param report: called with a description of the current step.
    :return: the figures for the JSON, the medians of the rounds.
    :raises RuntimeError: if there is no display or Tk, or a run fails.
    """
    if importlib.util.find_spec('_tkinter') is None:
        raise RuntimeError('Python has no tkinter: install python3-tk')
    about = circumstances()
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in RUNS}
    with display() as screen:
        for number in range(rounds):
            for name, scene in RUNS.items():
                report(f'round {number + 1} of {rounds}: {name}')
                request = {**scene, 'warm_up_s': WARM_UP_S, 'seconds': seconds}
                done = subprocess.run(
                    [sys.executable, '-m', 'fer_ros.bench.desktop_worker', json.dumps(request)],
                    env=child_environment(DISPLAY=screen), capture_output=True, text=True,
                    check=False, timeout=RUN_TIMEOUT_S + seconds)
                if done.returncode:
                    said = '\n'.join(done.stderr.splitlines()[-8:])
                    raise RuntimeError(f'the window could not be measured ({name}):\n{said}')
                rows[name].append(json.loads(done.stdout.splitlines()[-1]))
    return {
        **about, 'rounds': rounds, 'seconds': seconds, 'cores': os.cpu_count(),
        'load_after': round(os.getloadavg()[0], 2),
        'runs': {name: {**RUNS[name], **medians(found)} for name, found in rows.items()}}


def medians(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of the runs; the size of the view is that of the first one."""
    result: dict[str, Any] = {
        key: statistics.median(row[key] for row in rows)
        for key in ('images_per_s', 'cpu_percent', 'p50_ms', 'p95_ms', 'p99_ms')}
    result['view'] = rows[0]['view']
    result['ms_per_image'] = {
        name: statistics.median(row['ms_per_image'][name] for row in rows)
        for name in rows[0]['ms_per_image']}
    return result
