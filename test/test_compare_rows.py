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

"""tools/compare_rows.py finds the differences between environments that matter."""

import csv

from compare_rows import compare, LIMITS, rows_of
import pytest

ROW = {
    'file': '/there/a.png', 'x': '10', 'y': '20', 'width': '100', 'height': '100', 'roll': '0.1',
    'pitch': '0', 'yaw': '0.2', 'score': '0.9', 'quality': '0.8', 'anger': '0', 'disgust': '0',
    'fear': '0', 'happiness': '0.8', 'sadness': '0', 'surprise': '0', 'neutral': '0.2',
    'label': 'happiness', 'confidence': '0.8'}


@pytest.fixture
def faults(tmp_path):
    """Return a function that compares a row with a changed copy of it."""
    def of(*, row=ROW, **changes):
        paths = []
        for name, content in ('a', row), ('b', {**row, 'file': 'elsewhere/a.png', **changes}):
            paths.append(tmp_path / name)
            with paths[-1].open('w', newline='') as file:
                writer = csv.DictWriter(file, ROW)
                writer.writeheader()
                writer.writerow(content)
        return compare(*map(rows_of, paths))[0]

    return of


def test_equal_rows_have_no_faults(faults):
    assert faults() == []


@pytest.mark.parametrize('column', LIMITS)
def test_each_figure_has_its_limit(faults, column):
    scale = 100 if column in ('x', 'y', 'width', 'height') else 1
    for share, count in (0.9, 0), (1.1, 1):
        off = float(ROW[column]) + share * LIMITS[column] * scale
        assert len(faults(**{column: str(off)})) == count


def test_another_label_is_a_fault_unless_two_are_nearly_equal(faults):
    assert faults(label='neutral') == ['a.png: neutral instead of happiness']
    close = {**ROW, 'happiness': '0.51', 'neutral': '0.49'}
    assert faults(row=close, label='neutral') == []


def test_a_face_that_is_not_classified_is_a_fault(faults):
    assert faults(happiness='') == ['a.png: happiness is missing']


def test_a_missing_face_is_a_fault():
    assert compare({'a.png': [ROW]}, {})[0] == ["faces by picture: {} instead of {'a.png': 1}"]
