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

"""Runs the network that classifies crops of faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ai_edge_litert.interpreter import Interpreter
from fer_ros.core.classification.model_card import ModelCard, ModelError
from fer_ros.core.emotions import LABELS
from fer_ros.core.landmarks.mesh_features import FEATURE_COUNT, MeshFeatures
from fer_ros.core.native_stderr import silenced
from fer_ros.core.values import Image, Probabilities
import numpy as np
import numpy.typing as npt


class Classifier(Protocol):
    """Classifies any number of faces in one call."""

    @property
    def card(self) -> ModelCard:
        """Card of the model."""

    def classify(
        self, crops: Sequence[Image], features: Sequence[MeshFeatures | None] | None = None,
    ) -> Probabilities:
        """
        Return the probabilities of the seven emotions.

        :param crops: N upright square grey images of faces, (S, S) uint8. The sizes may differ,
            and N may be 0.
        :param features: the features of the face mesh for each crop, (288,) float32, None where
            they are unknown. A model that does not use the mesh ignores them.
        :return: (N, 7) float32 in the order of `LABELS`; each row sums to 1.
        :raises ValueError: if a crop is not a square grey image of type uint8.
        """


class LiteRtClassifier:
    """
    A `Classifier` that runs a LiteRT (TensorFlow Lite) model.

    The card defines the preprocessing and the meaning of the outputs. The model file defines the
    types of its input and output, and the scale of integers. It must not be called from two
    threads at the same time.

    Example::

        classifier = LiteRtClassifier(load_card('default'))
        probabilities = classifier.classify([crop])[0]
    """

    def __init__(
        self, card: ModelCard, threads: int = 1, precision: str = '', mirrored: bool = False,
    ) -> None:
        """
        Load the model and check it against its card.

        :param threads: number of CPU threads for one call, at least 1.
        :param precision: `int8` or `float32`; '' for int8 if the model has it.
        :param mirrored: average the outputs (the logits, before the softmax) for a crop and for
            its mirror image; this takes twice as long. The features of the mesh are used as they
            are in both.
        :raises ModelError: if the file is missing, damaged or does not match the card.
        """
        self._card = card
        self._file = card.files[card.precision(precision)]
        content = self._file.read()
        with silenced():
            try:
                self._interpreter = Interpreter(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
            except (ValueError, RuntimeError) as error:
                raise ModelError(
                    f'the model file {self._file.path} is not a LiteRT model that this machine '
                    f'can run: {error}') from error
        self._inputs, self._output = self._checked_tensors()
        self._order = card.output_order
        self._mirrored = mirrored
        self._batch = 1

    @property
    def card(self) -> ModelCard:
        """Card of the model."""
        return self._card

    def classify(
        self, crops: Sequence[Image], features: Sequence[MeshFeatures | None] | None = None,
    ) -> Probabilities:
        """Return the probabilities of the seven emotions; see `Classifier.classify`."""
        if not crops:
            return np.zeros((0, len(LABELS)), np.float32)
        values = [self._card.preprocessing.network_input(crops)]
        if self._mirrored:
            values[0] = np.concatenate([values[0], values[0][:, :, ::-1]])
        if self._card.uses_mesh:
            mesh = np.zeros((len(crops), FEATURE_COUNT), np.float32)
            for row, known in zip(mesh, features or (), strict=False):
                if known is not None:
                    row[:] = known
            values.append(np.concatenate([mesh, mesh]) if self._mirrored else mesh)
        outputs = self._outputs(values)
        if self._mirrored:
            outputs = (outputs[:len(crops)] + outputs[len(crops):]) / 2
        is_logits = self._card.output_kind == 'logits'
        probabilities = softmax(outputs) if is_logits else _normalised(outputs)
        return np.ascontiguousarray(probabilities[:, self._order])

    def _outputs(self, values: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        # A new batch size costs less than padding to a fixed size, or than one call for each face
        # (docs/benchmarks.md).
        if len(values[0]) != self._batch:
            # If one of the two calls fails, the size is undefined, and the next call must set it.
            self._batch = 0
            for tensor, given in zip(self._inputs, values, strict=True):
                self._interpreter.resize_tensor_input(tensor['index'], given.shape)
            self._interpreter.allocate_tensors()
            self._batch = len(values[0])
        for tensor, given in zip(self._inputs, values, strict=True):
            self._interpreter.set_tensor(tensor['index'], quantized(given, tensor))
        self._interpreter.invoke()
        return dequantized(self._interpreter.get_tensor(self._output['index']), self._output)

    def _checked_tensors(self) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]:
        card = self._card
        # The images have four axes, the features of the mesh two.
        inputs = sorted(
            self._interpreter.get_input_details(), key=lambda tensor: -len(tensor['shape']))
        outputs = self._interpreter.get_output_details()
        size = card.preprocessing
        wanted: dict[str, tuple[int, ...]] = {
            '(faces, height, width, channels)': (-1, size.height, size.width, 1)}
        if card.uses_mesh:
            wanted['(faces, mesh_features)'] = (-1, FEATURE_COUNT)
        if len(inputs) != len(wanted) or len(outputs) != 1:
            raise self._disagreement(
                f'{"two inputs" if card.uses_mesh else "one input"} and one output',
                f'{len(inputs)} and {len(outputs)}')
        for tensor, (axes, shape) in zip(inputs, wanted.items(), strict=True):
            found_input = tuple(int(n) for n in tensor['shape_signature'])
            if found_input != shape:
                raise self._disagreement(
                    f'an input {axes} = {shape}, -1 for any number', str(found_input))
        wanted_output = (-1, len(card.labels))
        found_output = tuple(int(n) for n in outputs[0]['shape_signature'])
        if len(found_output) != 2 or found_output[1] != len(card.labels):
            raise self._disagreement(
                f'an output (faces, labels) = {wanted_output}, -1 for any number',
                str(found_output))
        for tensor in *inputs, outputs[0]:
            if tensor['dtype'] != np.float32 and not tensor['quantization'][0] > 0:
                raise self._disagreement(
                    f'float32 or integers with a scale for {tensor["name"]}',
                    f'{np.dtype(tensor["dtype"]).name} and {tensor["quantization"]}')
        return inputs, outputs[0]

    def _disagreement(self, stated: str, found: str) -> ModelError:
        return ModelError(
            f'the card {self._card.path} requires {stated}, but the model file '
            f'{self._file.path} has {found}; they do not belong together: '
            'export the model again or correct the card')


def quantized(values: npt.NDArray[np.float32], tensor: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Convert values to the type of a tensor, given its details from LiteRT."""
    if tensor['dtype'] == np.float32:
        return values
    scale, zero_point = tensor['quantization']
    limits = np.iinfo(tensor['dtype'])
    whole = np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max)
    return np.asarray(whole, tensor['dtype'])


def dequantized(values: npt.NDArray[Any], tensor: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    """Convert values of a tensor to float32, given its details from LiteRT."""
    if tensor['dtype'] == np.float32:
        return values
    scale, zero_point = tensor['quantization']
    return np.asarray((values.astype(np.float32) - zero_point) * scale, np.float32)


def softmax(logits: npt.NDArray[np.float32]) -> Probabilities:
    """Return the probabilities (N, 7) of logits (N, 7)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _normalised(values: npt.NDArray[np.float32]) -> Probabilities:
    # Because of rounding to integers, the sums are not exactly 1.
    positive = np.maximum(values, 1e-6)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True), np.float32)
