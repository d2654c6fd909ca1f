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

"""The report of a data set says what became of every row."""

from fer_ros.evaluation.row_report import RowReport, SplitCounts
import numpy as np
from rich.console import Console

REPORT = RowReport((SplitCounts('A', 'training', 1000), SplitCounts('A', 'public', 20)))


def mask(count, *places):
    marks = np.zeros(count, np.bool_)
    marks[list(places)] = True
    return marks


def test_rows_are_dropped_one_reason_after_the_other():
    report = REPORT.without('training', mask(1000, 0, 999), 'they are blank')
    report = report.without('training', mask(998, 5), 'they are dark')
    assert [(row.split, row.what, row.count, row.why) for row in report.rows] == [
        ('training', 'read', 1000, ''), ('training', 'kept', 997, ''),
        ('training', 'dropped', 2, 'they are blank'), ('training', 'dropped', 1, 'they are dark'),
        ('public', 'read', 20, ''), ('public', 'kept', 20, '')]


def test_reasons_that_meet_no_row_are_not_named():
    assert REPORT.without('public', mask(20), 'they are blank') == REPORT


def test_each_source_of_fused_rows_counts_its_own():
    other = (SplitCounts('B', 'training', 3), SplitCounts('B', 'public', 0))
    report = REPORT + RowReport(other, ('late',))
    report = report.without('training', mask(1003, 7, 1000, 1002), 'they are blank')
    # The mask goes over the rows that are left of both, in their order.
    report = report.without('training', mask(1000, 998, 999), 'they are dark')
    kept = {(counts.data_set, counts.split): counts.kept for counts in report.splits}
    assert kept == {
        ('A', 'training'): 998, ('A', 'public'): 20, ('B', 'training'): 0, ('B', 'public'): 0}
    assert report.notes == ('late',)


def test_the_summary_is_a_sentence_with_every_number():
    report = REPORT.without('training', mask(1000, 3), 'they are blank')
    assert report.summary == (
        '999 of 1,000 training rows (dropped: 1 because they are blank), 20 of 20 public rows.')
    fused = report + RowReport((SplitCounts('B', 'training', 3),), ('B has no tests',))
    assert fused.summary == (
        '999 of 1,000 training rows of A (dropped: 1 because they are blank), '
        '20 of 20 public rows of A, 3 of 3 training rows of B. B has no tests.')


def test_the_table_shows_every_row_and_note():
    report = REPORT.without('training', mask(1000, 3), 'they are blank')
    report += RowReport((), ('and a note',))
    console = Console(width=80)
    with console.capture() as capture:
        console.print(report.table())
    text = capture.get()
    for word in ('1,000', '999', 'they are blank', 'public', 'and a note'):
        assert word in text
    assert text.count('training') == 1
