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
from dataclasses import replace
import json
from pathlib import Path
import shutil

from click.testing import CliRunner
from data_files import votes, write_packed, write_picture
from fer_ros.cli import fer
from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.evaluation.detected_faces import PipelineFaces
from fer_ros.training.batches import Batch
from fer_ros.training.network_input import network_input, NORMALISATION
from fer_ros.training.networks import network
from fer_ros.training.train import images_of, Trainer
from fer_ros.training.training_options import TrainingOptions
from fer_ros.training.training_run import Training
import keras
import numpy as np
from patterns import EDGE, patterns
import pytest
from tiny_models import file_fields, write_model
import yaml

SMALL = {'network': 'compact', 'edge': EDGE, 'batch_size': 32, 'dropout': 0.0}
pytestmark = pytest.mark.timeout(600)


def trainer(folder, rows=64, **options):
    return recorded(patterns(rows, 1), patterns(28, 2), folder, **{**SMALL, **options})


def recorded(training, validation, folder, **options):
    options = TrainingOptions(**options)
    Training('fer train', (), options).keep(folder)
    return Trainer(training, validation, folder, options)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Return the folder of a training of one epoch, which no test may change."""
    folder = tmp_path_factory.mktemp('trained')
    trainer(folder, epochs=1).run()
    return folder


@pytest.fixture
def copied(trained, tmp_path):
    """Return a copy of that folder, which the test may change; its options are open."""
    return shutil.copytree(
        trained, tmp_path / 'copied', ignore=shutil.ignore_patterns('training.yaml'))


def logged(folder):
    with (folder / 'log.csv').open(newline='') as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize('mesh', [False, True])
def test_an_interrupted_training_goes_on_as_if_nothing_had_been(mesh, tmp_path, monkeypatch):
    def training(name):
        rows, others = patterns(64, 1), patterns(28, 2)
        if mesh:
            rows, others = shaped(rows), shaped(others)
        return recorded(
            rows, others, tmp_path / name, **{**SMALL, 'epochs': 3, 'dropout': 0.3, 'mesh': mesh})

    training('whole').run()
    halted = training('halted')
    save = halted._save

    def interrupted():
        # The epoch stands in the log already.
        if halted.epoch == 3:
            raise KeyboardInterrupt
        save()

    monkeypatch.setattr(halted, '_save', interrupted)
    with pytest.raises(KeyboardInterrupt):
        halted.run()
    again = training('halted')
    assert again.epoch == 2
    again.run()
    rows = [logged(tmp_path / name) for name in ('halted', 'whole')]
    assert [row['epoch'] for row in rows[0]] == ['1', '2', '3']
    assert list(rows[0][0]) == [
        'epoch', 'loss', 'validation_loss', 'validation_accuracy', 'learning_rate', 'seconds']
    for name in 'loss', 'validation_loss':
        np.testing.assert_allclose(
            *([float(row[name]) for row in of] for of in rows), rtol=1e-3)
    assert keras.models.load_model(tmp_path / 'halted' / 'best.keras').output_shape == (None, 7)


def test_a_checkpoint_that_was_not_finished_does_not_count(copied):
    half = copied / 'checkpoint.new'
    half.mkdir()
    (half / 'network.weights.h5').write_bytes(b'half')
    assert trainer(copied, epochs=1).epoch == 1


def test_a_training_that_was_killed_in_the_swap_of_checkpoints_goes_on(copied, monkeypatch):
    removed = shutil.rmtree

    def killed(folder, *args, **options):
        # Keras removes folders of its own where memory is short.
        if Path(folder).name == 'checkpoint':
            (folder / 'network.weights.h5').unlink()
            raise KeyboardInterrupt
        removed(folder, *args, **options)

    halted = trainer(copied, epochs=2)
    with monkeypatch.context() as patch:
        patch.setattr('fer_ros.training.train.shutil.rmtree', killed)
        with pytest.raises(KeyboardInterrupt):
            halted.run()
    again = trainer(copied, epochs=2)
    assert again.epoch == 2
    np.testing.assert_array_equal(
        again._average.get_weights()[0], halted._average.get_weights()[0])


def test_the_best_network_is_replaced_as_a_whole(copied, monkeypatch):
    before = (copied / 'best.keras').read_bytes()

    def killed(network, path):
        path.write_bytes(b'half')
        raise KeyboardInterrupt

    halted = trainer(copied, epochs=2)
    halted._best = -1.0
    monkeypatch.setattr(keras.Model, 'save', killed)
    with pytest.raises(KeyboardInterrupt):
        halted.run()
    assert (copied / 'best.keras').read_bytes() == before


def test_a_training_can_start_from_another(trained, tmp_path):
    # At no learning rate only the statistics of the batches move on from where the first ended.
    trainer(tmp_path / 'then', epochs=1, learning_rate=0.0,
            start_from=str(trained), seed=2).run()
    first, then = (
        keras.models.load_model(folder / 'best.keras')
        for folder in (trained, tmp_path / 'then'))
    for before, after in zip(first.trainable_weights, then.trainable_weights, strict=True):
        np.testing.assert_allclose(after.numpy(), before.numpy(), atol=1e-6)


def test_a_training_can_start_from_a_model_and_imitate_one(trained, tmp_path):
    folder = model_of(trained / 'best.keras', tmp_path / 'model')
    both = trainer(
        tmp_path / 'both', epochs=1, start_from=str(folder), teacher=str(folder),
        teacher_share=1.0)
    batch = next(both._batches.epoch(0))
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(
        keras.models.load_model(folder / 'training' / 'model.keras')(batch.pixels)))
    begun = keras.ops.convert_to_numpy(keras.ops.softmax(both._network(batch.pixels)))
    np.testing.assert_allclose(begun, expected, atol=1e-4)
    np.testing.assert_allclose(both._taught(batch).targets, expected, atol=1e-4)


@pytest.mark.parametrize('share', [0.0, 0.25, 1.0])
def test_the_teachers_answers_are_a_share_of_the_targets(trained, tmp_path, share):
    pupil = trainer(
        tmp_path / 'pupil', epochs=1, teacher=str(trained), teacher_share=share)
    batch = next(pupil._batches.epoch(0))
    teacher = keras.models.load_model(trained / 'best.keras')
    answers = keras.ops.convert_to_numpy(keras.ops.softmax(teacher(batch.pixels)))
    np.testing.assert_allclose(
        pupil._taught(batch).targets, share * answers + (1 - share) * batch.targets, atol=1e-4)


def test_of_several_teachers_the_mean_is_imitated(trained, tmp_path):
    keras.utils.set_random_seed(2)
    other = untrained(tmp_path / 'other')
    pupil = trainer(
        tmp_path / 'pupil', epochs=1, teacher=f'{trained}, {other}', teacher_share=1.0)
    batch = next(pupil._batches.epoch(0))
    one, two = (
        keras.ops.convert_to_numpy(keras.ops.softmax(keras.models.load_model(
            folder / 'best.keras')(batch.pixels))) for folder in (trained, other))
    assert np.abs(one - two).max() > 0.01
    np.testing.assert_allclose(pupil._taught(batch).targets, (one + two) / 2, atol=1e-4)


def test_a_teacher_that_is_asked_once_answers_to_the_picture_and_its_mirror_image(
        trained, tmp_path):
    pupil = trainer(
        tmp_path / 'pupil', epochs=1, teacher=str(trained), teacher_share=0.5,
        teacher_once=True)
    faces = patterns(64, 1)
    pixels = Preprocessing(EDGE, EDGE, **NORMALISATION).network_input(list(faces.images))
    teacher = keras.models.load_model(trained / 'best.keras')
    plain, mirrored = (
        keras.ops.convert_to_numpy(keras.ops.softmax(teacher(seen)))
        for seen in (pixels, pixels[:, :, ::-1]))
    expected = 0.5 * faces.targets + 0.25 * plain + 0.25 * mirrored
    # Batches take the rows in an order of their own, and nothing is added to their targets.
    found = np.concatenate([
        pupil._taught(batch).targets for batch in pupil._batches.epoch(0)])
    np.testing.assert_allclose(
        found[np.lexsort(found.T)], expected[np.lexsort(expected.T)], atol=1e-4)


def shaped(faces):
    """Return the faces with features of a mesh that tell their labels, and one row without any."""
    random = np.random.default_rng(3)
    features = random.normal(0, 1, (len(faces), 2, 288)).astype(np.float32)
    features[:, :, :7] += 4 * faces.targets[:, None]
    features[0] = 0
    return replace(faces, mesh=features)


def test_a_network_with_the_mesh_starts_as_the_one_without_it_and_learns_from_it(
        trained, tmp_path):
    options = {**SMALL, 'mesh': True, 'epochs': 6, 'start_from': str(trained), 'mesh_absent': 0.0,
               'image_absent': 0.5}
    rows, others = shaped(patterns(640, 1)), shaped(patterns(70, 2))
    fused = recorded(rows, others, tmp_path / 'fused', **options)
    earlier = keras.models.load_model(trained / 'best.keras')
    given = network_input(fused._network, others)
    np.testing.assert_allclose(
        fused._network.predict(given, verbose=0), earlier.predict(given[0], verbose=0), atol=1e-4)
    learnt = keras.models.load_model(fused.run())
    blank = [np.zeros_like(given[0]), given[1]]
    said = learnt.predict(blank, verbose=0).argmax(axis=1)
    assert np.mean(said == others.labels) > 0.5
    # The whitening is no weight that is learnt.
    whitened = keras.Model(learnt.inputs[1], learnt.get_layer('mesh_whitening').output).predict(
        rows.mesh[1:, 0], verbose=0)
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=1e-3)
    assert (whitened.std(axis=0) < 1.01).all()
    assert (whitened.std(axis=0) > 0.9).any()


def test_a_teacher_that_receives_the_mesh_needs_a_pupil_that_does(trained, tmp_path):
    fused = untrained(tmp_path / 'fused', mesh=True)
    options = {**SMALL, 'teacher': str(fused), 'teacher_share': 1.0}
    for place, once in enumerate((True, False)):
        faces = shaped(patterns(64, 1))
        pupil = recorded(
            faces, faces, tmp_path / f'pupil{place}', **options, mesh=True, teacher_once=once)
        batch = next(pupil._batches.epoch(0))
        assert np.abs(pupil._taught(batch).targets.sum(axis=1) - 1).max() < 1e-4
    with pytest.raises(ValueError, match='compact receives the features of the mesh: set mesh: t'):
        trainer(tmp_path / 'other', teacher=str(fused), teacher_once=True)


def test_a_teacher_that_is_asked_once_is_not_asked_again_when_the_training_goes_on(
        trained, tmp_path):
    known = shutil.copytree(trained, tmp_path / 'known')
    options = {
        'epochs': 1, 'teacher': str(known), 'teacher_share': 1.0,
        'teacher_once': True}
    first = trainer(tmp_path / 'pupil', **options)
    (known / 'best.keras').unlink()
    again = trainer(tmp_path / 'pupil', **options)
    for one, other in zip(first._batches.epoch(0), again._batches.epoch(0), strict=True):
        np.testing.assert_array_equal(one[1], other[1])
    with pytest.raises(ValueError, match='teacher_answers.npy holds 64 rows, but there are 96'):
        trainer(tmp_path / 'pupil', rows=96, **options)


def test_a_teacher_sees_pictures_of_its_own_size(trained, tmp_path):
    pupil = trainer(
        tmp_path / 'pupil', epochs=1, edge=2 * EDGE, teacher=str(trained),
        teacher_share=1.0)
    # Ramps stay what they are where a picture is enlarged and reduced again.
    ramp = np.tile(np.linspace(20, 230, EDGE).astype(np.uint8), (EDGE, 1))
    small, large = (
        Preprocessing(edge, edge, **NORMALISATION).network_input([ramp, ramp.T, ramp[:, ::-1]])
        for edge in (EDGE, 2 * EDGE))
    teacher = keras.models.load_model(trained / 'best.keras')
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(teacher(small)))
    found = pupil._taught(Batch(large, np.zeros((3, 7), np.float32), np.ones(3))).targets
    assert np.abs(expected[0] - expected[1]).max() > 0.01
    np.testing.assert_allclose(found, expected, atol=0.005)


def test_a_training_that_diverges_says_so(tmp_path):
    with pytest.raises(RuntimeError, match='diverged in epoch 1: lower learning_rate'):
        trainer(tmp_path, epochs=1, learning_rate=1e30, warm_up_epochs=0.0, rows=160).run()


@pytest.fixture
def called(tmp_path, monkeypatch):
    """Return what calls `fer train` with options, where rows.npz lies; its training is cut off."""
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, 'run', interrupted)
    monkeypatch.chdir(tmp_path)
    write_rows(70)

    def call(code, *, data='rows.npz', **options):
        Path('mine.yaml').write_text(yaml.safe_dump({**SMALL, 'batch_size': 16, **options}))
        result = CliRunner().invoke(fer, ['train', '--config', 'mine.yaml', '--data', data])
        assert result.exit_code == code, result.output
        return ' '.join(result.output.split())

    return call


def write_rows(count, usages=3):
    faces = patterns(count, 1)
    np.savez('rows.npz', image=np.pad(faces.images, ((0, 0), (16, 16), (16, 16))),
             emotion=faces.labels, usage=np.arange(count) % usages)


def model_of(network, folder):
    """Make a model's folder whose `.keras` file is a copy of a network."""
    content = network.read_bytes()
    (folder / 'training').mkdir(parents=True)
    (folder / 'training' / 'model.keras').write_bytes(content)
    write_model(folder, evaluation={'source': file_fields('model.keras', content)})
    return folder


