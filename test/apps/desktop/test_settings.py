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

"""Settings: checked by the options table, kept in a file, and what follows from them."""

from fer_ros.apps.desktop.model.settings import configuration_folder, DESKTOP, GROUPS, Settings
from fer_ros.core.options import OptionError
from fer_ros.parameters.parameter_files import ConfigError
import pytest
import yaml


def test_every_offered_option_is_in_the_table_and_can_be_set():
    settings = Settings()
    names = [pair for group in GROUPS for pair in group.options]
    assert len(names) == len(set(names)) > 15
    for section, name in names:
        settings.set(section, name, settings.get(section, name))
        assert settings.row(section, name).description
        assert not settings.is_changed(section, name)


def test_what_is_set_is_used_and_kept(tmp_path):
    file = tmp_path / 'new' / 'desktop.yaml'
    settings = Settings(file)
    settings.set('emotion_node', 'min_confidence', 0.7)
    settings.set(DESKTOP, 'theme', 'dark')
    assert settings.video['emotion_node']['min_confidence'] == 0.7
    assert settings.picture['emotion_node']['min_confidence'] == 0.7
    assert settings.save() == ''
    assert yaml.safe_load(file.read_text()) == {
        'emotion_node': {'min_confidence': 0.7}, 'desktop': {'theme': 'dark'}}
    assert [path.name for path in file.parent.iterdir()] == ['desktop.yaml']
    again = Settings(file)
    assert again.get('emotion_node', 'min_confidence') == 0.7
    assert again.desktop.theme == 'dark'
    again.set(DESKTOP, 'theme', 'light')
    again.reset()
    again.save()
    assert yaml.safe_load(file.read_text()) == {}


def test_a_wrong_value_changes_nothing():
    settings = Settings()
    with pytest.raises(OptionError, match='min_confidence must be 0 to 1'):
        settings.set('emotion_node', 'min_confidence', 2.0)
    with pytest.raises(OptionError, match='four letters'):
        settings.set('camera_node', 'fourcc', 'MJ')
    with pytest.raises(OptionError, match='0, or 75 to 400'):
        settings.set(DESKTOP, 'scale_percent', 20)
    with pytest.raises(OptionError, match='a whole number'):
        settings.set('camera_node', 'width', 'wide')
    assert settings.get('emotion_node', 'min_confidence') == 0.4
    assert settings.get('camera_node', 'fourcc') == ''


@pytest.mark.parametrize(('text', 'note'), [
    ('emotion_node: {min_confidence: 7, smoothing_s: 1.5}', 'min_confidence is ignored'),
    ('oven: {heat: 3}\nemotion_node: {smoothing_s: 1.5}', 'oven.heat is ignored')])
def test_a_wrong_value_in_the_file_is_ignored_and_said(tmp_path, text, note):
    file = tmp_path / 'desktop.yaml'
    file.write_text(text)
    settings = Settings(file)
    assert [note in sentence for sentence in settings.notes] == [True]
    assert settings.get('emotion_node', 'min_confidence') == 0.4
    assert settings.get('emotion_node', 'smoothing_s') == 1.5


@pytest.mark.parametrize('text', ['- a\n- b', 'a: [', 'x'])
def test_a_file_that_is_no_file_of_settings_is_said(tmp_path, text):
    file = tmp_path / 'desktop.yaml'
    file.write_text(text)
    assert 'cannot be read, defaults are used' in Settings(file).notes[0]


def test_settings_that_cannot_be_kept_are_said(tmp_path):
    (tmp_path / 'a').write_text('a file where a folder should be')
    settings = Settings(tmp_path / 'a' / 'desktop.yaml')
    settings.set(DESKTOP, 'theme', 'dark')
    assert 'cannot be kept' in settings.save()


def test_the_command_line_counts_until_the_option_is_set_again(tmp_path):
    file = tmp_path / 'desktop.yaml'
    file.write_text('emotion_node: {smoothing_s: 1.5}')
    settings = Settings(file, 'live', ['emotion_node.smoothing_s=0.9'])
    assert settings.get('emotion_node', 'smoothing_s') == 0.9
    settings.set('emotion_node', 'smoothing_s', 0.2)
    assert settings.get('emotion_node', 'smoothing_s') == 0.2
    with pytest.raises(ConfigError, match='write NODE'):
        Settings(None, 'live', ['smoothing'])


def test_blurred_faces_are_reported_from_the_first_image_on():
    settings = Settings()
    assert settings.video['face_node']['tracker.min_hits'] == 2
    settings.set(DESKTOP, 'blur_faces', True)
    assert settings.video['face_node']['tracker.min_hits'] == 1


def test_pictures_stand_alone():
    assert Settings().picture['face_node']['tracker.name'] == 'none'
    assert Settings().source_options('x.mp4').source == 'x.mp4'


def test_the_models_that_are_installed_can_be_chosen():
    choices = Settings().row('emotion_node', 'model').choices
    assert {'default', 'fer2013_cnn48', 'ferplus_residual72'} <= set(choices)


def test_the_folder_is_that_of_the_platform(monkeypatch, tmp_path):
    pytest.importorskip('platformdirs')
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path))
    assert configuration_folder() == tmp_path / 'fer_ros'
