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

"""Turns a trained network into the files that the pipeline reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import tempfile
from typing import Any

from fer_ros.core.classifier import LiteRtClassifier
from fer_ros.core.emotions import LABELS
from fer_ros.core.model_card import load_card
from fer_ros.core.preprocessing import Preprocessing
from fer_ros.core.values import Probabilities
from fer_ros.training.card_writer import file_facts, write_card
from fer_ros.training.data_sets import LabelledFaces
from fer_ros.training.evaluate import (
    best_temperature,
    expected_calibration_error,
    probabilities_of,
)
from fer_ros.training.preprocessing import NORMALISATION
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

MODEL_FILE = 'model.tflite'
LARGEST_DIFFERENCE = 1e-4
"""Permitted between the probabilities of the Keras network and those of the exported file."""

_PARITY_ROWS = 256


@dataclass(frozen=True)
class Origin:
    """Where a model comes from, in words; see `ModelCard`."""

    name: str
    version: str
    description: str
    data: str
    terms: str
    training: str


def export(network_path: Path, calibration: LabelledFaces, folder: Path, origin: Origin) -> Path:
    """
    Write `model.keras`, `model.tflite`, their card and its README.

    The logits are divided by the temperature that makes the probabilities of `calibration` honest.

    :param network_path: a Keras network from grey pictures to logits.
    :param calibration: held-out rows, never rows of the final test.
    :return: the card's path.
    :raises RuntimeError: where the exported file does not compute what the network does.
    """
    network = keras.models.load_model(network_path)
    _, height, width, _ = network.input_shape
    preprocessing = Preprocessing(width, height, **NORMALISATION)
    pixels = preprocessing.network_input(list(calibration.images))
    logits = network.predict(pixels, batch_size=256, verbose=0)
    temperature = best_temperature(logits, calibration.labels)
    _divide_logits(network, temperature)
    folder.mkdir(parents=True, exist_ok=True)
    network.save(folder / 'model.keras')
    (folder / MODEL_FILE).write_bytes(lite_model(network))
    expected = _softmax(network.predict(pixels[:_PARITY_ROWS], batch_size=256, verbose=0))
    card = write_card(folder, {
        'name': origin.name,
        'version': origin.version,
        'description': origin.description,
        'file': MODEL_FILE,
        **file_facts(folder / MODEL_FILE),
        'input': {'width': width, 'height': height, 'channels': 1, 'dtype': 'float32'},
        'preprocessing': {**NORMALISATION, 'framing': 'fer2013'},
        'output': {'kind': 'logits'},
        'labels': list(LABELS),
        'parameters': network.count_params(),
        'data': origin.data,
        'terms': origin.terms,
        'training': origin.training,
        'figures': {'temperature': _temperature_figures(logits, calibration, temperature)},
    })
    _check_parity(card, calibration, expected)
    return card


def lite_model(network: keras.Model) -> bytes:
    """Return the network as a float32 LiteRT model that takes any number of pictures at once."""
    with tempfile.TemporaryDirectory() as folder:
        network.export(folder, format='tf_saved_model', verbose=False)
        converted: bytes = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    return converted


def _divide_logits(network: keras.Model, temperature: float) -> None:
    layer = network.get_layer('logits')
    layer.set_weights([weight / temperature for weight in layer.get_weights()])


def _temperature_figures(
    logits: npt.NDArray[np.float32], calibration: LabelledFaces, temperature: float,
) -> dict[str, Any]:
    before, after = (
        expected_calibration_error(_softmax(logits / divisor), calibration.labels)
        for divisor in (1.0, temperature))
    return {
        'folded_into_logits': round(temperature, 4), 'chosen_on': 'PublicTest',
        'calibration_error_before': round(before, 4), 'calibration_error_after': round(after, 4)}


def _check_parity(card_path: Path, faces: LabelledFaces, expected: Probabilities) -> None:
    rows = faces.where(np.arange(len(faces)) < _PARITY_ROWS)
    found = probabilities_of(LiteRtClassifier(load_card(card_path)), rows)
    difference = float(np.abs(found - expected).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise RuntimeError(
            f'the exported model differs from the network by {difference:.2g} in a probability, '
            f'where '
            f'{LARGEST_DIFFERENCE:g} is permitted: {card_path.parent / MODEL_FILE} must not be '
            f'used')
    print(f'exported model and network agree within {difference:.1e} on {len(rows)} rows')


def _softmax(logits: npt.NDArray[np.float32]) -> Probabilities:
    return np.asarray(tf.nn.softmax(logits), np.float32)
