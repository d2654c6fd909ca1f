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

"""Each node as a process of its own, as on a robot."""

import os
import signal
import subprocess
import sys
import time

from fer_msgs.msg import EmotionArray
from graph import DEADLINE_S, wait_until
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
import pytest

pytestmark = pytest.mark.slow

SIGNALS = {
    'emotion_node': signal.SIGINT,
    'face_node': signal.SIGTERM,
    'overlay_node': signal.SIGTERM,
    'camera_node': signal.SIGINT,
}

NEXT = {
    State.PRIMARY_STATE_UNCONFIGURED: Transition.TRANSITION_CONFIGURE,
    State.PRIMARY_STATE_INACTIVE: Transition.TRANSITION_ACTIVATE,
}
ARGUMENTS = ('--ros-args', '-p', 'source:=sample')


@pytest.fixture
def processes(tmp_path):
    running = {}
    for name in SIGNALS:
        with (tmp_path / name).open('w') as output:
            running[name] = subprocess.Popen(
                [
                    sys.executable,
                    '-m',
                    f'fer_ros.nodes.{name}',
                    '--ros-args',
                    '-p',
                    'source:=sample',
                ],
                stdout=output,
                stderr=output,
                env={**os.environ, 'PYTHONUNBUFFERED': '1'},
            )
    yield running
    for process in running.values():
        process.kill()
        process.wait()


def bring_up(graph, name, clients, output):
    """Ask for the state and for the next one until the node is active; answers can be lost."""

    def ask(kind, request, deadline_s):
        if not clients[kind].service_is_ready():
            return None
        future = clients[kind].call_async(request)
        end = time.monotonic() + deadline_s
        wait_until(lambda: future.done() or time.monotonic() > end)
        return future.result() if future.done() else None

    def is_active():
        answer = ask(GetState, GetState.Request(), 1)
        state = answer.current_state.id if answer else None
        if state in NEXT:
            request = ChangeState.Request(transition=Transition(id=NEXT[state]))
            answer = ask(ChangeState, request, 5)
            assert answer is None or answer.success, output.read_text()
        return state == State.PRIMARY_STATE_ACTIVE

    wait_until(is_active, f'{name} active among {graph.probe.get_node_names()}', 2 * DEADLINE_S)


def test_they_work_together_and_end_cleanly_when_they_are_told_to(graph, processes, tmp_path):
    emotions = graph.listen(EmotionArray, 'emotions')
    clients = {
        name: {
            kind: graph.do(graph.probe.create_client, kind, f'{name}/{service}')
            for kind, service in ((GetState, 'get_state'), (ChangeState, 'change_state'))
        }
        for name in processes
    }
    for name in processes:
        bring_up(graph, name, clients[name], tmp_path / name)
    emotions.wait(lambda m: len(m.emotions) == 2)
    # In the middle of their work, all at once.
    for name, number in SIGNALS.items():
        processes[name].send_signal(number)
    for name, process in processes.items():
        code, output = process.wait(DEADLINE_S), (tmp_path / name).read_text()
        assert code == 0, output
        assert 'Traceback' not in output
        assert 'rror' not in output


PIPELINE = 'from fer_ros.nodes.main import pipeline; raise SystemExit(pipeline())'
"""The executable `pipeline`."""


@pytest.fixture
def pipeline(tmp_path):
    """Return a function that runs `pipeline` with arguments; its output is in a file."""
    running = []

    def run(*arguments):
        with (tmp_path / 'pipeline').open('w') as output:
            running.append(subprocess.Popen(
                [sys.executable, '-c', PIPELINE, *arguments],
                stdout=output, stderr=output, env={**os.environ, 'PYTHONUNBUFFERED': '1'}))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()


def test_several_nodes_in_one_process(graph, pipeline, tmp_path):
    emotions = graph.listen(EmotionArray, '/robot/emotions')
    process = pipeline(
        'emotion_node', 'face_node', 'camera_node', '--ros-args', '-r', '__ns:=/robot',
        '-p', 'source:=sample', '-p', 'model:=fer2013_cnn48', '-p', 'autostart:=true')
    answer = emotions.wait(lambda m: len(m.emotions) == 2, 2 * DEADLINE_S)
    assert answer.model.startswith('fer2013_cnn48/')
    names = [name for name, space in graph.probe.get_node_names_and_namespaces()
             if space == '/robot']
    assert sorted(names) == ['camera_node', 'emotion_node', 'face_node']
    process.send_signal(signal.SIGINT)
    output = tmp_path / 'pipeline'
    assert process.wait(DEADLINE_S) == 0, output.read_text()
    assert 'Traceback' not in output.read_text()


@pytest.mark.parametrize('arguments', [
    (), ('face_node', 'mouth_node'), ('face_node', 'face_node'), ('--ros-args', '-p', 'a:=1')])
def test_wrong_names_for_one_process_are_told(pipeline, tmp_path, arguments):
    assert pipeline(*arguments).wait(DEADLINE_S) == 2
    text = (tmp_path / 'pipeline').read_text()
    assert 'camera_node, face_node, emotion_node, overlay_node' in text
    assert '--ros-args' in text
