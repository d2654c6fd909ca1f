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

"""What tools/setup.sh decides, shown by stand-ins for Python and apt-get that record each call."""

import os
import shutil
import subprocess
import sys

from checkout import ROOT
import pytest

pytestmark = pytest.mark.slow

TOOLS = (
    'bash', 'basename', 'cat', 'cp', 'cut', 'dirname', 'env', 'find', 'flock', 'ln', 'mkdir', 'mv',
    'rm', 'sed', 'sh', 'sha256sum', 'sort', 'tail', 'touch', 'tr', 'true', 'xargs')
# Answers each question that tools/setup.sh asks a Python. Makes the files of venv and colcon.
PYTHON = r"""#!/bin/bash
echo "python $*" >> "$CALLS"
case "$*" in
  *'sys.version_info[:2]'*) echo VERSION ;;
  *_base_executable*) echo "$BASE_FOLDER/pythonVERSION" ;;
  *'import rclpy'*) [ -n "$HAS_RCLPY" ] ;;
  *'import tkinter'*) [ -z "$HAS_NO_TK" ] ;;
  *missing_packages.py*) printf '%s' "$MISSING" ;;
  *'-m venv'*)
    for folder; do :; done
    mkdir -p "$folder/bin"
    mkdir -p "$folder/lib/pythonVERSION/site-packages/numpy"
    touch "$folder/bin/activate"
    cp "$0" "$folder/bin/python" ;;
  *install_packages.py*) [ -z "$INSTALLATION_FAILS" ] ;;
  *'-m colcon'*)
    [ -z "$COLCON_FAILS" ] || exit 1
    mkdir -p "$FER_ROS_VENV/overlay/lib/pythonVERSION/site-packages/fer_msgs" ;;
esac
"""


class Machine:
    """A machine with no more than the basic tools, and a checkout of the project on it."""

    def __init__(self, folder):
        self.bin = folder / 'bin'
        self.checkout = folder / 'checkout'
        self.venv = self.checkout / '.venv'
        self.calls_file = folder / 'calls'
        self.bin.mkdir()
        for name in TOOLS:
            (self.bin / name).symlink_to(shutil.which(name))
        for name in ('tools', 'requirements', 'fer_msgs', 'resource', 'launch', 'config'):
            shutil.copytree(ROOT / name, self.checkout / name)
        # Only linked, or only the names of its files count.
        for name in ('fer_ros', 'models'):
            (self.checkout / name).mkdir()
        for name in ('setup.py', 'setup.cfg', 'package.xml'):
            shutil.copy(ROOT / name, self.checkout)
        self.program('uname', 'echo x86_64')
        self.program('g++', 'true')
        self.program('make', 'true')
        self.program('id', 'echo 0')
        self.environment = {
            'PATH': str(self.bin), 'CALLS': str(self.calls_file), 'BASE_FOLDER': str(self.bin),
            'FER_ROS_VENV': str(self.venv), 'HOME': str(folder)}

    def program(self, name, text):
        (self.bin / name).write_text(f'#!/bin/bash\necho "{name} $*" >> "$CALLS"\n{text}\n')
        (self.bin / name).chmod(0o755)

    def python(self, name, version):
        for path in (self.bin / name, self.bin / f'python{version}'):
            path.write_text(PYTHON.replace('VERSION', version))
            path.chmod(0o755)

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [self.checkout / 'tools' / 'setup.sh', *arguments], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**self.environment, **environment})

    def run(self, *arguments, **environment):
        self.calls_file.write_text('')
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def calls(self, word):
        return [line for line in self.calls_file.read_text().splitlines() if word in line]


@pytest.fixture
def bare(tmp_path):
    """Return a machine without any Python."""
    return Machine(tmp_path)


@pytest.fixture
def machine(bare):
    """Return a machine with Python 3.11."""
    bare.python('python3', '3.11')
    return bare


@pytest.fixture
def ready(machine):
    """Return a machine whose environment is made."""
    code, _, errors = machine.run()
    assert code == 0, errors
    return machine


