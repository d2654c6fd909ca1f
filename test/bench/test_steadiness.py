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
"""Label changes and step responses, on cases with known answers."""

from fer_ros.bench.steadiness import _rise_ms, LabelCount
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
