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

"""Turns a trained network into the files that the pipeline reads, and their card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import csv
from dataclasses import replace
from pathlib import Path
import shutil
import tempfile
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from ai_edge_litert.interpreter import Interpreter
from fer_ros.core.classification.classifier import (
    dequantized,
    LiteRtClassifier,
    quantized,
    softmax,
)
from fer_ros.core.classification.model_card import load_card
from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.core.emotions import LABELS
from fer_ros.core.values import Probabilities
from fer_ros.evaluation.card_writer import file_facts, write_card
from fer_ros.evaluation.data_sets import DataSet, LabelledFaces
from fer_ros.evaluation.measuring import best_temperature, probabilities_of
from fer_ros.training.equalisation import equalise
from fer_ros.training.network_input import NORMALISATION
from fer_ros.training.train import LOG_FILE, pictures_of
from fer_ros.training.training_options import BEST_FILE, commands, Training
import keras
from keras import layers
import numpy as np
import numpy.typing as npt

LARGEST_DIFFERENCE = 1e-4
"""Permitted between the probabilities of the Keras network and those of the float32 file."""

LARGEST_LOSS = 0.005
"""Permitted between the accuracies of the float32 and the int8 file on the validation rows."""

_FILES = {'int8': 'model_int8.tflite', 'float32': 'model.tflite', 'keras': 'model.keras'}
_PARITY_ROWS = 256
_CALIBRATION_FACES = 1000


def main(
    run: Path, output: Path, version: str, description: str, seed_runs: Sequence[Path] = (),
    balance: float = 0.0,
) -> None:
    """
    Export the finished training of a folder, its pictures read as the training did.

    :param seed_runs: finished trainings that differ in the seed alone, for the card.
    :param balance: see `calibrate`.
    :raises ValueError: where Keras does not run on TensorFlow, a training is not finished, or the
        description is empty.
    """
    if not description.strip():
        raise ValueError('the card needs a sentence on the model: give one with --description')
    backend = keras.backend.backend()
    if backend != 'tensorflow':
        raise ValueError(
            f'`fer export` needs Keras on TensorFlow, but it runs on {backend}: set the '
            'environment variable KERAS_BACKEND=tensorflow for it; networks trained on others can '
            'be exported so')
    training = Training.finished(run)
    seeds = {'seeds': seed_figures([run, *seed_runs])} if seed_runs else {}
    data_set = pictures_of(training)
    card = export(
        keras.models.load_model(run / BEST_FILE), data_set, output, seeds, balance,
        name=output.name, version=version, description=description,
        data=f'{data_set.name}: {data_set.account.summary} The epoch and the temperature were '
             'chosen on the public rows.',
        terms=data_set.terms,
        training='\n'.join([f'# {training.software}', *commands(run)]),
        **({'limits': data_set.limits} if data_set.limits else {}))
    for name in 'learning_curves.png', 'confusion.png', LOG_FILE:
        if (run / name).is_file():
            shutil.copy(run / name, output / name)
    print(f'wrote {card}')


def export(
    network: keras.Model, data_set: DataSet, folder: Path, figures: Mapping[str, Any] = {},
    balance: float = 0.0, **words: str,
) -> Path:
    """
    Write the network as `.keras` and `.tflite`, float32 and int8, their card and its README.

    The channels are made equally large, see `equalise`, and the logits calibrated on the public
    rows, see `calibrate`. The weights are rounded to what float16 holds, which halves the size of
    the `.keras` file; all files have the same rounded weights. What the folder held stays as it
    was until all is made and checked.

    :param network: from grey pictures to logits, its last layer named `logits`.
    :param figures: for the card, beside the temperature.
    :param balance: see `calibrate`.
    :param words: fields of the card, `name`, `version`, `description` and so on.
    :return: the card's path.
    :raises RuntimeError: where an exported file does not do what the network does.
    """
    _, height, width, _ = network.input_shape
    preprocessing = Preprocessing(width, height, **NORMALISATION)
    held_out = data_set.public.faces
    pixels = preprocessing.network_input(list(held_out.images))
    faces = preprocessing.network_input(list(_calibration_faces(data_set.training)))
    equalise(network, faces)
    _round_weights(network)
    temperature = calibrate(
        network, pixels, held_out.labels, data_set.training.targets.mean(axis=0), balance)
    _round_weights(network)
    some = held_out.where(np.arange(len(held_out)) < _PARITY_ROWS)
    expected = softmax(network.predict(pixels[:_PARITY_ROWS], batch_size=256, verbose=0))
    folder.mkdir(parents=True, exist_ok=True)
    # In the folder, as files can be moved within one file system only in one step.
    with tempfile.TemporaryDirectory(dir=folder, prefix='new_') as place:
        new = Path(place)
        save_compressed(network, new / _FILES['keras'])
        (new / _FILES['float32']).write_bytes(lite_model(network))
        (new / _FILES['int8']).write_bytes(int8_model(network, faces))
        card = write_card(new, {
            **{field: words.pop(field) for field in ('name', 'version', 'description')},
            'files': {kind: file_facts(new / name) for kind, name in _FILES.items()},
            'input': {'width': width, 'height': height, 'channels': 1},
            'preprocessing': {**NORMALISATION, 'framing': 'fer2013'},
            'output': {'kind': 'logits'},
            'labels': list(LABELS),
            'parameters': network.count_params(),
            'macs': multiply_accumulates(network),
            **words,
            'figures': {**figures, 'temperature': {
                'folded_into_logits': round(temperature, 4), 'balance': balance,
                'chosen_on': 'the public rows'}},
        })
        try:
            _check_float32(card, some, expected)
            _check_int8(card, held_out)
        except RuntimeError as error:
            raise RuntimeError(f'{error}: {folder} is left as it was') from error
        for path in new.iterdir():
            path.replace(folder / path.name)
    return folder / card.name


def calibrate(
    network: keras.Model, pixels: npt.NDArray[np.float32], labels: npt.NDArray[np.int64],
    frequencies: npt.NDArray[np.floating[Any]], balance: float,
) -> float:
    """
    Make a network's probabilities honest, and rare emotions as likely as one wants them to be.

    The logits are divided by the temperature that fits the labels best, lose `balance` of the
    logarithms of the emotions' frequencies (Menon et al. 2021, "Long-tail learning via logit
    adjustment"), and are divided by the temperature that then fits best; all this goes into the
    weights of the last layer, which is named `logits`.

    :param pixels: (N, H, W, 1), which the training did not see.
    :param labels: (N,) of them.
    :param frequencies: (7,) shares of the emotions among the training rows; one that does not
        occur there keeps its logit.
    :param balance: 0: the emotions stay as likely as in the training rows; 1: all are treated as
        if they had been equally frequent there.
    :return: the product of the temperatures.
    """
    logits = network.predict(pixels, batch_size=256, verbose=0)
    first = best_temperature(logits, labels)
    shift = balance * np.log(np.where(frequencies > 0, frequencies, 1.0))
    second = best_temperature(logits / first - shift, labels) if balance else 1.0
    last = network.get_layer('logits')
    kernel, bias = last.get_weights()
    last.set_weights([kernel / (first * second), (bias / first - shift) / second])
    return first * second


def save_compressed(network: keras.Model, path: Path) -> None:
    """Write a `.keras` file whose parts are compressed, which Keras itself does not do."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name
        network.save(plain)
        with ZipFile(plain) as parts, ZipFile(path, 'w', ZIP_DEFLATED) as compressed:
            for name in parts.namelist():
                compressed.writestr(name, parts.read(name))


