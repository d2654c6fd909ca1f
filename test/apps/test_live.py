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

import cv2
from fer_ros.core.sample import SampleClip
from graph import wait_until
import pytest
import yaml

DEADLINE_S = 90
COMMAND = [sys.executable, '-m', 'fer_ros.apps.fer', 'live']


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

        return wait_until(find, f'{pattern} in:\n{self.text}', DEADLINE_S)[0]

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
    code, text = start('--source', video, '--record', out).end()
    assert code == 0, text
    assert 'Traceback' not in text
    rows = summary(text)
    assert int(rows['images published']) == 60
    # A busy machine may be late with some.
    assert int(rows['answered by /emotions']) >= 54
    assert rows['lost'] == str(60 - int(rows['answered by /emotions']))
    assert rows['classifier'].startswith('fer2013_cnn48/')
    assert float(rows['first emotion after'].split()[0]) < 30
    recorded = int(re.search(r'Recorded (\d+) images', text)[1])
    assert recorded >= 50
    count, rate = frames(out)
    assert rate == pytest.approx(30)
    assert count == pytest.approx(60, abs=6)
    assert re.search(r'1 \w+ \d+% yaw .*\| 2 ', text), (
        'plain lines where the output is no terminal'
    )


def test_ctrl_c_ends_it_cleanly_with_everything_written(start, tmp_path):
    out = tmp_path / 'out.avi'
    run = start('--source', 'sample', '--record', out)
    run.wait_for(r'^ +[2-9]\.\d s ')
    code, text = run.end(signal.SIGINT)
    assert code == 0, text
    assert 'Traceback' not in text
    assert int(summary(text)['answered by /emotions']) > 30
    count, rate = frames(out)
    assert rate == pytest.approx(30)
    assert count == pytest.approx(int(re.search(r'Recorded (\d+) images', text)[1]), abs=6)
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
    # A worker that is held up by others for half a second is no loss here.
    code, text = start(
        '--source',
        'sample',
        '--duration',
        1.5,
        '--set',
        'face_node.input.max_delay_s=5',
        '--set',
        'emotion_node.input.max_delay_s=5',
        '--set',
        'camera_node.rate_hz=20',
    ).end()
    assert code == 0, text
    rows = summary(text)
    assert int(rows['images published']) > 5
    assert rows['lost'] == '0', text


def test_a_configuration_and_settings_reach_the_nodes(start, tmp_path):
    config = tmp_path / 'my.yaml'
    config.write_text(
        yaml.safe_dump({'/**/emotion_node': {'ros__parameters': {'min_confidence': 1.0}}})
    )
    run = start(
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


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--set', 'emotion_node.min_confidence=7'], ('emotion_node', 'min_confidence', '0 to 1')),
        (['--set', 'emotion_node.colour=red'], ('emotion_node', 'colour', 'min_confidence')),
        (['--set', 'nobody.x=1'], ('nobody.x=1', 'NODE.NAME=VALUE')),
        (['--set', 'emotion_node.rate_hz'], ('NODE.NAME=VALUE',)),
        (['--config', 'nowhere'], ('nowhere', 'live')),
        (['--config', '/nowhere/a.yaml'], ('/nowhere/a.yaml',)),
        (['--source', 'sample', '--record', '/nowhere/out.mp4'], ('there is no folder /nowhere',)),
        (['--source', 'sample', '--record', 'out.gif'], ('out.gif', '.mp4')),
        (['--source', 'sample', '--show'], ('--show', 'DISPLAY', '--record')),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(start, arguments, words):
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
