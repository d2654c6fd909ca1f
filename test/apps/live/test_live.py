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

"""`fer live` as a person starts it."""

import os
from pathlib import Path
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from checkout import ROOT
import cv2
from diagnostic_msgs.msg import DiagnosticArray
from fer_msgs.msg import EmotionArray
from fer_ros.media.sample_clip import SampleClip
from fer_ros.parameters.node_options import NODE_OPTIONS
from graph import wait_until
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import pytest
import yaml

pytestmark = pytest.mark.slow

NODES = list(NODE_OPTIONS)
DEADLINE_S = 90
COMMAND = [sys.executable, '-m', 'fer_ros', 'live']
PATIENT = [
    word
    for name in (
        'face_node.input.max_delay_s',
        'emotion_node.input.max_delay_s',
        'overlay_node.input.max_delay_s',
        'overlay_node.max_wait_s',
    )
    for word in ('--set', f'{name}=5')
]
"""With these, images that a busy machine is late with are no loss."""
UNHURRIED = ['--set', 'camera_node.rate_hz=10']
"""A rate that a machine keeps while others use most of it, so that it is also the video's."""


class Run:
    """A running `fer live`; its output is read as it comes."""

    def __init__(self, *arguments, terminal=False, **environment):
        reader, writer = pty.openpty() if terminal else os.pipe()
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=writer,
            stderr=writer,
            stdin=subprocess.DEVNULL,
            env={
                **os.environ,
                'PYTHONUNBUFFERED': '1',
                'COLUMNS': '120',
                'TERM': 'xterm',
                **environment,
            },
        )
        os.close(writer)
        self._output = os.fdopen(reader, encoding='utf-8')
        self.lines = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        try:
            for line in self._output:
                self.lines.append(line)
        except OSError:
            pass  # the end of what a terminal shows

    @property
    def text(self):
        return ''.join(self.lines)

    def wait_for(self, pattern, begin=0):
        """Wait for a line, from this one on; return its number."""

        def find():
            number = next(
                (
                    k
                    for k, line in enumerate(self.lines[begin:], begin)
                    if re.search(pattern, line)
                ),
                None,
            )
            assert number is not None or self.process.poll() is None, self.text
            return None if number is None else (number,)

        return wait_until(find, lambda: f'{pattern} in:\n{self.text}', DEADLINE_S)[0]

    def end(self, number=None):
        """Wait for its end, after a signal if one is given; return exit code and output."""
        if number is not None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(DEADLINE_S)
        finally:
            self.close()
        return code, self.text

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._thread.join(DEADLINE_S)
        self._output.close()


@pytest.fixture
def start():
    runs = []

    def begin(*arguments, **environment):
        runs.append(Run(*arguments, **environment))
        return runs[-1]

    yield begin
    for run in runs:
        run.close()


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """Return a video of two seconds of the sample."""
    path = tmp_path_factory.mktemp('video') / 'a.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 30, (640, 480))
    clip = SampleClip()
    for k in range(60):
        writer.write(clip.frame(k))
    writer.release()
    return path


def summary(text):
    """Return the rows of the table at the end."""
    rows = {}
    for line in text[text.index('Summary'):].splitlines():
        cells = [cell.strip() for cell in line.strip('│┃| ').split('│')]
        if len(cells) == 2:
            rows[cells[0]] = cells[1]
    return rows


def frames(path):
    """Return the number of images that can be read, and the rate."""
    capture = cv2.VideoCapture(str(path))
    rate = capture.get(cv2.CAP_PROP_FPS)
    count = 0
    while capture.grab():
        count += 1
    capture.release()
    return count, rate


