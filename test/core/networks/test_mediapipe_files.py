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

"""MediaPipe's networks are found in all their places, and no other content is taken for them."""

from importlib.machinery import PathFinder
import sysconfig

from fer_ros.core.networks import mediapipe_files
from fer_ros.core.networks.mediapipe_files import (
    MediaPipeNetworkError,
    network_folders,
    read_from_wheel,
    read_network,
    WHEEL_VARIABLE,
)
from mediapipe_wheels import CONTENTS, FILES, write_networks, write_wheel
import pytest

NEAR = FILES[0]
CONTENT = CONTENTS[NEAR.path]


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """Let all places be empty; return the folders of the environment and of the user."""
    monkeypatch.setattr(sysconfig, 'get_path', lambda name: str(tmp_path / 'environment'))
    monkeypatch.setattr(mediapipe_files, 'find_spec', lambda name: PathFinder.find_spec(
        name, [str(tmp_path / 'site')]))
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path / 'user'))
    monkeypatch.delenv(WHEEL_VARIABLE, raising=False)
    return network_folders()


@pytest.fixture
def package(tmp_path):
    """Install a package `mediapipe` with the networks; return its folder."""
    folder = write_networks(tmp_path / 'site' / 'mediapipe')
    (folder / '__init__.py').write_text('raise RuntimeError("it must not be imported")')
    return folder


def test_the_environments_folder_comes_before_the_users(places):
    environment, user = (write_networks(folder) for folder in places)
    assert environment != user
    assert read_network(NEAR) == (CONTENT, environment / NEAR.path)
    (environment / NEAR.path).unlink()
    assert read_network(NEAR) == (CONTENT, user / NEAR.path)


def test_without_a_home_only_the_environment_is_searched(places, monkeypatch):
    monkeypatch.delenv('XDG_DATA_HOME')
    monkeypatch.setattr(mediapipe_files.os.path, 'expanduser', lambda path: path)
    assert network_folders() == places[:1]


def test_an_installed_package_is_read_and_not_imported(package):
    assert read_network(NEAR) == (CONTENT, package / NEAR.path)


def test_a_damaged_file_does_not_hide_a_good_one(places, package):
    write_networks(places[0], {NEAR.path: b'torn'})
    assert read_network(NEAR) == (CONTENT, package / NEAR.path)


def test_the_named_wheel_comes_before_all_others(places, tmp_path, monkeypatch):
    write_networks(places[0])
    wheel = write_wheel(tmp_path / 'a.whl')
    monkeypatch.setenv(WHEEL_VARIABLE, str(wheel))
    assert read_network(NEAR) == (CONTENT, wheel)


def test_a_named_wheel_that_is_not_there_is_not_passed_over(places, tmp_path, monkeypatch):
    write_networks(places[0])
    monkeypatch.setenv(WHEEL_VARIABLE, str(tmp_path / 'none.whl'))
    with pytest.raises(MediaPipeNetworkError, match=r'the wheel .*none\.whl does not exist; give'):
        read_network(NEAR)


def test_a_missing_network_is_told_with_all_places_and_the_remedy(places):
    with pytest.raises(MediaPipeNetworkError) as error:
        read_network(NEAR)
    said = str(error.value)
    assert all(str(folder) in said for folder in places)
    assert 'near.tflite is missing' in said
    assert 'run `fer models --fetch` once, or set FER_ROS_MEDIAPIPE_WHEEL' in said


@pytest.mark.parametrize(('make', 'fault'), [
    (lambda path: path.write_bytes(CONTENT + b'!'), 'has a wrong SHA-256'),
    (lambda path: path.write_bytes(b''), 'has a wrong SHA-256'),
    (lambda path: path.mkdir(), r'cannot be read \(Is a directory\)')])
def test_a_file_that_is_not_the_network_is_told(places, make, fault):
    path = places[1] / NEAR.path
    path.parent.mkdir(parents=True)
    make(path)
    with pytest.raises(
            MediaPipeNetworkError, match=rf'near\.tflite is damaged: {path} {fault}; run `fer'):
        read_network(NEAR)


def torn(path):
    write_wheel(path)
    path.write_bytes(path.read_bytes()[:100])


def flipped(path):
    write_wheel(path)
    path.write_bytes(path.read_bytes().replace(CONTENT, CONTENT.upper()))


@pytest.mark.parametrize(('make', 'fault'), [
    (lambda path: path.mkdir(), r'cannot be read \(Is a directory\)'),
    (lambda path: path.write_text('<html>'), 'is not a wheel, or is damaged'),
    (torn, 'is not a wheel, or is damaged'),
    (flipped, r'is not a wheel, or is damaged \(Bad CRC-32'),
    (lambda path: write_wheel(path, {}), r"does not contain MediaPipe's network near\.tflite"),
    (lambda path: write_wheel(path, {NEAR.path: CONTENT + b'!'}), 'has a wrong SHA-256'),
    (lambda path: write_wheel(path, {NEAR.path: b''}), 'has a wrong SHA-256'),
], ids=['folder', 'page', 'torn', 'flipped', 'newer version', 'other network', 'empty'])
def test_a_wrong_wheel_is_told_with_the_remedy(tmp_path, make, fault):
    wheel = tmp_path / 'x.whl'
    make(wheel)
    with pytest.raises(
            MediaPipeNetworkError, match=rf'x\.whl {fault}.*; give a wheel of mediapipe 0\.10'):
        read_from_wheel(NEAR, wheel)
