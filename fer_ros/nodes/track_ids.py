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
Numbers for faces that a node of the same name has not given before, however it was started again.

A program that remembers people by `track_id` would otherwise take a new person for an old one
after `face_node` was respawned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import fcntl
import os
from pathlib import Path
import time

MAX_ID = 2**32 - 1
"""The largest number of the type uint32, after which they begin again at 1."""

DIGITS = len(str(MAX_ID))

FIRST_BLOCK = 100
"""How many numbers are reserved first; a process reserves twice as many each further time."""

CLOCK_PERIOD_S, IDS_PER_S = 1_000_000, 10
"""
Without a file, the numbers begin at ten per second of the clock, and repeat after 11 days.

They differ from those of an earlier start if that one gave fewer than ten numbers per second.
"""

CONTAINER_MARKS = ('/.dockerenv', '/run/.containerenv')
"""Files in containers of Docker and Podman; what else is written there ends with the container."""


def state_file(node: str) -> Path:
    """
    Return the file with the next number of a node, in `ROS_HOME` (`~/.ros` by default).

    :param node: full name, such as `/robot/face_node`.
    :raises RuntimeError: if the user has no home folder.
    """
    home = os.environ.get('ROS_HOME') or '~/.ros'
    return Path(home).expanduser() / 'fer_ros' / 'track_ids' / node.strip('/').replace('/', '.')


class TrackIds(Iterator[int]):
    """
    Gives numbers from 1 to `MAX_ID`; each was given to nobody before.

    Blocks of numbers are reserved in a file before the first of them is given: a process that dies
    loses the rest of its block, and no number is given twice. Processes of the same name share the
    file. If it cannot be written, or in a new container without `ROS_HOME`, the clock says where
    to begin.
    """

    def __init__(self, node: str, warn: Callable[[str], object]) -> None:
        """
        Reserve the first block.

        :param node: full name of the node.
        :param warn: gets a sentence if the file cannot be written.
        """
        self._node = node
        self._warn = warn
        self._is_by_clock = False
        self._size = FIRST_BLOCK
        self._left = 0
        self._next = 0
        self._reserve()

    def __next__(self) -> int:
        """Return the next number."""
        if not self._left:
            self._reserve()
        number = self._next
        self._left -= 1
        self._next = _wrapped(number + 1)
        return number

    def _reserve(self) -> None:
        try:
            self._next = _reserved(state_file(self._node), self._size)
        except (OSError, RuntimeError) as error:
            # After a block of numbers from the clock, the next ones follow.
            if not self._is_by_clock:
                self._is_by_clock = True
                self._next = _number_of_now()
                self._warn(
                    f'The next number of a face (track_id) cannot be kept in a file ({error}), so '
                    'the numbers begin at the time of the clock: set ROS_HOME to a folder that '
                    'can be written.')
        self._left = self._size
        self._size = min(2 * self._size, MAX_ID // 2)


def _reserved(file: Path, count: int) -> int:
    """Reserve so many numbers in the file and return the first of them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        text = os.pread(descriptor, 32, 0).strip()
        if text.isdigit() and len(text) <= DIGITS:
            first = _wrapped(int(text))
        else:
            first = _number_of_now() if text or _is_in_new_container() else 1
        # Always of the same length, so that a few bytes of one sector change, or none.
        os.pwrite(descriptor, b'%0*d\n' % (DIGITS, _wrapped(first + count)), 0)
        os.ftruncate(descriptor, DIGITS + 1)
        os.fsync(descriptor)
        return first
    finally:
        os.close(descriptor)


def _is_in_new_container() -> bool:
    """Return whether a missing file says nothing, because no folder for it was chosen either."""
    return not os.environ.get('ROS_HOME') and any(map(os.path.exists, CONTAINER_MARKS))


def _number_of_now() -> int:
    return int(time.time()) % CLOCK_PERIOD_S * IDS_PER_S + 1


def _wrapped(number: int) -> int:
    return (number - 1) % MAX_ID + 1