def test_a_file_ends_by_itself_and_is_recorded_as_a_whole(start, video, tmp_path):
    out = tmp_path / 'out.mp4'
    code, text = start('--source', video, '--record', out, *PATIENT, *UNHURRIED).end()
    assert code == 0, text
    assert 'Traceback' not in text
    rows = summary(text)
    assert int(rows['images published']) == 60
    # Images are sent as sensor data: some may not arrive.
    assert int(rows['images with emotions']) >= 30
    assert rows['lost'] == str(60 - int(rows['images with emotions']))
    assert rows['classifier'].startswith('ferplus_light48/')
    assert float(rows['first emotion after'].split()[0]) < 30
    recorded = int(re.search(r'Recorded (\d+) images', text)[1])
    assert recorded >= 50
    count, rate = frames(out)
    assert rate == pytest.approx(10)
    assert count == pytest.approx(60, abs=6)
    assert re.search(r'1 \w+ \d+% yaw .*\| 2 ', text), (
        'plain lines where the output is no terminal'
    )


def test_processes_of_their_own_lose_no_first_images(start, graph):
    """The camera waits for face_node, and face_node for emotion_node."""
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    run = start('--source', 'sample', '--processes', *PATIENT, *UNHURRIED)

    def count(name, row, at_least):
        """Return a count of a node, from a report that is published from now on."""
        begin = len(reports)

        def find():
            for status in (status for message in reports[begin:] for status in message.status):
                number = int({r.key: r.value for r in status.values}.get(row, 0))
                if status.name == name and number >= at_least:
                    return number
            return None

        return wait_until(find, lambda: f'{row} of {name} in:\n{run.text}', DEADLINE_S)

    published = count('camera_node', 'published', 20)
    for name in ('face_node', 'emotion_node'):
        # Images are sent as sensor data, at 10 Hz here: some may not arrive.
        assert count(name, 'received', 1) >= published - 3, run.text
    code, text = run.end(signal.SIGINT)
    assert code == 0, text
    assert 'Traceback' not in text


def test_ctrl_c_ends_it_cleanly_with_everything_written(start, tmp_path):
    out = tmp_path / 'out.avi'
    run = start('--source', 'sample', '--record', out, *PATIENT, *UNHURRIED)
    run.wait_for(r'^ +[4-9]\.\d s ')
    code, text = run.end(signal.SIGINT)
    assert code == 0, text
    assert 'Traceback' not in text
    rows = summary(text)
    assert int(rows['images with emotions']) > 30
    recorded = int(re.search(r'Recorded (\d+) images', text)[1])
    assert recorded >= int(rows['images with emotions']) - 6
    count, rate = frames(out)
    assert rate == pytest.approx(10)
    # In the place of an image that was lost on the way stands the one before it.
    assert count == pytest.approx(int(rows['images published']), abs=6)
    assert count > 30


def test_the_duration_ends_it(start):
    code, text = start(
        '--source', 'sample', '--duration', 1, '--set', 'camera_node.rate_hz=10'
    ).end()
    assert code == 0, text
    rows = summary(text)
    assert 5 <= int(rows['images published']) <= 14
    assert float(rows['duration'].split()[0]) == pytest.approx(1, abs=0.9)


def test_nothing_is_lost_at_the_end(start):
    """What the camera published before it was stopped is answered, whatever ended the run."""
    code, text = start(
        '--source', 'sample', '--duration', 1.5, '--set', 'camera_node.rate_hz=20', *PATIENT
    ).end()
    assert code == 0, text
    rows = summary(text)
    assert int(rows['images published']) > 5
    assert rows['lost'] == '0', text


