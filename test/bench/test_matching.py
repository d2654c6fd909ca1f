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
"""Which detection is which true face, on cases with known answers."""

from fer_ros.bench.matching import Counts, matched
from fer_ros.core.values import Box
import pytest


def square(x, y=0.0, edge=10.0):
    return Box(x, y, edge, edge)


@pytest.mark.parametrize(('truth', 'detections', 'expected'), [
    ([], [], {}),
    ([square(0)], [], {}),
    ([], [square(0)], {}),
    # 5 of 15 overlap: one third is enough; 4 of 16 is not.
    ([square(0)], [square(5)], {0: 0}),
    ([square(0)], [square(6)], {}),
    # One detection between two faces counts once, for the nearer one.
    ([square(0), square(6)], [square(2)], {0: 0}),
    # The first face alone would take detection 0, but then the second would have none.
    ([square(0), square(4)], [square(2), square(-4)], {0: 1, 1: 0}),
    ([square(0), square(30)], [square(30), square(0)], {0: 1, 1: 0}),
])
def test_faces_and_detections_are_paired(truth, detections, expected):
    assert matched(truth, detections) == expected


def test_found_missed_and_false_faces_are_counted():
    counts = Counts()
    counts.add([square(0), square(30)], [square(1), square(60)])
    counts.add([square(0)], [])
    counts.add([], [square(0)])
    assert counts.to_mapping() == {
        'images': 3, 'faces': 3, 'found': 1, 'recall': pytest.approx(1 / 3), 'false': 2,
        'false_per_image': pytest.approx(2 / 3)}


def test_a_face_that_the_edge_cuts_may_be_found_or_not():
    counts = Counts()
    counts.add([], [square(0)], optional=[square(1)])
    counts.add([], [], optional=[square(1)])
    assert (counts.found, counts.missed, counts.false) == (0, 0, 0)


def test_where_there_is_no_face_there_is_no_recall():
    counts = Counts()
    counts.add([], [])
    assert counts.recall != counts.recall
