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
Makes labels from the votes of FER+ (Barsoum et al. 2016).

Ten people chose one of ten names for each image of FER-2013. As in that paper, a name with a
single vote is treated as noise and ignored.
"""

from typing import Any

from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.labelled_faces import one_hot, Targets
import numpy as np
import numpy.typing as npt

NAMES = (
    'neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt',
    'unknown', 'NF',
)
"""Columns of the votes; NF means "not a face"."""

_SEVEN = [NAMES.index(label) for label in LABELS]
_NOT_A_FACE = NAMES.index('NF')

Votes = npt.NDArray[np.integer[Any]]
Reasons = npt.NDArray[np.str_]


def vote_targets(votes: Votes) -> tuple[Targets, Reasons]:
    """
    Return the targets of training rows: the shares of the votes for the seven emotions.

    :param votes: (N, 10), in the order of `NAMES`.
    :return: targets (N, 7), and the reasons (N,) why rows must not be used, '' for usable rows.
    """
    votes = _without_single_votes(votes)
    total = votes.sum(axis=1)
    of_seven = votes[:, _SEVEN].sum(axis=1)
    why = np.select(
        [total == 0, votes.argmax(axis=1) == _NOT_A_FACE, 2 * of_seven < total],
        ['no two votes agree', 'most votes say that it is no face',
         'fewer than half of the votes are for the seven emotions'], '')
    targets = votes[:, _SEVEN] / np.maximum(of_seven, 1)[:, np.newaxis]
    return targets.astype(np.float32), why


def majority_targets(votes: Votes) -> tuple[Targets, Reasons]:
    """
    Return the targets of test rows: "FER+ majority, 7 classes".

    The label of a row is the name with more than half of the votes. Rows without such a name, or
    whose name is none of the seven emotions, are not used. Parameters and result are those of
    `vote_targets`, but the targets are one-hot.
    """
    votes = _without_single_votes(votes)
    top = votes.argmax(axis=1)
    why = np.select(
        [2 * votes.max(axis=1) <= votes.sum(axis=1), ~np.isin(top, _SEVEN)],
        ['no emotion has more than half of the votes',
         'most votes are for contempt, unknown or not a face'], '')
    return one_hot(votes[:, _SEVEN].argmax(axis=1)), why


def _without_single_votes(votes: Votes) -> Votes:
    return np.where(votes == 1, 0, votes).astype(np.int64)