def test_a_configuration_and_settings_reach_the_nodes(start, tmp_path):
    config = tmp_path / 'my.yaml'
    # As a node in this namespace reads them (test_parameter_arguments.py).
    config.write_text(
        yaml.safe_dump({
            'emotion_node': {'ros__parameters': {'min_confidence': 1.0}},
            '/left/**': {'ros__parameters': {'max_faces': 0}},
            'emotion_nod': {'ros__parameters': {'min_confidence': 0.0}},
            '/arm/gripper': {'ros__parameters': {'force': 3.0}},
        })
    )
    run = start(
        '--namespace',
        'robot',
        '--source',
        'sample',
        '--config',
        config,
        '--set',
        'face_node.max_faces=1',
        '--duration',
        2.5,
    )
    code, text = run.end()
    assert code == 0, text
    assert 'unknown' in text
    assert ' | ' not in text, 'one face only'
    assert 'emotion_nod is ignored' in text
    assert 'gripper' not in text


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--set', 'emotion_node.min_confidence=7'], ('emotion_node', 'min_confidence', '0 to 1')),
        (['--set', 'emotion_node.colour=red'], ('emotion_node', 'colour', 'min_confidence')),
        (['--set', 'nobody.x=1'], ('nobody.x=1', 'NODE.NAME=VALUE')),
        (['--set', 'emotion_node.rate_hz'], ('NODE.NAME=VALUE',)),
        (['--config', 'nowhere'], ('nowhere', 'live')),
        (['--config', '/nowhere/a.yaml'], ('/nowhere/a.yaml',)),
        (['--config', 'WRONG.yaml'], ('WRONG.yaml, face_node: ', 'max_faces', '-1')),
        (['--set', 'emotion_node.rate_hz=[1'], ('--set emotion_node.rate_hz=[1', 'YAML')),
        (['--namespace', '1st robot'], ('1st robot', 'namespace', 'letters')),
        (['--source', 'sample', '--record', '/nowhere/out.mp4'], ('there is no folder /nowhere',)),
        (['--source', 'sample', '--record', 'out.gif'], ('out.gif', '.mp4')),
        (['--source', 'sample', '--show'], ('--show', 'DISPLAY', '--record')),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(start, arguments, words, tmp_path):
    wrong = tmp_path / 'WRONG.yaml'
    wrong.write_text('/**/face_node: {ros__parameters: {max_faces: -1}}')
    arguments = [str(wrong) if word == wrong.name else word for word in arguments]
    code, text = start(*arguments, DISPLAY='', WAYLAND_DISPLAY='').end()
    assert code == 1, text
    assert 'Traceback' not in text
    message = text[text.index('Error: '):]
    assert all(word in message for word in words), text
    assert message.strip().endswith('.'), text


def test_a_display_that_is_not_there_does_not_end_the_process_halfway(start):
    code, text = start('--source', 'sample', '--show', DISPLAY=':987', WAYLAND_DISPLAY='').end()
    assert code == 1, text
    assert 'no window opens' in text
    assert 'Traceback' not in text


@pytest.mark.parametrize('processes', [(), ('--processes',)])
def test_a_missing_file_is_said_in_a_sentence(start, processes):
    code, text = start('--source', '/nowhere/a.mp4', *processes).end()
    assert code == 1, text
    assert 'Traceback' not in text
    assert 'there is no file or folder /nowhere/a.mp4' in text
    assert 'camera_node could not be configured' in text


def children(process_id):
    """Return the processes of the nodes, by name."""
    found = {}
    for path in Path('/proc').glob('[0-9]*/stat'):
        try:
            parent = int(path.read_text().rsplit(')', 1)[1].split()[1])
            words = path.with_name('cmdline').read_bytes().split(b'\0')
        except (OSError, IndexError):
            continue
        module = next((w for w in words if w.startswith(b'fer_ros.nodes.')), None)
        if parent == process_id and module:
            found[module.decode().rsplit('.', 1)[1]] = int(path.parent.name)
    return found


@pytest.mark.parametrize('processes', [(), ('--processes',)])
def test_a_namespace_holds_all_nodes_and_topics(start, graph, processes):
    emotions = graph.listen(EmotionArray, '/robot/emotions')
    run = start('--source', 'sample', '--namespace', 'robot', *processes)
    emotions.wait(lambda m: len(m.emotions) == 2, DEADLINE_S)
    run.wait_for(r'1 \w+ \d+% .*\| 2 ')
    names = graph.probe.get_node_names_and_namespaces()
    assert {name for name, space in names if space == '/robot'} == {*NODES, 'fer_live'}
    code, text = run.end(signal.SIGINT)
    assert code == 0, text
    assert 'Traceback' not in text


