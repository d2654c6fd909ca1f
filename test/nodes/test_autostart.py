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

"""Nodes that configure and activate themselves, and the limits of that."""

from types import SimpleNamespace

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.nodes.base import autostart as module
from fer_ros.nodes.base.autostart import Autostart, AutostartState
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from graph import BEST_EFFORT, DEADLINE_S, wait_until
from lifecycle_msgs.srv import ChangeState
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image
from tiny_models import write_model

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
NODES = (CameraNode, FaceNode, EmotionNode, OverlayNode)
SETTINGS = {CameraNode: {'source': 'sample'}}


def state(node):
    return node._state_machine.current_state[1]


def request(graph, node, label):
    """Request a transition as `ros2 lifecycle set` does; return whether it succeeded."""
    client = graph.do(
        graph.probe.create_client, ChangeState,
        f'{node.get_fully_qualified_name()}/change_state')
    assert client.wait_for_service(DEADLINE_S)
    message = ChangeState.Request()
    message.transition.label = label
    future = client.call_async(message)
    wait_until(future.done)
    return future.result().success


class FakeNode:
    """Stands for a node: transitions return what the script says; time does not pass."""

    def __init__(self, configure=(), activate=()):
        self.results = {'configure': list(configure), 'activate': list(activate)}
        self.calls = []
        self.logged = []
        self.timer = SimpleNamespace(timer_period_ns=0, reset=lambda: None)
        self.callback = None

    def _trigger(self, name):
        self.calls.append(name)
        return self.results[name].pop(0) if self.results[name] else SUCCESS

    def trigger_configure(self):
        return self._trigger('configure')

    def trigger_activate(self):
        return self._trigger('activate')

    def create_timer(self, period_s, callback, clock):
        self.timer.timer_period_ns = round(period_s * 1e9)
        self.callback = callback
        return self.timer

    def destroy_timer(self, timer):
        assert timer is self.timer
        self.timer = self.callback = None

    def get_logger(self):
        return SimpleNamespace(info=self.logged.append)


def run(node, autostart, limit=20):
    """Let the timer elapse until it is destroyed; return the waits in seconds."""
    waits = []
    autostart.begin()
    while node.timer is not None and len(waits) < limit:
        waits.append(node.timer.timer_period_ns / 1e9)
        node.callback()
    return waits


def test_the_wait_doubles_up_to_its_limit():
    node, changes = FakeNode(configure=[FAILURE] * 6, activate=[FAILURE] * 2), []
    autostart = Autostart(node, lambda: True, lambda: changes.append(autostart.state))
    assert run(node, autostart) == [0, 0.5, 1, 2, 4, 8, 8, 8, 8]
    assert node.calls == ['configure'] * 7 + ['activate'] * 3
    assert changes == [
        AutostartState.NOT_CONFIGURED, AutostartState.NOT_ACTIVATED, AutostartState.DONE]
    assert len(node.logged) == 1
    assert 'could not be configured' in node.logged[0]


def test_a_node_that_an_error_has_cleaned_up_is_configured_again():
    node = FakeNode(activate=[TransitionCallbackReturn.ERROR])
    autostart = Autostart(node, lambda: True, lambda: None)
    run(node, autostart)
    assert node.calls == ['configure', 'activate', 'configure', 'activate']


def test_a_transition_from_outside_ends_it():
    node = FakeNode(configure=[FAILURE] * 99)
    autostart = Autostart(node, lambda: True, lambda: None)
    run(node, autostart, limit=3)
    autostart.on_transition(FAILURE)
    assert node.timer is not None
    autostart.on_transition(SUCCESS)
    assert node.timer is None
    assert autostart.state is AutostartState.TAKEN_OVER


@pytest.mark.parametrize('kind', NODES, ids=lambda kind: kind.__name__)
def test_a_node_does_nothing_by_itself_by_default(graph, kind):
    node = graph.add(kind, **SETTINGS.get(kind, {}))
    timers = len(list(node.timers))
    assert node.autostart.state is AutostartState.OFF
    graph.up(node)
    assert request(graph, node, 'deactivate')
    assert state(node) == 'inactive'
    # The timer of the diagnostics was added, that of the reminder was removed.
    assert len(list(node.timers)) == timers


