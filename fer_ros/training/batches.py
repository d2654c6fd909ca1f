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
from typing import NamedTuple

from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.labelled_faces import Images, LabelledFaces, Mask, Targets
from fer_ros.evaluation.simulated_scenes import SceneViews
from fer_ros.training.augmentation import Augmentation
from fer_ros.training.balance import row_weights
from fer_ros.training.network_input import NetworkInput
from fer_ros.training.training_options import TrainingOptions
import numpy as np
import numpy.typing as npt


class Batch(NamedTuple):
    """
    Rows of one training step.

    :param pixels: (N, edge, edge, 1) float32.
    :param targets: (N, 7).
    :param weights: weights of the rows, (N,).
    :param mesh: features of the face mesh, (N, 288) float32, zeros where they are absent; None if
        the network does not receive them.
    """

    pixels: npt.NDArray[np.float32]
    targets: Targets
    weights: npt.NDArray[np.float32]
    mesh: npt.NDArray[np.float32] | None = None

    @property
    def inputs(self) -> NetworkInput:
        """Return what the network receives."""
        return self.pixels if self.mesh is None else [self.pixels, self.mesh]


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
        options: TrainingOptions, scenes: SceneViews | None = None,
    ) -> None:
        """
        Take the training rows.

        :param detected: the images as the pipeline crops them, (N, S, S) uint8; None if not used.
        :param scenes: the images as the pipeline crops them in random scenes, of the same size;
            None if not used.
        :raises ValueError: if there are fewer rows than a batch has, or the features of the mesh
            are wanted and not known.
        """
        self._faces = faces
        self._detected = detected
        self._scenes = scenes
        self._preprocessing = preprocessing
        self._options = options
        self._augmentation = Augmentation().times(options.augmentation)
        strength = options.balance_strength if options.balance != 'none' else 0.0
        self._weights = row_weights(faces.targets, strength)
        if not len(self):
            raise ValueError(
                f'{len(faces)} training rows are fewer than one batch of {options.batch_size}; '
                'lower batch_size')
        if options.mesh_absent + options.image_absent > 1:
            raise ValueError(
                f'mesh_absent ({options.mesh_absent:g}) and image_absent '
                f'({options.image_absent:g}) are more than 1 together: lower one of them')
        if options.mesh and faces.mesh is None:
            raise ValueError('the features of the mesh are wanted, but the faces have none')

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
        views = self._views(rows, random)
        if self._scenes is not None:
            images[views >= 0] = self._scenes.crops[rows, views][views >= 0]
        changed, mirrored = self._augmentation(images, random)
        pixels = self._preprocessing.network_input(list(changed))
        mesh = self._mesh(rows, views, mirrored, pixels, random)
        smoothing = np.float32(options.label_smoothing)
        targets = self._faces.targets[rows] * (1 - smoothing) + smoothing / len(LABELS)
        weights = (
            self._weights[rows] if options.balance == 'weights'
            else np.ones(len(rows), np.float32))
        batch = Batch(pixels, targets.astype(np.float32), weights, mesh)
        return mixed(batch, options.mixup, random) if options.mixup else batch

    def _views(
        self, rows: npt.NDArray[np.int64], random: np.random.Generator,
    ) -> npt.NDArray[np.int64]:
        """Return the scene in which each row is shown, or -1 for no scene."""
        none = np.full(len(rows), -1)
        if self._scenes is None:
            return none
        views = random.integers(self._scenes.crops.shape[1], size=len(rows))
        shown = random.random(len(rows)) < self._options.scenes
        return np.where(shown & self._scenes.crops[rows, views].any(axis=(1, 2)), views, none)

    def _mesh(
        self, rows: npt.NDArray[np.int64], views: npt.NDArray[np.int64], mirrored: Mask,
        pixels: npt.NDArray[np.float32], random: np.random.Generator,
    ) -> npt.NDArray[np.float32] | None:
        """Return the features of the mesh, and hide some of them, or the pixels, of some rows."""
        if not self._options.mesh or self._faces.mesh is None:
            return None
        sides = mirrored.astype(np.int64)
        mesh = self._faces.mesh[rows, sides].astype(np.float32)
        if self._scenes is not None:
            mesh[views >= 0] = self._scenes.features[rows, views, sides][views >= 0]
        chance = random.random(len(rows))
        mesh[chance < self._options.mesh_absent] = 0
        pixels[(chance > 1 - self._options.image_absent) & mesh.any(axis=1)] = 0
        return mesh


def mixed(batch: Batch, alpha: float, random: np.random.Generator) -> Batch:
    """
    Mix each row with another (Zhang et al. 2018, "mixup").

    :param alpha: both parameters of the beta distribution; one share is drawn for the whole batch.
    """
    share = np.float32(random.beta(alpha, alpha))
    other = random.permutation(len(batch.targets))

    def blended(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(share * values + (1 - share) * values[other], np.float32)

    return Batch(
        blended(batch.pixels), blended(batch.targets), blended(batch.weights),
        None if batch.mesh is None else blended(batch.mesh))