def test_nodes_of_another_run_are_told_of_and_left_alone(start):
    first = start('--source', 'sample')
    first.wait_for(r'1 \w+ \d+%')
    second = start('--source', 'sample')
    second.wait_for('--namespace NAME')
    code, text = second.end(signal.SIGINT)
    assert code == 0, text
    assert 'is not possible from the state' not in first.text
    seen = len(first.lines)
    # Where the images of two cameras mixed, faces may have become new persons.
    first.wait_for(r'\d \w+ \d+%', seen)
    assert first.end(signal.SIGINT)[0] == 0


def test_a_camera_that_someone_deactivates_does_not_end_it(start, graph):
    client = graph.do(graph.probe.create_client, ChangeState, 'camera_node/change_state')
    run = start('--source', 'sample')
    run.wait_for(r'1 \w+ \d+%')
    wait_until(client.service_is_ready)

    def change(number):
        answer = client.call_async(ChangeState.Request(transition=Transition(id=number)))
        wait_until(answer.done)
        assert answer.result().success

    change(Transition.TRANSITION_DEACTIVATE)
    # Longer than the monitor waits for a reason.
    silent = run.wait_for(r'no image for [4-9]\.\d s')
    assert not re.search(r'1 \w+ \d+%', run.lines[silent])
    change(Transition.TRANSITION_ACTIVATE)
    run.wait_for(r'\d \w+ \d+% yaw', silent)
    code, text = run.end(signal.SIGINT)
    assert code == 0, text


@pytest.mark.parametrize('arguments', [
    ['--config', 'still'], ['--set', 'camera_node.image_duration_s=0'],
    ['--config', 'low_power', '--set', 'camera_node.image_duration_s=0']])
def test_each_picture_of_a_folder_has_its_line(start, tmp_path, arguments):
    clip = SampleClip()
    for k in range(7):
        cv2.imwrite(str(tmp_path / f'{k}.png'), clip.frame(10 * k))
    code, text = start('--source', tmp_path, *arguments).end()
    assert code == 0, text
    assert ('Each picture stands alone' in text) == ('still' not in arguments)
    assert len(re.findall(r'^ +\d+\.\d s  \d+ \w+ \d+%', text, re.MULTILINE)) == 7, text


def test_ctrl_c_amid_the_imports_ends_it_without_a_word(start):
    run = start('--source', 'sample')
    maps = Path(f'/proc/{run.process.pid}/maps')
    wait_until(lambda: 'numpy' in maps.read_text(), deadline_s=DEADLINE_S)
    code, text = run.end(signal.SIGINT)
    assert (code, text) == (-signal.SIGINT, '')


def test_ctrl_c_while_the_processes_start_is_no_failure(start):
    run = start('--source', 'sample', '--processes')
    wait_until(lambda: len(children(run.process.pid)) == 4, deadline_s=DEADLINE_S)
    code, text = run.end(signal.SIGINT)
    assert code == 0, text
    assert 'Traceback' not in text


def test_a_second_ctrl_c_ends_it_at_once(start):
    run = start('--source', 'sample', '--processes')
    run.wait_for(r'1 \w+ \d+%')
    nodes = children(run.process.pid)
    # One that does not end for long: the first Ctrl-C waits for it.
    os.kill(nodes['face_node'], signal.SIGSTOP)
    try:
        run.process.send_signal(signal.SIGINT)
        wait_until(lambda: 'camera_node' not in children(run.process.pid))
        deadline = time.monotonic() + DEADLINE_S
        while run.process.poll() is None and time.monotonic() < deadline:
            run.process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        assert run.process.returncode == 130
    finally:
        os.kill(nodes['face_node'], signal.SIGCONT)
    wait_until(lambda: not any(is_running(number) for number in nodes.values()))