def untrained(folder, **kinds):
    """Make the folder of a training whose network has random weights."""
    Training('fer train', (), TrainingOptions()).keep(folder)
    network('compact', EDGE, **kinds).save(folder / 'best.keras')
    return folder


def write_training(folder, epoch, **options):
    Training('fer train', ('x',), TrainingOptions(epochs=3, **options)).keep(Path(folder))
    (Path(folder) / 'checkpoint').mkdir()
    (Path(folder) / 'checkpoint' / 'state.json').write_text(json.dumps({'epoch': epoch}))


def test_ctrl_c_leaves_a_sentence_that_says_how_to_go_on(called):
    assert 'the same command continues' in called(130)


def test_a_missing_file_does_not_spoil_the_folder(called):
    Path('wrong.npz').write_bytes(b'no rows')
    called(1, data='wrong.npz')
    assert not Path('runs').exists()


def test_a_folder_goes_on_with_its_own_pictures_only(called, monkeypatch):
    called(130)
    Path('rows.npz').rename('others.npz')
    assert 'data rows.npz instead of others.npz' in called(1, data='others.npz')


def test_crops_are_kept_as_a_whole_and_for_their_pictures(called, monkeypatch):
    monkeypatch.setattr(
        'fer_ros.training.train.pipeline_faces',
        lambda images, size, progress: PipelineFaces(
            images, np.ones(len(images), bool), np.zeros((len(images), 288), np.float32)))

    def killed(path, array):
        path.write_bytes(b'half')
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(np, 'save', killed)
        called(130, pipeline_crops=0.5)
    called(130, pipeline_crops=0.5)
    write_rows(100)
    assert 'other images or labels in the same data' in called(1, pipeline_crops=0.5)


