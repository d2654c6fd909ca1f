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

"""A classifier is asked for each row, and timed."""

from fer_ros.evaluation import classifier_evaluation as module
from fer_ros.evaluation.classifier_evaluation import evaluate, probabilities_of
from fer_ros.evaluation.labelled_faces import LabelledFaces, one_hot, Split
import numpy as np
import pytest


def sure_of(classes, confidence=1.0):
    rows = np.full((len(classes), 7), (1 - confidence) / 6, np.float32)
    rows[np.arange(len(classes)), classes] = confidence
    return rows


class Oracle:
    """Says the label that stands in the first pixel, with what confidence it is told."""

    card = None

    def __init__(self, confidence=1.0):
        self.confidence = confidence
        self.calls = []

    def classify(self, crops, features=None):
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
    monkeypatch.setattr(module.time, 'perf_counter', lambda: next(clock))
    found = evaluate(oracle, split_of(labels, labels, np.zeros(5, bool))).to_mapping()
    assert set(oracle.calls) == {1}
    assert found['ms_per_face'] == pytest.approx(3)


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