def is_running(process_id):
    try:
        state = Path(f'/proc/{process_id}/stat').read_text().rsplit(')', 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state != 'Z'


@pytest.mark.parametrize('moment', ['at the start', 'in the middle'])
def test_a_kill_leaves_no_processes_behind(start, moment):
    run = start('--source', 'sample', '--processes')
    if moment == 'at the start':
        wait_until(lambda: len(children(run.process.pid)) == 4, deadline_s=DEADLINE_S)
    else:
        run.wait_for(r'1 \w+ \d+%')
    nodes = children(run.process.pid)
    assert len(nodes) == 4
    run.process.kill()
    wait_until(lambda: not any(is_running(number) for number in nodes.values()))
    assert 'Traceback' not in run.end()[1]


@pytest.mark.parametrize(
    ('own', 'expected'),
    [
        ({}, 'LOCALHOST'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}, 'SUBNET'),
        ({'ROS_LOCALHOST_ONLY': '0'}, None),
    ],
)
def test_nobody_else_in_the_network_hears_it_unless_that_is_wanted(
    start, monkeypatch, own, expected
):
    for name in ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY'):
        monkeypatch.delenv(name, raising=False)
    run = start('--source', 'sample', '--processes', **own)
    wait_until(lambda: children(run.process.pid), deadline_s=DEADLINE_S)
    (node, *_) = children(run.process.pid).values()
    words = Path(f'/proc/{node}/environ').read_text().split('\0')
    variables = dict(word.split('=', 1) for word in words if word)
    assert variables.get('ROS_AUTOMATIC_DISCOVERY_RANGE') == expected
    run.end(signal.SIGINT)


