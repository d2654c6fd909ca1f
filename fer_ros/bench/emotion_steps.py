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
How fast and how steadily labels follow emotions that are known.

Sequences are made of FER+'s public rows: an emotion lasts some seconds, then another one begins.
While it lasts, rows with its label follow each other, and each is cropped with the jitter that
crops have in clips of people. The emotion stage sees the crops as those of one face.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
import math
from pathlib import Path
from typing import Any, NamedTuple

import cv2
from fer_ros.core.classification.card_file import load_card
from fer_ros.core.emotion_stage import EmotionStage
from fer_ros.core.face_stage import FaceOptions
from fer_ros.core.geometry import Similarity
from fer_ros.core.values import Box, Face, FaceState, Image, NS_PER_S, Probabilities
from fer_ros.evaluation.classifier_evaluation import features_of
from fer_ros.evaluation.data_sets import LabelledFaces, read_data
from fer_ros.evaluation.detected_faces import with_mesh_features
from fer_ros.evaluation.metrics import Calibration, rounded
from fer_ros.parameters.node_options import EmotionNodeOptions
from fer_ros.parameters.parameter_files import load_options
import numpy as np
import numpy.typing as npt

DATA_FILE = 'fer2013/fer2013_ferplus.npz'

RATE_HZ = 10.0
SEQUENCES, SEQUENCE_S = 40, 30.0
EMOTION_S = 2.0, 5.0
"""Shortest and longest time of an emotion, in seconds."""

ROW_S = 0.4
"""
Mean time for which a row is shown. With it, the labels of single images change as often as in the
clips (docs/benchmarks.md).
"""

JITTER = np.array([0.004, 0.003, 0.014, math.radians(0.7)])
"""
Standard deviations of the crops' jitter: shift across and along the face in edges of the crop,
logarithm of the scale, roll in radians. Medians over the clips (docs/benchmarks.md).
"""

JITTER_CORRELATION = 0.4
"""Correlation of the jitter of two crops that follow each other by 0.1 s."""

REACHED = 0.9
SETTLED_S = 1.5, 2.0
"""Time after a step in which the share of right labels counts as final."""

_FACE_PX = 80
"""Edge of the face's box: large enough not to lower the quality of a view."""

Labels = npt.NDArray[np.int64]


class Shown(NamedTuple):
    """An image of a sequence: the true emotion, the row that shows it, and its crop."""

    label: int
    row: int
    crop: Image


def run(data: Path | None, report: Callable[[str], None]) -> dict[str, Any]:
    """
    Measure the emotion stage of the preset `live`.

    :param data: folder of the data sets; {} is returned if it has no FER-2013 with FER+ votes.
    :return: for `raw` and `smoothed`: `accuracy`, `delay_ms` (see `delay_ms`),
        `false_changes_per_minute` and `ece`.
    """
    if data is None or not (data / DATA_FILE).is_file():
        return {}
    report('labelled sequences of emotions')
    options = load_options('live', 'emotion_node', EmotionNodeOptions)
    faces = read_data(data / DATA_FILE, 'ferplus').public.faces
    if load_card(options.model).uses_mesh:
        faces = with_mesh_features(faces)
    features = features_of(faces)
    stage = EmotionStage(replace(options, rate_hz=0.0, budget_ms=0.0))
    random = np.random.default_rng(0)
    truth: list[Labels] = []
    answers: dict[str, list[Labels]] = {'raw': [], 'smoothed': []}
    rows: dict[str, list[Probabilities]] = {'raw': [], 'smoothed': []}
    for _ in range(SEQUENCES):
        stage.reset()
        shown = list(sequence(faces, random))
        results = [
            stage.process([Face(
                1, FaceState.DETECTED, Box(0, 0, _FACE_PX, _FACE_PX), 1.0, crop=one.crop,
                mesh_features=features[one.row])], round(number * NS_PER_S / RATE_HZ))[0]
            for number, one in enumerate(shown)]
        truth.append(np.array([one.label for one in shown]))
        answers['raw'].append(np.array([one.raw_probabilities.argmax() for one in results]))
        answers['smoothed'].append(np.array([int(one.emotion) for one in results]))
        rows['raw'] += [one.raw_probabilities for one in results]
        rows['smoothed'] += [one.probabilities for one in results]
    labels = np.concatenate(truth)
    return {kind: {
        'accuracy': rounded(float(np.mean(np.concatenate(given) == labels))),
        'delay_ms': delay_ms(truth, given),
        'false_changes_per_minute': false_changes_per_minute(truth, given),
        'ece': rounded(Calibration.of(np.stack(rows[kind]), labels).error),
    } for kind, given in answers.items()}


