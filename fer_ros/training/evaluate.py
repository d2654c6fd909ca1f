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

"""Figures that say how good a classifier is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fer_ros.core.classifier import Classifier
from fer_ros.core.emotions import LABELS
from fer_ros.core.values import Probabilities
from fer_ros.training.data_sets import HeldOutRows, LabelledFaces
import numpy as np
import numpy.typing as npt

_CALIBRATION_BINS = 15
_BATCH = 64


@dataclass(frozen=True)
class Figures:
    """
    What was measured on some rows.

    :param confusion: (7, 7) numbers of rows; the row is the label, the column what the classifier
        said.
    :param calibration_error: expected calibration error, see `expected_calibration_error`.
    """

    confusion: npt.NDArray[np.int64]
    calibration_error: float

    @property
    def rows(self) -> int:
        """Return the number of pictures."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of rows that are right, [0, 1]."""
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """Share of each label's rows that are right, (7,); NaN where there are none."""
        with np.errstate(invalid='ignore'):
            return np.asarray(np.diag(self.confusion) / self.confusion.sum(axis=1))

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the labels; one that never occurs counts 0."""
        hits = np.diag(self.confusion)
        total = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        return float(np.mean(2 * hits / np.maximum(total, 1)))

    def to_mapping(self) -> dict[str, Any]:
        """Return the figures as a card holds them."""
        return {
            'rows': self.rows,
            'accuracy': round(self.accuracy, 4),
            'macro_f1': round(self.macro_f1, 4),
            'calibration_error': round(self.calibration_error, 4),
            'recall': {
                label: round(float(value), 4)
                for label, value in zip(LABELS, self.recall, strict=True) if np.isfinite(value)},
            'confusion': self.confusion.tolist(),
        }


def probabilities_of(classifier: Classifier, faces: LabelledFaces) -> Probabilities:
    """Return the classifier's probabilities for each row, (N, 7) float32."""
    parts = [
        classifier.classify(list(faces.images[first:first + _BATCH]))
        for first in range(0, len(faces), _BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, len(LABELS)), np.float32)


def figures(probabilities: Probabilities, labels: npt.NDArray[np.int64]) -> Figures:
    """
    Measure predictions.

    :param probabilities: (N, 7).
    :param labels: (N,) 0 to 6.
    """
    confusion = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(confusion, (labels, probabilities.argmax(axis=1)), 1)
    return Figures(confusion, expected_calibration_error(probabilities, labels))


def evaluate(classifier: Classifier, split: HeldOutRows) -> dict[str, Any]:
    """Return the figures on all rows and on those that do not stand in the original Training."""
    probabilities = probabilities_of(classifier, split.faces)
    labels, fresh = split.faces.labels, ~split.also_in_training
    unseen = figures(probabilities[fresh], labels[fresh]).to_mapping()
    briefly = ('rows', 'accuracy', 'macro_f1')
    return {
        **figures(probabilities, labels).to_mapping(),
        'without_rows_in_training': {name: unseen[name] for name in briefly},
    }


def expected_calibration_error(
    probabilities: Probabilities, labels: npt.NDArray[np.int64],
) -> float:
    """
    Return how far confidence and accuracy are apart (Guo et al. 2017), [0, 1].

    The rows are sorted into 15 even bins of confidence; the result is the mean over the rows of
    their bin's difference.
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * _CALIBRATION_BINS).astype(np.int64), _CALIBRATION_BINS - 1)
    difference = np.bincount(bins, right - confidence.astype(np.float64), _CALIBRATION_BINS)
    return float(np.abs(difference).sum() / max(len(labels), 1))


def best_temperature(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> float:
    """
    Return the divisor of logits with which their softmax fits the labels best.

    See Guo et al. 2017, "On Calibration of Modern Neural Networks".

    :param logits: (N, 7).
    :return: of a grid from 0.25 to 4 in steps of 0.5 %, the one with the smallest mean negative
        log likelihood.
    """
    grid = np.exp(np.arange(np.log(0.25), np.log(4.0), 0.005))
    rows = np.arange(len(labels))
    losses = []
    for temperature in grid:
        scaled = logits.astype(np.float64) / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        losses.append(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, labels]))
    return float(grid[int(np.argmin(losses))])
