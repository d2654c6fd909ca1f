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

"""Training goes on where it stopped, starts from another, and imitates a teacher."""

import csv

from click.testing import CliRunner
from fer_ros.apps.command_group import fer
from fer_ros.core.preprocessing import Preprocessing
from fer_ros.training.options import TrainingOptions
from fer_ros.training.preprocessing import NORMALISATION
from fer_ros.training.train import Trainer
import keras
import numpy as np
from patterns import EDGE, patterns
import pytest
import yaml

SMALL = {'network': 'compact', 'edge': EDGE, 'batch_size': 32, 'dropout': 0.0}
pytestmark = pytest.mark.timeout(600)


def trainer(folder, rows=64, **options):
    folder.mkdir(exist_ok=True)
    return Trainer(
        patterns(rows, 1), patterns(28, 2), folder, TrainingOptions(**{**SMALL, **options}))


def logged(folder):
    with (folder / 'log.csv').open(newline='') as file:
        return list(csv.DictReader(file))


def test_an_interrupted_training_goes_on_as_if_nothing_had_been(tmp_path, monkeypatch):
    trainer(tmp_path / 'whole', epochs=3).run()
    halted = trainer(tmp_path / 'halted', epochs=3)
    train_epoch = halted._train_epoch

    def interrupted():
        if halted.epoch == 2:
            raise KeyboardInterrupt
        return train_epoch()

    monkeypatch.setattr(halted, '_train_epoch', interrupted)
    with pytest.raises(KeyboardInterrupt):
        halted.run()
    again = trainer(tmp_path / 'halted', epochs=3)
    assert again.epoch == 2
    again.run()
    rows = [logged(tmp_path / name) for name in ('halted', 'whole')]
    assert [row['epoch'] for row in rows[0]] == ['1', '2', '3']
    assert list(rows[0][0]) == [
        'epoch', 'loss', 'validation_loss', 'validation_accuracy', 'learning_rate', 'seconds']
    np.testing.assert_allclose(
        *([float(row['loss']) for row in of] for of in rows), rtol=0.02)
    assert keras.models.load_model(tmp_path / 'halted' / 'best.keras').output_shape == (None, 7)


def test_a_checkpoint_that_was_not_finished_does_not_count(tmp_path):
    trainer(tmp_path, epochs=1).run()
    half = tmp_path / 'checkpoint.new'
    half.mkdir()
    (half / 'network.weights.h5').write_bytes(b'half')
    assert trainer(tmp_path, epochs=1).epoch == 1


def test_a_training_can_start_from_another(tmp_path):
    trainer(tmp_path / 'first', epochs=1).run()
    # At no learning rate only the statistics of the batches move on from where the first ended.
    trainer(tmp_path / 'then', epochs=1, learning_rate=0.0,
            start_from=str(tmp_path / 'first'), seed=2).run()
    first, then = (
        keras.models.load_model(tmp_path / name / 'best.keras') for name in ('first', 'then'))
    for before, after in zip(first.trainable_weights, then.trainable_weights, strict=True):
        np.testing.assert_allclose(after.numpy(), before.numpy(), atol=1e-6)


@pytest.mark.parametrize('share', [0.0, 0.25, 1.0])
def test_the_teachers_answers_are_a_share_of_the_targets(tmp_path, share):
    trainer(tmp_path / 'teacher', epochs=1).run()
    pupil = trainer(
        tmp_path / 'pupil', epochs=1, teacher=str(tmp_path / 'teacher'), teacher_share=share)
    pixels, targets, weights = next(pupil._batches.epoch(0))
    teacher = keras.models.load_model(tmp_path / 'teacher' / 'best.keras')
    answers = keras.ops.convert_to_numpy(keras.ops.softmax(teacher(pixels)))
    _, found, _ = pupil._taught((pixels, targets, weights))
    np.testing.assert_allclose(found, share * answers + (1 - share) * targets, atol=1e-4)


def test_a_teacher_sees_pictures_of_its_own_size(tmp_path):
    trainer(tmp_path / 'teacher', epochs=1).run()
    pupil = trainer(
        tmp_path / 'pupil', epochs=1, edge=2 * EDGE, teacher=str(tmp_path / 'teacher'),
        teacher_share=1.0)
    # Ramps stay what they are where a picture is enlarged and reduced again.
    ramp = np.tile(np.linspace(20, 230, EDGE).astype(np.uint8), (EDGE, 1))
    small, large = (
        Preprocessing(edge, edge, **NORMALISATION).network_input([ramp, ramp.T, ramp[:, ::-1]])
        for edge in (EDGE, 2 * EDGE))
    teacher = keras.models.load_model(tmp_path / 'teacher' / 'best.keras')
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(teacher(small)))
    _, found, _ = pupil._taught((large, np.zeros((3, 7), np.float32), np.ones(3)))
    assert np.abs(expected[0] - expected[1]).max() > 0.01
    np.testing.assert_allclose(found, expected, atol=0.005)


def test_a_training_that_diverges_says_so(tmp_path):
    with pytest.raises(RuntimeError, match='diverged in epoch 1: lower learning_rate'):
        trainer(tmp_path, epochs=1, learning_rate=1e30, warm_up_epochs=0.0, rows=160).run()


def test_ctrl_c_leaves_a_sentence_that_says_how_to_go_on(tmp_path, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, 'run', interrupted)
    monkeypatch.chdir(tmp_path)
    faces = patterns(70, 1)
    np.savez('rows.npz', image=np.pad(faces.images, ((0, 0), (16, 16), (16, 16))),
             emotion=faces.labels, usage=np.arange(70) % 3)
    (tmp_path / 'mine.yaml').write_text(yaml.safe_dump({**SMALL, 'batch_size': 16}))
    result = CliRunner().invoke(fer, ['train', '--config', 'mine.yaml', '--data', 'rows.npz'])
    assert result.exit_code == 130
    assert 'the same command goes on' in result.output