def sequence(faces: LabelledFaces, random: np.random.Generator) -> Iterator[Shown]:
    """
    Yield the images of one sequence.

    Emotions are drawn as often as they occur among the faces, but never twice in a row.
    """
    labels = faces.labels
    size = FaceOptions().crop_size
    jitter = random.normal(size=4)
    label, left, row = -1, 0, 0
    for _ in range(round(SEQUENCE_S * RATE_HZ)):
        if left == 0:
            label = int(random.choice(labels[labels != label]))
            left = round(random.uniform(*EMOTION_S) * RATE_HZ)
            row = int(random.choice(np.flatnonzero(labels == label)))
        elif random.random() < 1 / (ROW_S * RATE_HZ):
            row = int(random.choice(np.flatnonzero(labels == label)))
        left -= 1
        jitter = (JITTER_CORRELATION * jitter
                  + math.sqrt(1 - JITTER_CORRELATION**2) * random.normal(size=4))
        yield Shown(label, row, _crop(faces.images[row], JITTER * jitter, size))


def _crop(image: Image, moved: npt.NDArray[np.float64], size: int) -> Image:
    """Return an image as a crop of an edge, shifted, scaled and rolled by `moved`."""
    edge = image.shape[0]
    shift_x, shift_y, log_scale, roll = moved
    to_crop = Similarity(
        size / edge * math.exp(log_scale), roll, (edge / 2, edge / 2),
        (size * (0.5 + shift_x), size * (0.5 + shift_y)))
    return np.asarray(cv2.warpAffine(
        image, to_crop.warp_matrix(), (size, size), flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE), np.uint8)


def false_changes_per_minute(truth: list[Labels], answers: list[Labels]) -> float:
    """
    Return the number of label changes per minute that no change of the emotion explains.

    While an emotion lasts, the first change to its label is right, and all others are false.
    """
    false, images = 0, 0
    for labels, given in zip(truth, answers, strict=True):
        images += len(labels)
        was_right = False
        for k in range(len(labels)):
            if k and labels[k] != labels[k - 1]:
                was_right = False
            if k and given[k] != given[k - 1]:
                false += given[k] != labels[k] or was_right
            was_right = was_right or given[k] == labels[k]
    return 60 * RATE_HZ * false / images


def delay_ms(truth: list[Labels], answers: list[Labels]) -> float:
    """
    Return the time from a change of the emotion until 90 % of the labels follow it.

    It is the time after which the share of right labels, over all changes, reaches 90 % of the
    share that it has 1.5 to 2 s after the change; between two images, it is interpolated.
    """
    length = round(SETTLED_S[1] * RATE_HZ)
    after = []
    for labels, given in zip(truth, answers, strict=True):
        for k in np.flatnonzero(np.diff(labels)) + 1:
            if k + length <= len(labels):
                after.append(given[k:k + length] == labels[k:k + length])
    share = np.mean(after, axis=0)
    enough = REACHED * share[round(SETTLED_S[0] * RATE_HZ):].mean()
    first = int(np.argmax(share >= enough))
    if first == 0:
        return 0.0
    before, now = share[first - 1], share[first]
    return float(1e3 * (first - 1 + (enough - before) / (now - before)) / RATE_HZ)
