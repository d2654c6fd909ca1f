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

"""Matches detections with true faces, and counts found, missed and false faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fer_ros.core.values import Box
from fer_ros.evaluation.photograph_evaluation import MIN_IOU
import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass
class Counts:
    """Numbers of found, missed and false faces, and of images."""

    found: int = 0
    missed: int = 0
    false: int = 0
    images: int = 0

    def add(
        self, truth: Sequence[Box], detections: Sequence[Box], optional: Sequence[Box] = (),
    ) -> None:
        """
        Count an image.

        :param optional: faces that count neither as missed nor as false.
        """
        pairs = matched(truth, detections)
        taken = set(pairs.values())
        rest = [box for index, box in enumerate(detections) if index not in taken]
        self.found += len(pairs)
        self.missed += len(truth) - len(pairs)
        self.false += len(rest) - len(matched(optional, rest))
        self.images += 1

    @property
    def recall(self) -> float:
        """Share of the faces that were found; NaN without faces."""
        whole = self.found + self.missed
        return self.found / whole if whole else float('nan')

    def to_mapping(self) -> dict[str, float]:
        """Return the counts for the JSON."""
        return {
            'images': self.images, 'faces': self.found + self.missed, 'found': self.found,
            'recall': self.recall, 'false': self.false,
            'false_per_image': self.false / self.images if self.images else float('nan')}


def matched(truth: Sequence[Box], detections: Sequence[Box]) -> dict[int, int]:
    """
    Match true faces with detections so that the sum of the overlaps is largest.

    :return: index of the detection by index of the true face; unmatched faces are missing.
    """
    if not truth or not detections:
        return {}
    overlap = np.array([[face.iou(box) for box in detections] for face in truth])
    overlap[overlap < MIN_IOU] = 0
    rows, columns = linear_sum_assignment(-overlap)
    return {
        int(row): int(column) for row, column in zip(rows, columns, strict=True)
        if overlap[row, column] > 0}
