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

"""A folder for uploads that disappears with this process, however it ends."""

from __future__ import annotations

from contextlib import suppress
import fcntl
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile

PREFIX = 'fer-serve-'

LOCK = 'lock'

GUARD = """
import shutil, sys, time
sys.stdin.buffer.read()
for _ in range(100):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    try:
        open(sys.argv[1])
    except FileNotFoundError:
        break
    except OSError:
        time.sleep(0.1)
"""
"""A program that waits for the end of its input, and then removes a folder."""


class TemporaryFolder:
    """
    A folder that only this user can read.

    A small process removes it as soon as this one has ended, also by SIGKILL. If that process was
    killed too, such as by the end of a container, the next start removes the folder: nobody holds
    its lock any more.
    """

    def __init__(self, parent: Path | None) -> None:
        """
        Create it, and remove those that earlier processes have left.

        :param parent: None: the system's temporary folder.
        :raises OSError: if it cannot be created.
        """
        base = parent or Path(tempfile.gettempdir())
        _remove_left_ones(base)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        self._lock = (self.path / LOCK).open('w')
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # In a session of its own, so that Ctrl-C does not end it.
        self._guard = subprocess.Popen(
            [sys.executable, '-I', '-S', '-c', GUARD, str(self.path)],
            stdin=subprocess.PIPE, start_new_session=True)

    def close(self) -> None:
        """Remove it with all that is in it."""
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()
        self._lock.close()


def _remove_left_ones(base: Path) -> None:
    for folder in base.glob(f'{PREFIX}*'):
        # Those of other users cannot be opened.
        with suppress(OSError), (folder / LOCK).open('r+') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