def test_rows_that_are_missing_are_told(called):
    write_rows(70, usages=1)
    assert 'has no public rows to choose the best epoch by: add data' in called(1)
    write_picture(Path('faces/val/happy/1.png'), 1)
    assert 'has no training rows to train on: add data' in called(1, data='faces')


@pytest.mark.parametrize('name', ['teacher', 'start_from'])
def test_what_a_training_rests_on_must_be_finished(called, name):
    write_training('begun', 2)
    demand = f'Error: {name} must be the folder of a finished training or of a model: '
    # Data that cannot be read either show that it is told before they are.
    for folder, fault in (
            ('begun', 'the training in begun is not finished, 2 of 3 epochs are done'),
            ('nowhere', 'nowhere/training.yaml cannot be read')):
        assert demand + fault in called(1, **{name: folder}, data='mine.yaml')


def test_weights_of_another_network_are_refused(called):
    write_training('other', 3)
    network('residual', EDGE).save('other/best.keras')
    assert 'start_from: other holds a network residual, whose' in called(1, start_from='other')


@pytest.mark.parametrize('name', ['teacher', 'start_from'])
def test_a_network_with_the_mesh_needs_a_training_with_it(called, name):
    write_training('other', 3)
    network('compact', EDGE, mesh=True).save('other/best.keras')
    assert f'{name}: the network in other receives the features of the mesh: set `mesh: ' in (
        called(1, **{name: 'other'}))


