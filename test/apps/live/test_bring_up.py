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

"""Bringing nodes up, where answers are lost or do not come."""

import os
from pathlib import Path
import re
import threading
from types import SimpleNamespace

from fer_ros.apps.fastdds import (
    PROFILE_VARIABLES,
    profile_variables,
    SEGMENTS_BYTES,
    shared_memory_warning,
)
from fer_ros.apps.live import bring_up as module
from fer_ros.apps.live.bring_up import (
    BringUpError,
    Interrupted,
    NODES,
    OneProcess,
    OwnProcesses,
    write_parameter_file,
)
from fer_ros.core.resources import share_directory
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.parameters.node_options import NODE_OPTIONS
from fer_ros.parameters.parameter_files import read_config
from graph import wait_until
from lifecycle_msgs.msg import State, Transition
import pytest
from rcl_interfaces.msg import Log

ANSWERED, LOST_REQUEST, LOST_ANSWER, REFUSED = range(4)
GOALS = {
    Transition.TRANSITION_CONFIGURE: State.PRIMARY_STATE_INACTIVE,
    Transition.TRANSITION_ACTIVATE: State.PRIMARY_STATE_ACTIVE,
}


class Scripted(OwnProcesses):
    """Nodes that answer the requests for a change of state as the script says, then always."""

    def __init__(self, script):
        super().__init__(
            SimpleNamespace(
                create_client=lambda *_: None,
                get_namespace=lambda: '/',
                get_node_names_and_namespaces=list,
            ),
            [],
        )
        self.script = list(script)
        self.states = dict.fromkeys(NODES, State.PRIMARY_STATE_UNCONFIGURED)
        self.stopped = False
        self.order = []

    def stop(self, names=()):
        self.stopped = True

    def _launch(self, name):
        pass

    def _ask(self, name, service, request, deadline):
        if service == 'get_state':
            state = self.states[name]
            return state and SimpleNamespace(current_state=SimpleNamespace(id=state))
        fate = self.script.pop(0) if self.script else ANSWERED
        if fate in (ANSWERED, LOST_ANSWER):
            self.states[name] = GOALS[request.transition.id]
            self.order.append(name)
        if fate in (LOST_REQUEST, LOST_ANSWER):
            return None
        return SimpleNamespace(success=fate == ANSWERED)


@pytest.mark.parametrize(
    'script',
    [[], [LOST_REQUEST], [LOST_ANSWER], [ANSWERED, LOST_ANSWER, LOST_REQUEST, LOST_REQUEST]],
)
def test_what_is_lost_on_the_way_is_asked_again(script):
    nodes = Scripted(script)
    nodes.start()
    assert set(nodes.states.values()) == {State.PRIMARY_STATE_ACTIVE}
    assert nodes.order == [name for name in NODES for _ in range(2)]
    assert not nodes.stopped


@pytest.mark.parametrize(('answered', 'word'), [(0, 'configured'), (1, 'activated')])
def test_a_refusal_ends_it(answered, word):
    nodes = Scripted([ANSWERED] * answered + [REFUSED])
    with pytest.raises(BringUpError, match=f'emotion_node could not be {word}'):
        nodes.start()
    assert nodes.stopped


def test_a_node_that_never_answers_is_named(monkeypatch):
    monkeypatch.setattr(module, 'BRING_UP_TIMEOUT_S', 0.05)
    nodes = Scripted([])
    nodes.states['face_node'] = None
    with pytest.raises(BringUpError, match='face_node did not answer'):
        nodes.start()
    assert nodes.stopped


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


@pytest.mark.parametrize(('blocks', 'words'), [
    (16384, '64 MiB left'), (SEGMENTS_BYTES // 4096 - 1, '--shm-size'),
    (SEGMENTS_BYTES // 4096, '')])
def test_shared_memory_that_is_too_small_is_told(monkeypatch, blocks, words):
    state = SimpleNamespace(f_bavail=blocks, f_frsize=4096)
    monkeypatch.setattr(os, 'statvfs', {'/dev/shm': state}.__getitem__)
    assert words in shared_memory_warning()
    assert bool(shared_memory_warning()) == bool(words)


def test_the_segments_are_those_of_the_profile():
    profile = (share_directory() / 'config' / 'fastdds.xml').read_text()
    segment = re.search(r'<segment_size>(\d+)</segment_size>', profile)
    assert int(segment[1]) * 5 == SEGMENTS_BYTES


@pytest.mark.parametrize('own', PROFILE_VARIABLES)
def test_a_profile_of_ones_own_is_left_alone(monkeypatch, own):
    for name in PROFILE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert {Path(path).name for path in profile_variables().values()} == {'fastdds.xml'}
    assert set(profile_variables()) == set(PROFILE_VARIABLES)
    monkeypatch.setenv(own, '/my/own.xml')
    assert profile_variables() == {}
