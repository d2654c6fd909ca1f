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

"""Checks and settings that `fer live` and the launch files share."""

import os
from pathlib import Path
import re
from types import SimpleNamespace

from fer_ros.apps.startup import (
    checked_namespace,
    checked_topic,
    config_path,
    PROFILE_VARIABLES,
    profile_variables,
    SEGMENTS_BYTES,
    shared_memory_warning,
)
from fer_ros.core.resources import share_directory
from fer_ros.parameters.parameter_files import ConfigError
import pytest


@pytest.mark.parametrize('name', ['', 'image', '/camera/image_raw', '~/image', '{node}/image'])
def test_a_valid_topic_stays_unchanged(name):
    assert checked_topic(name) == name


@pytest.mark.parametrize('name', ['/cam-1/image', 'a//b', '1st', 'a b', '/a/', '{robot}/image'])
def test_an_invalid_topic_is_refused(name):
    with pytest.raises(ConfigError, match='is not a valid topic name: .') as caught:
        checked_topic(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(('name', 'namespace'), [
    ('', ''), ('/', ''), ('robot', '/robot'), ('/robot', '/robot'),
    ('robot/left/', '/robot/left')])
def test_a_namespace_gets_one_leading_slash(name, namespace):
    assert checked_namespace(name) == namespace


@pytest.mark.parametrize('name', ['1st', 'a b', 'a//b', 'a-b', 'robot/2'])
def test_an_invalid_namespace_is_refused(name):
    with pytest.raises(ConfigError, match='is not a valid namespace'):
        checked_namespace(name)


def test_the_path_of_a_parameter_file_is_returned(tmp_path):
    assert Path(config_path('live')) == share_directory() / 'config' / 'live.yaml'
    file = tmp_path / 'my.yaml'
    file.write_text('/**/arm:\n  ros__parameters: {force: 3.0}\n')
    assert config_path(str(file)) == str(file)


@pytest.mark.parametrize(('text', 'words'), [
    ('face_node: [1, 2\n', 'not valid YAML'),
    ('face_node:\n  crop_size: 48\n', 'ros__parameters')])
def test_a_file_that_would_end_every_node_is_refused(tmp_path, text, words):
    file = tmp_path / 'my.yaml'
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        config_path(str(file))


@pytest.mark.parametrize(('blocks', 'words'), [
    (16384, '64 MiB left'), (SEGMENTS_BYTES // 4096 - 1, '--shm-size'),
    (SEGMENTS_BYTES // 4096, '')])
def test_shared_memory_that_is_too_small_is_told(monkeypatch, blocks, words):
    state = SimpleNamespace(f_bavail=blocks, f_frsize=4096)
    monkeypatch.setattr(os, 'statvfs', {'/dev/shm': state}.__getitem__)
    variables = dict.fromkeys(PROFILE_VARIABLES, 'fastdds.xml')
    warning = shared_memory_warning(variables)
    assert words in warning
    assert bool(warning) == bool(words)
    # The user's own profile may need less.
    assert shared_memory_warning({PROFILE_VARIABLES[1]: 'own.xml'}) == ''


def test_the_segments_are_those_of_the_profile():
    profile = (share_directory() / 'config' / 'fastdds.xml').read_text()
    segment = re.search(r'<segment_size>(\d+)</segment_size>', profile)
    assert int(segment[1]) * 5 == SEGMENTS_BYTES


@pytest.mark.parametrize('own', PROFILE_VARIABLES)
def test_a_profile_of_ones_own_is_left_alone(monkeypatch, own):
    for name in PROFILE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert {Path(path).name for path in profile_variables().values()} == {'fastdds.xml'}
    assert set(profile_variables()) == set(PROFILE_VARIABLES)
    monkeypatch.setenv(own, '/my/own.xml')
    (other,) = set(PROFILE_VARIABLES) - {own}
    assert profile_variables() == {other: os.environ[own]}
    monkeypatch.setenv(other, 'another.xml')
    assert profile_variables() == {}