def test_what_cannot_be_mixed_is_told_before_the_training(called):
    write_training('other', 3)
    network('compact', EDGE).save('other/best.keras')
    assert 'so its weights cannot be mixed with those of this training' in called(
        1, start_from='other', start_share=0.5, mesh=True)
    assert 'start_share needs start_from' in called(1, start_share=0.5)


def test_shares_of_hidden_inputs_are_at_most_all(called):
    with pytest.raises(ValueError, match=r'mesh_absent \(0.7\) and image_absent \(0.5\) are more'):
        trainer(Path('run'), mesh_absent=0.7, image_absent=0.5)


def test_the_kept_epoch_is_the_best_or_the_last(tmp_path, monkeypatch):
    for kept, expected in (('best', 1), ('last', 3)):
        training = trainer(tmp_path / kept, epochs=3, kept_epoch=kept)
        monkeypatch.setattr(training, '_validated', lambda training=training: (
            1.0, 1 - training.epoch / 10))
        weights = []
        follow = training._save

        def save(training=training, weights=weights, follow=follow):
            weights.append(training._average.get_weights())
            follow()

        monkeypatch.setattr(training, '_save', save)
        best = keras.models.load_model(training.run())
        for own, wanted in zip(best.get_weights(), weights[expected - 1], strict=True):
            np.testing.assert_array_equal(own, wanted)


