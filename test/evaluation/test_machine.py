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

"""The machine of a measurement is named."""

import re

from fer_ros.evaluation import machine as module


def test_the_machine_is_named_with_the_cores_that_may_be_used(monkeypatch):
    monkeypatch.setattr(module.os, 'sched_getaffinity', lambda process: {0, 1, 5})
    assert re.fullmatch(r'.*[A-Za-z].*, 3 cores', module.machine())
