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

"""What the file of a training may say; the shipped files state how the models were made."""

from pathlib import Path
import shlex

from checkout import ROOT
from fer_ros.core.classification.model_folders import card_paths
from fer_ros.core.options import OptionError
from fer_ros.evaluation.evaluation_file import load_evaluation
from fer_ros.training.training_config import read_stages
from fer_ros.training.training_options import TrainingOptions
from fer_ros.training.training_run import holds_model
import pytest
import yaml

MODELS = [pytest.param(path, id=path.parent.name) for path in card_paths()]


def written(path, **values):
    path.write_text(yaml.safe_dump(values))
    return path


def test_each_shipped_model_has_its_file():
    files = {path.stem for path in (ROOT / 'config' / 'training').iterdir()}
    assert files == {path.parent.name for path in card_paths()}


@pytest.mark.parametrize('card', MODELS)
def test_the_file_holds_the_stages_that_made_the_model(card):
    name = card.parent.name
    stages = read_stages(ROOT / 'config' / 'training' / f'{name}.yaml')
    history = load_evaluation(card).stages
    assert [stage.folder.name for stage in stages] == [stage['name'] for stage in history]
    for stage, then in zip(stages, history, strict=True):
        assert stage.training.data == ('fer2013_ferplus.npz',)
        options = {
            option: value.replace(f'runs/{name}/', '') if isinstance(value, str) else value
            for option, value in stage.training.options.to_mapping().items()}
        assert options == TrainingOptions.from_mapping(then['options']).to_mapping()


@pytest.mark.parametrize('card', MODELS)
def test_stages_rest_on_earlier_ones_and_shipped_models(card):
    earlier = set()
    for stage in read_stages(ROOT / 'config' / 'training' / f'{card.parent.name}.yaml'):
        for _, folder in stage.training.options.rests_on:
            assert folder in earlier or holds_model(ROOT / folder)
        earlier.add(stage.folder)


def test_stages_share_options_and_name_each_other(tmp_path):
    config = written(
        tmp_path / 'mine.yaml', data=['a'], epochs=5, teacher='models/x', stages=[
            {'name': 'first', 'epochs': 3}, {'name': 'second', 'start_from': 'first'},
            {'name': 'third', 'teacher': 'first, runs/other, second', 'seed': 4}])
    first, second, third = read_stages(config)
    assert [stage.folder for stage in (first, second, third)] == [
        Path('runs/mine/first'), Path('runs/mine/second'), Path('runs/mine/third')]
    assert [stage.training.options.epochs for stage in (first, second, third)] == [3, 5, 5]
    assert first.training.options.start is None
    assert second.training.options.start == first.folder
    assert second.training.options.teachers == [Path('models/x')]
    assert third.training.options.teachers == [first.folder, Path('runs/other'), second.folder]
    assert third.training.options.seed == 4
    assert {stage.training.command for stage in (first, second, third)} == {
        f'fer train --config {config} --data a'}


def test_numbers_can_have_an_exponent(tmp_path):
    config = tmp_path / 'mine.yaml'
    config.write_text('data: [a]\nlearning_rate: 4e-2\n')
    (stage,) = read_stages(config)
    assert stage.training.options.learning_rate == 0.04


def test_a_seed_is_that_of_all_stages_and_has_its_own_folder(tmp_path):
    config = written(
        tmp_path / 'mine.yaml', data=['a'],
        stages=[{'name': 'small', 'seed': 2}, {'name': 'large', 'start_from': 'small'}])
    small, large = read_stages(config, seed=3)
    assert (small.training.options.seed, large.training.options.seed) == (3, 3)
    assert large.training.options.rests_on == [('start_from', Path('runs/mine_seed3/small'))]
    assert read_stages(config, run=Path('here'))[1].folder == Path('here/large')
    assert TrainingOptions().rests_on == []


@pytest.mark.parametrize(('text', 'reason'), [
    ('epochs: 0\ndata: [x]', 'epochs must be 1 or more'),
    ('epoch: 3\ndata: [x]', "there is no option 'epoch'.*epochs"),
    ('network: vgg\ndata: [x]', 'network must be one of compact'),
    ('data: faces', "data must be a list of paths, not 'faces'"),
    ('epochs: 3', 'no images to train on'),
    ('just words', 'must hold options'),
    ('a: [', 'is not YAML'),
    ('data: [x]\nstages: {a: 1}', 'stages must be a list of options, each with a `name`'),
    ('data: [x]\nstages: []', 'stages must be a list'),
    ('data: [x]\nstages: [{epochs: 3}]', 'stages must be a list'),
    ('data: [x]\nstages: [{name: a/b}]', "name of a folder, not 'a/b'"),
    ('data: [x]\nstages: [{name: a}, {name: a}]', "two stages have the name 'a'"),
    ('data: [x]\nstages: [{name: a}, {name: b, epoch: 3}]',
     "stage b: there is no option 'epoch'"),
])
def test_what_is_wrong_in_a_file_is_told(tmp_path, text, reason):
    (tmp_path / 'mine.yaml').write_text(text)
    with pytest.raises(OptionError, match=reason) as caught:
        read_stages(tmp_path / 'mine.yaml')
    assert 'mine.yaml' in str(caught.value)


def test_arguments_come_before_the_file(tmp_path):
    config = written(tmp_path / 'mine.yaml', data=['a', 'b'], seed=4, epochs=9)
    (stage,) = read_stages(config, [Path('some/c.csv')], 7)
    training = stage.training
    assert training.data == ('some/c.csv',)
    assert (training.options.seed, training.options.epochs) == (7, 9)
    assert training.command == f'fer train --config {config} --data some/c.csv --seed 7'


def test_the_command_says_all_that_it_needs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = written(Path('my file.yaml'), data=['a'])
    (made,) = read_stages(config, [Path('my faces')], 7, Path('elsewhere/my run'))
    assert made.folder == Path('elsewhere/my run')
    assert shlex.split(made.training.command) == [
        'fer', 'train', '--config', 'my file.yaml', '--data', 'my faces', '--seed', '7', '--run',
        'elsewhere/my run']
    (usual,) = read_stages(config, seed=7, run=Path('runs/my file_seed7'))
    assert '--run' not in usual.training.command
