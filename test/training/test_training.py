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

"""Training goes on where it stopped, and what is exported tells the classes apart."""

import csv
from pathlib import Path
import re

from click.testing import CliRunner
from fer_ros.core.classifier import LiteRtClassifier
from fer_ros.core.emotions import LABELS
from fer_ros.core.model_card import load_card
from fer_ros.training.__main__ import main
from fer_ros.training.data_sets import LabelledFaces
from fer_ros.training.options import commands, keep_options, kept_options, TrainingOptions
import numpy as np
import pytest

EDGE = 16


@pytest.fixture
def tensorflow():
    return pytest.importorskip(
        'tensorflow', reason='TensorFlow is not installed here; `make setup-train` does it')


def patterns(count, seed):
    """Return pictures of seven patterns that flips and small turns leave alone, and labels."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:EDGE, :EDGE] - (EDGE - 1) / 2
    radius = np.hypot(rows, columns)
    drawn = [
        radius < 3, radius >= 3, radius < 6.5, radius >= 6.5, np.sin(rows * 2) > 0,
        np.sin(columns * 2) > 0, (radius > 3) & (radius < 6)]
    labels = np.arange(count) % len(LABELS)
    pictures = np.stack([drawn[label] * 140 + 60 for label in labels])
    return LabelledFaces(
        np.clip(pictures + random.normal(0, 12, pictures.shape), 0, 255).astype(np.uint8), labels)


def packed(path):
    train, public, private = patterns(448, 1), patterns(70, 2), patterns(70, 3)
    np.savez(
        path, image=np.concatenate([part.images for part in (train, public, private)]),
        emotion=np.concatenate([part.labels for part in (train, public, private)]),
        usage=np.repeat([0, 1, 2], [448, 70, 70]))
    return path


def ran(*arguments):
    result = CliRunner().invoke(main, [str(word) for word in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_from_pictures_to_a_classifier(tensorflow, tmp_path):
    data, model = packed(tmp_path / 'data.npz'), tmp_path / 'models' / 'patterns'
    ran('train', '--data', data, '--run', tmp_path / 'run', '--epochs', 10, '--batch-size', 32,
        '--average-decay', 0.9)
    output = ran('export', '--data', data, '--run', tmp_path / 'run', '--output', model,
                 '--description', 'Seven patterns.')
    assert 'agree within' in output
    ran('evaluate', '--data', data, '--model', model / 'model.yaml', '--update-card',
        '--split', 'public_test', '--split', 'private_test')

    card = load_card(model)
    unseen = patterns(140, 4)
    said = LiteRtClassifier(card).classify(list(unseen.images)).argmax(axis=1)
    assert np.mean(said == unseen.labels) > 0.9
    assert card.name == 'patterns'
    assert card.training.endswith('--epochs 10 --batch-size 32 --average-decay 0.9')
    assert card.figures['private_test']['rows'] == 70
    assert card.figures['private_test']['accuracy'] > 0.9
    text = (model / 'README.md').read_text()
    assert '## PrivateTest' in text
    assert card.sha256 in text


def test_an_interrupted_training_goes_on(tensorflow, tmp_path, monkeypatch):
    from fer_ros.training.train import Trainer
    faces, held_out = patterns(128, 1), patterns(28, 2)
    options = TrainingOptions(epochs=4, batch_size=32, dropout=0.0)

    def losses(folder):
        with (folder / 'log.csv').open() as file:
            rows = list(csv.DictReader(file))
        assert [row['epoch'] for row in rows] == ['1', '2', '3', '4']
        return [float(row['loss']) for row in rows]

    Trainer(faces, held_out, tmp_path / 'whole', options).run()
    halted = Trainer(faces, held_out, tmp_path / 'halted', options)
    train_epoch = halted._train_epoch

    def interrupted():
        if halted.epoch == 2:
            raise KeyboardInterrupt
        return train_epoch()

    monkeypatch.setattr(halted, '_train_epoch', interrupted)
    with pytest.raises(KeyboardInterrupt):
        halted.run()
    again = Trainer(faces, held_out, tmp_path / 'halted', options)
    assert again.epoch == 2
    again.run()
    np.testing.assert_allclose(
        losses(tmp_path / 'halted'), losses(tmp_path / 'whole'), rtol=0.02)
    assert (tmp_path / 'halted' / 'best.keras').is_file()


def test_speed_is_told_for_each_number_of_threads_and_faces():
    lines = ran('speed', '--model', 'fer2013_cnn48', '--threads', 1, '--faces', 1, '--faces', 3)
    title = load_card('fer2013_cnn48').title
    assert [line.split(':')[0] for line in lines.splitlines()] == [
        f'{title}, 1 threads, 1 faces', f'{title}, 1 threads, 3 faces']
    assert all(float(line.split()[-4]) > 0 for line in lines.splitlines())


def test_a_training_can_start_from_another(tensorflow, tmp_path):
    from fer_ros.training.train import Trainer
    faces = patterns(64, 1)
    once = {'epochs': 1, 'batch_size': 32}
    first = Trainer(faces, faces, tmp_path / 'first', TrainingOptions(**once)).run()
    # At no learning rate only the statistics of the batches move on from where the first ended.
    still = TrainingOptions(**once, learning_rate=0.0, start_from=str(first), seed=2)
    then = Trainer(faces, faces, tmp_path / 'then', still).run()
    from keras.models import load_model
    pairs = zip(
        load_model(first).trainable_weights, load_model(then).trainable_weights, strict=True)
    for before, after in pairs:
        np.testing.assert_allclose(after.numpy(), before.numpy(), atol=1e-6)


@pytest.mark.parametrize(('arguments', 'reason'), [
    (['speed', '--model', 'nobody'], 'Error: the model card .*nobody.* shipped models are'),
    (['train', '--data', 'rows.npz', '--run', 'run'], 'Error: rows.npz has no emotion'),
])
def test_errors_on_the_command_line_are_sentences(tmp_path, monkeypatch, arguments, reason):
    if arguments[0] == 'train':
        pytest.importorskip('tensorflow', reason='TensorFlow is not installed here')
    monkeypatch.chdir(tmp_path)
    np.savez('rows.npz', image=np.zeros((1, 48, 48), np.uint8))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert re.search(reason, result.output)


def test_a_folder_belongs_to_one_choice_of_options(tmp_path):
    options = TrainingOptions(epochs=3, learning_rate=0.05)
    keep_options(tmp_path / 'run', options)
    keep_options(tmp_path / 'run', options)
    assert kept_options(tmp_path / 'run') == options
    with pytest.raises(ValueError, match=r'other options .--epochs 3 --learning-rate 0.05'):
        keep_options(tmp_path / 'run', TrainingOptions(epochs=4))


def test_the_commands_begin_with_the_training_that_was_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keep_options(Path('runs/first'), TrainingOptions(seed=5))
    keep_options(Path('runs/then'), TrainingOptions(
        epochs=6, start_from='runs/first/best.keras'))
    assert commands(Path('runs/then'), 'faces.npz') == [
        'python -m fer_ros.training train --data faces.npz --run runs/first --seed 5',
        ('python -m fer_ros.training train --data faces.npz --run runs/then '
         '--epochs 6 --start-from runs/first/best.keras')]


def test_the_arguments_are_those_that_differ_from_the_defaults():
    assert TrainingOptions().arguments == ''
    chosen = TrainingOptions(batch_size=64, precision='mixed_bfloat16')
    assert chosen.arguments == '--batch-size 64 --precision mixed_bfloat16'
