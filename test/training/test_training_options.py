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

from pathlib import Path

from fer_ros.core.options import OptionError
from fer_ros.training.options import commands, Training, TrainingOptions
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def written(path, **values):
    path.write_text(yaml.safe_dump(values))
    return path


@pytest.mark.parametrize(
    'config', sorted((ROOT / 'config' / 'training').glob('*.yaml')), ids=lambda path: path.stem)
def test_the_files_of_the_shipped_models_are_right(config):
    training = Training.from_config(config)
    assert training.data == ('fer2013_ferplus.npz',)
    for before in training.options.teacher, training.options.start_from:
        assert not before or (config.parent / f'{Path(before).name}.yaml').is_file()


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
    with pytest.raises(ValueError, match='epochs 3 instead of 4; give the same options, or an'):
        Training('fer train', ('x',), TrainingOptions(epochs=4)).keep(tmp_path / 'run')


def test_the_commands_begin_with_the_trainings_that_it_rests_on(tmp_path):
    large, small, last = (str(tmp_path / name) for name in ('large', 'small', 'last'))
    for folder, options in (
            (large, {}), (small, {'teacher': large}),
            (last, {'teacher': large, 'start_from': small})):
        Training(Path(folder).name, ('x',), TrainingOptions(**options)).keep(Path(folder))
    assert commands(Path(last)) == ['large', 'small', 'last']


def test_a_folder_without_a_training_is_told(tmp_path):
    with pytest.raises(OptionError, match='training.yaml cannot be read'):
        Training.of(tmp_path)
