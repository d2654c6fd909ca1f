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

"""Leaning faces are counted by their angle, as they are found in pictures."""

from fer_ros.bench import leaning_faces
from fer_ros.bench.labelled_photos import LabelledPhoto
from fer_ros.core.values import Box
import numpy as np
from photographs import astronaut


def test_a_run_counts_leaning_faces(monkeypatch):
    monkeypatch.setitem(leaning_faces.STEPS, 'roll', (0, 60))
    face = LabelledPhoto('astronaut', astronaut(), [Box(175.6, 75.4, 99.6, 99.6)])
    wall = LabelledPhoto(
        'wall', np.full((512, 512, 3), 120, np.uint8), [Box(200, 200, 99.6, 99.6)])
    rows = leaning_faces.run([face], lambda text: None)
    assert set(rows) == {'0', '60'}
    assert rows['0']['found'] == rows['0']['faces'] == 1
    # To either side.
    assert rows['60']['found'] == rows['60']['faces'] == 2
    assert leaning_faces.run([wall], lambda text: None)['60']['recall'] == 0
