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
Runs one pipeline in its own process: `python -m fer_ros.bench.speed_worker NAME`.

Its first line of output states whether the pipeline can run. Then it answers each line of its
standard input, a turn, with the measurement. All lines are JSON.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path
import sys
import time
from typing import Any, TextIO

from fer_ros.bench.pipelines import Contestant, create, NotInstalledError
from fer_ros.core.values import Image, NS_PER_S
import numpy as np

WARM_UP_FIRST = 10
WARM_UP_LATER = 2
"""Images before the timed ones; more are needed if the image size is new to the pipeline."""

CYCLE = 10
"""The number of timed images is a multiple of this, for pipelines that detect in every 10th."""


@dataclass(frozen=True)
class Turn:
    """
    What to measure.

    :param clip: file of frames that `CrowdClip.write` wrote.
    :param images: maximum number of timed images, a multiple of `CYCLE`.
    :param seconds: after this time, no further cycle is started.
    :param is_first: whether the clip is new to the pipeline.
    """

    clip: str
    width: int
    height: int
    frame_count: int
    rate_hz: float
    images: int
    seconds: float
    is_first: bool


class ClipFile:
    """The frames of a file; each is read into new memory, like the images of a camera."""

    def __init__(self, turn: Turn) -> None:
        self._shape = (turn.height, turn.width, 3)
        self._size = turn.height * turn.width * 3
        self._count = turn.frame_count
        self._path = Path(turn.clip)

    def frame(self, index: int) -> Image:
        """Return a frame; the clip is a loop."""
        data = np.fromfile(
            self._path, np.uint8, self._size, offset=index % self._count * self._size)
        return data.reshape(self._shape)


def measure(pipeline: Contestant, turn: Turn) -> dict[str, Any]:
    """
    Run a turn.

    :return: `ms`, the time of each timed image; `cpu_s`, the CPU time of all threads for these
        images; `faces`, the mean number of faces; `peak_rss_mib`, the peak memory of the process
        in this turn.
    """
    clip = ClipFile(turn)
    pipeline.reset()
    _forget_peak()
    warm_up = WARM_UP_FIRST if turn.is_first else WARM_UP_LATER
    for index in range(warm_up):
        pipeline.process(clip.frame(index), _stamp_ns(index, turn))
    ms: list[float] = []
    faces, cpu_ns = 0, 0
    begin = time.perf_counter()
    while len(ms) < turn.images and (
            len(ms) % CYCLE or not ms or time.perf_counter() - begin < turn.seconds):
        index = warm_up + len(ms)
        image, stamp_ns = clip.frame(index), _stamp_ns(index, turn)
        cpu_start, start = time.process_time_ns(), time.perf_counter()
        faces += pipeline.process(image, stamp_ns)
        ms.append((time.perf_counter() - start) * 1e3)
        cpu_ns += time.process_time_ns() - cpu_start
    return {
        'ms': ms, 'cpu_s': cpu_ns / NS_PER_S, 'faces': faces / len(ms),
        'peak_rss_mib': _peak_rss_mib()}


def _stamp_ns(index: int, turn: Turn) -> int:
    return round(index * NS_PER_S / turn.rate_hz)


def _forget_peak() -> None:
    """Reset the peak memory of the process (on Linux)."""
    try:
        Path('/proc/self/clear_refs').write_text('5', encoding='ascii')
    except OSError:
        return


def _peak_rss_mib() -> float:
    for line in Path('/proc/self/status').read_text(encoding='ascii').splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) / 1024
    raise RuntimeError(
        '/proc/self/status has no VmHWM: the peak memory can only be measured on Linux')


def serve(name: str, requests: TextIO, answers: TextIO) -> None:
    """Load the pipeline, then answer requests until the input ends."""
    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + '\n')
        answers.flush()
    try:
        pipeline = create(name)
    except NotInstalledError as error:
        answer({'missing': str(error)})
        return
    answer({'missing': ''})
    for line in requests:
        answer(measure(pipeline, Turn(**json.loads(line))))


def request(turn: Turn) -> str:
    """Return the line that requests a turn."""
    return json.dumps(asdict(turn)) + '\n'


if __name__ == '__main__':
    # Output of libraries must not get between the answers.
    answers_to = os.fdopen(os.dup(1), 'w', encoding='utf-8')
    os.dup2(2, 1)
    serve(sys.argv[1], sys.stdin, answers_to)
