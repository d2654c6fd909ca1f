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

import re

from fer_ros.core.emotions import LABELS
from fer_ros.evaluation import classifier_speed as speed
from fer_ros.evaluation.labelled_faces import LabelledFaces, one_hot, Split
from fer_ros.evaluation.measuring import (
    best_temperature,
    Calibration,
    evaluate,
    figures,
    probabilities_of,
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
    # precision 1, 1/2, 1/2; recall 3/4, 1/2, 1; four labels never occur.
    f1 = [2 * 0.75 / 1.75, 0.5, 2 * 0.5 / 1.5, 0, 0, 0, 0]
    assert found.macro_f1 == pytest.approx(np.mean(f1))
    recalls = found.to_mapping()['per_class_recall']
    assert list(recalls) == list(LABELS)
    assert [label for label, recall in recalls.items() if recall is None] == list(LABELS[3:])


def test_without_rows_there_is_nothing_to_say():
    found = figures(np.zeros((0, 7), np.float32), np.zeros(0, np.int64)).to_mapping()
    assert found['n'] == 0
    assert [found[name] for name in ('accuracy', 'macro_f1', 'ece')] == [None] * 3


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


class Oracle:
    """Says the label that stands in the first pixel, with what confidence it is told."""

    card = None

    def __init__(self, confidence=1.0):
        self.confidence = confidence
        self.calls = []

    def classify(self, crops):
        self.calls.append(len(crops))
        return sure_of([int(crop[0, 0]) for crop in crops], self.confidence)


def split_of(answers, labels, also_in_training):
    images = np.zeros((len(labels), 4, 4), np.uint8)
    images[:, 0, 0] = answers
    return Split(LabelledFaces(images, one_hot(labels)), also_in_training)


def test_rows_that_stand_in_training_are_also_measured_apart():
    labels = np.random.default_rng(8).integers(0, 7, 150)
    also_in_training = np.arange(150) < 50
    # Right where the row stands in Training, else every second time.
    wrong = ~also_in_training & (np.arange(150) % 2 == 0)
    split = split_of(np.where(wrong, (labels + 1) % 7, labels), labels, also_in_training)
    found = evaluate(Oracle(), split).to_mapping()
    assert found['accuracy'] == pytest.approx(100 / 150, abs=1e-4)
    assert found['without_rows_in_training'] == {
        'n': 100, 'accuracy': 0.5,
        'macro_f1': pytest.approx(0.5, abs=0.1)}
    assert 'ece_before_temperature' not in found


def test_faces_are_timed_one_by_one(monkeypatch):
    labels = np.arange(5)
    oracle = Oracle()
    # The calls take 1, 9, 3, 2 and 50 ms.
    clock = iter(np.cumsum([7, 1, 0, 9, 0, 3, 0, 2, 0, 50]) / 1e3)
    monkeypatch.setattr(speed.time, 'perf_counter', lambda: next(clock))
    found = evaluate(oracle, split_of(labels, labels, np.zeros(5, bool))).to_mapping()
    assert set(oracle.calls) == {1}
    assert found['ms_per_face'] == pytest.approx(3)


def test_the_machine_is_named_with_the_cores_that_may_be_used(monkeypatch):
    monkeypatch.setattr(speed.os, 'sched_getaffinity', lambda process: {0, 1, 5})
    assert re.fullmatch(r'.*[A-Za-z].*, 3 cores', speed.machine())


def test_the_error_before_the_temperature_is_told():
    labels = np.arange(7)
    # Logits of a confidence of 0.6 were divided so that it became honest: all are right.
    logit = np.log(0.6 / (0.4 / 6))
    confidence = np.exp(logit * 10) / (np.exp(logit * 10) + 6)
    split = split_of(labels, labels, np.zeros(7, bool))
    found = evaluate(Oracle(confidence), split).to_mapping(temperature=0.1)
    assert found['ece'] == pytest.approx(0, abs=1e-4)
    assert found['ece_before_temperature'] == pytest.approx(0.4, abs=1e-3)


def test_batches_give_every_row_its_answer():
    labels = np.random.default_rng(9).integers(0, 7, 150)
    rows = split_of(labels, labels, np.zeros(150, bool)).faces
    assert probabilities_of(Oracle(), rows).argmax(axis=1).tolist() == labels.tolist()
