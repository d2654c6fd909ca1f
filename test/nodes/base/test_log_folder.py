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

"""ROS gets a log folder that can be written, whatever HOME is."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import time

from fer_ros.nodes.base.log_folder import ensure_log_folder, usual_log_folder
import pytest

VARIABLES = ('ROS_LOG_DIR', 'ROS_HOME', 'HOME')
DEADLINE_S = 60

# Root may write everywhere, but not into /proc, and not below a file.
NO_HOMES = [{'HOME': '/proc'}, {'HOME': '/dev/null'}, {'HOME': ''}, {}]


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Return a function that sets the variables; temporary folders are made in tmp_path."""
    def set_variables(variables):
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value.replace('TMP', str(tmp_path)))
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    return set_variables


def process_environment(variables, tmp_path):
    own = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    return {**own, 'TMPDIR': str(tmp_path), **variables}


def the_folder(errors, tmp_path):
    """Return the temporary folder that the only sentence names."""
    (sentence,) = [line for line in errors.splitlines() if 'log files of ROS' in line]
    (folder,) = [path for path in tmp_path.iterdir() if path.name.startswith('fer_ros_log_')]
    assert f'the log files of ROS are in {folder};' in sentence
    return folder


@pytest.mark.parametrize(('variables', 'below'), [
    ({'HOME': 'TMP'}, '.ros/log'),
    ({'HOME': 'TMP', 'ROS_HOME': '', 'ROS_LOG_DIR': ''}, '.ros/log'),
    ({'HOME': '/proc', 'ROS_HOME': 'TMP/r'}, 'r/log'),
    ({'HOME': 'TMP', 'ROS_HOME': '~/r'}, 'r/log'),
    ({'HOME': '/proc', 'ROS_HOME': '/proc', 'ROS_LOG_DIR': 'TMP/a/b'}, 'a/b'),
    ({'HOME': 'TMP', 'ROS_LOG_DIR': '~/a'}, 'a'),
])
def test_rcl_logs_into_the_folder_that_it_is_said_to_use(
        environment, tmp_path, variables, below, capsys):
    environment(variables)
    assert usual_log_folder() == tmp_path / below
    before = os.environ.get('ROS_LOG_DIR')
    ensure_log_folder()
    assert os.environ.get('ROS_LOG_DIR') == before
    assert capsys.readouterr().err == ''
    subprocess.run(
        [sys.executable, '-c', 'import rclpy; rclpy.init(); rclpy.shutdown()'], check=True,
        timeout=DEADLINE_S)
    logs = list(tmp_path.rglob('*.log'))
    assert len(logs) == 1
    assert logs[0].parent == tmp_path / below


@pytest.mark.parametrize('variables', [
    *NO_HOMES, {'HOME': 'TMP', 'ROS_HOME': '/proc'}, {'HOME': 'TMP', 'ROS_LOG_DIR': '/dev/null'},
    {'ROS_LOG_DIR': '~/log'},
])
def test_a_folder_that_cannot_be_written_is_replaced(environment, tmp_path, variables, capsys):
    environment(variables)
    ensure_log_folder()
    folder = the_folder(capsys.readouterr().err, tmp_path)
    assert Path(os.environ['ROS_LOG_DIR']) == folder
    # Once is enough.
    ensure_log_folder()
    assert capsys.readouterr().err == ''


def test_without_any_folder_the_process_ends_with_a_sentence(environment, monkeypatch):
    environment({'HOME': '/proc'})
    monkeypatch.setattr(tempfile, 'tempdir', '/proc')
    with pytest.raises(SystemExit, match=r'/proc/\.ros/log cannot be .* set ROS_LOG_DIR to'):
        ensure_log_folder()


@pytest.mark.parametrize('variables', NO_HOMES)
def test_a_node_starts_without_a_home(tmp_path, variables):
    with subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.nodes.overlay_node'], stderr=subprocess.PIPE,
            env=process_environment(variables, tmp_path), text=True) as node:
        try:
            deadline = time.monotonic() + DEADLINE_S
            while not list(tmp_path.glob('fer_ros_log_*/*.log')):
                assert time.monotonic() < deadline
                assert node.poll() is None, node.stderr.read()
                time.sleep(0.02)
            node.send_signal(signal.SIGINT)
            _, errors = node.communicate(timeout=DEADLINE_S)
        finally:
            node.kill()
    assert node.returncode == 0, errors
    assert 'Traceback' not in errors
    the_folder(errors, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize('arguments', [[], ['--processes']])
def test_fer_live_runs_without_a_home(tmp_path, arguments):
    done = subprocess.run(
        [sys.executable, '-m', 'fer_ros', 'live', '--source', 'sample', '--duration', '1',
         *arguments], env=process_environment({'HOME': '/proc'}, tmp_path), capture_output=True,
        text=True, timeout=DEADLINE_S)
    assert done.returncode == 0, done.stderr
    assert 'Traceback' not in done.stderr
    folder = the_folder(done.stderr, tmp_path)
    # Processes of nodes write there as well.
    assert len(list(folder.glob('*.log'))) == (5 if arguments else 1)
