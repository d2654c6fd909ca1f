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

"""Weights that balance the emotions of a data set."""

from fer_ros.evaluation.labelled_faces import one_hot
from fer_ros.training.balance import row_weights
import numpy as np
import pytest

LABELS = np.array([3] * 80 + [0] * 15 + [1] * 5)


def test_at_full_strength_every_emotion_counts_the_same():
    weights = row_weights(one_hot(LABELS), 1)
    assert weights.mean() == pytest.approx(1)
    for label in (3, 0, 1):
        assert weights[label == LABELS].sum() == pytest.approx(100 / 3, rel=1e-5)


def test_without_strength_every_row_counts_the_same():
    np.testing.assert_allclose(row_weights(one_hot(LABELS), 0), 1)


def test_half_way_the_weight_is_the_root():
    weights = row_weights(one_hot(LABELS), 0.5)
    assert weights[-1] / weights[0] == pytest.approx(4)  # 80 to 5 is 16


def test_a_row_of_two_emotions_lies_between_them():
    targets = np.concatenate([one_hot(LABELS), (one_hot(LABELS[:1]) + one_hot(LABELS[-1:])) / 2])
    weights = row_weights(targets, 1)
    assert weights[-1] == pytest.approx((weights[0] + weights[-2]) / 2)
