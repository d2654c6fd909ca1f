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

"""All the way, as a user goes it: pictures, training, export, evaluation, label."""

from dataclasses import replace
import json
import os
import re
import subprocess
import sys

from checkout import ROOT
from click.testing import CliRunner
from fer_ros.cli import fer
from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import LiteRtClassifier, softmax
from fer_ros.core.classification.model_card import PRECISIONS
from fer_ros.evaluation.classifier_evaluation import probabilities_of
from fer_ros.evaluation.data_sets import read_data
from fer_ros.evaluation.evaluation_file import load_evaluation
from fer_ros.evaluation.labelled_faces import assembled
from fer_ros.evaluation.metrics import best_temperature
from fer_ros.training.export import (
    calibrate,
    export,
    MAX_PROBABILITY_DIFFERENCE,
    multiply_accumulates,
    save_compressed,
    seed_figures,
)
from fer_ros.training.network_input import network_input
from fer_ros.training.networks import network, set_whitening
from fer_ros.training.training_options import TrainingOptions
from fer_ros.training.training_run import Training
import keras
import numpy as np
from patterns import EDGE, patterns, write_folders
import pytest
import yaml

CONFIG = {
    'network': 'compact', 'edge': EDGE, 'epochs': 8, 'batch_size': 32, 'learning_rate': 0.05,
    'average_decay': 0.9, 'augmentation': 0.3}

# TensorFlow's first steps take long on a machine that has more to do.
pytestmark = pytest.mark.timeout(600)


