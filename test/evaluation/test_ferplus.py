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

"""FER+ labels are what the definitions say, by hand and by a second implementation."""

from collections import Counter

from data_files import votes
from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.ferplus import majority_targets, NAMES, vote_targets
import numpy as np
import pytest

NO_FACE = 'most votes say that it is no face'
FEW = 'fewer than half of the votes are for the seven emotions'
NO_MAJORITY = 'no emotion has more than half of the votes'
OTHER = 'most votes are for contempt, unknown or not a face'


def target(**shares):
    return [shares.get(label, 0) for label in LABELS]


@pytest.mark.parametrize(('row', 'expected'), [
    (votes(fear=10), target(fear=1)),
    (votes(neutral=6, sadness=4), target(neutral=0.6, sadness=0.4)),
    # A single vote does not count.
    (votes(happiness=9, anger=1), target(happiness=1)),
    (votes(surprise=6, fear=2, disgust=1, unknown=1), target(surprise=3 / 4, fear=1 / 4)),
    # Votes outside the seven are left out of the shares; half may be such.
    (votes(anger=3, sadness=2, contempt=5), target(anger=3 / 5, sadness=2 / 5)),
    (votes(anger=5, NF=5), target(anger=1)),
])
def test_votes_become_shares_of_the_seven(row, expected):
    targets, why = vote_targets(np.array([row]))
    np.testing.assert_allclose(targets, [expected], atol=1e-7)
    assert targets.dtype == np.float32
    assert why.tolist() == ['']


@pytest.mark.parametrize(('row', 'reason'), [
    (votes(NF=10), NO_FACE),
    (votes(NF=4, fear=3, anger=3), NO_FACE),
    (votes(anger=4, contempt=3, unknown=3), FEW),
    (votes(contempt=9, anger=1), FEW),
    ([1] * 10, 'no two votes agree'),
])
def test_rows_without_shares_say_why(row, reason):
    assert vote_targets(np.array([row]))[1].tolist() == [reason]


@pytest.mark.parametrize(('row', 'label'), [
    (votes(fear=10), 'fear'),
    (votes(neutral=6, sadness=4), 'neutral'),
    # Of the votes left, five are more than half of nine.
    (votes(disgust=5, anger=4, NF=1), 'disgust'),
    (votes(surprise=2, fear=1, anger=1, NF=1), 'surprise'),
])
def test_majorities(row, label):
    targets, why = majority_targets(np.array([row]))
    np.testing.assert_array_equal(targets, [target(**{label: 1})])
    assert why.tolist() == ['']


@pytest.mark.parametrize(('row', 'reason'), [
    (votes(anger=5, sadness=5), NO_MAJORITY),
    (votes(anger=4, sadness=3, fear=3), NO_MAJORITY),
    ([1] * 10, NO_MAJORITY),
    (votes(contempt=6, anger=4), OTHER),
    (votes(unknown=8, anger=2), OTHER),
    (votes(NF=10), OTHER),
])
def test_rows_without_majority_say_why(row, reason):
    assert majority_targets(np.array([row]))[1].tolist() == [reason]


def test_the_real_votes_give_what_a_second_implementation_gives(data_directory):
    with np.load(data_directory / 'fer2013' / 'fer2013_ferplus.npz') as arrays:
        rows = arrays['ferplus_votes']
    soft, why_not_soft = vote_targets(rows)
    plain, why_not_plain = majority_targets(rows)
    for place, row in enumerate(rows.tolist()):
        counts = Counter({n: v for n, v in zip(NAMES, row, strict=True) if v > 1})
        of_seven = {label: counts[label] for label in LABELS}
        total, left = sum(counts.values()), sum(of_seven.values())
        best, most = (counts.most_common(1) or [('', 0)])[0]
        has_majority = most * 2 > total and best in LABELS
        assert (why_not_plain[place] == '') == has_majority
        if has_majority:
            assert plain[place, LABELS.index(best)] == 1
        usable = left > 0 and left >= total / 2 and best != 'NF'
        assert (why_not_soft[place] == '') == usable
        if usable:
            assert soft[place].tolist() == pytest.approx([v / left for v in of_seven.values()])