def test_first_run_makes_everything(ready):
    (installation,) = ready.calls('install_packages.py')
    assert installation.split()[-2:] == ['wheels', str(ready.bin / 'python3.11')]
    (colcon,) = ready.calls('-m colcon')
    assert '--base-paths . fer_msgs' in colcon
    assert ready.run('check') == (0, 'ready\n', '')


def test_second_run_does_nothing(ready):
    assert ready.run() == (0, '', '')
    assert ready.calls('-m') == ready.calls('install_packages.py') == []


def test_the_checkouts_own_package_is_on_the_path_alone(ready):
    site = ready.venv / 'overlay' / 'lib' / 'python3.11' / 'site-packages'
    assert (site / 'fer_ros').readlink() == ready.checkout / 'fer_ros'
    assert {path.name for path in site.iterdir()} == {'fer_msgs', 'fer_ros', 'fer_ros.egg-info'}


@pytest.mark.parametrize('damage', [
    lambda venv: (venv / 'bin' / 'python').unlink(),
    lambda venv: (venv / 'fer_ros.stamp').unlink(),
    lambda venv: (venv / 'lib' / 'python3.11' / 'site-packages' / 'numpy').rmdir(),
    lambda venv: shutil.rmtree(venv / 'overlay'),
], ids=['no python', 'no stamp', 'a package is gone', 'no build'])
def test_a_broken_environment_is_made_again(ready, damage):
    damage(ready.venv)
    code, _, errors = ready.run()
    assert code == 0
    assert 'is made again' in errors
    assert len(ready.calls('install_packages.py')) == 1
    assert ready.run('check')[0] == 0


def test_an_interrupted_installation_is_made_again(machine):
    code, _, errors = machine.run(INSTALLATION_FAILS='1')
    assert code == 1
    assert 'this failed' in errors
    assert machine.run('check')[:2] == (1, 'packages: it was not finished\n')
    assert machine.run()[0] == 0
    assert len(machine.calls('install_packages.py')) == 1


def test_after_a_failed_build_only_the_build_is_repeated(machine):
    assert machine.run(COLCON_FAILS='1')[0] == 1
    assert machine.run('check')[:2] == (1, 'build\n')
    assert machine.run()[0] == 0
    assert machine.calls('install_packages.py') == []
    assert len(machine.calls('-m colcon')) == 1


@pytest.mark.parametrize('path', ['fer_msgs/msg/Face.msg', 'setup.py', 'package.xml'])
def test_a_change_of_the_packages_repeats_only_the_build(ready, path):
    with (ready.checkout / path).open('a') as file:
        file.write('\n# changed\n')
    assert ready.run()[0] == 0
    assert ready.calls('install_packages.py') == []
    assert len(ready.calls('-m colcon')) == 1


def test_a_new_launch_file_repeats_only_the_build(ready):
    (ready.checkout / 'launch' / 'another.launch.py').touch()
    assert ready.run()[0] == 0
    assert ready.calls('install_packages.py') == []
    assert len(ready.calls('-m colcon')) == 1


@pytest.mark.parametrize('path', [
    'requirements/run.txt', 'requirements/lock/main.txt', 'tools/setup.sh',
    'tools/install_packages.py'])
def test_a_change_of_the_requirements_makes_all_again(ready, path):
    with (ready.checkout / path).open('a') as file:
        file.write('\n# changed\n')
    assert ready.run()[0] == 0
    assert len(ready.calls('install_packages.py')) == 1


def test_a_moved_checkout_makes_all_again(ready):
    moved = ready.checkout.rename(ready.checkout.with_name('moved'))
    ready.checkout = moved
    ready.environment['FER_ROS_VENV'] = str(moved / '.venv')
    assert ready.run()[0] == 0
    assert len(ready.calls('install_packages.py')) == 1


