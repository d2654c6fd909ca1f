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

"""`fer bench speed`: speed of our pipeline and of others, on the same images in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
import json
import os
from pathlib import Path
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from fer_ros.bench.crowd import CrowdClip
from fer_ros.bench.pipelines import DEFAULT, ENTRIES
from fer_ros.bench.results import child_environment, circumstances, percentiles
from fer_ros.bench.speed_worker import request, Turn
from fer_ros.core.resources import share_directory

IMAGES = 150
SECONDS = 1.5
ROUNDS = 3
"""With these values, all pipelines and scenarios take about six minutes on two cores."""


@dataclass(frozen=True)
class Scenario:
    """Number of faces and size of the images."""

    faces: int
    width: int
    height: int

    @property
    def name(self) -> str:
        return f'{self.faces} face{"s" if self.faces > 1 else ""}, {self.width}x{self.height}'


REFERENCE = Scenario(1, 640, 480)
FOUR_FACES = Scenario(4, 640, 480)
FULL_HD = Scenario(1, 1920, 1080)
SCENARIOS = (
    REFERENCE, FOUR_FACES, Scenario(8, 640, 480), Scenario(20, 640, 480),
    Scenario(1, 320, 240), Scenario(1, 1280, 720), FULL_HD)


class WorkerError(RuntimeError):
    """A pipeline cannot run here, or its process ended. The text states the reason."""


class Worker:
    """A pipeline in its own process, which waits while the others are measured."""

    def __init__(self, name: str, python: str, log: Path) -> None:
        """
        Start the process.

        :raises WorkerError: if the pipeline cannot run here.
        """
        self._name, self._log = name, log
        with log.open('wb') as errors:
            self._process = subprocess.Popen(
                [python, '-m', 'fer_ros.bench.speed_worker', name], text=True,
                env=child_environment(TF_CPP_MIN_LOG_LEVEL='3'),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        try:
            missing = self._answer()['missing']
            if missing:
                raise WorkerError(missing)
        except WorkerError:
            self.close()
            raise

    def measure(self, turn: Turn) -> dict[str, Any]:
        """Let the process measure a turn; see `speed_worker.measure`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request(turn))
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # `_answer` reports the reason
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            said = self._log.read_text(encoding='utf-8', errors='replace').splitlines()[-8:]
            raise WorkerError(
                f'the process of the pipeline {self._name} ended; its last output: '
                f'{" / ".join(said)}')
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def training_python() -> str | None:
    """Return a Python with TensorFlow: this one, or that of `make setup-train`; None if none."""
    if find_spec('tensorflow') is not None:
        return sys.executable
    venv = os.environ.get('FER_ROS_VENV') or share_directory() / '.venv'
    python = Path(f'{venv}-train') / 'bin' / 'python'
    return str(python) if python.exists() else None


def run(
    names: Iterable[str] = tuple(ENTRIES), scenarios: Sequence[Scenario] = SCENARIOS,
    rounds: int = ROUNDS, images: int = IMAGES, seconds: float = SECONDS,
    report: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """
    Measure pipelines.

    The pipelines take turns in each scenario of each round, so that other load of the machine
    affects all of them. Ratios are medians over the rounds.

    :param names: keys of `ENTRIES`.
    :param images: maximum number of timed images per turn.
    :param seconds: after this time, a turn starts no further cycle of ten images.
    :param report: called with a description of the current step.
    :return: the figures for the JSON; `left_out` holds the pipelines that failed and the reasons.
    """
    about = circumstances()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='fer_bench_')))
        clips = {}
        for scenario in scenarios:
            report(f'drawing {scenario.name}')
            clips[scenario] = folder / f'{scenario.name}.raw'
            clip = CrowdClip(scenario.faces, scenario.width, scenario.height)
            clip.write(clips[scenario])
        workers, left_out = _started(stack, names, folder, report)
        turns: dict[Scenario, dict[str, list[dict[str, Any]]]] = {
            scenario: {name: [] for name in workers} for scenario in scenarios}
        for round_ in range(rounds):
            for scenario in scenarios:
                for name, process in workers.items():
                    if name in left_out:
                        continue
                    report(f'round {round_ + 1} of {rounds}: {scenario.name}, {name}')
                    turn = Turn(
                        str(clips[scenario]), scenario.width, scenario.height,
                        CrowdClip.frame_count, CrowdClip.rate_hz, images, seconds, not round_)
                    try:
                        turns[scenario][name].append(process.measure(turn))
                    except WorkerError as error:
                        left_out[name] = str(error)
    turns = {
        scenario: {name: rows for name, rows in by_name.items() if name not in left_out}
        for scenario, by_name in turns.items()}
    return {
        **about, 'rounds': rounds, 'images_per_turn': images, 'seconds_per_turn': seconds,
        'pipelines': {
            name: ENTRIES[name].text for name in workers if name not in left_out},
        'left_out': left_out,
        'scenarios': [
            {'name': scenario.name, 'faces': scenario.faces, 'width': scenario.width,
             'height': scenario.height,
             'results': {name: summary(by_round) for name, by_round in by_name.items()}}
            for scenario, by_name in turns.items()],
        'ratios': ratios(turns)}


