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
A program that kills the process beside it if that one hangs: `watchdog.py PROCESS NAME SECONDS`.

Each line on the standard input says in how many seconds the next one must come; the end of the
input ends this program. Time in which this program did not run either (the machine was suspended,
Ctrl-Z stopped both) does not count, and nothing is killed while a debugger holds the process.
`heartbeat` starts it and writes the lines. It uses the standard library only, so it is small.
"""

import math
import os
from pathlib import Path
import select
import signal
import sys

POLL_S = 0.5

AFTER_DEBUGGER_S = 10.0
"""Time for the next line after a debugger has let go of the process."""


def main() -> None:
    """Watch until the input ends or the process is killed."""
    process, name, usual_s = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    left_s = math.inf
    while True:
        if select.select([0], [], [], POLL_S)[0]:
            lines = os.read(0, 4096)
            if not lines:
                return
            left_s = float(lines.split()[-1])
        else:
            left_s -= POLL_S
        if left_s <= 0 and _is_debugged(process):
            left_s = AFTER_DEBUGGER_S
        elif left_s <= 0:
            print(
                f'[ERROR] [watchdog]: The process {process} of {name} hangs: it is killed, so '
                f'that it can be started again. The parameter watchdog_s ({usual_s} s) sets how '
                'long is waited; 0 switches this off.', file=sys.stderr, flush=True)
            os.kill(process, signal.SIGKILL)
            return


def _is_debugged(process: int) -> bool:
    try:
        lines = Path(f'/proc/{process}/status').read_text(errors='replace').splitlines()
    except OSError:
        return False
    return any(line.startswith('TracerPid:') and line.split()[1] != '0' for line in lines)


if __name__ == '__main__':
    main()