def ran(*arguments):
    result = CliRunner().invoke(fer, [str(word) for word in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Return the folder in which pictures became a model, and what the export said."""
    folder = tmp_path_factory.mktemp('made')
    write_folders(folder / 'faces', train=448, val=140, test=70)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / 'patterns.yaml').write_text(yaml.safe_dump({**CONFIG, 'data': ['faces']}))
        ran('train', '--config', 'patterns.yaml')
        ran('train', '--config', 'patterns.yaml', '--seed', 2)
        said = ran(
            'export', '--run', 'runs/patterns', '--output', 'models/patterns', '--description',
            'Seven patterns.', '--seed-run', 'runs/patterns_seed2', '--balance', 0.25)
    return folder, said


def test_the_terminal_shows_the_training_and_no_notes_of_tensorflow(tmp_path):
    write_folders(tmp_path / 'faces', train=64, val=14, test=14)
    (tmp_path / 'patterns.yaml').write_text(
        yaml.safe_dump({**CONFIG, 'data': ['faces'], 'epochs': 1}))
    environment = {k: v for k, v in os.environ.items() if k != 'TF_CPP_MIN_LOG_LEVEL'}
    done = subprocess.run(
        [sys.executable, '-m', 'fer_ros', 'train', '--config', 'patterns.yaml'],
        cwd=tmp_path, env={**environment, 'PYTHONPATH': str(ROOT)}, capture_output=True,
        text=True, check=True)
    assert re.search(r'training with Keras \S+ on \w+ \S+, on the [CG]PU', done.stdout)
    assert 'epoch 1/1: loss ' in done.stdout
    assert done.stderr == ''


def test_the_exported_files_tell_the_patterns_apart(made):
    folder, said = made
    assert 'agree within' in said
    card = load_card(folder / 'models' / 'patterns')
    unseen = patterns(140, seed=9)
    for precision in PRECISIONS:
        said = LiteRtClassifier(card, precision=precision).classify(list(unseen.images))
        assert np.mean(said.argmax(axis=1) == unseen.labels) > 0.9


def test_float32_file_and_source_agree(made):
    folder, _ = made
    card = load_card(folder / 'models' / 'patterns')
    source = keras.models.load_model(card.path.parent / 'training' / 'model.keras')
    unseen = patterns(70, seed=8)
    pixels = card.preprocessing.network_input(list(unseen.images))
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(source(pixels)))
    found = probabilities_of(LiteRtClassifier(card, precision='float32'), unseen)
    np.testing.assert_allclose(found, expected, atol=MAX_PROBABILITY_DIFFERENCE)


def test_a_network_that_receives_the_mesh_is_exported_with_both_inputs(tmp_path):
    random = np.random.default_rng(4)
    faces = patterns(640, seed=3)
    features = random.normal(0, 1, (640, 2, 288)).astype(np.float32)
    features[:, :, :7] += 3 * faces.targets[:, None]
    splits = np.repeat([0, 1, 2], [400, 140, 100])
    data_set = assembled('patterns', replace(faces, mesh=features), splits, 'none')
    keras.utils.set_random_seed(1)
    fused = network('compact', EDGE, mesh=True)
    set_whitening(fused, data_set.training.mesh[:, 0])
    fused.compile('adam', keras.losses.CategoricalCrossentropy(from_logits=True))
    fused.fit(network_input(fused, data_set.training), data_set.training.targets, epochs=3,
              verbose=0)
    path = export(
        fused, data_set, tmp_path / 'fused', 0.0,
        card={'name': 'fused', 'version': '1.0.0', 'description': 'Both.', 'terms': 'none'},
        evaluation={'data': 'patterns', 'training': 'none', 'figures': {}})
    card = load_card(path)
    assert card.uses_mesh
    private = data_set.private.faces
    expected = softmax(fused.predict(network_input(fused, private), verbose=0))
    for precision, tolerance in ('float32', MAX_PROBABILITY_DIFFERENCE), ('int8', 0.2):
        classifier = LiteRtClassifier(card, precision=precision)
        found = probabilities_of(classifier, private)
        assert np.abs(found - expected).max() < tolerance
        # The features count, and their absence is no fault.
        blind = probabilities_of(classifier, replace(private, mesh=None))
        assert np.abs(blind - expected).max() > 0.3


def test_the_evaluation_file_says_how_the_model_was_made(made):
    folder, _ = made
    model = folder / 'models' / 'patterns'
    found = load_evaluation(model / 'model.yaml')
    assert found.training.splitlines()[-1] == 'fer train --config patterns.yaml --data faces'
    assert 'Keras' in found.training.splitlines()[0]
    options = {name: value for name, value in CONFIG.items() if name != 'network'}
    assert found.stages == [{'name': 'patterns', 'options': options}]
    assert found.parameters == network('compact', EDGE).count_params()
    assert found.source.read() == (model / 'training' / 'model.keras').read_bytes()
    assert set(found.figures['seeds']['accuracy']) == {1, 2}
    assert found.figures['temperature']['balance'] == 0.25
    assert 'PublicTest' not in (model / 'README.md').read_text()
    assert {path.name for path in model.iterdir()} == {
        'model.yaml', 'evaluation.yaml', 'README.md', 'model.tflite', 'model_int8.tflite',
        'training'}
    for name in 'learning_curves.png', 'confusion.png':
        assert (model / 'training' / name).read_bytes()[:4] == b'\x89PNG'


def test_evaluation_writes_the_figures_into_its_file(made):
    folder, _ = made
    path = folder / 'models' / 'patterns'
    ran('evaluate', '--model', path / 'model.yaml', '--data', folder / 'faces', '--split',
        'private', '--json', folder / 'out.json', '--update-card')
    figures = json.loads((folder / 'out.json').read_text())
    assert figures['n'] == 70
    assert figures['accuracy'] > 0.9
    name = read_data(folder / 'faces').name
    stated = load_evaluation(path / 'model.yaml').figures['int8'][name]['private']
    assert stated['confusion'] == figures['confusion']


def refused(*arguments):
    result = CliRunner().invoke(fer, ['export', '--description', 'x', *map(str, arguments)])
    assert result.exit_code == 1, result.output
    assert 'Traceback' not in result.output
    return ' '.join(result.output.split())


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*') if path.is_file()}


def test_an_export_that_fails_leaves_the_model_that_is_there(made, monkeypatch):
    folder, _ = made
    monkeypatch.chdir(folder)
    output = folder / 'models' / 'patterns'
    before = contents(output)
    monkeypatch.setattr(
        'fer_ros.training.export.lite_model', lambda *_: before['model_int8.tflite'])
    said = refused('--run', 'runs/patterns', '--output', output)
    assert 'Error: the float32 file differs' in said
    assert f'{output} was not changed' in said
    assert contents(output) == before


def test_networks_are_exported_on_tensorflow_only(made, monkeypatch):
    folder, _ = made
    monkeypatch.setattr('keras.backend.backend', lambda: 'torch')
    said = refused('--run', folder / 'runs' / 'patterns', '--output', folder / 'models' / 'none')
    assert 'runs on torch: set the environment variable KERAS_BACKEND=tensorflow' in said
    assert not (folder / 'models' / 'none').exists()


def test_a_model_needs_a_description_before_anything_is_made(made):
    folder, _ = made
    output = folder / 'models' / 'none'
    said = refused('--run', folder / 'runs' / 'patterns', '--output', output, '--description', ' ')
    assert 'Error: the model needs a description' in said
    assert not output.exists()


def written_run(folder, epoch=2, data='x', **options):
    Training('fer train', (data,), TrainingOptions(epochs=2, **options)).keep(folder)
    (folder / 'checkpoint').mkdir()
    (folder / 'checkpoint' / 'state.json').write_text(json.dumps({'epoch': epoch, 'best': 0.5}))
    (folder / 'log.csv').write_text('epoch,validation_accuracy\n1,0.25\n2,0.125\n')
    return folder


def test_only_finished_trainings_are_exported(tmp_path):
    begun, whole = written_run(tmp_path / 'begun', 1), written_run(tmp_path / 'whole', seed=2)
    output = tmp_path / 'models' / 'mine'
    for arguments in (['--run', begun], ['--run', whole, '--seed-run', begun]):
        said = refused(*arguments, '--output', output)
        assert f'{begun} is not finished, 1 of 2 epochs' in said
        assert not output.exists()


def test_trainings_with_other_seeds_are_alike(tmp_path):
    first, second = written_run(tmp_path / '1'), written_run(tmp_path / '2', seed=2)
    assert seed_figures([first, second])['accuracy'] == {1: 0.25, 2: 0.25}
    for name, reason in (
            ({'seed': 3, 'data': 'y'}, 'data .*/y instead of .*/x'),
            ({'seed': 3, 'dropout': 0.1}, 'dropout 0.1 instead of 0.3'),
            ({}, 'the seed is the same')):
        other = written_run(tmp_path / f'other{len(list(tmp_path.iterdir()))}', **name)
        with pytest.raises(ValueError, match=reason):
            seed_figures([first, other])


def test_stages_with_other_seeds_are_alike(tmp_path):
    runs = []
    for seed, epochs in ((1, 2), (2, 2), (3, 3)):
        folder = tmp_path / f'runs_seed{seed}'
        Training('fer train', ('x',), TrainingOptions(epochs=epochs, seed=seed)).keep(
            folder / 'first')
        runs.append(written_run(
            folder / 'last', seed=seed, start_from=str(folder / 'first')))
    assert seed_figures(runs[:2])['accuracy'] == {1: 0.25, 2: 0.25}
    with pytest.raises(ValueError, match='only in the seed: first: epochs 3 instead of 2'):
        seed_figures(runs)


def calibrated(balance, rows=4000):
    """Return what a network too sure by half says after it was calibrated, and the labels."""
    random = np.random.default_rng(6)
    frequencies = np.array([0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.4])
    labels = random.choice(7, rows, p=frequencies)
    evidence = random.normal(np.eye(7)[labels] * 1.5, 1.0)
    # The logarithm of Bayes' rule for features of this kind.
    honest = (1.5 * evidence + np.log(frequencies)).astype(np.float32)
    made = keras.Sequential([keras.Input((7,)), keras.layers.Dense(7, name='logits')])
    made.layers[0].set_weights([1.5 * np.eye(7), np.zeros(7)])
    temperature = calibrate(made, honest, labels, frequencies, balance)
    logits = made.predict(honest, batch_size=256, verbose=0)
    return temperature, logits, logits.argmax(axis=1), labels


def recalls(said, labels):
    return np.bincount(labels[said == labels], minlength=7) / np.bincount(labels)


def test_calibrated_logits_fit_the_labels():
    temperature, logits, *_, labels = calibrated(0.0)
    assert temperature == pytest.approx(1.5, rel=0.05)
    assert best_temperature(logits, labels) == pytest.approx(1, rel=0.01)


def test_balance_names_rare_emotions_more_often():
    _, _, said, labels = calibrated(0.0)
    temperature, logits, balanced, _ = calibrated(0.5)
    before, after = recalls(said, labels), recalls(balanced, labels)
    assert after[0] > 1.5 * before[0]
    assert after.mean() > before.mean() + 0.03
    assert np.mean(balanced == labels) > np.mean(said == labels) - 0.02
    assert best_temperature(logits, labels) == pytest.approx(1, rel=0.01)


def test_with_the_whole_balance_frequencies_do_not_count():
    _, _, said, labels = calibrated(1.0)
    found = recalls(said, labels)
    assert found.max() - found.min() < 0.1


def test_the_source_is_compressed_and_whole(tmp_path):
    made = network('compact', 16)
    made.set_weights([np.round(weight, 1) for weight in made.get_weights()])
    save_compressed(made, tmp_path / 'small.keras')
    made.save(tmp_path / 'large.keras')
    sizes = [(tmp_path / name).stat().st_size for name in ('small.keras', 'large.keras')]
    assert sizes[0] < 0.8 * sizes[1]
    again = keras.models.load_model(tmp_path / 'small.keras')
    for before, after in zip(made.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)


def test_multiply_accumulates_are_those_of_the_layers():
    image = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(4, 3, strides=2, padding='same')(image)
    x = keras.layers.DepthwiseConv2D(3, padding='same')(x)
    made = keras.Model(image, keras.layers.Dense(5)(keras.layers.Flatten()(x)))
    assert multiply_accumulates(made) == 4 * 4 * 9 * 4 + 4 * 4 * 9 * 4 + 4 * 4 * 4 * 5
