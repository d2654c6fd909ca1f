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

"""`fer` lists its commands at once and imports only the one that runs."""

import subprocess
import sys

import click
from click.testing import CliRunner
from fer_ros.cli import COMMANDS, fer
import pytest

FOREIGN = ('rclpy', 'numpy', 'ai_edge_litert', 'mediapipe', 'tensorflow', 'keras', 'matplotlib')


def imported_by(*arguments):
    """Return which of the great packages a command imports, and its output."""
    code = (
        'import sys\n'
        'from fer_ros.__main__ import main\n'
        f'sys.argv[1:] = {list(arguments)!r}\n'
        'try:\n'
        '    main()\n'
        'except SystemExit as end:\n'
        '    assert not end.code, end.code\n'
        f'print([name for name in {FOREIGN!r} if name in sys.modules])\n')
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    *output, imported = done.stdout.splitlines()
    return set(eval(imported)), '\n'.join(output)


@pytest.mark.parametrize('flag', ['--help', '-h'])
def test_help_lists_all_commands_and_imports_none(flag):
    imported, output = imported_by(flag)
    assert imported == set()
    for name in (
            'live', 'analyze', 'desktop', 'serve', 'bench', 'models', 'evaluate', 'train',
            'export'):
        assert f'\n  {name} ' in output


def test_the_list_of_models_needs_neither_ros_nor_tensorflow():
    imported, output = imported_by('models')
    assert 'fer2013_cnn48' in output
    assert imported & {'rclpy', 'mediapipe', 'tensorflow', 'keras', 'matplotlib'} == set()


@pytest.mark.parametrize('name', COMMANDS)
def test_the_short_help_is_the_commands_own(name):
    command = fer.get_command(click.Context(fer), name)
    assert command.name == name
    assert command.get_short_help_str(limit=200) == COMMANDS[name][1]


def test_an_unknown_command_is_refused():
    result = CliRunner().invoke(fer, ['evalute'])
    assert result.exit_code == 2
    assert "No such command 'evalute'" in result.output
