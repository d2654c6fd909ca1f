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

"""`fer models` shows MediaPipe's networks, and brings them in place."""

import json
import sysconfig

from click.testing import CliRunner
from fer_ros.cli import fer
from fer_ros.core.networks import mediapipe_files, mediapipe_wheel
from fer_ros.core.networks.mediapipe_files import WHEEL_VARIABLE
from fer_ros.evaluation import installed_networks
from mediapipe_wheels import FILES, write_networks, write_wheel
import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Let the networks be the stand-ins, of which none is there; return the folder for them."""
    for module in mediapipe_wheel, installed_networks:
        monkeypatch.setattr(module, 'NETWORK_FILES', FILES)
    monkeypatch.setattr(sysconfig, 'get_path', lambda name: str(tmp_path))
    monkeypatch.setattr(mediapipe_files, 'find_spec', lambda name: None)
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path / 'user'))
    monkeypatch.delenv(WHEEL_VARIABLE, raising=False)
    return tmp_path / 'share' / 'fer_ros' / 'mediapipe'


def models(*options, code=0):
    result = CliRunner().invoke(fer, ['models', *map(str, options)])
    assert result.exit_code == code, result.output
    return result


def test_license_source_and_place_are_listed(folder):
    write_networks(folder)
    text = models().output
    for file in FILES:
        line, = (line.split() for line in text.splitlines() if file.name in line)
        assert line == [file.name, '0.0', 'Apache-2.0', 'mediapipe', '0.10.21', 'ok']
    said = ''.join(text.split())
    assert f'TheMediaPipeAuthors.Theyarereadfrom{folder}.' in said
    listed = json.loads(models('--json').output)['networks']
    assert [(network['name'], network['place'], network['fault']) for network in listed] == [
        (file.name, str(folder / file.path), '') for file in FILES]


def test_missing_networks_are_told_once(folder):
    result = models(code=1)
    assert [line.split()[-1] for line in result.stdout.splitlines() if '.tflite' in line] == [
        '-'] * len(FILES)
    line, = result.stderr.splitlines()
    assert 'near.tflite is missing' in line
    assert 'run `fer models --fetch` once' in line


def test_a_wheel_brings_them_in_place(folder, tmp_path):
    wheel = write_wheel(tmp_path / 'a.whl')
    assert models('--wheel', wheel).output == f"MediaPipe's networks are in {folder}.\n"
    models()


def test_a_wrong_wheel_is_told(folder, tmp_path):
    wheel = write_wheel(tmp_path / 'a.whl', {})
    result = models('--wheel', wheel, code=1)
    assert result.stderr.startswith(f'Error: the wheel {wheel} does not contain')


def test_fetching_takes_the_named_wheel_and_downloads_nothing(folder, tmp_path, monkeypatch):
    wheel = write_wheel(tmp_path / 'a.whl')
    monkeypatch.setattr(installed_networks, 'download_wheel', None)
    monkeypatch.setenv(WHEEL_VARIABLE, str(wheel))
    assert models('--fetch').output == f"MediaPipe's networks are in {folder}.\n"
    monkeypatch.delenv(WHEEL_VARIABLE)
    assert models('--fetch').output == f"MediaPipe's networks are there already, in {folder}.\n"


def test_fetching_downloads_the_wheel_and_leaves_only_the_networks(folder, monkeypatch):
    downloads = []

    def download(into):
        downloads.append(into)
        return write_wheel(into / 'a.whl')

    monkeypatch.setattr(installed_networks, 'download_wheel', download)
    assert models('--fetch').output == f"MediaPipe's networks are in {folder}.\n"
    assert not downloads[0].exists()
    models()
