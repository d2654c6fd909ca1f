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

"""The time of each module is taken from a profile."""

from fer_ros.bench.time_by_module import by_module


def test_time_counts_for_the_module_that_was_entered():
    def function(module, name):
        return f'/anywhere/fer_ros/core/{module}.py', 1, name
    library = ('/site/library.py', 9, 'work')
    colour = ('~', 0, '<built-in method cvtColor>')
    stats = {
        function('crop', 'a'): (1, 1, 0.0, 5.0, {
            ('/bench.py', 1, 'run'): (1, 1, 0.0, 3.0),
            # What it calls of itself is in the 3 s already.
            function('crop', 'b'): (1, 1, 0.0, 2.0)}),
        function('quality', 'c'): (1, 1, 0.0, 0.5, {
            function('crop', 'a'): (1, 1, 0.0, 0.5)}),
        library: (1, 1, 1.0, 1.0, {function('crop', 'a'): (1, 1, 1.0, 1.0)}),
        colour: (1, 1, 0.25, 0.25, {library: (1, 1, 0.25, 0.25)})}
    result = by_module(stats)
    assert (result['crop'], result['quality']) == (3.0, 0.5)
    assert sorted(result.values()) == [0.25, 0.5, 3.0]
