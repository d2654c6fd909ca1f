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
The values of a model card: what the running pipeline must know about a model, and no more.

`card_file.py` reads a card, `model_folders.py` finds it. How good a model is and how it was
trained belongs to `fer_ros.evaluation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
from pathlib import Path

from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.core.emotions import LABELS
import numpy as np
import numpy.typing as npt

PRECISIONS = ('int8', 'float32')
"""Files that the pipeline can run. Without a choice, the first one that the model has is used."""

OUTPUT_KINDS = ('logits', 'probabilities')
FRAMINGS = ('fer2013',)

_REMEDY = 'install fer_ros or the model again'


class ModelError(ValueError):
    """A model or its card cannot be used. The text names the fault, the file and a remedy."""


@dataclass(frozen=True)
class ModelFile:
    """A file of a model with the size and the checksum that the model states for it."""

    path: Path
    size_bytes: int
    sha256: str

    def read(self) -> bytes:
        """
        Check the file and return its content.

        :raises ModelError: if the file is missing, truncated or has another checksum.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise ModelError(
                f'the model file {self.path} cannot be read ({error.strerror}), but its model '
                f'names it; {_REMEDY}') from error
        if len(content) < self.size_bytes:
            raise ModelError(
                f'the model file {self.path} is truncated: it has {len(content)} bytes instead of '
                f'{self.size_bytes}; {_REMEDY}')
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ModelError(
                f'the model file {self.path} has a wrong checksum: expected SHA-256 '
                f'{self.sha256}, found {found}; {_REMEDY}, or write a new card with `fer export`')
        return content


@dataclass(frozen=True)
class ModelCard:
    """
    The content of `model.yaml`.

    :param path: path of the card.
    :param files: model files by precision; keys are one or both of `PRECISIONS`.
    :param framing: how the training images frame a face; the pipeline cuts its crops the same way.
    :param uses_mesh: whether the network also receives the features of the face mesh.
    :param output_kind: one of `OUTPUT_KINDS`.
    :param labels: meaning of the outputs, in their order; a permutation of `LABELS`.
    :param terms: licence of the data and terms of use.
    """

    path: Path
    name: str
    version: str
    description: str
    files: Mapping[str, ModelFile]
    preprocessing: Preprocessing
    framing: str
    uses_mesh: bool
    output_kind: str
    labels: tuple[str, ...]
    terms: str

    @property
    def title(self) -> str:
        """Name and version in one word, as published in `fer_msgs/EmotionArray.model`."""
        return f'{self.name}/{self.version}'

    @property
    def output_order(self) -> npt.NDArray[np.intp]:
        """Index of the output of each of `LABELS`, (7,)."""
        return np.array([self.labels.index(label) for label in LABELS], np.intp)

    def precision(self, wanted: str = '') -> str:
        """
        Choose one of the model files.

        :param wanted: one of `PRECISIONS`, or '' for the first of them that the model has.
        :raises ModelError: if the model has no such file.
        """
        available = [precision for precision in PRECISIONS if precision in self.files]
        if wanted and wanted not in available:
            raise ModelError(
                f'the model card {self.path} names no file of precision {wanted!r}; there is '
                f'{" and ".join(available)}')
        return wanted or available[0]
