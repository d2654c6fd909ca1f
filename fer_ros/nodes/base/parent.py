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

"""Ends a process when the one that started it has ended, however that happened."""

from collections.abc import Iterator
import ctypes
import os
from pathlib import Path
import signal
import sys

PARENT_VARIABLE = 'FER_ROS_PARENT'
"""Environment variable with the ID of the process whose end also ends this one."""

PR_SET_PDEATHSIG = 1
"""From Linux's <sys/prctl.h>."""


def end_with_parent() -> bool:
    """
    Let Linux send SIGINT to this process when the process in `FER_ROS_PARENT` ends.

    :return: whether that process has already ended. It need not be the direct parent: launch can
        start a node in a terminal or debugger (`prefix`).
    """
    parent = os.environ.get(PARENT_VARIABLE, '')
    if not parent or sys.platform != 'linux':
        return False
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    return int(parent) not in _ancestors()


def _ancestors() -> Iterator[int]:
    """Yield the IDs of the parent of this process, of its parent, and so on."""
    process = os.getppid()
    while process > 0:
        yield process
        try:
            status = Path(f'/proc/{process}/stat').read_text()
        except OSError:
            return
        # The name of the program, in brackets, can contain blanks and brackets.
        process = int(status.rpartition(')')[2].split()[1])
