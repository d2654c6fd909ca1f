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

"""Runs a classifier on labelled faces. The figures themselves are computed in `metrics.py`."""

from __future__ import annotations

from dataclasses import dataclass
import math
import time
from typing import Any

from fer_ros.core.classification.classifier import Classifier
from fer_ros.core.emotions import LABELS
from fer_ros.core.landmarks.mesh_features import MeshFeatures
from fer_ros.core.values import Probabilities
from fer_ros.evaluation.labelled_faces import LabelledFaces, Split
from fer_ros.evaluation.metrics import Calibration, figures, rounded, untempered
import numpy as np

_BATCH = 64
_WARM_UPS = 5


@dataclass(frozen=True)
class Evaluation:
    """
    The answers of a classifier to the rows of a split.

    :param probabilities: (N, 7).
    :param ms_per_face: median time for one face, in milliseconds.
    """

    split: Split
    probabilities: Probabilities
    ms_per_face: float

    def to_mapping(self, temperature: float | None = None) -> dict[str, Any]:
        """
        Return the figures on all rows, and on the rows that do not occur in the Training rows.

        :param temperature: temperature by which the logits of the model were divided. If given,
            the calibration error without this division is included.
        """
        labels, fresh = self.split.faces.labels, ~self.split.also_in_training
        found = figures(self.probabilities, labels).to_mapping()
        unseen = figures(self.probabilities[fresh], labels[fresh]).to_mapping()
        if temperature is not None:
            before = Calibration.of(untempered(self.probabilities, temperature), labels).error
            found['ece_before_temperature'] = rounded(before)
        return {
            **found,
            'ms_per_face': rounded(self.ms_per_face),
            'without_rows_in_training': {
                name: unseen[name] for name in ('n', 'accuracy', 'macro_f1')},
        }


def evaluate(classifier: Classifier, split: Split) -> Evaluation:
    """Classify the rows of a split one by one, and measure the time of each call."""
    probabilities, ms_per_face = timed_probabilities(classifier, split.faces)
    return Evaluation(split, probabilities, ms_per_face)


def timed_probabilities(
    classifier: Classifier, faces: LabelledFaces,
) -> tuple[Probabilities, float]:
    """
    Classify faces one by one, as a camera delivers them.

    :return: the probabilities, (N, 7), and the median time of a call in milliseconds, which
        includes resizing the image; NaN without images.
    """
    probabilities = np.zeros((len(faces), len(LABELS)), np.float32)
    if not len(faces):
        return probabilities, math.nan
    features = features_of(faces)
    for _ in range(_WARM_UPS):
        classifier.classify([faces.images[0]], features[:1])
    seconds = np.zeros(len(faces))
    for row, image in enumerate(faces.images):
        start = time.perf_counter()
        probabilities[row] = classifier.classify([image], features[row:row + 1])[0]
        seconds[row] = time.perf_counter() - start
    return probabilities, float(np.median(seconds) * 1e3)


def probabilities_of(classifier: Classifier, faces: LabelledFaces) -> Probabilities:
    """Classify faces in batches and return the probabilities, (N, 7) float32."""
    features = features_of(faces)
    parts = [
        classifier.classify(
            list(faces.images[first:first + _BATCH]), features[first:first + _BATCH])
        for first in range(0, len(faces), _BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, len(LABELS)), np.float32)


def features_of(faces: LabelledFaces) -> list[MeshFeatures | None]:
    """Return the features of each face's mesh, None where they are unknown."""
    if faces.mesh is None:
        return [None] * len(faces)
    return [features if features.any() else None for features in faces.mesh[:, 0]]
