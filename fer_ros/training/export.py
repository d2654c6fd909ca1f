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

"""Exports a trained network: LiteRT files for the pipeline, and the documents of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
import csv
from pathlib import Path
import shutil
import tempfile
from typing import Any
import warnings
from zipfile import ZIP_DEFLATED, ZipFile

from ai_edge_litert.interpreter import Interpreter
from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import (
    dequantized,
    LiteRtClassifier,
    quantized,
    softmax,
)
from fer_ros.core.emotions import LABELS
from fer_ros.core.landmarks.mesh_features import FEATURE_COUNT
from fer_ros.core.values import Probabilities
from fer_ros.evaluation.classifier_evaluation import probabilities_of
from fer_ros.evaluation.data_sets import DataSet, LabelledFaces
from fer_ros.evaluation.detected_faces import with_mesh_features
from fer_ros.evaluation.evaluation_file import TRAINING_FOLDER
from fer_ros.evaluation.metrics import best_temperature
from fer_ros.evaluation.model_writer import file_facts, write_model_documents
from fer_ros.training.equalisation import equalise
from fer_ros.training.network_input import network_input, NetworkInput, NORMALISATION
from fer_ros.training.train import images_of, LOG_FILE
from fer_ros.training.trained_network import trained_network
from fer_ros.training.training_options import TrainingOptions
from fer_ros.training.training_run import commands, stages, Training
import keras
from keras import layers
import numpy as np
import numpy.typing as npt

MAX_PROBABILITY_DIFFERENCE = 1e-4
"""Tolerance between the probabilities of the Keras network and of the float32 file."""

MAX_INT8_ACCURACY_LOSS = 0.005
"""Tolerance between the accuracies of the float32 and of the int8 file on the public rows."""

_FILES = {'int8': 'model_int8.tflite', 'float32': 'model.tflite'}
_SOURCE_FILE = 'model.keras'
_PARITY_ROWS = 256
_CALIBRATION_FACES = 1000


def main(
    run: Path, output: Path, version: str, description: str, seed_runs: Sequence[Path] = (),
    balance: float = 0.0,
) -> None:
    """
    Export the finished training in a folder. The images are read as for the training.

    :param run: folder of the training.
    :param output: folder of the model; its name becomes the name of the model.
    :param seed_runs: finished trainings that differ only in the seed, for the evaluation file.
    :param balance: see `calibrate`.
    :raises ValueError: if Keras does not run on TensorFlow, a training is not finished, or the
        description is empty.
    """
    if not description.strip():
        raise ValueError('the model needs a description: give a sentence with --description')
    backend = keras.backend.backend()
    if backend != 'tensorflow':
        raise ValueError(
            f'`fer export` needs Keras on TensorFlow, but it runs on {backend}: set the '
            'environment variable KERAS_BACKEND=tensorflow; it can export networks that were '
            'trained on other backends')
    training = Training.finished(run)
    seeds = {'seeds': seed_figures([run, *seed_runs])} if seed_runs else {}
    data_set = images_of(training)
    card = export(
        trained_network(run), data_set, output, balance,
        card={
            'name': output.name, 'version': version, 'description': description,
            'terms': data_set.terms},
        evaluation={
            'data': f'{data_set.name}: {data_set.row_report.summary} The epoch and the '
                    'temperature were chosen on the public rows.',
            **({'limits': data_set.limits} if data_set.limits else {}),
            'training': '\n'.join([f'# {training.software}', *commands(run)]),
            'stages': stages(run), 'figures': seeds})
    for name in 'learning_curves.png', 'confusion.png', LOG_FILE:
        if (run / name).is_file():
            shutil.copy(run / name, output / TRAINING_FOLDER / name)
    print(f'wrote {card}')


def export(
    network: keras.Model, data_set: DataSet, folder: Path, balance: float, *,
    card: Mapping[str, Any], evaluation: Mapping[str, Any],
) -> Path:
    """
    Write the network as `.keras` and as `.tflite` (float32 and int8), and the model's documents.

    The channels are equalised (see `equalise`), and the logits are calibrated on the public rows
    (see `calibrate`). The weights are rounded to float16 precision, which halves the `.keras`
    file; all files have the same rounded weights. The folder is changed only after everything is
    written and checked.

    :param network: network from grey images, and perhaps the features of the face mesh, to logits;
        its last layer is named `logits`.
    :param balance: see `calibrate`.
    :param card: fields of the card that do not follow from the network: name, version and so on.
    :param evaluation: the same for the evaluation file.
    :return: path of the card.
    :raises RuntimeError: if an exported file does not compute what the network computes.
    """
    _, height, width, _ = network.inputs[0].shape
    uses_mesh = len(network.inputs) == 2
    some_training = _calibration_faces(data_set.training)
    held_out = data_set.public.faces
    if uses_mesh:
        some_training, held_out = map(with_mesh_features, (some_training, held_out))
    faces = network_input(network, some_training)
    equalise(network, faces)
    _round_weights(network)
    temperature = calibrate(
        network, network_input(network, held_out), held_out.labels,
        data_set.training.targets.mean(axis=0), balance)
    _round_weights(network)
    some = held_out.where(np.arange(len(held_out)) < _PARITY_ROWS)
    expected = softmax(
        network.predict(network_input(network, some), batch_size=256, verbose=0))
    folder.mkdir(parents=True, exist_ok=True)
    # Inside the folder, because a move is atomic only within one file system.
    with tempfile.TemporaryDirectory(dir=folder, prefix='new_') as place:
        new = Path(place)
        source = new / TRAINING_FOLDER / _SOURCE_FILE
        source.parent.mkdir()
        save_compressed(network, source)
        (new / _FILES['float32']).write_bytes(lite_model(network))
        (new / _FILES['int8']).write_bytes(int8_model(network, faces))
        path = write_model_documents(new, {
            **card,
            'files': {kind: file_facts(new / name) for kind, name in _FILES.items()},
            'input': {
                'width': width, 'height': height, 'channels': 1,
                **({'mesh_features': FEATURE_COUNT} if uses_mesh else {})},
            'preprocessing': {**NORMALISATION, 'framing': 'fer2013'},
            'output': {'kind': 'logits'},
            'labels': list(LABELS),
        }, {
            'source': file_facts(source),
            'parameters': network.count_params(),
            'macs': multiply_accumulates(network),
            **evaluation,
            'figures': {**evaluation['figures'], 'temperature': {
                'folded_into_logits': round(temperature, 4), 'balance': balance,
                'chosen_on': 'the public rows'}},
        })
        try:
            _check_float32(path, some, expected)
            _check_int8(path, held_out)
        except RuntimeError as error:
            raise RuntimeError(f'{error}: {folder} was not changed') from error
        (folder / TRAINING_FOLDER).mkdir(exist_ok=True)
        for made in [file for file in new.rglob('*') if file.is_file()]:
            made.replace(folder / made.relative_to(new))
    return folder / path.name


def calibrate(
    network: keras.Model, given: NetworkInput, labels: npt.NDArray[np.int64],
    frequencies: npt.NDArray[np.floating[Any]], balance: float,
) -> float:
    """
    Calibrate the probabilities of a network, and raise those of rare emotions if wanted.

    The logits are divided by the temperature that fits the labels best. Then `balance` times the
    logarithm of each emotion's frequency is subtracted (Menon et al. 2021, "Long-tail learning via
    logit adjustment"), and the result is divided by the temperature that now fits best. All of
    this is folded into the weights of the last layer, which is named `logits`.

    :param given: input of the network for N faces that were not used in the training.
    :param labels: (N,) labels of these faces.
    :param frequencies: (7,) shares of the emotions in the training rows. The logit of an emotion
        that does not occur is not changed.
    :param balance: 0 keeps the frequencies of the training rows; 1 treats all emotions as equally
        frequent.
    :return: product of the two temperatures.
    """
    logits = network.predict(given, batch_size=256, verbose=0)
    first = best_temperature(logits, labels)
    shift = balance * np.log(np.where(frequencies > 0, frequencies, 1.0))
    second = best_temperature(logits / first - shift, labels) if balance else 1.0
    last = network.get_layer('logits')
    kernel, bias = last.get_weights()
    last.set_weights([kernel / (first * second), (bias / first - shift) / second])
    return first * second


def save_compressed(network: keras.Model, path: Path) -> None:
    """Write a `.keras` file with compressed parts; Keras itself does not compress them."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name
        network.save(plain)
        with ZipFile(plain) as parts, ZipFile(path, 'w', ZIP_DEFLATED) as compressed:
            for name in parts.namelist():
                compressed.writestr(name, parts.read(name))


