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

"""The `fer` command, also as `python -m fer_ros`."""

import signal
import time


def main() -> None:
    """Run the command that the arguments name."""
    started = time.monotonic()
    # Ctrl-C ends the process at once until a command installs its own handlers. The imports take
    # more than a second, and a traceback out of them would not help the user.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from fer_ros.cli import fer
    fer(prog_name='fer', obj=started)


if __name__ == '__main__':
    main()
