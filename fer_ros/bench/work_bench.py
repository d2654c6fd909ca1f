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
"""`fer bench work`: the work of the pipeline, counted instead of timed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from fer_ros.bench.counted_processes import copied_bytes, instructions, ToolError
from fer_ros.bench.network_work import counted_calls
from fer_ros.bench.results import circumstances
from fer_ros.bench.work_scenes import Scene
from fer_ros.bench.work_worker import pipeline, process

CONFIGS = {'live': 30.0, 'low_power': 15.0}
"""Presets and their image rates."""

SCENES = ('sample', 'still', 'crowd')

WARM_UP_S, SECONDS = 2, 10
"""Seconds of a scene, by its stamps."""


def run(
    with_valgrind: bool = True, report: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """
    Count the work of the pipeline.

    :param with_valgrind: count instructions and copied bytes too, which takes minutes.
    :param report: called with a description of the current step.
    :return: the figures for the JSON: `calls`, see `calls_of`, by preset and scene; `scenes`, the
        work of the other scenes relative to the sample, with `live`; `network_mmacs`, the
        multiply-accumulates of one call; `instructions` and `copied_bytes`; and `left_out`, what
        could not be counted and why.
    """
    about = circumstances()
    left_out: dict[str, str] = {}
    calls: dict[str, dict[str, Any]] = {}
    networks: dict[str, float] = {}
    for config, rate_hz in CONFIGS.items():
        for scene in SCENES:
            report(f'{config}: {scene}')
            calls[f'{config}, {scene}'] = calls_of(config, rate_hz, scene, networks)
    result = {
        **about, 'calls': calls, 'network_mmacs': networks, 'left_out': left_out,
        'still_to_sample': (
            calls['live, still']['mmacs_per_image'] / calls['live, sample']['mmacs_per_image'])}
    try:
        if not with_valgrind:
            raise ToolError('--no-valgrind was given')
        result['instructions'] = _instructions(report)
    except ToolError as error:
        left_out['instructions'] = str(error)
    try:
        if not with_valgrind:
            raise ToolError('--no-valgrind was given')
        if find_spec('rclpy') is None:
            raise ToolError('ROS cannot be imported (rclpy)')
        report('copied bytes')
        result['copied_bytes'] = copied_bytes()
    except ToolError as error:
        left_out['copied bytes'] = str(error)
    return result


def calls_of(
    config: str, rate_hz: float, scene_name: str, networks: dict[str, float],
) -> dict[str, Any]:
    """
    Count the calls of the networks in a scene.

    :param networks: takes the millions of multiply-accumulates of one call of each network.
    :return: `calls_per_s` by network, one for each view or crop; `mmacs_per_image`, millions of
        multiply-accumulates, `mmacs_per_face_and_image`, and `by_network`, those per image.
    """
    scene = Scene(scene_name)
    with counted_calls() as counted, pipeline(config) as own:
        begin, end = round(WARM_UP_S * rate_hz), round((WARM_UP_S + SECONDS) * rate_hz)
        process(own, scene, 0, begin, rate_hz)
        counted.reset()
        process(own, scene, begin, end, rate_hz)
    mmacs = {name: macs / 1e6 for name, macs in counted.network_macs.items()}
    networks.update(mmacs)
    by_network = {
        name: rows * mmacs[name] / (end - begin) for name, rows in counted.rows.items()}
    total = sum(by_network.values())
    return {
        'calls_per_s': {name: rows / SECONDS for name, rows in counted.rows.items()},
        'by_network': by_network, 'mmacs_per_image': total,
        'mmacs_per_face_and_image': total / scene.faces}


def _instructions(report: Callable[[str], None]) -> dict[str, Any]:
    """Return millions of instructions per image with one face, and per further face."""
    counts: dict[str, Mapping[str, float]] = {}
    tool = ''
    for scene in ('one', 'four'):
        report(f'instructions: {scene}')
        tool, counts[scene] = instructions(scene)
    return {
        'tool': tool, 'per_image': counts['one'],
        'per_further_face': {
            name: (counts['four'][name] - count) / 3 for name, count in counts['one'].items()}}
