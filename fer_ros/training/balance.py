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

"""Weights of rows that balance frequent and rare emotions."""

from fer_ros.evaluation.labelled_faces import Targets
import numpy as np
import numpy.typing as npt


def row_weights(targets: Targets, strength: float) -> npt.NDArray[np.float32]:
    """
    Return a weight for each row that balances the emotions.

    The weights are used in the loss, or, divided by their sum, as probabilities for sampling rows.

    :param targets: (N, 7), as in `LabelledFaces`. A row with several emotions gets the mean of
        their weights.
    :param strength: 0: all rows count the same; 1: all emotions that occur count the same. The
        weight of an emotion is its share of the rows to the power of `-strength`.
    :return: (N,), with mean 1.
    """
    shares = targets.mean(axis=0, dtype=np.float64)
    weights = np.where(shares > 0, shares, 1) ** -strength
    of_rows = targets @ weights
    return np.asarray(of_rows / of_rows.mean(), np.float32)
