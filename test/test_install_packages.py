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

"""What tools/install_packages.py installs, from which indexes, and what it repairs."""

import os
from pathlib import Path
import subprocess
import sys
import sysconfig

from checkout import ROOT
import install_packages
import pytest


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Return an environment with a uv that writes its variables to a file."""
    folder = tmp_path / 'environment'
    (folder / 'bin').mkdir(parents=True)
    for name, text in (
            ('python', f'exec {sys.executable} "$@"'), ('uv', f'printenv > {folder}/variables')):
        (folder / 'bin' / name).write_text(f'#!/bin/sh\n{text}\n')
        (folder / 'bin' / name).chmod(0o755)
    for name in list(os.environ):
        if name.startswith(('PIP_', 'UV_')):
            monkeypatch.delenv(name)
    return folder


@pytest.fixture
def variables(environment, tmp_path, monkeypatch):
    """Return a function that gives the variables of uv for a configuration of pip."""
    def read(configuration, **options):
        (tmp_path / 'pip.conf').write_text(configuration)
        # The machine's own files stay in force below it, as they do in a set-up.
        monkeypatch.setenv('PIP_CONFIG_FILE', str(tmp_path / 'pip.conf'))
        install_packages.uv('pip', python=environment / 'bin' / 'python', **options)
        lines = (environment / 'variables').read_text().splitlines()
        return dict(line.split('=', 1) for line in lines if '=' in line)

    return read


def test_uv_uses_the_indexes_of_pip(variables):
    found = variables(
        '[global]\nindex-url = https://mirror.example/simple\ntrusted-host = mirror.example\n'
        'extra-index-url =\n  https://a.example/simple\n  file:///b\nfind-links = /one\n  /two\n')
    assert found['UV_DEFAULT_INDEX'] == 'https://mirror.example/simple'
    assert found['UV_INDEX'] == 'https://a.example/simple file:///b'
    assert found['UV_FIND_LINKS'] == '/one,/two'
    assert found['UV_INSECURE_HOST'] == 'mirror.example'
    assert found['UV_INDEX_STRATEGY'] == 'unsafe-best-match'


def test_uvs_own_variables_take_precedence(variables, monkeypatch):
    monkeypatch.setenv('UV_DEFAULT_INDEX', 'https://own.example/simple')
    found = variables('[global]\nindex-url = https://mirror.example/simple\n')
    assert found['UV_DEFAULT_INDEX'] == 'https://own.example/simple'


def test_settings_of_pip_can_be_left_out(variables):
    found = variables(
        '[global]\nindex-url = https://a.example/simple\nextra-index-url = file:///b\n',
        without=('UV_INDEX',))
    assert 'UV_INDEX' not in found
    assert found['UV_DEFAULT_INDEX'] == 'https://a.example/simple'


def test_a_failure_of_uv_is_not_hidden(environment):
    (environment / 'bin' / 'uv').write_text('#!/bin/sh\nexit 3\n')
    with pytest.raises(subprocess.CalledProcessError):
        install_packages.uv('pip', python=environment / 'bin' / 'python')


@pytest.mark.parametrize(('configuration', 'index'), [
    ('', None),
    ("global.index-url='https://a'", 'https://a'),
    ("install.index-url='https://b'\nglobal.index-url='https://a'", 'https://b'),
    (":env:.index-url='https://c'\ninstall.index-url='https://b'", 'https://c'),
    ("global.timeout='15'\nuser.index-url='https://d'", None)])
def test_the_index_that_pip_would_use(configuration, index):
    assert install_packages.uv_variables(configuration).get('UV_DEFAULT_INDEX') == index


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Return the commands that would be run, and let the environment be an empty folder."""
    site = tmp_path / 'lib' / 'python3.11' / 'site-packages'
    site.mkdir(parents=True)
    monkeypatch.delenv('ROS_WHEELS', raising=False)
    monkeypatch.setattr(sys, 'prefix', str(tmp_path))
    monkeypatch.setattr(sysconfig, 'get_path', lambda name: str(
        site if name == 'purelib' else tmp_path / 'headers'))
    recorded = []

    def run(*command, **_):
        recorded.append(' '.join(str(word) for word in command))
        return subprocess.CompletedProcess(command, 0, '/numpy/headers\n')

    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / 'uv').touch()
    monkeypatch.setattr(sys, 'executable', str(tmp_path / 'bin' / 'python'))
    monkeypatch.setattr(install_packages, 'run', run)
    monkeypatch.setattr(install_packages, 'can_import', lambda module: True)
    return recorded


def test_the_wheels_are_those_of_the_lock_and_no_others(commands, tmp_path):
    install_packages.install_wheels()
    (installation,) = [command for command in commands if ' install ' in command]
    assert installation.startswith(f'{tmp_path}/bin/uv pip install')
    assert '--no-deps' in installation.split()
    assert installation.endswith('requirements/lock/main.txt')