def test_nodes_bring_themselves_up_subscribers_first(graph):
    faces = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    nodes = {kind: graph.add(kind, autostart=True, **SETTINGS.get(kind, {})) for kind in NODES}
    faces.wait()
    assert {state(node) for node in nodes.values()} == {'active'}
    assert {node.autostart.state for node in nodes.values()} == {AutostartState.DONE}


def test_a_node_waits_for_a_subscriber_of_its_results(graph):
    node = graph.add(FaceNode, autostart=True)
    wait_until(lambda: node.autostart.state is AutostartState.WAITING)
    assert state(node) == 'inactive'
    graph.listen(FaceArray, 'faces')
    wait_until(lambda: state(node) == 'active')


def test_a_camera_does_not_start_for_the_overlay_alone(graph):
    """overlay_node is ready before face_node, which loads networks."""
    graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.up(graph.add(OverlayNode))
    camera = graph.add(CameraNode, autostart=True, source='sample')
    wait_until(lambda: camera.autostart.state is AutostartState.WAITING)
    wait_until(lambda: camera._images.get_subscription_count() == 1)
    assert not graph.do(camera.has_subscribers)
    assert state(camera) == 'inactive'
    graph.add(FaceNode, autostart=True)
    # face_node itself waits for emotion_node.
    assert not graph.do(camera.has_subscribers)
    graph.add(EmotionNode, autostart=True)
    wait_until(lambda: state(camera) == 'active')


def test_a_node_without_subscribers_is_activated_after_some_time(graph, monkeypatch):
    monkeypatch.setattr(module, 'SUBSCRIBER_TIMEOUT_S', 0.2)
    node = graph.add(FaceNode, autostart=True)
    wait_until(lambda: state(node) == 'active')
    graph.wait_for_log('Nobody subscribed within 0.2 s')


def test_a_file_that_appears_later_is_used_and_each_reason_is_logged_once(
    graph, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, 'FIRST_WAIT_S', 0.05)
    monkeypatch.setattr(module, 'MAX_WAIT_S', 0.1)
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    card = tmp_path / 'tiny' / 'model.yaml'
    node = graph.add(EmotionNode, autostart=True, model=str(card))
    wait_until(lambda: node.autostart._failures > 3)
    status = reports.wait(lambda m: m.status[0].level == DiagnosticStatus.ERROR).status[0]
    assert 'emotion_node cannot be configured' in status.message
    assert str(card) in status.message
    rows = {row.key: row.value for row in status.values}
    assert rows['autostart'] == 'could not be configured, retrying'
    assert len(graph.log('cannot be configured', Log.ERROR)) == 1
    card.parent.mkdir()
    card.write_text('{name: [')
    wait_until(lambda: len(graph.log('cannot be configured', Log.ERROR)) == 2)
    failures = node.autostart._failures
    wait_until(lambda: node.autostart._failures > failures + 3)
    assert len(graph.log('cannot be configured', Log.ERROR)) == 2
    write_model(card.parent)
    wait_until(lambda: state(node) == 'active')
    wait_until(lambda: node.autostart.state is AutostartState.DONE)
    assert len(graph.log('is logged once')) == 1


def test_a_failing_activation_is_retried(graph, monkeypatch):
    monkeypatch.setattr(module, 'FIRST_WAIT_S', 0.05)
    node = graph.add(EmotionNode, autostart=False)
    start_worker, failures = node.start_worker, [1, 2]

    def fail(*arguments):
        if failures:
            raise ValueError(f'no thread is left, {failures.pop()}')
        return start_worker(*arguments)

    monkeypatch.setattr(node, 'start_worker', fail)
    graph.do(node.autostart.begin)
    wait_until(lambda: state(node) == 'active')
    assert [message[-1] for message in graph.log('cannot be activated')] == ['2', '1']