def lite_model(network: keras.Model, faces: NetworkInput | None = None) -> bytes:
    """
    Return the network as a LiteRT model for batches of any size.

    :param faces: None for a float32 model. Otherwise the input for faces from which the ranges of
        an int8 model are taken; its inputs and its output are int8, too.
    """
    import tensorflow as tf
    with tempfile.TemporaryDirectory() as folder:
        network.export(folder, format='tf_saved_model', verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if faces is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            # By name, because the converter has an order of its own.
            converter.representative_dataset = lambda: (
                {tensor.name: values for tensor, values in zip(network.inputs, face, strict=True)}
                for face in _one_by_one(faces))
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        with warnings.catch_warnings():
            # Names need the interpreter that TensorFlow still has beside LiteRT's.
            warnings.filterwarnings('ignore', r'\s*Warning: tf\.lite\.Interpreter is deprecated')
            converted: bytes = converter.convert()
    return converted


def int8_model(network: keras.Model, faces: NetworkInput) -> bytes:
    """
    Return the network as an int8 model whose mean logits over the faces equal the network's.

    The mean error that rounding adds to the logits is corrected in the bias of the last layer
    (Nagel et al. 2019, section 4.2). The network itself is not changed.

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


def logits_of(model: bytes, faces: NetworkInput) -> npt.NDArray[np.float32]:
    """Return the logits (N, 7) of a LiteRT model for the input for N faces."""
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_output_details()
    # The pixels have four axes, the features of the mesh two.
    inputs = sorted(interpreter.get_input_details(), key=lambda tensor: -len(tensor['shape']))
    logits = []
    for face in _one_by_one(faces):
        for tensor, values in zip(inputs, face, strict=True):
            interpreter.set_tensor(tensor['index'], quantized(values, tensor))
        interpreter.invoke()
        logits.append(dequantized(interpreter.get_tensor(taken['index']), taken))
    return np.concatenate(logits)


def _one_by_one(faces: NetworkInput) -> Iterator[tuple[npt.NDArray[np.float32], ...]]:
    """Yield the input for each face, in batches of one."""
    for values in zip(*(faces if isinstance(faces, list) else [faces]), strict=True):
        yield tuple(one[np.newaxis] for one in values)


def multiply_accumulates(network: keras.Model) -> int:
    """Return the number of multiplications in convolutions and dense layers for one image."""
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
    Return the accuracies of trainings with different seeds, for the evaluation file.

    :param runs: folders of finished trainings that differ only in the seed.
    :raises ValueError: if one is not finished, two have the same seed, or they differ in more.
    """
    reached: dict[int, float] = {}
    first = _all_but_seeds(runs[0])
    for run in runs:
        seed = Training.finished(run).options.seed
        own = _all_but_seeds(run)
        other = [
            f'{name} {own.get(name)} instead of {first.get(name)}'
            for name in {**first, **own} if own.get(name) != first.get(name)]
        if other or seed in reached:
            raise ValueError(
                f'{run} must differ from {runs[0]} only in the seed: '
                f'{", ".join(other) or "the seed is the same"}')
        with (run / LOG_FILE).open(newline='') as file:
            best = max(float(row['validation_accuracy']) for row in csv.DictReader(file))
        reached[seed] = round(best, 4)
    return {'measured_on': 'the public rows, float32, the best epoch', 'accuracy': reached}


def _all_but_seeds(run: Path) -> dict[str, Any]:
    """Return the data and, of each stage, the options in which a training may not differ."""
    found: dict[str, Any] = {
        'data': ', '.join(str(Path(path).resolve()) for path in Training.of(run).data)}
    *earlier, last = stages(run)
    # The folder of a training without stages has the seed in its name.
    for name, stage in [('', last), *((f'{stage["name"]}: ', stage) for stage in earlier)]:
        options = {**TrainingOptions().to_mapping(), **stage['options'], 'seed': None}
        found |= {f'{name}{option}': value for option, value in options.items()}
    return found


def _round_weights(network: keras.Model) -> None:
    network.set_weights([
        weight.astype(np.float16).astype(np.float32) for weight in network.get_weights()])


def _calibration_faces(training: LabelledFaces) -> LabelledFaces:
    order = np.random.default_rng(0).permutation(len(training))
    return training.where(order < _CALIBRATION_FACES)


def _check_float32(card_path: Path, faces: LabelledFaces, expected: Probabilities) -> None:
    found = probabilities_of(LiteRtClassifier(load_card(card_path), precision='float32'), faces)
    difference = float(np.abs(found - expected).max())
    if not difference <= MAX_PROBABILITY_DIFFERENCE:
        raise RuntimeError(
            f'the float32 file differs from the network by {difference:.2g} in a probability; '
            f'the tolerance is {MAX_PROBABILITY_DIFFERENCE:g}')
    print(f'the float32 file and the network agree within {difference:.1e} on {len(faces)} rows')


def _check_int8(card_path: Path, faces: LabelledFaces) -> None:
    reached: dict[str, Any] = {}
    for precision in 'float32', 'int8':
        classifier = LiteRtClassifier(load_card(card_path), precision=precision)
        said = probabilities_of(classifier, faces).argmax(axis=1)
        reached[precision] = float(np.mean(said == faces.labels))
    print('accuracy on the public rows: ' + ', '.join(
        f'{precision} {value:.2%}' for precision, value in reached.items()))
    # Of few rows, the answers to two may differ by chance.
    tolerance = max(MAX_INT8_ACCURACY_LOSS, 2 / len(faces))
    if reached['int8'] < reached['float32'] - tolerance:
        raise RuntimeError(
            f'the int8 file loses more than {tolerance:.1%} of accuracy: train for more epochs or '
            'with another seed, and export that')