def _started(
    stack: ExitStack, names: Iterable[str], folder: Path, report: Callable[[str], None],
) -> tuple[dict[str, Worker], dict[str, str]]:
    """Return the pipelines that run here, and the reasons why others do not."""
    workers: dict[str, Worker] = {}
    left_out: dict[str, str] = {}
    for name in names:
        report(f'starting {name}')
        python = training_python() if ENTRIES[name].is_training_only else sys.executable
        if python is None:
            left_out[name] = 'TensorFlow is not installed; `make setup-train` installs it'
            continue
        try:
            workers[name] = Worker(name, python, folder / f'{name}.log')
        except WorkerError as error:
            left_out[name] = str(error)
        else:
            stack.callback(workers[name].close)
    return workers, left_out


def summary(turns: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the figures of a pipeline in a scenario, all rounds together."""
    ms = [value for turn in turns for value in turn['ms']]
    return {
        'images': len(ms),
        'faces_found': sum(turn['faces'] * len(turn['ms']) for turn in turns) / len(ms),
        'fps': 1e3 * len(ms) / sum(ms),
        'mean_ms': sum(ms) / len(ms),
        **percentiles(ms),
        'cpu_s_per_1000': 1e3 * sum(turn['cpu_s'] for turn in turns) / len(ms),
        'peak_rss_mib': max(turn['peak_rss_mib'] for turn in turns)}


def ratios(
    turns: Mapping[Scenario, Mapping[str, Sequence[Mapping[str, Any]]]],
) -> dict[str, Any]:
    """
    Compare our default pipeline with the others; each figure is the median over the rounds.

    :return: `fps_to` and `p95_to`: our images/s and p95 relative to those of each other pipeline
        in the reference scenario; `four_faces_add_ms` and `full_hd_to_480p` compare our mean
        times. Figures that were not measured are missing.
    """
    result: dict[str, Any] = {}
    own = turns.get(REFERENCE, {}).get(DEFAULT)
    if not own:
        return result
    others = {name: rows for name, rows in turns[REFERENCE].items() if name != DEFAULT}
    result['fps_to'] = {
        name: _median(own, rows, lambda a, b: _mean(b) / _mean(a))
        for name, rows in others.items()}
    result['p95_to'] = {
        name: _median(
            own, rows, lambda a, b: percentiles(a)['p95_ms'] / percentiles(b)['p95_ms'])
        for name, rows in others.items()}
    four, full_hd = (turns.get(s, {}).get(DEFAULT) for s in (FOUR_FACES, FULL_HD))
    if four:
        result['four_faces_add_ms'] = _median(four, own, lambda a, b: _mean(a) - _mean(b))
    if full_hd:
        result['full_hd_to_480p'] = _median(full_hd, own, lambda a, b: _mean(a) / _mean(b))
    return result


def _median(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]],
    compare: Callable[[Sequence[float], Sequence[float]], float],
) -> float:
    return statistics.median(
        compare(a['ms'], b['ms']) for a, b in zip(ours, theirs, strict=True))


def _mean(ms: Sequence[float]) -> float:
    return sum(ms) / len(ms)