@pytest.mark.parametrize('kind', [EmotionNode, CameraNode])
def test_a_person_who_deactivates_a_node_wins(graph, kind):
    graph.listen(Image, 'image_raw', BEST_EFFORT)
    node = graph.add(kind, autostart=True, **SETTINGS.get(kind, {}))
    wait_until(lambda: node.autostart.state is AutostartState.DONE)
    timers = len(list(node.timers))
    for label, expected in (('deactivate', 'inactive'), ('cleanup', 'unconfigured')):
        assert request(graph, node, label)
        assert state(node) == expected
        # Nothing is left that could act.
        assert node.autostart._timer is None
        assert len(list(node.timers)) == timers


def test_a_person_wins_while_autostart_retries(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'FIRST_WAIT_S', 30.0)
    node = graph.add(EmotionNode, autostart=True, model=str(tmp_path / 'model.yaml'))
    wait_until(lambda: node.autostart.state is AutostartState.NOT_CONFIGURED)
    # A request that fails changes nothing, and is always logged.
    assert not request(graph, node, 'configure')
    wait_until(lambda: len(graph.log('cannot be configured', Log.ERROR)) == 2)
    assert node.autostart.state is AutostartState.NOT_CONFIGURED
    write_model(tmp_path)
    assert request(graph, node, 'configure')
    assert node.autostart.state is AutostartState.TAKEN_OVER
    assert node.autostart._timer is None
    assert state(node) == 'inactive'


def test_a_camera_whose_file_ended_stays_inactive(graph, tmp_path):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    images = graph.listen(Image, 'image_raw', BEST_EFFORT)
    node = graph.add(CameraNode, autostart=True, source=str(path))
    graph.wait_for_log('ended: ')
    wait_until(lambda: state(node) == 'inactive')
    assert node.autostart.state is AutostartState.DONE
    assert node.autostart._timer is None
    assert images


def test_a_missing_video_is_played_once_it_is_there(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'FIRST_WAIT_S', 0.05)
    path = tmp_path / 'a.png'
    images = graph.listen(Image, 'image_raw', BEST_EFFORT)
    node = graph.add(CameraNode, autostart=True, source=str(path))
    graph.wait_for_log(f'there is no file or folder {path}', level=Log.ERROR)
    cv2.imwrite(str(tmp_path / 'b.png'), np.zeros((48, 64, 3), np.uint8))
    (tmp_path / 'b.png').rename(path)
    images.wait()
    wait_until(lambda: node.autostart.state is AutostartState.DONE)


def test_it_is_read_only(graph):
    node = graph.add(EmotionNode)
    reason = graph.set(node, autostart=True)
    assert reason == 'autostart is read-only: set it when the node is started.'
    assert node.get_parameter('autostart').value is False


def test_a_wrong_value_is_explained(graph):
    node = graph.add(EmotionNode, autostart='yes')
    graph.wait_for_log('autostart must be true or false', "'yes'", level=Log.ERROR)
    assert state(node) == 'unconfigured'


def test_a_node_that_waits_says_once_how_it_is_configured(graph, monkeypatch):
    monkeypatch.setattr(module, 'REMIND_AFTER_S', 0.2)
    graph.add(EmotionNode, namespace='/robot')
    line = graph.wait_for_log('waits to be configured')
    assert '`ros2 lifecycle set /robot/emotion_node configure`' in line
    assert 'autostart:=true' in line
    # Two more nodes: one that is configured in time, one that configures itself.
    managed = graph.add(EmotionNode, namespace='/managed')
    graph.change(managed, 'configure')
    graph.add(EmotionNode, namespace='/own', autostart=True)
    later = graph.add(EmotionNode, namespace='/later')
    graph.wait_for_log('/later/emotion_node waits')
    assert later.autostart.state is AutostartState.OFF
    assert len(graph.log('waits to be configured')) == 2


def test_the_end_of_the_pipeline_says_that_it_is_ready_once(graph):
    node = graph.add(EmotionNode)
    graph.up(node)
    emotions = graph.listen(EmotionArray, 'emotions')
    faces = graph.speaker(FaceArray, 'faces')
    assert not graph.log('Ready')
    for second in (1, 2):
        message = FaceArray(image_width=640, image_height=480)
        message.header.stamp.sec = second
        graph.ask(faces, message, emotions, second * 10**9)
    assert '/emotions' in graph.wait_for_log('Ready: images arrive')
    assert len(graph.log('Ready')) == 1
