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

"""A clock for tests of timing, which only waits move."""

import threading


class SimulatedTime(threading.Event):
    """A stop event whose waits take no time: they move a clock."""

    def __init__(self):
        super().__init__()
        self.time_s = 100.0
        self.waits = []

    def clock(self):
        return self.time_s

    def now_ns(self):
        return round(self.time_s * 1e9)

    def wait(self, timeout=None):
        self.waits.append(timeout)
        self.time_s += timeout
        return self.is_set()
