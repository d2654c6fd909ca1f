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

"""Time of our pipeline by module, measured with a profiler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import cProfile
from itertools import pairwise
from pathlib import Path
import pstats
import time
from typing import Any

from fer_ros.bench.crowd import CrowdClip
from fer_ros.bench.speed_bench import FOUR_FACES, REFERENCE
from fer_ros.core.values import Frame, Image, NS_PER_S
from fer_ros.pipeline import Pipeline

IMAGES = 200
WARM_UP = 20

COLOUR = 'colour conversion (OpenCV)'

_Function = tuple[str, int, str]


def run(report: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """
    Profile the default pipeline with one face and with four faces.

    :return: by scenario: `ms_per_image` without the profiler, `profiled_ms` with it, and
        `modules`, the time per image in each module of core and in its callees, largest first.
    """
    result = {}
    for scenario in (REFERENCE, FOUR_FACES):
        report(f'profiling {scenario.name}')
        clip = CrowdClip(scenario.faces, scenario.width, scenario.height)
        images = [clip.frame(index) for index in range(clip.frame_count)]
        result[scenario.name] = _pipeline(images)
    return result


def _pipeline(images: list[Image]) -> dict[str, Any]:
    profiler = cProfile.Profile()
    seconds = {}
    with Pipeline.from_config('live') as pipeline:
        for is_profiled in (False, True):
            pipeline.reset()
            frames = [
                Frame(images[index % len(images)], round(index * NS_PER_S / CrowdClip.rate_hz))
                for index in range(WARM_UP + IMAGES)]
            for frame in frames[:WARM_UP]:
                pipeline.process(frame)
            start = time.perf_counter()
            if is_profiled:
                profiler.enable()
            for frame in frames[WARM_UP:]:
                pipeline.process(frame)
            profiler.disable()
            seconds[is_profiled] = time.perf_counter() - start
    modules = by_module(pstats.Stats(profiler).stats)  # type: ignore[attr-defined]
    return {
        'ms_per_image': 1e3 * seconds[False] / IMAGES,
        'profiled_ms': 1e3 * seconds[True] / IMAGES,
        'modules': {
            name: 1e3 * spent / IMAGES
            for name, spent in sorted(modules.items(), key=lambda item: -item[1])}}


def by_module(stats: Mapping[_Function, tuple[Any, ...]]) -> dict[str, float]:
    """
    Return the time of each module of core in seconds, including its calls to libraries.

    If one module calls another, the time counts for both.

    :param stats: `pstats.Stats.stats`.
    """
    seconds: dict[str, float] = {}
    for function, (_, _, _, _, callers) in stats.items():
        module = _module(function)
        if module:
            # Calls within a module are already part of the call from outside.
            entered_s = sum(
                total_s for caller, (_, _, _, total_s) in callers.items()
                if _module(caller) != module)
            if entered_s:
                seconds[module] = seconds.get(module, 0.0) + entered_s
    return seconds


def _module(function: _Function) -> str:
    """Return the module of core that holds a function; '' for functions of libraries."""
    parts = Path(function[0]).parts
    if 'cvtColor' in function[2]:
        return COLOUR
    if ('fer_ros', 'core') not in pairwise(parts):
        return ''
    return '.'.join(Path(function[0]).with_suffix('').parts[parts.index('core') + 1:])
