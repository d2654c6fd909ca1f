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
"""Measures on photographs what a whole pipeline answers, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
import warnings

from fer_ros.core.emotions import LABELS
from fer_ros.core.values import Box, Image, Probabilities
from fer_ros.evaluation.labelled_faces import Mask
from fer_ros.evaluation.metrics import Calibration, RESAMPLES, rounded, SEED
from fer_ros.evaluation.photographs import FaceInPhotograph
from fer_ros.media.image_file import read_image
import numpy as np
import numpy.typing as npt

MIN_IOU = 0.3
"""
Minimum overlap of a face that was found with a labelled one.

Detectors frame faces differently, some from the hair, some from the eyebrows. The usual minimum of
0.5 would measure the framing instead of the detection.
"""

_NONE = len(LABELS)
"""Answer where the face was not found, or its emotion is unknown."""

Rows = npt.NDArray[np.int64]


class AnsweredFace(NamedTuple):
    """
    A face that a pipeline finds in a photograph.

    :param probabilities: (7,), in the order of `LABELS`; None if the emotion is unknown.
    """

    box: Box
    probabilities: Probabilities | None


FindFaces = Callable[[Image], Sequence[AnsweredFace]]
"""What is measured: a function from a photograph, (H, W, 3) BGR, to its faces."""


@dataclass(frozen=True)
class Answers:
    """
    The answers of a pipeline to labelled faces.

    :param labels: (N,), values of `Emotion`.
    :param photographs: (N,), number of the photograph of each face, from 0.
    :param found: (N,), whether a face was found at the place of the labelled one.
    :param probabilities: (N, 7); rows of zeros where no emotion was named.
    """

    labels: Rows
    photographs: Rows
    found: Mask
    probabilities: Probabilities

    @property
    def answers(self) -> Rows:
        """Return the emotion that was named, (N,); 7 where none was."""
        named = self.probabilities.any(axis=1)
        return np.where(named, self.probabilities.argmax(axis=1), _NONE)

    def figures(self, rows: Rows | None = None) -> dict[str, float]:
        """
        Return the figures of some rows, by default of all; NaN where nothing can be counted.

        A face that was not found, or whose emotion is unknown, is a wrong answer in `accuracy`,
        `macro_f1` and `balanced_accuracy`. The means of these two are over the labels that occur.
        """
        if rows is None:
            rows = np.arange(len(self.labels))
        labels, answers, found = self.labels[rows], self.answers[rows], self.found[rows]
        named = answers != _NONE
        right = labels == answers
        confusion = _confusion(labels, answers)
        occurs = confusion.sum(axis=1)
        hits = np.diag(confusion)[occurs > 0]
        answered = confusion.sum(axis=0)[:_NONE][occurs > 0]
        counted = occurs[occurs > 0]
        return {
            'found': _mean(found), 'named': _mean(named),
            'accuracy': _mean(right), 'accuracy_of_found': _mean(right[found]),
            'accuracy_of_named': _mean(right[named]),
            'macro_f1': _mean(2 * hits / (counted + answered)),
            'balanced_accuracy': _mean(hits / counted),
            'ece_of_named': Calibration.of(
                self.probabilities[rows][named], labels[named]).error}

    def to_mapping(self) -> dict[str, Any]:
        """Return the figures with their intervals, and the confusion (7, 8), for JSON."""
        return {
            'faces': len(self.labels), 'photographs': int(self.photographs.max()) + 1,
            'figures': with_intervals(self.figures, self.photographs),
            'confusion': _confusion(self.labels, self.answers).tolist()}


def answers_of(faces: Sequence[FaceInPhotograph], find_faces: FindFaces) -> Answers:
    """
    Search each photograph once, and return the answers to its labelled faces.

    The answer to a face with a box is that of the found face which overlaps it most (IoU), by at
    least `MIN_IOU`; to a face without a box, that of the largest face.

    :raises ValueError: if a photograph cannot be read.
    """
    paths = list(dict.fromkeys(face.path for face in faces))
    photographs = np.array([paths.index(face.path) for face in faces], np.int64)
    found = np.zeros(len(faces), np.bool_)
    probabilities = np.zeros((len(faces), len(LABELS)), np.float32)
    for number, path in enumerate(paths):
        answered = find_faces(read_image(path))
        for row in np.flatnonzero(photographs == number):
            answer = _at(faces[row].box, answered)
            found[row] = answer is not None
            if answer is not None and answer.probabilities is not None:
                probabilities[row] = answer.probabilities
    labels = np.array([face.emotion for face in faces], np.int64)
    return Answers(labels, photographs, found, probabilities)


def _at(box: Box | None, answered: Sequence[AnsweredFace]) -> AnsweredFace | None:
    if box is None:
        return max(answered, key=lambda face: face.box.area, default=None)
    best = max(answered, key=lambda face: face.box.iou(box), default=None)
    return best if best is not None and best.box.iou(box) >= MIN_IOU else None


def with_intervals(
    figures: Callable[[Rows], dict[str, float]], photographs: Rows,
) -> dict[str, dict[str, float | None]]:
    """
    Return figures with their 95 % intervals: percentiles of a bootstrap with a fixed seed.

    Whole photographs are drawn, because the faces of one photograph are not independent. Two calls
    with the same photographs draw the same ones. B. Efron and R. Tibshirani, "An Introduction to
    the Bootstrap", 1993, chapter 13.

    :param figures: computes the figures of some rows.
    :param photographs: (N,), number of the photograph of each row, from 0.
    :return: `value`, `low` and `high` by the name of the figure; None where it is NaN.
    """
    random = np.random.default_rng(SEED)
    rows, count = np.arange(len(photographs)), int(photographs.max()) + 1
    drawn = [
        figures(np.repeat(rows, np.bincount(
            random.integers(0, count, count), minlength=count)[photographs]))
        for _ in range(RESAMPLES)]
    result = {}
    for name, value in figures(rows).items():
        with warnings.catch_warnings():
            # A figure of named faces has no value where none was named.
            warnings.simplefilter('ignore', RuntimeWarning)
            low, high = np.nanquantile([one[name] for one in drawn], [0.025, 0.975])
        result[name] = {'value': rounded(value), 'low': rounded(low), 'high': rounded(high)}
    return result


def _confusion(labels: Rows, answers: Rows) -> npt.NDArray[np.int64]:
    """Return numbers of rows by label and answer, (7, 8); the last column has no answer."""
    counts = np.bincount(labels * (_NONE + 1) + answers, minlength=_NONE * (_NONE + 1))
    return np.asarray(counts.reshape(_NONE, _NONE + 1), np.int64)


def _mean(values: npt.NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float('nan')
