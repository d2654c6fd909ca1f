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
"""Label changes, step responses and profiles, on cases with known answers."""

from fer_ros.bench.steadiness import _rise_ms, LabelCount
from fer_ros.bench.time_by_module import by_module
from fer_ros.core.emotions import Emotion
import numpy as np
import pytest


def test_label_changes_are_counted_for_each_face():
    count = LabelCount()
    for k in range(61):
        # The first face changes twice in 6 s, the second never.
        count.add(1, Emotion.SAD if 20 <= k < 40 else Emotion.HAPPY, k * 100_000_000)
        count.add(2, Emotion.ANGRY, k * 100_000_000)
    assert (count.changes, count.seconds) == (2, pytest.approx(12))
    assert count.per_minute == pytest.approx(10)


def test_without_faces_nothing_is_steady():
    assert np.isnan(LabelCount().per_minute)


def test_the_time_of_a_step_response():
    # A first-order low-pass with 300 ms at 30 images/s makes 63 % of the way after 300 ms.
    rows = [np.array([1.0, 0.0])] * 5 + [
        np.array([np.exp(-k / 9), 1 - np.exp(-k / 9)]) for k in range(90)]
    assert _rise_ms(rows, 5) == pytest.approx(300, abs=1)


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
