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

"""Cards are found and read; the folder of models is found in a checkout and installed."""

from pathlib import Path

from fer_ros.core import resources
from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.model_card import ModelError
from fer_ros.core.classification.model_folders import ALIASES, card_paths
from fer_ros.core.emotions import LABELS
from fer_ros.core.resources import share_directory
import numpy as np
import pytest
from tiny_models import EDGE, linear_model, linear_weights, write_model


def test_every_field_of_a_card_is_read(tmp_path):
    int8 = linear_model(*linear_weights(), whole_numbers=True)
    path = write_model(
        tmp_path, int8=int8, **{'preprocessing.least_contrast': 90}, terms='For research.')
    card = load_card(path)
    assert card.title == 'tiny/0.1.0'
    assert set(card.files) == {'float32', 'int8'}
    assert card.files['int8'].path == tmp_path / 'model_int8.tflite'
    assert card.files['int8'].read() == int8
    size = card.preprocessing
    assert (size.width, size.height) == (EDGE, EDGE)
    assert (size.scale, size.offset) == (pytest.approx(1 / 127.5), -1.0)
    assert size.least_contrast == 90
    assert (card.framing, card.output_kind) == ('fer2013', 'logits')
    assert card.labels == LABELS
    assert (card.description, card.terms) == ('One layer.', 'For research.')


def test_without_a_least_contrast_no_crop_is_changed(tmp_path):
    assert load_card(write_model(tmp_path)).preprocessing.least_contrast == 0


def test_fields_that_the_pipeline_does_not_need_are_ignored(tmp_path):
    plain = load_card(write_model(tmp_path))
    path = write_model(
        tmp_path, figures=[None], tried='all', ms_per_face=0.5, parameters='many',
        **{'files.keras': 'model.keras', 'preprocessing.colour': 3})
    assert load_card(path) == plain


@pytest.mark.parametrize(('has_int8', 'wanted', 'precision'), [
    (True, '', 'int8'), (False, '', 'float32'), (True, 'float32', 'float32'),
    (True, 'int8', 'int8')])
def test_int8_runs_where_nothing_else_is_wanted(tmp_path, has_int8, wanted, precision):
    int8 = linear_model(*linear_weights(), whole_numbers=True) if has_int8 else None
    assert load_card(write_model(tmp_path, int8=int8)).precision(wanted) == precision


def test_a_folder_stands_for_its_card(tmp_path):
    path = write_model(tmp_path)
    assert load_card(tmp_path) == load_card(path) == load_card(str(path)) == load_card(
        f'{tmp_path}/')


def test_a_path_object_is_never_a_name(tmp_path, monkeypatch):
    (tmp_path / 'fer2013_cnn48').mkdir()
    write_model(tmp_path / 'fer2013_cnn48')
    monkeypatch.chdir(tmp_path)
    assert load_card(Path('fer2013_cnn48')).name == 'tiny'
    assert load_card('fer2013_cnn48').name == 'fer2013_cnn48'


def test_output_order_undoes_a_permutation(tmp_path):
    order = np.random.default_rng(5).permutation(7)
    card = load_card(write_model(tmp_path, labels=[LABELS[k] for k in order]))
    outputs = np.array(card.labels)
    assert tuple(outputs[card.output_order]) == LABELS


@pytest.mark.parametrize('card', card_paths(), ids=lambda path: path.parent.name)
def test_shipped_models_are_named_as_their_folders_and_unchanged(card):
    shipped = load_card(card.parent.name)
    assert shipped.path == card
    assert shipped.name == card.parent.name
    for file in shipped.files.values():
        assert file.read() == file.path.read_bytes()


def test_an_alias_is_another_name_of_a_shipped_model():
    for alias, name in ALIASES.items():
        assert load_card(alias) == load_card(name)
        assert load_card(alias).title.startswith(f'{name}/')
    assert 'default' in ALIASES


def test_an_alias_is_no_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match='cannot be read'):
        load_card(Path('default'))


def test_an_unknown_name_is_answered_with_the_known_ones():
    known = r'nobody.*shipped models are .*fer2013_cnn48, .*ferplus_light48 \(default\)'
    with pytest.raises(ModelError, match=known):
        load_card('nobody')


def test_resources_are_found_in_the_checkout():
    assert (share_directory() / 'package.xml').is_file()
    assert (share_directory() / 'models' / 'fer2013_cnn48' / 'model.yaml').is_file()


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Make the package look as if it stood in a site-packages folder, without a checkout."""
    module = tmp_path / 'lib' / 'python' / 'site-packages' / 'fer_ros' / 'core' / 'resources.py'
    monkeypatch.setattr(resources, '__file__', str(module))
    monkeypatch.setattr(resources.sys, 'prefix', str(tmp_path / 'environment'))
    monkeypatch.delenv('AMENT_PREFIX_PATH', raising=False)
    return tmp_path


def test_resources_are_found_in_a_colcon_installation(installed, monkeypatch):
    share = installed / 'second' / 'share' / 'fer_ros'
    (share / 'models').mkdir(parents=True)
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{installed / "first"}:{installed / "second"}')
    assert share_directory() == share


def test_resources_are_found_in_a_plain_environment(installed):
    share = installed / 'environment' / 'share' / 'fer_ros'
    (share / 'models').mkdir(parents=True)
    assert share_directory() == share


def test_missing_resources_are_told_with_the_places_tried(installed, monkeypatch):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(installed / 'first'))
    tried = f'{installed / "first" / "share" / "fer_ros"}'
    with pytest.raises(FileNotFoundError, match=tried):
        share_directory()
    with pytest.raises(ModelError, match=r"'fer2013_cnn48' cannot be looked up.*setup file"):
        load_card('fer2013_cnn48')
