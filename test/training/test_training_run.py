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

"""The record of a training in its folder, and the trainings that it rests on."""

import json
from pathlib import Path

from fer_ros.core.options import OptionError
from fer_ros.training.training_options import TrainingOptions
from fer_ros.training.training_run import commands, network_file, stages, Training
import pytest
from tiny_models import file_fields, write_model
import yaml


def written(path, **values):
    path.write_text(yaml.safe_dump(values))
    return path


def test_a_folder_belongs_to_one_choice_of_options(tmp_path):
    training = Training('fer train', ('x',), TrainingOptions(epochs=3), 'Keras')
    training.keep(tmp_path / 'run')
    training.keep(tmp_path / 'run')
    assert Training.of(tmp_path / 'run') == training
    with pytest.raises(ValueError, match='epochs 3 instead of 4; give the same options'):
        Training('fer train', ('x',), TrainingOptions(epochs=4)).keep(tmp_path / 'run')


def test_a_folder_belongs_to_one_choice_of_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Training('fer train', ('x.npz', 'y'), TrainingOptions()).keep(Path('run'))
    for data in ('x.npz', 'y'), (str(tmp_path / 'x.npz'), './y'):
        Training('fer train', data, TrainingOptions()).keep(Path('run'))
    with pytest.raises(ValueError, match=r'run holds .*data x\.npz, y instead of z\.npz;'):
        Training('fer train', ('z.npz',), TrainingOptions()).keep(Path('run'))


def test_a_folder_belongs_to_the_images_and_labels_that_it_began_with(tmp_path):
    def training(rows):
        return Training('fer train', ('x',), TrainingOptions(), rows=rows)

    training('a').keep(tmp_path)
    training('a').keep(tmp_path)
    training('').keep(tmp_path)  # not read yet
    assert Training.of(tmp_path).rows == 'a'
    with pytest.raises(ValueError, match='holds .*other images or labels in the same data; give'):
        training('b').keep(tmp_path)


@pytest.mark.parametrize('epoch', [None, 0, 2])
def test_a_training_is_finished_with_its_last_epoch(tmp_path, epoch):
    training = Training('fer train --config a', ('x',), TrainingOptions(epochs=3))
    training.keep(tmp_path)
    state = tmp_path / 'checkpoint' / 'state.json'
    if epoch is not None:
        state.parent.mkdir()
        state.write_text(json.dumps({'epoch': epoch, 'best': 0.5}))
    with pytest.raises(OptionError, match=f'{epoch or 0} of 3 epochs.*`fer train --config a`'):
        Training.finished(tmp_path)
    state.parent.mkdir(exist_ok=True)
    state.write_text(json.dumps({'epoch': 3, 'best': 0.5}))
    assert Training.finished(tmp_path) == training


@pytest.mark.parametrize(('values', 'lacks'), [
    ({'command': 'fer train', 'data': ['x'], 'software': ''}, 'options'),
    ({'command': 'fer train', 'data': 'x', 'software': '', 'options': None}, 'data, options')])
def test_what_is_no_record_of_a_training_is_told(tmp_path, values, lacks):
    written(tmp_path / 'training.yaml', **values)
    with pytest.raises(OptionError, match=f'training.yaml lacks {lacks}: `fer train`'):
        Training.of(tmp_path)


def test_the_commands_begin_with_the_trainings_that_it_rests_on(tmp_path):
    large, small, last = (str(tmp_path / name) for name in ('large', 'small', 'last'))
    for folder, options in (
            (large, {}), (small, {'teacher': large}),
            (last, {'teacher': f'{large}, {small}', 'start_from': small})):
        Training(Path(folder).name, ('x',), TrainingOptions(**options)).keep(Path(folder))
    assert commands(Path(last)) == ['large', 'small', 'last']
    assert stages(Path(last)) == [
        {'name': 'large', 'options': {}}, {'name': 'small', 'options': {'teacher': 'large'}},
        {'name': 'last', 'options': {'teacher': 'large, small', 'start_from': 'small'}}]


def test_the_commands_for_others_have_no_folders_of_the_data(tmp_path):
    Training('fer train --data /my/x.csv --run /my/run', ('/my/x.csv',), TrainingOptions()).keep(
        tmp_path)
    assert commands(tmp_path) == ['fer train --data x.csv --run /my/run']


def test_only_stages_beside_this_one_are_named_by_their_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in '../elsewhere', 'beside':
        Training('x', ('x',), TrainingOptions()).keep(Path(name))
    Training('x', ('x',), TrainingOptions(teacher='../elsewhere, beside')).keep(Path('last'))
    assert stages(Path('last'))[-1]['options'] == {'teacher': '../elsewhere, beside'}


def test_stages_of_one_file_have_one_command(tmp_path):
    first, last = tmp_path / 'first', tmp_path / 'last'
    Training('fer train', ('x',), TrainingOptions(epochs=3)).keep(first)
    Training('fer train', ('x',), TrainingOptions(start_from=str(first))).keep(last)
    assert commands(last) == ['fer train']
    assert [stage['name'] for stage in stages(last)] == ['first', 'last']
    assert stages(last)[1]['options'] == {'start_from': 'first'}


def test_a_model_that_a_training_rests_on_is_named(tmp_path):
    model, last = tmp_path / 'model', tmp_path / 'last'
    model.mkdir()
    write_model(model)
    Training('last', ('x',), TrainingOptions(teacher=str(model))).keep(last)
    assert commands(last) == [
        f'# {model} is tiny/0.1.0; see its evaluation.yaml', 'last']
    assert [stage['name'] for stage in stages(last)] == ['last']


def test_a_folder_without_a_training_is_told(tmp_path):
    with pytest.raises(OptionError, match='training.yaml cannot be read'):
        Training.of(tmp_path)


def test_the_network_of_a_model_is_checked(tmp_path):
    bare, whole = tmp_path / 'bare', tmp_path / 'whole'
    for folder in bare, whole:
        folder.mkdir()
    write_model(bare)
    with pytest.raises(OptionError, match=r'evaluation\.yaml names no Keras network'):
        network_file(bare)
    write_model(whole, evaluation={'source': file_fields('model.keras', b'layers')})
    with pytest.raises(OptionError, match=r'training/model\.keras cannot be read'):
        network_file(whole)
    (whole / 'training').mkdir()
    (whole / 'training' / 'model.keras').write_bytes(b'layers')
    assert network_file(whole) == whole / 'training' / 'model.keras'
