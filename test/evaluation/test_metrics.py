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

"""Figures are what their definitions say."""

from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.metrics import (
    best_temperature,
    Calibration,
    Figures,
    figures,
    intervals,
    untempered,
)
import numpy as np
import pytest


def sure_of(classes, confidence=1.0):
    rows = np.full((len(classes), 7), (1 - confidence) / 6, np.float32)
    rows[np.arange(len(classes)), classes] = confidence
    return rows


def test_confusion_accuracy_recall_and_f1():
    labels = np.array([0, 0, 0, 0, 1, 1, 2])
    said = np.array([0, 0, 0, 1, 1, 2, 2])
    found = figures(sure_of(said), labels)
    assert found.n == 7
    assert found.confusion[0].tolist() == [3, 1, 0, 0, 0, 0, 0]
    assert found.accuracy == pytest.approx(5 / 7)
    np.testing.assert_allclose(found.recall[:3], [3 / 4, 1 / 2, 1])
    # precision 1, 1/2, 1/2; recall 3/4, 1/2, 1. Four labels never occur, and do not count.
    f1 = [2 * 0.75 / 1.75, 0.5, 2 * 0.5 / 1.5]
    assert found.macro_f1 == pytest.approx(np.mean(f1))
    recalls = found.to_mapping()['per_class_recall']
    assert list(recalls) == list(LABELS)
    assert [label for label, recall in recalls.items() if recall is None] == list(LABELS[3:])


def test_without_rows_there_is_nothing_to_say():
    found = figures(np.zeros((0, 7), np.float32), np.zeros(0, np.int64)).to_mapping()
    assert found['n'] == 0
    assert [found[name] for name in ('accuracy', 'macro_f1', 'ece')] == [None] * 3
    assert set(map(tuple, intervals(found['confusion']).values())) == {(None, None)}


def test_an_interval_is_as_wide_as_chance_makes_it():
    confusion = np.diag([400] * 7)
    confusion[0, 1], confusion[2, 2], confusion[2, 3] = 100, 40, 40
    confusion[6] = 0
    found = intervals(confusion)
    # The normal approximation of a binomial share: p +- 1.96 sqrt(p (1 - p) / n).
    for name, share, rows in (
            ('accuracy', 2040 / 2180, 2180), (LABELS[0], 0.8, 500), (LABELS[2], 0.5, 80)):
        margin = 1.96 * np.sqrt(share * (1 - share) / rows)
        np.testing.assert_allclose(found[name], [share - margin, share + margin], rtol=0.1)
    assert found[LABELS[1]] == [1, 1]
    assert found[LABELS[6]] == [None, None]
    low, high = found['macro_f1']
    assert low < Figures(confusion, 0.0).macro_f1 < high
    assert intervals(confusion) == found


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    labels = np.zeros(100, np.int64)
    said = np.array([0] * 60 + [1] * 40)
    assert figures(sure_of(said, 0.9), labels).ece == pytest.approx(0.3, abs=1e-6)
    assert figures(sure_of(said, 0.6), labels).ece == pytest.approx(0.0, abs=1e-6)
    # Half of the rows are too sure by 0.4, the others too unsure by 0.3: they do not cancel.
    labels = np.array([0] * 50 + [2] * 25 + [0] * 25)
    said = np.zeros(100, np.int64)
    rows = np.concatenate([sure_of(said[:50], 0.7), sure_of(said[50:], 0.9)])
    assert figures(rows, labels).ece == pytest.approx(0.35, abs=1e-6)


def test_bins_of_confidence_hold_their_rows():
    labels = np.array([0, 0, 1, 1])
    rows = np.concatenate([sure_of([0, 1], 0.31), sure_of([1], 0.9), sure_of([0])])
    found = Calibration.of(rows, labels)
    # Of 15 bins the fifth begins at 4/15 = 0.267, the fourteenth at 0.867; 1.0 is in the last.
    assert {int(k): int(n) for k, n in enumerate(found.rows) if n} == {4: 2, 13: 1, 14: 1}
    np.testing.assert_allclose(found.confidence[[4, 13, 14]], [0.31, 0.9, 1.0], atol=1e-6)
    assert found.accuracy[[4, 13, 14]].tolist() == [0.5, 1.0, 0.0]


def test_a_temperature_can_be_undone():
    logits = np.random.default_rng(3).normal(0, 3, (50, 7))

    def softmax(values):
        return np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)

    np.testing.assert_allclose(
        untempered(softmax(logits / 0.7).astype(np.float32), 0.7), softmax(logits), atol=1e-5)
    certain = sure_of([2])
    np.testing.assert_allclose(untempered(certain, 0.7), certain, atol=1e-6)


@pytest.mark.parametrize('temperature', [0.5, 1.0, 2.5])
def test_the_temperature_that_was_put_in_is_found(temperature):
    random = np.random.default_rng(6)
    honest = random.normal(0, 2, (20000, 7))
    powers = np.exp(honest)
    chances = powers / powers.sum(axis=1, keepdims=True)
    labels = (chances.cumsum(axis=1) > random.random((20000, 1))).argmax(axis=1)
    found = best_temperature((honest * temperature).astype(np.float32), labels)
    assert found == pytest.approx(temperature, rel=0.05)


def test_few_rows_that_are_all_right_say_nothing_about_the_temperature():
    logits = np.eye(7, dtype=np.float32)
    assert best_temperature(logits, np.arange(7)) == 1
    assert best_temperature(logits, np.arange(7)[::-1]) == 1