def test_only_known_networks_can_be_learnt_from(called):
    image = keras.Input((EDGE, EDGE, 1))
    flat = keras.layers.Flatten()(image)
    keras.Model(image, keras.layers.Dense(7)(flat), name='odd').save('odd.keras')
    model_of(Path('odd.keras'), Path('mine'))
    assert 'teacher: mine holds an unknown network odd; known are compact,' in called(
        1, teacher='mine')


def test_a_model_to_learn_from_must_be_what_its_card_describes(called):
    network('compact', EDGE).save('right.keras')
    file = model_of(Path('right.keras'), Path('mine')) / 'training' / 'model.keras'
    file.write_bytes(file.read_bytes()[:-1] + b'?')
    demand = 'Error: start_from must be the folder of a finished training or of a model: '
    assert f'{demand}the model file mine/training/model.keras has a wrong checksum' in called(
        1, start_from='mine')
    file.unlink()
    assert f'{demand}the model file mine/training/model.keras cannot be read' in called(
        1, start_from='mine')
    Path('bare').mkdir()
    write_model(Path('bare'))
    assert f'{demand}bare/evaluation.yaml names no Keras network' in called(1, start_from='bare')


def test_votes_can_be_fused_with_a_folder(tmp_path):
    rows = write_packed(
        tmp_path / 'rows.npz', [0, 1], [0, 0], [0, 1], [votes(fear=6, anger=4), votes(fear=10)])
    write_picture(tmp_path / 'faces' / 'train' / 'sad' / '1.png', 3)
    write_picture(tmp_path / 'faces' / 'val' / 'happy' / '2.png', 4)
    data_set = images_of(Training(
        '', (str(rows), str(tmp_path / 'faces')), TrainingOptions(labels='ferplus')))
    np.testing.assert_allclose(
        data_set.training.targets, [[0.4, 0, 0.6, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0]])
    assert data_set.public.faces.labels.tolist() == [2, 3]


def test_pictures_without_faces_are_left_out_wherever_they_are_read(tmp_path):
    rows = write_packed(tmp_path / 'rows.npz', [0, 1, 2], [0, 0, 1], [0, 0, 1])
    for faces_only, kept in (False, 2), (True, 0):
        training = Training('', (str(rows),), TrainingOptions(faces_only=faces_only))
        assert len(images_of(training).training) == kept


def test_stages_are_trained_in_turn_and_finished_ones_are_skipped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_rows(140)
    Path('mine.yaml').write_text(yaml.safe_dump({
        **SMALL, 'batch_size': 16, 'epochs': 1, 'data': ['rows.npz'], 'stages': [
            {'name': 'first'}, {'name': 'then', 'learning_rate': 0.0, 'start_from': 'first'}]}))

    def called():
        result = CliRunner().invoke(fer, ['train', '--config', 'mine.yaml'])
        assert result.exit_code == 0, result.output
        return result.output

    said = called()
    assert 'stage 1 of 2: runs/mine/first' in said
    assert said.count('epoch 1/1: loss') == 2
    assert said.endswith('the best network is runs/mine/then/best.keras\n')
    first, then = (
        keras.models.load_model(f'runs/mine/{name}/best.keras') for name in ('first', 'then'))
    for before, after in zip(first.trainable_weights, then.trainable_weights, strict=True):
        np.testing.assert_allclose(after.numpy(), before.numpy(), atol=1e-6)
    said = called()
    assert said.count('this stage is finished') == 2
    assert 'epoch 1/1' not in said
    Path('mine.yaml').write_text(Path('mine.yaml').read_text().replace(
        'dropout: 0.0', 'dropout: 0.5'))
    result = CliRunner().invoke(fer, ['train', '--config', 'mine.yaml'])
    assert result.exit_code == 1
    assert 'runs/mine/first holds a training with dropout' in ' '.join(result.output.split())
