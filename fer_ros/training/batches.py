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

"""Batches of augmented images, prepared in a thread while the network trains."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.labelled_faces import Images, LabelledFaces, Targets
from fer_ros.training.augmentation import Augmentation, mixed
from fer_ros.training.balance import row_weights
from fer_ros.training.training_options import TrainingOptions
import numpy as np
import numpy.typing as npt

Batch = tuple[npt.NDArray[np.float32], Targets, npt.NDArray[np.float32]]
"""Images (N, edge, edge, 1), targets (N, 7) and weights of the rows (N,)."""

_BATCHES_AHEAD = 3
"""Number of batches that are prepared while the network trains."""


class Batches:
    """
    Draws the batches of an epoch.

    Each batch depends only on the seed, the epoch and its place in the epoch, so an interrupted
    training continues with the same batches.
    """

    def __init__(
        self, faces: LabelledFaces, detected: Images | None, preprocessing: Preprocessing,
        options: TrainingOptions,
    ) -> None:
        """
        Take the training rows.

        :param detected: the images as the pipeline crops them, (N, S, S) uint8; None if not used.
        :raises ValueError: if there are fewer rows than a batch has.
        """
        self._faces = faces
        self._detected = detected
        self._preprocessing = preprocessing
        self._options = options
        self._augmentation = Augmentation().times(options.augmentation)
        strength = options.balance_strength if options.balance != 'none' else 0.0
        self._weights = row_weights(faces.targets, strength)
        if not len(self):
            raise ValueError(
                f'{len(faces)} training rows are fewer than one batch of {options.batch_size}; '
                'lower batch_size')

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return len(self._faces) // self._options.batch_size

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch; the first epoch has the number 0."""
        order = self._order(np.random.default_rng((self._options.seed, number)))
        size = self._options.batch_size
        with ThreadPoolExecutor(1) as thread:
            waiting = [
                thread.submit(self._batch, order[place * size:(place + 1) * size], number, place)
                for place in range(min(_BATCHES_AHEAD, len(self)))]
            for place in range(len(self)):
                batch = waiting.pop(0).result()
                ahead = place + _BATCHES_AHEAD
                if ahead < len(self):
                    rows = order[ahead * size:(ahead + 1) * size]
                    waiting.append(thread.submit(self._batch, rows, number, ahead))
                yield batch

    def _order(self, random: np.random.Generator) -> npt.NDArray[np.int64]:
        if self._options.balance != 'sampling':
            return random.permutation(len(self._faces))
        chances = self._weights.astype(np.float64)
        return random.choice(len(self._faces), len(self._faces), p=chances / chances.sum())

    def _batch(self, rows: npt.NDArray[np.int64], epoch: int, place: int) -> Batch:
        options = self._options
        random = np.random.default_rng((options.seed, epoch, place))
        images = self._faces.images[rows]
        if self._detected is not None:
            as_detected = random.random(len(rows)) < options.pipeline_crops
            images[as_detected] = self._detected[rows[as_detected]]
        pixels = self._preprocessing.network_input(list(self._augmentation(images, random)))
        smoothing = np.float32(options.label_smoothing)
        targets = self._faces.targets[rows] * (1 - smoothing) + smoothing / len(LABELS)
        weights = (
            self._weights[rows] if options.balance == 'weights'
            else np.ones(len(rows), np.float32))
        if options.mixup:
            pixels, targets, weights = mixed(pixels, targets, weights, options.mixup, random)
        return pixels, targets.astype(np.float32), weights
