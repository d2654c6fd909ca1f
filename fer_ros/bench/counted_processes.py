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
Counts executed instructions and copied bytes of child processes, with `perf` or `valgrind`.

Both are programs of the system. Startup is subtracted: each figure is the difference between a
longer and a shorter run, divided by the difference of their lengths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile

from fer_ros.bench.results import child_environment
from fer_ros.bench.ros_domain import free_domain

TIMEOUT_S = 1800.0
"""Valgrind runs a program at about a fiftieth of its speed."""

SHORT_RUN, LONG_RUN = 6, 21
"""Images of the two runs; the difference contains all phases of detector and classifier."""

SHORT_HOP, LONG_HOP = 2, 7
"""Messages of the two runs."""

LIBRARIES = {
    'networks (LiteRT)': ('litert',), 'OpenCV': ('cv2',),
    'NumPy': ('_multiarray', '_umath', 'openblas'), 'Python': ('libpython', 'bin/python'),
    'C library': ('libc.so', 'libc-', 'libm.so', 'libm-', 'ld-linux')}
"""Libraries by parts of their file names; everything else is 'others'."""

HOPS = ('image_raw', 'faces')


class ToolError(RuntimeError):
    """A program that counts cannot be used here, or it failed; the text says why."""


def instructions(scene: str) -> tuple[str, dict[str, float]]:
    """
    Return the millions of instructions of the pipeline per image of a scene.

    :param scene: a scene of `work_scenes`.
    :return: the program that counted, and the instructions: `all`, and with callgrind also those
        of each library. Callgrind offers programs a processor with AVX2, without AVX-512.
    :raises ToolError: if neither `perf` nor `valgrind` can count here.
    """
    if _perf_counts():
        tool, count = 'perf stat', _with_perf
    elif shutil.which('valgrind'):
        tool, count = 'callgrind', _with_callgrind
    else:
        raise ToolError(
            'perf has no counters of the processor here (as in most virtual machines), and '
            'valgrind is not installed')
    short, long = (count(scene, images) for images in (SHORT_RUN, LONG_RUN))
    span = LONG_RUN - SHORT_RUN
    return tool, {name: (long[name] - short.get(name, 0)) / span / 1e6 for name in long}


def _worker(scene: str, images: int) -> list[str]:
    return [sys.executable, '-m', 'fer_ros.bench.work_worker', scene, str(images)]


def _perf_counts() -> bool:
    if not shutil.which('perf'):
        return False
    try:
        return 'all' in _perf_output(['true'])
    except ToolError:
        return False


def _with_perf(scene: str, images: int) -> dict[str, int]:
    return _perf_output(_worker(scene, images))


def _perf_output(command: Sequence[str]) -> dict[str, int]:
    said = _run(['perf', 'stat', '-x', ',', '-e', 'instructions:u', *command]).stderr
    found = re.search(r'^(\d+),[^,]*,instructions:u', said, re.MULTILINE)
    return {'all': int(found[1])} if found else {}


def _with_callgrind(scene: str, images: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory(prefix='fer_bench_') as folder:
        file = Path(folder) / 'callgrind.out'
        _run(['valgrind', '--tool=callgrind', f'--callgrind-out-file={file}',
              *_worker(scene, images)])
        return by_library(file.read_text(encoding='utf-8', errors='replace'))


def by_library(profile: str) -> dict[str, int]:
    """
    Return the instructions of each group of `LIBRARIES`, of `others`, and of `all`.

    :param profile: output file of callgrind (Callgrind Profile Format 1).
    """
    names: dict[str, str] = {}
    counts: dict[str, int] = dict.fromkeys(('all', *LIBRARIES, 'others'), 0)
    group, is_call = 'others', False
    for line in profile.splitlines():
        if line.startswith(('ob=', 'cob=')):
            key, _, name = line.partition('=')[2].partition(' ')
            if name:
                names[key] = name
            if line.startswith('ob='):
                group = _group(names.get(key, key))
        elif line.startswith('calls='):
            is_call = True
        elif line[:1] in '0123456789+-*' and ' ' in line:
            # The line after `calls=` has the cost of the called function, which counts there.
            if not is_call:
                cost = int(line.split()[1])
                counts[group] += cost
                counts['all'] += cost
            is_call = False
    return counts


def _group(file: str) -> str:
    return next(
        (name for name, parts in LIBRARIES.items() if any(part in file for part in parts)),
        'others')


def copied_bytes() -> dict[str, dict[str, float]]:
    """
    Return the copied bytes per message of each hop, counted by valgrind (DHAT).

    :return: for each of `HOPS`, `direct` and `middleware` within one process, and `processes`, the
        sum of sender and receiver between two processes. Copies of the kernel do not count.
    :raises ToolError: if `valgrind` is missing or a run fails.
    """
    if not shutil.which('valgrind'):
        raise ToolError('valgrind is not installed')
    result = {}
    for hop in HOPS:
        figures = {
            role: (_copied(hop, role, LONG_HOP) - _copied(hop, role, SHORT_HOP))
            / (LONG_HOP - SHORT_HOP) for role in ('direct', 'middleware', 'send', 'receive')}
        result[hop] = {
            'direct': figures['direct'], 'middleware': figures['middleware'],
            'processes': figures['send'] + figures['receive']}
    return result


def _copied(hop: str, role: str, messages: int) -> int:
    def command(role: str, messages: int) -> list[str]:
        return [sys.executable, '-m', 'fer_ros.bench.hop_worker', hop, role, str(messages)]
    variables = {
        'ROS_DOMAIN_ID': str(free_domain()), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
    other = {'send': 'receive', 'receive': 'send'}.get(role)
    peer = None
    if other:
        peer = subprocess.Popen(
            command(other, 100 * messages), env=child_environment(**variables),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        said = _run(
            ['valgrind', '--tool=dhat', '--mode=copy', '--dhat-out-file=/dev/null',
             *command(role, messages)], variables).stderr
    finally:
        if peer is not None:
            peer.kill()
            peer.wait()
    found = re.search(r'Total:\s+([\d,]+) bytes', said)
    if found is None:
        raise ToolError('valgrind reported no copied bytes: its version must be 3.17 or later')
    return int(found[1].replace(',', ''))


def _run(
    command: Sequence[str], variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, env=child_environment(**(variables or {})), capture_output=True, text=True,
        errors='replace', check=False, timeout=TIMEOUT_S)
    if done.returncode:
        said = ' / '.join(done.stderr.splitlines()[-4:])
        raise ToolError(f'{command[0]} ended with exit code {done.returncode}: {said}')
    return done