class Terminal:
    """A command on a terminal of its own; what is typed reaches those in the foreground."""

    def __init__(self, *command, **environment):
        self.process_id, self.descriptor = pty.fork()
        if not self.process_id:
            os.execvpe(command[0], command, {**os.environ, **environment})
        self.text = ''
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        try:
            while data := os.read(self.descriptor, 4096):
                self.text += data.decode(errors='replace')
        except OSError:
            pass  # the end of what a terminal shows

    def end(self):
        code = os.waitstatus_to_exitcode(os.waitpid(self.process_id, 0)[1])
        self._thread.join(DEADLINE_S)
        os.close(self.descriptor)
        return code


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout whose environment is the one that the tests run in."""
    if shutil.which('make') is None:
        pytest.skip('make is not installed')
    shutil.copy(ROOT / 'Makefile', tmp_path)
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'tools' / 'env.sh').touch()
    (tmp_path / 'tools' / 'setup.sh').write_text('#!/bin/sh\n')
    (tmp_path / 'tools' / 'setup.sh').chmod(0o755)
    return {
        'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        'PYTHONPATH': os.pathsep.join([str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]),
        'TERM': 'xterm',
        # What was given to `make test` must not reach the `make live` in here.
        'MAKEFLAGS': '', 'ARGS': '', 'CONFIG': '',
    }, ['make', '-C', str(tmp_path), 'live', 'SOURCE=sample']


def test_ctrl_c_on_make_live_is_success(checkout):
    environment, command = checkout
    terminal = Terminal(*command, **environment)
    wait_until(lambda: '█' in terminal.text, lambda: terminal.text, DEADLINE_S)
    os.write(terminal.descriptor, b'\x03')
    code = terminal.end()
    assert code == 0, terminal.text
    assert 'Summary' in terminal.text
    assert 'make: ***' not in terminal.text
    assert 'Traceback' not in terminal.text


def test_make_live_hands_on_that_it_failed(checkout):
    environment, command = checkout
    terminal = Terminal(*command, 'ARGS=--set nobody.x=1', **environment)
    assert terminal.end() == 2
    assert 'NODE.NAME=VALUE' in terminal.text


@pytest.mark.parametrize(('arguments', 'code'), [('--duration 1', 0), ('--set nobody.x=1', 2)])
def test_make_live_works_without_a_terminal(checkout, arguments, code):
    environment, command = checkout
    run = subprocess.run(
        [*command, f'ARGS={arguments}'],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert run.returncode == code, run.stderr
    assert ('Summary' in run.stdout) == (not code)
    assert ('NODE.NAME=VALUE' in run.stderr) == bool(code)


def test_make_live_that_is_terminated_ends_well(checkout, tmp_path):
    environment, command = checkout
    out = tmp_path / 'out.mp4'
    process = subprocess.Popen(
        [*command, f'ARGS=--record {out}'],
        env={**os.environ, **environment, 'PYTHONUNBUFFERED': '1'},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in process.stdout:
        if ' 2.' in line[:6]:
            process.terminate()
            break
    text, _ = process.communicate(timeout=DEADLINE_S)
    assert 'Recorded' in text
    assert frames(out)[0] > 30


def test_a_node_that_is_killed_comes_back(start):
    run = start('--source', 'sample', '--processes')
    run.wait_for(r'1 \w+ \d+%')
    nodes = children(run.process.pid)
    assert sorted(nodes) == ['camera_node', 'emotion_node', 'face_node', 'overlay_node']
    os.kill(nodes['emotion_node'], signal.SIGKILL)
    died = run.wait_for('emotion_node died with exit code -9')
    # Rates are those of five seconds: a line with fresh ages comes from the new process.
    wait_until(
        lambda: children(run.process.pid).get('emotion_node') not in (None, nodes['emotion_node'])
    )
    fresh = run.wait_for(r'1 \w+ \d+% .*age 0\.[0-9] s', died + 1)
    run.wait_for(r'1 \w+ \d+% .*age 0\.[0-9] s', fresh + 1)
    code, text = run.end(signal.SIGINT)
    assert code == 0, text
    assert 'Traceback' not in text
    assert all(f'memory of {name}' in text for name in nodes)
    assert children(run.process.pid) == {}
    assert not [pid for pid in nodes.values() if Path(f'/proc/{pid}').exists()]


def test_a_wrong_source_shows_no_table(start):
    code, text = start('--source', '/nowhere/a.mp4', terminal=True).end()
    assert code == 1
    assert 'there is no file or folder' in text
    assert 'Error: camera_node could not be configured' in text
    assert '┏' not in text


def test_on_a_terminal_there_is_a_live_table(start, video):
    code, text = start('--source', video, terminal=True).end()
    assert code == 0, text
    assert 'Traceback' not in text
    assert re.search(r'happiness|neutral|surprise|sadness|anger|fear|unknown', text)
    assert '█' in text
    assert '\x1b[' in text, 'the table is drawn over itself'
    # What the nodes log while the table stands is not lost.
    assert f'ended: video file {video}' in text
    assert '60' in summary(text)['images published']


@pytest.fixture
def display():
    if shutil.which('Xvfb') is None:
        pytest.skip('Xvfb is not installed')
    reader, writer = os.pipe()
    process = subprocess.Popen(
        ['Xvfb', '-displayfd', str(writer), '-screen', '0', '800x600x24', '-nolisten', 'tcp'],
        pass_fds=[writer],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as lines:
        number = lines.readline().strip()
    yield f':{number}'
    process.terminate()
    process.wait(DEADLINE_S)


def test_a_window_opens(start, display):
    code, text = start(
        '--source', 'sample', '--show', '--duration', 3, DISPLAY=display, WAYLAND_DISPLAY=''
    ).end()
    assert code == 0, text
    assert 'Traceback' not in text
    assert float(summary(text)['duration'].split()[0]) >= 3
