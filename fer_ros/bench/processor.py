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
The processor on which a bench runs: its name, its flags, and the time of a fixed reference load.

Figures of two machines can be compared only if it is known how much faster one of them is, and
whether it has the instructions that int8 networks use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
import time
from typing import Any

import cv2
import numpy as np

FLAGS = (
    'sse4_2', 'avx', 'avx2', 'fma', 'avx_vnni', 'avx512f', 'avx512bw', 'avx512_vnni',
    'avx512_bf16', 'amx_int8', 'asimd', 'asimddp', 'i8mm', 'sve')
"""
Instruction sets that decide how fast networks run, as Linux names them.

int8 is faster than float32 with `avx_vnni`, `avx512_vnni`, `amx_int8`, and on ARM with `asimddp`
or `i8mm`.
"""

REPETITIONS = 7
"""Runs of the reference load; the shortest time counts, because other programs only add."""

LOOP_STEPS = 200_000
LOOP_MULTIPLIER, LOOP_INCREMENT, LOOP_MASK = 1_103_515_245, 12_345, 0x7FFF_FFFF
"""The linear congruential generator in the example of rand in ISO C (7.22.2)."""

KERNEL_EDGE = 7
FILTERS = 4


def processor(cpuinfo: Path = Path('/proc/cpuinfo')) -> dict[str, Any]:
    """
    Return the processor for the JSON.

    :param cpuinfo: file in the format of Linux.
    :return: `family`, for example 'family 25, model 17' ('' if unknown, as on ARM); `flags`, those
        of `FLAGS` that it has; and `reference`, see `reference_load`.
    """
    try:
        lines = cpuinfo.read_text(encoding='utf-8').splitlines()
    except OSError:
        lines = []
    rows: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(':')
        rows.setdefault(key.strip(), value.strip())
    has = set(rows.get('flags', rows.get('Features', '')).split())
    family = ', '.join(
        f'{name.removeprefix("cpu ")} {rows[name]}' for name in ('cpu family', 'model')
        if name in rows)
    return {
        'family': family, 'flags': [flag for flag in FLAGS if flag in has],
        'reference': reference_load()}


def reference_load() -> dict[str, float]:
    """
    Return the time of a fixed load in ms, on one thread.

    :return: `python_ms`, a loop in Python: `LOOP_STEPS` steps of a random number generator;
        `filter_ms`, vector arithmetic: `FILTERS` convolutions of a 640x480 float32 image with a
        7x7 kernel by OpenCV.
    """
    image = np.linspace(0, 1, 480 * 640, dtype=np.float32).reshape(480, 640)
    kernel = np.linspace(-1, 1, KERNEL_EDGE * KERNEL_EDGE, dtype=np.float32)
    kernel = kernel.reshape(KERNEL_EDGE, KERNEL_EDGE)
    result = np.empty_like(image)

    def filters() -> None:
        for _ in range(FILTERS):
            cv2.filter2D(image, cv2.CV_32F, kernel, dst=result)

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return {'python_ms': _shortest_ms(_loop), 'filter_ms': _shortest_ms(filters)}
    finally:
        cv2.setNumThreads(threads)


def _loop() -> None:
    number = 1
    for _ in range(LOOP_STEPS):
        number = (number * LOOP_MULTIPLIER + LOOP_INCREMENT) & LOOP_MASK


def _shortest_ms(load: Callable[[], None]) -> float:
    spans_s = []
    for _ in range(REPETITIONS):
        start_s = time.perf_counter()
        load()
        spans_s.append(time.perf_counter() - start_s)
    return 1e3 * min(spans_s)


def description(about: Mapping[str, Any]) -> str:
    """Return a line of text about the result of `processor`."""
    reference = about['reference']
    parts = (
        about['family'], f'flags: {" ".join(about["flags"]) or "none that matter"}',
        (f'reference load: Python {reference["python_ms"]:.1f} ms, '
         f'filters {reference["filter_ms"]:.1f} ms'))
    return '; '.join(part for part in parts if part)