def test_another_python_makes_all_again_and_none_keeps_it(ready):
    ready.python('python3.12', '3.12')
    assert ready.run(PYTHON=str(ready.bin / 'python3.12'))[0] == 0
    assert ready.calls('-m venv')[0].startswith(f'python -m venv {ready.venv}')
    assert ready.calls('install_packages.py')[0].endswith('python3.12')
    assert ready.run() == (0, '', '')


def test_two_at_once_make_one_environment(machine):
    machine.calls_file.write_text('')
    both = [machine.start(), machine.start()]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert len(machine.calls('install_packages.py')) == 1
    assert len(machine.calls('-m colcon')) == 1


@pytest.mark.parametrize(('pythons', 'chosen'), [
    ({'python3': '3.10'}, '3.10'),
    ({'python3': '3.13', 'python3.10': '3.10', 'python3.12': '3.12'}, '3.12'),
    ({'python3': '3.9', 'python3.11': '3.11'}, '3.11'),
])
def test_choice_of_python(bare, pythons, chosen):
    for name, version in pythons.items():
        bare.python(name, version)
    assert bare.run('python') == (0, f'{bare.bin}/python{chosen}\n', '')


@pytest.mark.parametrize('pythons', [{}, {'python3': '3.13'}, {'python3': '3.9'}])
def test_no_python_that_fits_is_said_in_one_line(bare, pythons):
    for name, version in pythons.items():
        bare.python(name, version)
    code, out, errors = bare.run('python')
    assert (code, out) == (1, '')
    assert len(errors.splitlines()) == 1
    assert 'Python 3.10, 3.11 or 3.12' in errors
    assert 'make PYTHON=' in errors


def test_a_python_that_does_not_fit_is_refused_by_its_version(machine):
    machine.python('python3.13', '3.13')
    code, _, errors = machine.run('python', PYTHON='python3.13')
    assert code == 1
    assert 'is Python 3.13' in errors


def test_a_python_that_does_not_exist_is_refused_by_its_name(machine):
    code, _, errors = machine.run('python', PYTHON='/nowhere/python3')
    assert code == 1
    assert 'PYTHON=/nowhere/python3 is no program' in errors


def test_missing_compiler_is_found_by_the_real_python(machine):
    (machine.bin / 'g++').unlink()
    assert machine.run('missing', PYTHON=sys.executable)[1].splitlines()[0] == 'g++'
    assert 'g++' not in machine.run('missing', PYTHON=sys.executable, CXX='true')[1].split()


def test_missing_packages_are_installed_by_root(machine):
    machine.program('apt-get', 'true')
    assert machine.run(MISSING='libgl1\nlibegl1\n')[0] == 0
    (apt,) = machine.calls('apt-get')
    assert apt.endswith('libgl1 libegl1')


def test_empty_package_lists_are_fetched_first(machine):
    machine.program(
        'apt-get', 'case "$*" in update*) touch "$HOME/lists" ;; *) [ -f "$HOME/lists" ] ;; esac')
    assert machine.run(MISSING='libgl1\n')[0] == 0
    orders = [call.split()[1] for call in machine.calls('apt-get')]
    assert orders == ['install', 'update', 'install']


def test_missing_packages_are_named_where_sudo_asks_for_a_password(machine):
    machine.program('apt-get', 'true')
    machine.program('id', 'echo 1000')
    machine.program('sudo', 'exit 1')
    code, _, errors = machine.run(MISSING='libgl1\nlibegl1\n')
    assert code == 1
    assert len(errors.splitlines()) == 1
    assert 'sudo apt-get install libgl1 libegl1' in errors
    assert machine.calls('apt-get') == []
    assert not machine.venv.exists()


def test_missing_packages_are_named_where_there_is_no_apt(machine):
    code, _, errors = machine.run(MISSING='libgl1\n')
    assert code == 1
    assert len(errors.splitlines()) == 1
    assert 'libgl1' in errors


