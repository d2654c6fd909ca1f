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

"""What a training's file may say, and what its folder remembers."""

import json
from pathlib import Path
import shlex

from checkout import ROOT
from fer_ros.core.options import OptionError
from fer_ros.training.training_options import commands, holds_model, Training, TrainingOptions
import pytest
from tiny_models import write_model
import yaml


def written(path, **values):
    path.write_text(yaml.safe_dump(values))
    return path


@pytest.mark.parametrize(
    'config', sorted((ROOT / 'config' / 'training').glob('*.yaml')), ids=lambda path: path.stem)
def test_the_files_of_the_shipped_models_are_right(config):
    training = Training.from_config(config)
    assert training.data == ('fer2013_ferplus.npz',)
    for _, before in training.options.rests_on:
        own = before.name.removesuffix(f'_seed{training.options.seed}')
        assert (config.parent / f'{own}.yaml').is_file() or holds_model(ROOT / before)


@pytest.mark.parametrize(('text', 'reason'), [
    ('epochs: 0\ndata: [x]', 'epochs must be 1 or more'),
    ('epoch: 3\ndata: [x]', "there is no option 'epoch'.*epochs"),
    ('network: vgg\ndata: [x]', 'network must be one of compact'),
    ('data: faces', "data must be a list of paths, not 'faces'"),
    ('epochs: 3', 'no pictures to train on'),
    ('just words', 'must hold options'),
    ('a: [', 'is not YAML'),
])
def test_what_is_wrong_in_a_file_is_told(tmp_path, text, reason):
    (tmp_path / 'mine.yaml').write_text(text)
    with pytest.raises(OptionError, match=reason) as caught:
        Training.from_config(tmp_path / 'mine.yaml')
    assert 'mine.yaml' in str(caught.value)


def test_arguments_come_before_the_file(tmp_path):
    config = written(tmp_path / 'mine.yaml', data=['a', 'b'], seed=4, epochs=9)
    training = Training.from_config(config, [Path('some/c.csv')], 7)
    assert training.data == ('some/c.csv',)
    assert (training.options.seed, training.options.epochs) == (7, 9)
    assert training.command == f'fer train --config {config} --data c.csv --seed 7'


def test_a_folder_belongs_to_one_choice_of_options(tmp_path):
    training = Training('fer train', ('x',), TrainingOptions(epochs=3), 'Keras')
    training.keep(tmp_path / 'run')
    training.keep(tmp_path / 'run')
    assert Training.of(tmp_path / 'run') == training
    with pytest.raises(ValueError, match='epochs 3 instead of 4; give the same options'):
        Training('fer train', ('x',), TrainingOptions(epochs=4)).keep(tmp_path / 'run')


def test_the_command_says_all_that_it_needs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = written(Path('my file.yaml'), data=['a'])
    made = Training.from_config(config, [Path('my faces')], 7, Path('elsewhere/my run'))
    assert shlex.split(made.command) == [
        'fer', 'train', '--config', 'my file.yaml', '--data', 'my faces', '--seed', '7', '--run',
        'elsewhere/my run']
    usual = Training.from_config(config, seed=7, run=Path('runs/my file_seed7'))
    assert '--run' not in usual.command


def test_a_folder_belongs_to_one_choice_of_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Training('fer train', ('x.npz', 'y'), TrainingOptions()).keep(Path('run'))
    for data in ('x.npz', 'y'), (str(tmp_path / 'x.npz'), './y'):
        Training('fer train', data, TrainingOptions()).keep(Path('run'))
    with pytest.raises(ValueError, match=r'run holds .*data x\.npz, y instead of z\.npz;'):
        Training('fer train', ('z.npz',), TrainingOptions()).keep(Path('run'))


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
    with pytest.raises(OptionError, match=f'training.yaml lacks {lacks}, so'):
        Training.of(tmp_path)


def test_the_commands_begin_with_the_trainings_that_it_rests_on(tmp_path):
    large, small, last = (str(tmp_path / name) for name in ('large', 'small', 'last'))
    for folder, options in (
            (large, {}), (small, {'teacher': large}),
            (last, {'teacher': f'{large}, {small}', 'start_from': small})):
        Training(Path(folder).name, ('x',), TrainingOptions(**options)).keep(Path(folder))
    assert commands(Path(last)) == ['large', 'small', 'last']


def test_each_seed_goes_on_from_its_own_beginning(tmp_path):
    config = written(tmp_path / 'mine.yaml', data=['a'], start_from='runs/small_seed{seed}')
    assert Training.from_config(config, seed=3).options.rests_on == [
        ('start_from', Path('runs/small_seed3'))]
    assert TrainingOptions().rests_on == []


def test_a_models_card_tells_the_commands_before(tmp_path):
    model, last = tmp_path / 'model', tmp_path / 'last'
    model.mkdir()
    write_model(model)
    Training('last', ('x',), TrainingOptions(teacher=str(model))).keep(last)
    assert commands(last) == [f'# {model} is tiny/0.1.0, whose card says how it was made', 'last']


def test_a_folder_without_a_training_is_told(tmp_path):
    with pytest.raises(OptionError, match='training.yaml cannot be read'):
        Training.of(tmp_path)
