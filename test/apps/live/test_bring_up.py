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

"""Starting the nodes and waiting until they are active."""

import os
import signal
import threading
from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from fer_msgs.msg import EmotionArray
from fer_ros.apps.live import bring_up as module
from fer_ros.apps.live.bring_up import (
    BringUpError,
    Interrupted,
    NODES,
    OneProcess,
    OwnProcesses,
    write_parameter_file,
)
from fer_ros.apps.startup import NODE_NAMES
from fer_ros.nodes.base.autostart import AutostartState
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.parameters.node_options import NODE_OPTIONS
from fer_ros.parameters.parameter_files import read_config
from graph import wait_until
import pytest
from rcl_interfaces.msg import Log

DONE, TAKEN_OVER = AutostartState.DONE, AutostartState.TAKEN_OVER
PATH = (AutostartState.STARTING, AutostartState.WAITING, DONE)


class Process:
    """Stands for the process of a node."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None

    def poll(self):
        return self.returncode


class Scripted(OwnProcesses):
    """Nodes that report the states of a script, one each time that they are asked for."""

    def __init__(self, **scripts):
        super().__init__(
            SimpleNamespace(
                create_subscription=lambda *_: None,
                get_namespace=lambda: '/',
                get_node_names_and_namespaces=list,
            ),
            [],
        )
        self.scripts = {name: list(scripts.get(name, PATH)) for name in NODE_NAMES}
        self.launched = []
        self.stopped = False

    def stop(self, names=()):
        self.stopped = True

    def report(self, pid, state):
        values = {'source': '', 'autostart': state.value, 'process': pid}
        rows = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        self._receive(DiagnosticArray(status=[DiagnosticStatus(values=rows)]))

    def _launch(self, name):
        self._processes[name] = Process(1000 + len(self.launched))
        self.launched.append(name)

    def _autostart_states(self):
        for name, states in self.scripts.items():
            if states:
                self.report(self._processes[name].pid, states.pop(0))
        return super()._autostart_states()


def test_it_waits_until_every_node_is_active():
    nodes = Scripted(overlay_node=[*PATH[:2], *PATH], camera_node=[TAKEN_OVER])
    nodes.start()
    assert nodes.launched == list(NODE_NAMES) == list(NODES)
    assert nodes.scripts == dict.fromkeys(NODE_NAMES, [])
    assert not nodes.stopped


@pytest.mark.parametrize(
    ('state', 'word'),
    [
        (AutostartState.NOT_CONFIGURED, 'configured'),
        (AutostartState.NOT_ACTIVATED, 'activated'),
    ],
)
@pytest.mark.parametrize('name', ['emotion_node', 'camera_node'])
def test_a_node_that_fails_ends_it(name, state, word):
    # The first node never becomes active: a failure of any node ends the start at once.
    nodes = Scripted(**{'emotion_node': PATH[:1], name: [PATH[0], state]})
    with pytest.raises(BringUpError, match=f'{name} could not be {word}'):
        nodes.start()
    assert nodes.stopped


def test_a_node_that_never_reports_is_named(monkeypatch):
    # Long enough for the nodes before it to go through their states, also on a busy machine.
    monkeypatch.setattr(module, 'BRING_UP_TIMEOUT_S', 2.0)
    nodes = Scripted(face_node=[])
    with pytest.raises(BringUpError, match='face_node was not active'):
        nodes.start()
    assert nodes.stopped


def test_reports_of_other_processes_are_ignored():
    nodes = Scripted()
    nodes.report(17, AutostartState.NOT_CONFIGURED)
    nodes.start()
    assert not nodes.stopped


def test_a_process_that_ends_is_named():
    nodes = Scripted(face_node=[])
    launch = nodes._launch

    def launch_and_end(name):
        launch(name)
        nodes._processes[name].returncode = 3 if name == 'face_node' else None

    nodes._launch = launch_and_end
    with pytest.raises(BringUpError, match='face_node ended with exit code 3'):
        nodes.start()


def test_processes_of_their_own_come_back_after_a_kill(graph):
    emotions = graph.listen(EmotionArray, 'emotions')
    nodes = OwnProcesses(graph.probe, ['--ros-args', '-p', 'source:=sample'])
    try:
        nodes.start()
        first = emotions.wait(lambda m: len(m.emotions) == 2)
        killed = {
            name: process for name, process in nodes.process_ids().items()
            if name != 'overlay_node'}
        for process in killed.values():
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: nodes.watch() or not killed.items() & nodes.process_ids().items())
        came = len(emotions)
        given = {e.track_id for e in first.emotions}
        # What was under way when the nodes were killed may still come.
        wait_until(lambda: nodes.watch() or any(
            len(m.emotions) == 2 and not given & {e.track_id for e in m.emotions}
            for m in emotions[came:]))
        wait_until(lambda: list(nodes._autostart_states().values()) == ['done'] * 4)
        for name in killed:
            graph.wait_for_log(f'{name} died with exit code -9', level=Log.ERROR)
    finally:
        nodes.stop()


def test_a_process_that_hangs_is_started_again(graph, capfd):
    emotions = graph.listen(EmotionArray, 'emotions')
    nodes = OwnProcesses(
        graph.probe, ['--ros-args', '-p', 'source:=sample', '-p', 'watchdog_s:=5.0'])
    try:
        nodes.start()
        first = emotions.wait(lambda m: len(m.emotions) == 2)
        # A transition may take six times as long; it is over after the next beat.
        emotions.wait(lambda m: m.header.stamp.sec > first.header.stamp.sec + 2)
        stopped = nodes.process_ids()['face_node']
        os.kill(stopped, signal.SIGSTOP)
        wait_until(lambda: nodes.watch() or nodes.process_ids()['face_node'] != stopped)
        graph.wait_for_log('face_node died with exit code -9', level=Log.ERROR)
        assert f'The process {stopped} of /face_node hangs: it is killed' in capfd.readouterr().err
        given = {e.track_id for e in first.emotions}
        wait_until(lambda: nodes.watch() or any(
            len(m.emotions) == 2 and not given & {e.track_id for e in m.emotions}
            for m in emotions))
    finally:
        nodes.stop()


def test_all_nodes_in_one_process(graph):
    nodes = OneProcess(
        graph.probe, ['--ros-args', '-p', 'source:=sample', '-p', 'threads:=2'], graph.executor
    )
    nodes.start()
    try:
        names = graph.probe.get_node_names()
        assert set(NODES) <= set(names)
        assert nodes.process_ids() == {'all nodes': os.getpid()}
        nodes.stop(['camera_node'])
        nodes.watch()
    finally:
        nodes.stop()
    assert not [node for node in graph.executor.get_nodes() if node is not graph.probe]


def test_the_parameter_file_reaches_a_node(graph, tmp_path):
    path = tmp_path / 'parameters.yaml'
    values = {'emotion_node': {'rate_hz': 5.0, 'input.max_delay_s': 0.5}, 'face_node': {}}
    write_parameter_file(path, values)
    read = read_config(path)
    assert set(read) == set(NODE_OPTIONS)
    assert read['emotion_node'] == values['emotion_node']
    node = graph.add(EmotionNode, '--params-file', str(path), namespace='/robot')
    assert node.get_parameter('rate_hz').value == 5.0
    assert node.get_parameter('input.max_delay_s').value == 0.5


def test_nodes_of_the_same_names_are_left_alone_and_told_of(graph):
    """Their services carry the same names as those of the nodes that are to be brought up."""
    others = [graph.add(NODES[name]) for name in ('emotion_node', 'face_node')]
    elsewhere = graph.add(NODES['camera_node'], namespace='/robot')
    nodes = OneProcess(graph.probe, ['--ros-args', '-p', 'source:=sample'], graph.executor)
    nodes.start()
    try:
        states = [node._state_machine.current_state[1] for node in (*others, elsewhere)]
        assert states == ['unconfigured'] * 3
        wait_until(lambda: nodes.watch() or graph.log('--namespace NAME'))
        text = graph.wait_for_log('--namespace NAME', 'ROS_DOMAIN_ID', level=Log.WARN)
        assert 'emotion_node, face_node run' in text
    finally:
        nodes.stop()


def test_a_node_of_the_same_process_that_cannot_start_is_named(graph):
    nodes = OneProcess(graph.probe, ['--ros-args', '-p', 'source:=/nowhere.mp4'], graph.executor)
    with pytest.raises(BringUpError, match='camera_node could not be configured'):
        nodes.start()
    assert graph.executor.get_nodes() == [graph.probe]


def test_an_interrupt_ends_the_bringing_up_in_one_process(graph):
    stop = threading.Event()
    stop.set()
    nodes = OneProcess(graph.probe, ['--ros-args', '-p', 'source:=sample'], graph.executor, stop)
    with pytest.raises(Interrupted):
        nodes.start()
    assert graph.executor.get_nodes() == [graph.probe]
