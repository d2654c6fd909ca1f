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

"""Reads the aims in config/bench/aims.yaml and compares a run with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import operator
from pathlib import Path
from typing import Any

from fer_ros.core.resources import share_directory
from fer_ros.core.yaml_values import load_yaml

BOUNDS = {
    'at_least': ('≥', operator.ge),
    'at_most': ('≤', operator.le),
    'below': ('<', operator.lt),
}

HELD, MISSED, NOT_MEASURED = 'held', 'missed', 'not measured'

OTHER_PROCESSOR = 'for another processor'

PROCESSORS = ('vnni', 'no vnni')
"""Kinds of processors: with instructions for int8, also those of other names, or without."""

INT8_FLAGS = ('avx_vnni', 'avx512_vnni', 'amx_int8', 'asimddp', 'i8mm')
"""Flags of `processor.FLAGS` with which int8 is faster than float32."""


@dataclass(frozen=True)
class Aim:
    """
    A bound for one figure of a run.

    :param aim: description.
    :param measure: keys that lead to the figure in the JSON of the run, joined by dots.
    :param bound: one of `BOUNDS`.
    :param processor: one of `PROCESSORS` if the aim counts only there, else ''.
    """

    aim: str
    measure: str
    bound: str
    limit: float
    processor: str = ''

    def judged(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """Return the aim with the measured figure and whether it is held, for the JSON."""
        measured = _figure(figures, self.measure)
        sign, holds = BOUNDS[self.bound]
        state = NOT_MEASURED
        if self.processor and self.processor != _processor(figures):
            state = OTHER_PROCESSOR
        elif measured is not None:
            state = HELD if holds(measured, self.limit) else MISSED
        aim = f'{self.aim} ({self.processor})' if self.processor else self.aim
        return {
            'aim': aim, 'measure': self.measure, 'bound': f'{sign} {self.limit:g}',
            'measured': measured, 'state': state}


def _processor(figures: Mapping[str, Any]) -> str:
    flags = figures.get('processor', {}).get('flags', ())
    return 'vnni' if any(flag in flags for flag in INT8_FLAGS) else 'no vnni'


def _figure(figures: Mapping[str, Any], place: str) -> float | None:
    value: Any = figures
    for key in place.split('.'):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    # NaN means that nothing was measured.
    return None if value is None or value != value else float(value)


def read_aims(bench: str, path: Path | None = None) -> list[Aim]:
    """
    Return the aims of a bench.

    :param bench: 'speed', 'quality', 'ros', 'work', 'desktop' or 'serve'.
    :param path: file of aims; None for config/bench/aims.yaml.
    :raises ValueError: if the file is wrong. The text names the place.
    """
    path = path or share_directory() / 'config' / 'bench' / 'aims.yaml'
    rows = load_yaml(path.read_text(encoding='utf-8'))[bench]
    return [_aim(row, f'{path}, {bench}, aim {number}') for number, row in enumerate(rows, 1)]


def _aim(row: Mapping[str, Any], place: str) -> Aim:
    bounds = [name for name in BOUNDS if name in row]
    others = set(row) - set(BOUNDS) - {'processor'}
    if len(bounds) != 1 or others != {'aim', 'measure'}:
        raise ValueError(
            f'{place}: it needs aim, measure, and one of {", ".join(BOUNDS)}; it has '
            f'{", ".join(row)}.')
    processor = row.get('processor', '')
    if processor not in ('', *PROCESSORS):
        raise ValueError(
            f'{place}: processor must be one of {", ".join(PROCESSORS)}, not {processor!r}.')
    return Aim(row['aim'], row['measure'], bounds[0], float(row[bounds[0]]), processor)
