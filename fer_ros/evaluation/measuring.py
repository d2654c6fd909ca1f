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

from fer_ros.core.classification.classifier import Classifier, softmax
from fer_ros.core.emotions import LABELS
from fer_ros.core.values import Probabilities
from fer_ros.evaluation.classifier_speed import timed_probabilities
from fer_ros.evaluation.data_sets import LabelledFaces, Split
import numpy as np
import numpy.typing as npt

CALIBRATION_BINS = 15
_BATCH = 64


@dataclass(frozen=True)
class Figures:
    """
    What was measured on some rows.

    :param confusion: (7, 7) numbers of rows; the row is the label, the column what the classifier
        said.
    :param ece: expected calibration error, see `Calibration`.
    """

    confusion: npt.NDArray[np.int64]
    ece: float

    @property
    def n(self) -> int:
        """Return the number of pictures."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of rows that are right, [0, 1]; NaN without rows."""
        return float(np.trace(self.confusion) / self.n) if self.n else float('nan')

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """Share of each label's rows that are right, (7,); NaN where there are none."""
        with np.errstate(invalid='ignore'):
            return np.asarray(np.diag(self.confusion) / self.confusion.sum(axis=1))

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the labels; one that never occurs counts 0. NaN without rows."""
        hits = np.diag(self.confusion)
        total = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        return float(np.mean(2 * hits / np.maximum(total, 1))) if self.n else float('nan')

    def to_mapping(self) -> dict[str, Any]:
        """Return the figures as a card and JSON hold them; None where there is nothing to say."""
        return {
            'n': self.n,
            'accuracy': _rounded(self.accuracy),
            'macro_f1': _rounded(self.macro_f1),
            'ece': _rounded(self.ece),
            'per_class_recall': {
                label: _rounded(value) for label, value in zip(LABELS, self.recall, strict=True)},
            'confusion': self.confusion.tolist(),
        }


@dataclass(frozen=True)
class Calibration:
    """
    How confidence and accuracy agree, in even bins of confidence.

    :param rows: in each bin, (CALIBRATION_BINS,).
    :param confidence: mean over the bin's rows; 0 where there are none.
    :param accuracy: share of the bin's rows that are right; 0 where there are none.
    """

    rows: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]

    @classmethod
    def of(cls, probabilities: Probabilities, labels: npt.NDArray[np.int64]) -> Calibration:
        """
        Sort predictions into bins.

        :param probabilities: (N, 7).
        :param labels: (N,) 0 to 6.
        """
        confidence = probabilities.max(axis=1).astype(np.float64)
        right = probabilities.argmax(axis=1) == labels
        bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
        rows = np.bincount(bins, minlength=CALIBRATION_BINS)
        divisor = np.maximum(rows, 1)
        return cls(
            rows,
            np.bincount(bins, confidence, CALIBRATION_BINS) / divisor,
            np.bincount(bins, right, CALIBRATION_BINS) / divisor)

    @property
    def error(self) -> float:
        """
        Return the expected calibration error (Guo et al. 2017), [0, 1].

        It is the mean over the rows of the difference of confidence and accuracy in their bin;
        NaN without rows.
        """
        rows = self.rows.sum()
        if not rows:
            return float('nan')
        return float((np.abs(self.accuracy - self.confidence) * self.rows).sum() / rows)


@dataclass(frozen=True)
class Evaluation:
    """
    What a classifier said of the rows of a split.

    :param probabilities: (N, 7).
    :param ms_per_face: median time for one face.
    """

    split: Split
    probabilities: Probabilities
    ms_per_face: float

    def to_mapping(self, temperature: float | None = None) -> dict[str, Any]:
        """
        Return the figures on all rows, and on those that do not stand in the Training rows.

        :param temperature: by which the model's logits were divided; the calibration error
            without that is told, too.
        """
        labels, fresh = self.split.faces.labels, ~self.split.also_in_training
        found = figures(self.probabilities, labels).to_mapping()
        unseen = figures(self.probabilities[fresh], labels[fresh]).to_mapping()
        if temperature is not None:
            before = Calibration.of(untempered(self.probabilities, temperature), labels).error
            found['ece_before_temperature'] = _rounded(before)
        return {
            **found,
            'ms_per_face': _rounded(self.ms_per_face),
            'without_rows_in_training': {
                name: unseen[name] for name in ('n', 'accuracy', 'macro_f1')},
        }


def evaluate(classifier: Classifier, split: Split) -> Evaluation:
    """Classify the rows of a split one by one, and measure."""
    probabilities, ms_per_face = timed_probabilities(classifier, split.faces.images)
    return Evaluation(split, probabilities, ms_per_face)


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
    return Figures(confusion, Calibration.of(probabilities, labels).error)


def untempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Return the probabilities (N, 7) as they were before their logits were divided."""
    return softmax(temperature * np.log(np.maximum(probabilities, np.finfo(np.float32).tiny)))


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


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