def lite_model(
    network: keras.Model, faces: npt.NDArray[np.float32] | None = None,
) -> bytes:
    """
    Return the network as a LiteRT model that takes any number of pictures at once.

    :param faces: None: the model works with float32. Else with int8 inside and at its borders,
        whose ranges come from these pictures (N, H, W, 1).
    """
    import tensorflow as tf
    with tempfile.TemporaryDirectory() as folder:
        network.export(folder, format='tf_saved_model', verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if faces is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([face[None]] for face in faces)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        converted: bytes = converter.convert()
    return converted


def int8_model(network: keras.Model, faces: npt.NDArray[np.float32]) -> bytes:
    """
    Return the network as an int8 model whose logits are the network's in the mean over faces.

    What rounding takes from or adds to the logits in the mean is made up for in the bias of the
    last layer (Nagel et al. 2019, section 4.2); the network itself stays as it is.

    :param faces: see `lite_model`.
    """
    wanted = network.predict(faces, batch_size=64, verbose=0).mean(axis=0)
    found = logits_of(lite_model(network, faces), faces).mean(axis=0)
    last = network.get_layer('logits')
    kernel, bias = last.get_weights()
    last.set_weights([kernel, bias + wanted - found])
    model = lite_model(network, faces)
    last.set_weights([kernel, bias])
    return model


def logits_of(model: bytes, faces: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the logits (N, 7) that a LiteRT model gives for pictures (N, H, W, 1)."""
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    (given,), (taken,) = interpreter.get_input_details(), interpreter.get_output_details()
    logits = []
    for face in faces:
        interpreter.set_tensor(given['index'], quantized(face[np.newaxis], given))
        interpreter.invoke()
        logits.append(dequantized(interpreter.get_tensor(taken['index']), taken))
    return np.concatenate(logits)


def multiply_accumulates(network: keras.Model) -> int:
    """Return the multiplications of convolutions and dense layers for one picture."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
            _, height, width, _ = layer.output.shape
            total += height * width * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


def seed_figures(runs: Sequence[Path]) -> dict[str, Any]:
    """
    Return how far trainings with other seeds come, for a card.

    :param runs: folders of finished trainings that differ in the seed alone.
    :raises ValueError: where one is not finished, they differ in more, or have a seed in common.
    """
    reached: dict[int, float] = {}
    first = Training.of(runs[0])
    for run in runs:
        training = Training.finished(run)
        seed = training.options.seed
        like_first = replace(training, options=replace(training.options, seed=first.options.seed))
        other = like_first.differences(first)
        if other or seed in reached:
            raise ValueError(
                f'{run} is no training like {runs[0]} with another seed: '
                f'{", ".join(other) or "its seed is the same"}')
        with (run / LOG_FILE).open(newline='') as file:
            best = max(float(row['validation_accuracy']) for row in csv.DictReader(file))
        reached[seed] = round(best, 4)
    return {'measured_on': 'the public rows, float32, the best epoch', 'accuracy': reached}


def _round_weights(network: keras.Model) -> None:
    network.set_weights([
        weight.astype(np.float16).astype(np.float32) for weight in network.get_weights()])


def _calibration_faces(training: LabelledFaces) -> npt.NDArray[np.uint8]:
    rows = np.random.default_rng(0).permutation(len(training))[:_CALIBRATION_FACES]
    return training.images[rows]


def _check_float32(card_path: Path, faces: LabelledFaces, expected: Probabilities) -> None:
    found = probabilities_of(LiteRtClassifier(load_card(card_path), precision='float32'), faces)
    difference = float(np.abs(found - expected).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise RuntimeError(
            f'the float32 file differs from the network by {difference:.2g} in a probability, '
            f'where {LARGEST_DIFFERENCE:g} is permitted')
    print(f'float32 file and network agree within {difference:.1e} on {len(faces)} rows')


def _check_int8(card_path: Path, faces: LabelledFaces) -> None:
    reached: dict[str, Any] = {}
    for precision in 'float32', 'int8':
        classifier = LiteRtClassifier(load_card(card_path), precision=precision)
        said = probabilities_of(classifier, faces).argmax(axis=1)
        reached[precision] = float(np.mean(said == faces.labels))
    print('accuracy on the public rows: ' + ', '.join(
        f'{precision} {value:.2%}' for precision, value in reached.items()))
    if reached['int8'] < reached['float32'] - LARGEST_LOSS:
        raise RuntimeError(f'the int8 file loses more than {LARGEST_LOSS:.1%} of accuracy')
