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

"""Answers of trained networks (teachers) that another network learns: distillation."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
from fer_ros.core.classification.classifier import softmax
from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.core.values import Probabilities
from fer_ros.evaluation.labelled_faces import LabelledFaces
from fer_ros.training.network_input import NetworkInput, NORMALISATION
from fer_ros.training.networks import fastest_kinds, network, Style
import keras
import numpy as np

_BATCH = 256


class Teacher:
    """One or more trained networks; their mean answer is learned."""

    def __init__(self, networks: Sequence[keras.Model], precision: str) -> None:
        """
        Copy the networks, with fixed weights.

        :param precision: precision of the arithmetic, see `TrainingOptions`.
        """
        self._networks = [_frozen(trained, precision) for trained in networks]

    def answers(self, given: NetworkInput) -> Probabilities:
        """
        Return the mean of the networks' answers, (N, 7).

        :param given: input of the network that is trained. Its pixels are resized for teachers of
            another size.
        :raises ValueError: if a teacher receives the features of the mesh, and they are not given.
        """
        return np.asarray(
            np.mean([_answers(known, given) for known in self._networks], axis=0), np.float32)

    def answers_once(self, faces: LabelledFaces) -> Probabilities:
        """Return the mean of the answers to each image and to its mirror image, (N, 7)."""
        edge = faces.images.shape[1]
        preprocessing = Preprocessing(edge, edge, **NORMALISATION)
        answers = []
        for begin in range(0, len(faces), _BATCH):
            rows = slice(begin, begin + _BATCH)
            pixels = preprocessing.network_input(list(faces.images[rows]))
            # A face and its mirror image have the same label, but a teacher's answers differ.
            answers.append(np.mean([
                self.answers(seen if faces.mesh is None else [seen, faces.mesh[rows, side]])
                for side, seen in enumerate((pixels, pixels[:, :, ::-1]))], axis=0))
        return np.concatenate(answers)


def mixed(answers: Probabilities, targets: Probabilities, share: float) -> Probabilities:
    """Mix a share of the teacher's answers (N, 7) into the targets (N, 7)."""
    return np.asarray(share * answers + (1 - share) * targets, np.float32)


def _answers(known: keras.Model, given: NetworkInput) -> Probabilities:
    pixels, *mesh = given if isinstance(given, list) else [given]
    _, height, width, _ = known.inputs[0].shape
    seen = pixels if pixels.shape[1:3] == (height, width) else np.stack([
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)[..., None]
        for picture in pixels])
    receives_mesh = len(known.inputs) == 2
    if receives_mesh and not mesh:
        raise ValueError(
            f'the teacher {known.name} receives the features of the mesh: set mesh: true')
    wanted = [seen, *mesh] if receives_mesh else seen
    return softmax(keras.ops.convert_to_numpy(known.predict_on_batch(wanted)))


def _frozen(trained: keras.Model, precision: str) -> keras.Model:
    """Return a copy of a trained network in a precision, with fixed weights."""
    style = Style(precision=precision, kinds=fastest_kinds())
    known = network(
        trained.name, trained.inputs[0].shape[1], style, mesh=len(trained.inputs) == 2)
    known.set_weights(trained.get_weights())
    known.trainable = False
    return known
