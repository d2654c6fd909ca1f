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

"""MediaPipe's networks are taken out of a wheel that is given, or that pip downloads."""

import hashlib
import os
import sys
import sysconfig

from checkout import ROOT
from fer_ros.core.networks import mediapipe_files, mediapipe_wheel
from fer_ros.core.networks.mediapipe_files import (
    MEDIAPIPE_VERSION,
    MediaPipeNetworkError,
    network_folders,
    read_network,
    WHEEL_VARIABLE,
)
from fer_ros.core.networks.mediapipe_wheel import download_wheel, take_networks
from mediapipe_wheels import CONTENTS, FILES, WHEEL_NAME, write_wheel
import pytest


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Let the networks be the stand-ins; return the folders of the environment and the user."""
    monkeypatch.setattr(mediapipe_wheel, 'NETWORK_FILES', FILES)
    monkeypatch.setattr(sysconfig, 'get_path', lambda name: str(tmp_path / 'environment'))
    monkeypatch.setattr(mediapipe_files, 'find_spec', lambda name: None)
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path / 'user'))
    monkeypatch.delenv(WHEEL_VARIABLE, raising=False)
    return network_folders()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Let pip know one folder, with a wheel that requirements/mediapipe.txt names, and no more."""
    pytest.importorskip('pip')
    folder = tmp_path / 'index'
    folder.mkdir()
    wheel = write_wheel(folder / WHEEL_NAME)
    (tmp_path / 'requirements').mkdir()
    (tmp_path / 'requirements' / 'mediapipe.txt').write_text(
        f'mediapipe=={MEDIAPIPE_VERSION} '
        f'--hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n')
    monkeypatch.setattr(mediapipe_wheel, 'share_directory', lambda: tmp_path)
    for name in list(os.environ):
        if name.startswith('PIP_'):
            monkeypatch.delenv(name)
    monkeypatch.setenv('PIP_CONFIG_FILE', os.devnull)
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(folder))
    return folder


def assert_all_are_in(folder):
    for file in FILES:
        assert read_network(file) == (CONTENTS[file.path], folder / file.path)
    # Nothing but the networks was taken.
    assert len([path for path in folder.rglob('*') if path.is_file()]) == len(FILES)


def test_the_networks_are_taken_into_the_environment(folders, tmp_path):
    assert take_networks(write_wheel(tmp_path / 'a.whl')) == folders[0]
    assert_all_are_in(folders[0])


def test_damaged_networks_are_replaced(folders, tmp_path):
    wheel = write_wheel(tmp_path / 'a.whl')
    take_networks(wheel)
    (folders[0] / FILES[1].path).write_bytes(b'torn')
    take_networks(wheel)
    assert_all_are_in(folders[0])


def test_a_read_only_environment_leaves_the_users_folder(folders, tmp_path):
    # Not even root can make a folder below a file.
    folders[0].parents[1].parent.mkdir()
    folders[0].parents[1].touch()
    assert take_networks(write_wheel(tmp_path / 'a.whl')) == folders[1]
    assert_all_are_in(folders[1])


def test_no_folder_that_can_be_written_is_told_with_the_remedy(folders, tmp_path):
    for folder in folders:
        folder.parent.parent.mkdir(parents=True, exist_ok=True)
        folder.parent.touch()
    with pytest.raises(MediaPipeNetworkError) as error:
        take_networks(write_wheel(tmp_path / 'a.whl'))
    said = str(error.value)
    assert 'cannot be written to' in said
    assert all(str(folder) in said for folder in folders)
    assert 'or set FER_ROS_MEDIAPIPE_WHEEL to the path of the wheel' in said


def test_nothing_is_taken_from_a_wheel_of_which_one_network_is_wrong(folders, tmp_path):
    last = FILES[-1]
    wheel = write_wheel(tmp_path / 'a.whl', {**CONTENTS, last.path: b'x' * last.size_bytes})
    with pytest.raises(MediaPipeNetworkError, match='wrong SHA-256'):
        take_networks(wheel)
    assert not any(folder.exists() for folder in folders)


def test_pip_downloads_the_wheel_on_every_machine(index, tmp_path):
    (tmp_path / 'downloads').mkdir()
    wheel = download_wheel(tmp_path / 'downloads')
    assert wheel == tmp_path / 'downloads' / WHEEL_NAME
    assert wheel.read_bytes() == (index / WHEEL_NAME).read_bytes()


def test_a_wheel_with_another_hash_is_refused(index, tmp_path):
    write_wheel(index / WHEEL_NAME, {'modules/x': b'something else'})
    with pytest.raises(MediaPipeNetworkError, match='DO NOT MATCH THE HASHES'):
        download_wheel(tmp_path)


def test_no_network_is_told_with_the_remedy(index, tmp_path):
    (index / WHEEL_NAME).unlink()
    with pytest.raises(MediaPipeNetworkError) as error:
        download_wheel(tmp_path)
    said = str(error.value)
    assert said.startswith('pip could not download the wheel of mediapipe 0.10.21 (Could not find')
    assert 'pip download --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64' in said
    assert said.endswith('and give it: fer models --wheel FILE')
    assert '\n' not in said


def test_an_environment_without_pip_is_told(index, tmp_path, monkeypatch):
    (tmp_path / 'python').write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    (tmp_path / 'python').chmod(0o755)
    monkeypatch.setattr(sys, 'executable', str(tmp_path / 'python'))
    with pytest.raises(MediaPipeNetworkError, match=r'\(.*No module named pip\); connect'):
        download_wheel(tmp_path)


def test_the_requirements_name_the_same_version_with_its_hash():
    text = (ROOT / 'requirements' / 'mediapipe.txt').read_text()
    assert f'\nmediapipe=={MEDIAPIPE_VERSION} --hash=sha256:' in text
    assert f'mediapipe=={MEDIAPIPE_VERSION}\n' in (
        ROOT / 'requirements' / 'bench.txt').read_text()
