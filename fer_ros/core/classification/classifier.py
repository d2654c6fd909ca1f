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

"""Networks that tell a face's emotion from its crop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ai_edge_litert.interpreter import Interpreter
from fer_ros.core.classification.model_card import ModelCard, ModelError
from fer_ros.core.emotions import LABELS
from fer_ros.core.native_stderr import silenced
from fer_ros.core.values import Image, Probabilities
import numpy as np
import numpy.typing as npt


class Classifier(Protocol):
    """Tells the emotions of many faces in one call."""

    @property
    def card(self) -> ModelCard:
        """Return what is known about the model."""

    def classify(self, crops: Sequence[Image]) -> Probabilities:
        """
        Return the probabilities of the seven emotions.

        :param crops: N upright square (S, S) uint8 grey pictures of faces, each of any size;
            N may be 0.
        :return: (N, 7) float32 in the order of `LABELS`; each row sums to 1.
        :raises ValueError: where a crop is no square grey picture of uint8.
        """


class LiteRtClassifier:
    """
    A `Classifier` that runs a LiteRT (TensorFlow Lite) model as its card says.

    The model's file says whether it takes and gives float32 or whole numbers, and what these stand
    for. Not to be called from two threads at once.

    Example::

        classifier = LiteRtClassifier(load_card('default'))
        probabilities = classifier.classify([crop])[0]
    """

    def __init__(
        self, card: ModelCard, threads: int = 1, precision: str = '', mirrored: bool = False,
    ) -> None:
        """
        Read the model and check it against its card.

        :param threads: CPU threads for one call, at least 1.
        :param precision: `int8` or `float32`; '': int8 where the model has it.
        :param mirrored: answer with the mean of what the model gives for a crop and for its mirror
            image, of logits before their softmax; takes twice as long.
        :raises ModelError: where the file is missing, damaged or not what the card states.
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
                    f'the model file {self._file.path} is no LiteRT model that this machine can '
                    f'run: {error}') from error
        self._input, self._output = self._checked_tensors()
        self._order = card.output_order
        self._mirrored = mirrored
        self._batch = 1

    @property
    def card(self) -> ModelCard:
        """Return what is known about the model."""
        return self._card

    def classify(self, crops: Sequence[Image]) -> Probabilities:
        """Return the probabilities of the seven emotions; see `Classifier.classify`."""
        if not crops:
            return np.zeros((0, len(LABELS)), np.float32)
        pixels = self._card.preprocessing.network_input(crops)
        if self._mirrored:
            pixels = np.concatenate([pixels, pixels[:, :, ::-1]])
        outputs = self._outputs(pixels)
        if self._mirrored:
            outputs = (outputs[:len(crops)] + outputs[len(crops):]) / 2
        normalised = softmax(outputs) if self._card.output_kind == 'logits' else _shares(outputs)
        return np.ascontiguousarray(normalised[:, self._order])

    def _outputs(self, pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        # Measured for 1 to 20 faces: changing the batch costs about 0.1 ms; padding to a fixed one
        # costs the inference of each filler, and one face at a time leaves a second thread idle.
        if len(pixels) != self._batch:
            # Where one of the two fails, no size is set, and the next call must set its own.
            self._batch = 0
            self._interpreter.resize_tensor_input(self._input['index'], pixels.shape)
            self._interpreter.allocate_tensors()
            self._batch = len(pixels)
        self._interpreter.set_tensor(self._input['index'], quantized(pixels, self._input))
        self._interpreter.invoke()
        return dequantized(self._interpreter.get_tensor(self._output['index']), self._output)

    def _checked_tensors(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        card = self._card
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        if len(inputs) != 1 or len(outputs) != 1:
            raise self._disagreement(
                'one input and one output', f'{len(inputs)} and {len(outputs)}')
        size = card.preprocessing
        wanted_input = (-1, size.height, size.width, 1)
        found_input = tuple(int(n) for n in inputs[0]['shape_signature'])
        if found_input != wanted_input:
            raise self._disagreement(
                f'the input (faces, height, width, channels) = {wanted_input}, -1 for any number',
                str(found_input))
        wanted_output = (-1, len(card.labels))
        found_output = tuple(int(n) for n in outputs[0]['shape_signature'])
        if len(found_output) != 2 or found_output[1] != len(card.labels):
            raise self._disagreement(
                f'the output (faces, labels) = {wanted_output}, -1 for any number',
                str(found_output))
        for tensor in inputs[0], outputs[0]:
            if tensor['dtype'] != np.float32 and not tensor['quantization'][0] > 0:
                raise self._disagreement(
                    f'float32 or whole numbers with a scale for {tensor["name"]}',
                    f'{np.dtype(tensor["dtype"]).name} and {tensor["quantization"]}')
        return inputs[0], outputs[0]

    def _disagreement(self, stated: str, found: str) -> ModelError:
        return ModelError(
            f'the card {self._card.path} asks for {stated}, but the model file '
            f'{self._file.path} has {found}; they do not belong together: '
            'export the model again or correct the card')


def quantized(values: npt.NDArray[np.float32], tensor: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Return values as a tensor with these details of LiteRT holds them."""
    if tensor['dtype'] == np.float32:
        return values
    scale, zero_point = tensor['quantization']
    limits = np.iinfo(tensor['dtype'])
    whole = np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max)
    return np.asarray(whole, tensor['dtype'])


def dequantized(values: npt.NDArray[Any], tensor: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    """Return what the values of a tensor with these details of LiteRT stand for."""
    if tensor['dtype'] == np.float32:
        return values
    scale, zero_point = tensor['quantization']
    return np.asarray((values.astype(np.float32) - zero_point) * scale, np.float32)


def softmax(logits: npt.NDArray[np.float32]) -> Probabilities:
    """Return the probabilities (N, 7) that logits (N, 7) stand for."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _shares(values: npt.NDArray[np.float32]) -> Probabilities:
    # Rounding to whole numbers leaves sums that are not quite 1.
    positive = np.maximum(values, 1e-6)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True), np.float32)
