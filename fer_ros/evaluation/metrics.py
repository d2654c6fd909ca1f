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

"""
Metrics of predictions: accuracy, F1, recall, confusion, calibration.

Everything here is computed from arrays of probabilities and labels; running a classifier belongs
to `classifier_evaluation.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fer_ros.core.classification.classifier import softmax
from fer_ros.core.emotions import LABELS
from fer_ros.core.values import Probabilities
import numpy as np
import numpy.typing as npt

CALIBRATION_BINS = 15

RESAMPLES = 1000
SEED = 0
"""Number and random seed of the draws with repetition for an interval."""


@dataclass(frozen=True)
class Figures:
    """
    Metrics on a set of rows.

    :param confusion: (7, 7) numbers of rows by label (first axis) and by answer (second axis).
    :param ece: expected calibration error, see `Calibration`.
    """

    confusion: npt.NDArray[np.int64]
    ece: float

    @property
    def n(self) -> int:
        """Return the number of images."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of correct rows, [0, 1]; NaN without rows."""
        return float(np.trace(self.confusion) / self.n) if self.n else float('nan')

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """Share of correct rows per label, (7,); NaN for a label without rows."""
        with np.errstate(invalid='ignore'):
            return np.asarray(np.diag(self.confusion) / self.confusion.sum(axis=1))

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the labels that occur; NaN without rows."""
        return float(_macro_f1(self.confusion)) if self.n else float('nan')

    def to_mapping(self) -> dict[str, Any]:
        """Return the figures for JSON and the evaluation file; undefined figures are None."""
        return {
            'n': self.n,
            'accuracy': rounded(self.accuracy),
            'macro_f1': rounded(self.macro_f1),
            'ece': rounded(self.ece),
            'per_class_recall': {
                label: rounded(value) for label, value in zip(LABELS, self.recall, strict=True)},
            'confusion': self.confusion.tolist(),
        }


@dataclass(frozen=True)
class Calibration:
    """
    Confidence and accuracy in equal bins of confidence.

    :param rows: number of rows per bin, (CALIBRATION_BINS,).
    :param confidence: mean confidence per bin; 0 for an empty bin.
    :param accuracy: share of correct rows per bin; 0 for an empty bin.
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
        Return the expected calibration error, [0, 1] (Guo et al. 2017); NaN without rows.

        It is the mean over all rows of the difference between confidence and accuracy of their
        bin.
        """
        rows = self.rows.sum()
        if not rows:
            return float('nan')
        return float((np.abs(self.accuracy - self.confidence) * self.rows).sum() / rows)


def figures(probabilities: Probabilities, labels: npt.NDArray[np.int64]) -> Figures:
    """
    Compare predictions with labels.

    :param probabilities: (N, 7).
    :param labels: (N,) 0 to 6.
    """
    confusion = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(confusion, (labels, probabilities.argmax(axis=1)), 1)
    return Figures(confusion, Calibration.of(probabilities, labels).error)


def intervals(confusion: Sequence[Sequence[int]]) -> dict[str, list[float | None]]:
    """
    Return 95 % intervals of figures: percentiles of a bootstrap with a fixed seed.

    To draw rows with repetition is to draw the counts of a confusion matrix from a multinomial
    distribution. B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    :param confusion: (7, 7) numbers of rows by label (first axis) and by answer (second axis).
    :return: low and high of `accuracy`, of `macro_f1` and, by its label, of each recall; None
        without rows.
    """
    counts = np.asarray(confusion, np.int64)
    names = ('accuracy', 'macro_f1', *LABELS)
    rows = counts.sum()
    if not rows:
        return {name: [None, None] for name in names}
    drawn = np.random.default_rng(SEED).multinomial(rows, counts.ravel() / rows, RESAMPLES)
    drawn = drawn.reshape(-1, *counts.shape)
    hits = np.diagonal(drawn, axis1=1, axis2=2)
    with np.errstate(invalid='ignore'):
        recalls = hits / drawn.sum(axis=2)
    found = np.column_stack([hits.sum(axis=1) / rows, _macro_f1(drawn), recalls])
    return {
        name: _interval(values[np.isfinite(values)])
        for name, values in zip(names, found.T, strict=True)}


def _interval(values: npt.NDArray[np.float64]) -> list[float | None]:
    if not len(values):
        return [None, None]
    return [rounded(bound) for bound in np.quantile(values, [0.025, 0.975])]


def _macro_f1(confusion: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the mean F1 of confusion matrices with rows, (..., 7, 7) to (...)."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    occurs = confusion.sum(axis=-1)
    f1 = 2 * hits / np.maximum(confusion.sum(axis=-2) + occurs, 1)
    # The F1 of a label without rows is 0.
    return np.asarray(f1.sum(axis=-1) / (occurs > 0).sum(axis=-1))


def untempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Return the probabilities (N, 7) without the division of their logits by a temperature."""
    return softmax(temperature * np.log(np.maximum(probabilities, np.finfo(np.float32).tiny)))


def best_temperature(logits: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> float:
    """
    Return the divisor of the logits with which their softmax fits the labels best.

    See Guo et al. 2017, "On Calibration of Modern Neural Networks".

    :param logits: (N, 7).
    :return: the value with the smallest mean negative log likelihood on a grid from 0.25 to 4 in
        steps of 0.5 %; 1 if that is an end of the grid, as where all of a few rows are right.
    """
    grid = np.exp(np.arange(np.log(0.25), np.log(4.0), 0.005))
    rows = np.arange(len(labels))
    losses = []
    for temperature in grid:
        scaled = logits.astype(np.float64) / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        losses.append(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, labels]))
    best = int(np.argmin(losses))
    return float(grid[best]) if 0 < best < len(grid) - 1 else 1.0


def rounded(value: float) -> float | None:
    """Return a figure with four decimals; None if it is NaN or infinite."""
    return round(float(value), 4) if np.isfinite(value) else None
