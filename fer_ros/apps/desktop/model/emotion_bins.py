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

"""Mean probabilities of persons over time, in bins of equal length; and their picture."""

from __future__ import annotations

from collections.abc import Iterable

from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.values import FaceEmotion, Image
from fer_ros.media.drawing import COLORS
import numpy as np
import numpy.typing as npt

MAX_GAP_S = 0.5

_RGB = np.array([COLORS[Emotion(k)][::-1] for k in range(len(LABELS))], np.uint8)


class EmotionBins:
    """
    The mean probabilities of one person, the last `count` bins of them.

    A bin in which the person was seen without a classification has probabilities of 0.
    """

    def __init__(self, bin_s: float, count: int) -> None:
        """Start empty; `bin_s` is the length of a bin."""
        self._bin_s = bin_s
        self._sums = np.zeros((count, len(LABELS)), np.float32)
        self._hits = np.zeros(count, np.int32)
        self._numbers = np.full(count, -1, np.int64)
        self.first_s = self.last_s = float('nan')

    def number(self, time_s: float) -> int:
        """Return the number of the bin of a time, from 0."""
        return int(time_s / self._bin_s)

    def add(self, time_s: float, probabilities: npt.NDArray[np.float32]) -> None:
        """Add an observation."""
        number = self.number(time_s)
        place = number % len(self._hits)
        if self._numbers[place] != number:
            self._numbers[place] = number
            self._sums[place] = 0
            self._hits[place] = 0
        self._sums[place] += probabilities
        self._hits[place] += 1
        self.first_s = min(time_s, self.first_s) if self.first_s == self.first_s else time_s
        self.last_s = max(time_s, self.last_s) if self.last_s == self.last_s else time_s

    def means(self, end: int, count: int) -> npt.NDArray[np.float32]:
        """
        Return the means of the bins before bin `end`.

        Gaps of at most `MAX_GAP_S` have the values before them: images came slower than bins.

        :return: (count, 7) float32; NaN where the person was not seen.
        """
        numbers = np.arange(end - count, end)
        places = numbers % len(self._hits)
        is_there = (self._numbers[places] == numbers) & (numbers >= 0)
        rows = self._sums[places] / np.maximum(self._hits[places], 1)[:, None]
        rows = np.where(is_there[:, None], rows, np.nan).astype(np.float32)
        seen = np.flatnonzero(is_there)
        gaps = np.diff(seen)
        for place in np.flatnonzero((gaps > 1) & (gaps * self._bin_s <= MAX_GAP_S)):
            rows[seen[place] + 1:seen[place + 1]] = rows[seen[place]]
        return rows


class PersonBins:
    """The bins of all persons of a source, by track ID."""

    def __init__(self, bin_s: float, count: int) -> None:
        """Start without persons."""
        self.bin_s, self.count = bin_s, count
        self.persons: dict[int, EmotionBins] = {}

    def add(self, time_s: float, faces: Iterable[FaceEmotion]) -> None:
        """Add the faces of an image."""
        for face in faces:
            person = self.persons.get(face.track_id)
            if person is None:
                person = self.persons[face.track_id] = EmotionBins(self.bin_s, self.count)
            person.add(time_s, face.probabilities)


def strip(
    means: npt.NDArray[np.float32], height: int, background: tuple[int, int, int],
    seen: tuple[int, int, int],
) -> Image:
    """
    Draw the probabilities as stacked bands, anger at the bottom, one column for each bin.

    :param means: (N, 7), see `EmotionBins.means`.
    :param background, seen: RGB where there was no person, and where a person was not classified.
    :return: (height, N, 3) uint8, RGB.
    """
    levels = (np.arange(height, 0, -1) - 0.5) / height
    tops = np.cumsum(np.nan_to_num(means), axis=1)
    kinds = (levels[:, None, None] > tops[None]).sum(axis=2)
    colors = np.vstack([_RGB, np.array([seen], np.uint8)])
    # The sum of the probabilities may be a little below 1.
    kinds = np.where((kinds == len(LABELS)) & (tops[:, -1] > 0.5), len(LABELS) - 1, kinds)
    result: Image = colors[kinds]
    result[:, np.isnan(means[:, 0])] = background
    return result