@pytest.mark.parametrize('what', ['windows', 'test-windows', 'test-browser'])
def test_what_windows_need_is_installed_only_for_them(ready, what):
    ready.program('apt-get', 'true')
    assert ready.run(MISSING='python3-tk\n') == (0, '', '')
    assert ready.calls('apt-get') == []
    assert ready.run(what, MISSING='python3-tk\n')[0] == 0
    (question,) = ready.calls('missing_packages.py')
    assert question.endswith(what)
    (apt,) = ready.calls('apt-get')
    assert apt.endswith(' python3-tk')


def test_the_package_that_windows_need_is_named_in_one_line(ready):
    code, _, errors = ready.run('windows', MISSING='python3-tk\n')
    assert (code, len(errors.splitlines())) == (1, 1)
    assert 'python3-tk' in errors


def test_a_python_that_was_built_without_tk_is_named(ready):
    code, _, errors = ready.run('windows', HAS_NO_TK='1')
    assert (code, len(errors.splitlines())) == (1, 1)
    assert f'{ready.bin}/python3.11 has no Tk' in errors


def test_another_processor_is_told_to_install_ros(machine):
    machine.program('uname', 'echo aarch64')
    code, _, errors = machine.run()
    assert code == 1
    assert 'aarch64' in errors
    assert 'install ROS 2' in errors


@pytest.mark.parametrize('distribution', ['jazzy', 'kilted', 'lyrical'])
def test_a_sourced_ros_is_used(machine, distribution):
    assert machine.run(ROS_DISTRO=distribution, HAS_RCLPY='1')[0] == 0
    assert '--system-site-packages' in machine.calls('-m venv')[0]
    (installation,) = machine.calls('install_packages.py')
    assert installation.split()[-2:] == ['ros', 'python3']
    assert machine.run(ROS_DISTRO=distribution, HAS_RCLPY='1') == (0, '', '')


def test_a_sourced_ros_may_have_a_newer_python(bare):
    bare.python('python3', '3.14')
    code, _, errors = bare.run(ROS_DISTRO='lyrical', HAS_RCLPY='1')
    assert code == 0
    assert 'requirements/lock is not for Python 3.14' in errors


def test_a_sourced_ros_that_python_cannot_import_is_said(machine):
    code, _, errors = machine.run(ROS_DISTRO='jazzy')
    assert code == 0
    assert 'cannot import rclpy' in errors
    assert machine.calls('install_packages.py')[0].split()[-2] == 'wheels'


def test_sourcing_or_leaving_ros_makes_all_again(ready):
    assert ready.run(ROS_DISTRO='jazzy', HAS_RCLPY='1')[0] == 0
    assert len(ready.calls('-m venv')) == 1


def test_wheels_that_are_asked_for_are_used_whatever_is_sourced(machine):
    environment = {'ROS_WHEELS': 'kilted', 'ROS_DISTRO': 'jazzy', 'HAS_RCLPY': '1'}
    assert machine.run(**environment)[0] == 0
    assert machine.calls('install_packages.py')[0].split()[-2] == 'wheels'
    assert machine.run(**environment) == (0, '', '')


def test_wheels_that_do_not_exist_are_refused(machine):
    code, _, errors = machine.run(ROS_WHEELS='humble')
    assert (code, len(errors.splitlines())) == (1, 1)
    assert 'ROS_WHEELS=humble: jazzy or kilted' in errors


def test_training_has_an_environment_of_its_own(machine):
    assert machine.run('train')[0] == 0
    assert machine.calls('install_packages.py')[0].split()[-2] == 'train'
    assert machine.calls('-m colcon') == []
    assert not machine.venv.exists()
    assert machine.run('train') == (0, '', '')


def test_an_unknown_word_is_refused(machine):
    code, _, errors = machine.run('everything')
    assert code == 1
    assert "there is no 'everything'" in errors


def test_the_environment_says_what_to_do_where_it_is_not_made(machine):
    result = subprocess.run(
        ['bash', '-c', '. tools/env.sh'], cwd=machine.checkout, text=True, capture_output=True,
        env={**os.environ, 'FER_ROS_VENV': str(machine.venv)}, timeout=60)
    assert result.returncode == 1
    assert 'run make setup first' in result.stderr