def test_the_wheels_of_kilted_have_a_lock_of_their_own(commands, monkeypatch):
    monkeypatch.setenv('ROS_WHEELS', 'kilted')
    install_packages.install_wheels()
    (installation,) = [command for command in commands if ' install ' in command]
    assert installation.endswith('requirements/lock/kilted.txt')


def test_training_is_the_lock_of_its_own_with_the_checkouts_package(commands, tmp_path):
    install_packages.install_training()
    (installation,) = [command for command in commands if ' install ' in command]
    assert installation.endswith('requirements/lock/train.txt')
    site = tmp_path / 'lib' / 'python3.11' / 'site-packages'
    assert (site / 'fer_ros').readlink() == ROOT / 'fer_ros'
    assert os.access(tmp_path / 'bin' / 'fer', os.X_OK)


@pytest.mark.parametrize('install', [
    install_packages.install_wheels, install_packages.install_training,
    lambda: install_packages.install_on_ros('python3')])
def test_mediapipes_networks_are_fetched_with_the_new_packages(commands, tmp_path, install):
    install()
    assert commands[-1] == f'{tmp_path}/bin/python -m fer_ros models --fetch'
    assert any(' install ' in command for command in commands[:-1])


def test_the_environments_python_finds_what_is_built_later(commands, tmp_path):
    install_packages.install_wheels()
    site = tmp_path / 'lib' / 'python3.11' / 'site-packages'
    (paths,) = site.glob('*.pth')
    assert paths.read_text() == f'{tmp_path}/overlay/lib/python3.11/site-packages\n'
    assert (site / 'ros_fer_msgs.libs').readlink() == tmp_path / 'overlay' / 'lib'


def test_beside_a_sourced_ros_the_lock_only_limits_the_versions(commands, monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 12, 3))
    install_packages.install_on_ros('python3')
    installation, _ = commands
    assert '-m pip' in installation
    assert '-c' in installation.split()
    assert '--no-deps' not in installation
    assert 'ros.txt' not in installation


def test_beside_a_sourced_ros_with_a_newer_python_the_lock_does_not_count(commands, monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 14, 0))
    install_packages.install_on_ros('python3')
    installation, _ = commands
    assert installation.split()[-8::2] == ['-r'] * 4
    assert [Path(word).name for word in installation.split()[-7::2]] == [
        'run.txt', 'desktop.txt', 'serve.txt', 'test.txt']
    assert 'lock' not in installation


def test_beside_a_sourced_ros_without_colcon_it_is_installed(commands, monkeypatch):
    monkeypatch.setattr(install_packages, 'can_import', lambda module: module != 'colcon_core')
    install_packages.install_on_ros('python3')
    assert commands[-2].endswith('requirements/build.txt')


def test_a_ros_in_an_environment_of_its_own_is_on_the_path(commands, tmp_path, monkeypatch):
    monkeypatch.setattr(install_packages, 'can_import', lambda module: module != 'rclpy')
    install_packages.install_on_ros('/ros/bin/python3')
    assert commands[0].startswith('/ros/bin/python3 -c')
    (paths,) = tmp_path.rglob('fer_ros_underlay.pth')
    assert paths.read_text() == '/numpy/headers\n'


def test_paths_of_the_builders_machine_are_replaced(commands, tmp_path):
    original = tmp_path / 'cache.cmake'
    folder = tmp_path / 'share' / 'package' / 'cmake'
    folder.mkdir(parents=True)
    lines = [
        '/opt/python/cp311-cp311/include/python3.11/Python.h',
        '/opt/python/cp312-cp312/lib/python3.12/site-packages/numpy/_core/include',
        '/opt/python/cp310-cp310/lib/python3.10/site-packages/numpy/core/include;',
        '/opt/python/cp311-cp311/lib/libx.so']
    original.write_text('\n'.join(lines))
    (folder / 'package.cmake').hardlink_to(original)
    install_packages.repair_wheels()
    assert (folder / 'package.cmake').read_text().splitlines() == [
        f'{tmp_path}/headers/Python.h', '/numpy/headers', '/numpy/headers;',
        f'{tmp_path}/lib/libx.so']
    # It may be in uv's cache, and other environments are installed from there.
    assert original.read_text().splitlines() == lines


def test_a_lock_has_only_the_conditions_that_differ():
    linux = "platform_machine == 'x86_64' and sys_platform == 'linux'"
    lines = install_packages.simplified(
        f"a==1 ; python_full_version < '3.13' and {linux}\n"
        f"b==1 ; python_full_version < '3.11' and {linux}\n"
        f"b==2 ; python_full_version >= '3.11' and python_full_version < '3.13' and {linux}\n"
        'c==3\n').splitlines()
    assert lines[1:] == [
        'a==1', "b==1 ; python_full_version < '3.11'", "b==2 ; python_full_version >= '3.11'",
        'c==3']
