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
from fer_ros.training.data_sets import HeldOutRows, LabelledFaces
from fer_ros.training.evaluate import (
    best_temperature,
    evaluate,
    expected_calibration_error,
    figures,
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
    assert found.rows == 7
    assert found.confusion[0].tolist() == [3, 1, 0, 0, 0, 0, 0]
    assert found.accuracy == pytest.approx(5 / 7)
    np.testing.assert_allclose(found.recall[:3], [3 / 4, 1 / 2, 1])
    # precision 1, 1/2, 1/2; recall 3/4, 1/2, 1; four labels never occur.
    f1 = [2 * 0.75 / 1.75, 0.5, 2 * 0.5 / 1.5, 0, 0, 0, 0]
    assert found.macro_f1 == pytest.approx(np.mean(f1))
    assert set(found.to_mapping()['recall']) == set(LABELS[:3])


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    labels = np.zeros(100, np.int64)
    said = np.array([0] * 60 + [1] * 40)
    assert expected_calibration_error(sure_of(said, 0.9), labels) == pytest.approx(0.3, abs=1e-6)
    assert expected_calibration_error(sure_of(said, 0.6), labels) == pytest.approx(0.0, abs=1e-6)
    # Half of the rows are too sure by 0.4, the others too unsure by 0.3: they do not cancel.
    labels = np.array([0] * 50 + [2] * 25 + [0] * 25)
    said = np.zeros(100, np.int64)
    rows = np.concatenate([sure_of(said[:50], 0.7), sure_of(said[50:], 0.9)])
    assert expected_calibration_error(rows, labels) == pytest.approx(0.35, abs=1e-6)


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
    """Says the label that stands in the first pixel."""

    card = None

    def classify(self, crops):
        return sure_of([int(crop[0, 0]) for crop in crops])


def test_rows_that_stand_in_training_are_also_measured_apart():
    random = np.random.default_rng(8)
    labels = random.integers(0, 7, 150)
    also_in_training = np.arange(150) < 50
    images = np.zeros((150, 4, 4), np.uint8)
    # Right where the row stands in Training, else every second time.
    wrong = ~also_in_training & (np.arange(150) % 2 == 0)
    images[:, 0, 0] = np.where(wrong, (labels + 1) % 7, labels)
    found = evaluate(Oracle(), HeldOutRows(LabelledFaces(images, labels), also_in_training))
    assert found['accuracy'] == pytest.approx(100 / 150, abs=1e-4)
    assert found['without_rows_in_training']['rows'] == 100
    assert found['without_rows_in_training']['accuracy'] == pytest.approx(0.5)
