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

"""What the nodes say about themselves on /diagnostics."""

import time
from types import SimpleNamespace
from unittest.mock import Mock

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from graph import BEST_EFFORT, header, image_message, sample_message, wait_until
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

S = 10**9
ROWS = {
    'rate in (Hz)',
    'rate out (Hz)',
    'received',
    'published',
    'dropped',
    'failed',
    'age of the last input (s)',
    'latency p50 (ms)',
    'latency p95 (ms)',
}


class Reports:
    """The newest report of each node."""

    def __init__(self, graph):
        self._inbox = graph.listen(DiagnosticArray, '/diagnostics')

    def wait(self, name, predicate=lambda status: True):
        """Return the first status from now on that the predicate accepts, and its rows."""
        begin = len(self._inbox)

        def find():
            for message in self._inbox[begin:]:
                for status in message.status:
                    if status.name == name and predicate(status):
                        return status
            return None

        status = wait_until(find, f'{name} in {self._inbox[-1:]}')
        return status, {row.key: row.value for row in status.values}


@pytest.fixture
def reports(graph):
    return Reports(graph)


def test_an_inactive_node_says_so(graph, reports):
    node = graph.add(EmotionNode, namespace='/robot')
    graph.change(node, 'configure')
    status, rows = reports.wait('robot/emotion_node')
    assert (status.level, status.message) == (DiagnosticStatus.OK, 'Inactive.')
    assert rows.keys() >= ROWS


def test_every_node_is_ok_while_images_flow(graph, reports):
    graph.listen(CompressedImage, 'emotions/overlay/compressed', BEST_EFFORT)
    # On a busy machine images are late, but none may be dropped here.
    nodes = [
        graph.add(kind, input__max_delay_s=5.0) for kind in (EmotionNode, FaceNode, OverlayNode)]
    nodes.append(graph.add(CameraNode, source='sample', rate_hz=10.0))
    graph.up(*nodes)
    for node in nodes:
        # Rates count from the activation, which the others keep waiting.
        status, rows = reports.wait(
            node.get_name(),
            lambda s: (
                s.level == DiagnosticStatus.OK
                and any(row.key == 'rate out (Hz)' and float(row.value) > 5 for row in s.values)
            ),
        )
        assert rows.keys() >= ROWS
        assert float(rows['rate out (Hz)']) < 14
        assert float(rows['rate in (Hz)']) < 14
        assert int(rows['published']) > 5
        assert 0 < float(rows['latency p50 (ms)']) <= float(rows['latency p95 (ms)']) < 60_000
        assert float(rows['age of the last input (s)']) < 5
        if node.get_name() == 'emotion_node':
            assert rows['model'].startswith('ferplus_light48/')
        if node.get_name() == 'camera_node':
            assert 'sample' in rows['source']
            assert status.hardware_id == rows['source']


@pytest.mark.parametrize(('kind', 'topic'), [(FaceNode, 'image_raw'), (EmotionNode, 'faces')])
def test_a_node_that_has_never_heard_anything_is_stale(graph, reports, kind, topic):
    node = graph.add(kind, namespace='/robot')
    graph.up(node)
    status, _ = reports.wait(f'robot/{node.get_name()}', lambda s: s.level != DiagnosticStatus.OK)
    assert status.level == DiagnosticStatus.STALE
    assert f'/robot/{topic}' in status.message
    assert status.message.endswith('?')


def test_images_that_stop_are_told(graph, reports):
    node = graph.add(FaceNode)
    graph.up(node)
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw')
    now = time.time_ns()
    graph.ask(images, sample_message(0, now), faces, now)
    status, _ = reports.wait('face_node', lambda s: s.level == DiagnosticStatus.WARN)
    assert '/image_raw for' in status.message
    assert 'its publisher (/probe) is silent' in status.message
    assert 'Is camera_node or your camera driver running' in status.message
    # Five times as long is enough to call it stale; time is told to run.
    node.throughput._last_in -= 10
    status, _ = reports.wait('face_node', lambda s: s.level == DiagnosticStatus.STALE)
    assert '/image_raw for 1' in status.message
    now = time.time_ns()
    graph.ask(images, sample_message(0, now), faces, now)
    reports.wait('face_node', lambda s: s.level == DiagnosticStatus.OK)


DAY_S = 86_400


@pytest.mark.parametrize(('stamp_s', 'words'), [
    (lambda now_s: 0, 'are zero'),
    (lambda now_s: 4321, ' s) do not count from 1970'),
    (lambda now_s: now_s - 3 * 3600, '3 hours behind this clock'),
    (lambda now_s: now_s - 400 * DAY_S, '400 days behind this clock'),
    (lambda now_s: now_s + 240, '4 minutes ahead of this clock'),
], ids=['zero', 'since boot', 'hours off', 'an old bag', 'ahead'])
def test_stamps_of_another_clock_are_told_and_are_no_latency(graph, reports, stamp_s, words):
    node = graph.add(FaceNode)
    graph.up(node)
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw')
    stamp_ns = stamp_s(int(time.time())) * S
    graph.ask(images, sample_message(0, stamp_ns), faces, stamp_ns)
    node.throughput._interval_s = 60.0  # the next image is not due soon
    status, rows = reports.wait('face_node', lambda s: 'of the images' in s.message)
    assert status.level == DiagnosticStatus.WARN
    assert words in status.message
    assert 'use_sim_time' in status.message
    assert rows['latency p50 (ms)'] == rows['latency p95 (ms)'] == ''


@pytest.mark.parametrize(('dropped', 'level', 'words'), [
    (15, DiagnosticStatus.WARN, 'The node is too slow, 3.0 of 30.0 messages/s are dropped'),
    (2, DiagnosticStatus.OK, 'Running; 0.4 of 30.0 messages/s are dropped.'),
    (0, DiagnosticStatus.OK, 'Running.'),
])
@pytest.mark.parametrize('kind', [FaceNode, EmotionNode])
def test_a_node_that_drops_a_tenth_does_not_say_that_all_is_well(
    graph, kind, dropped, level, words,
):
    node = graph.add(kind)
    graph.up(node)
    # Five seconds of 30 images/s.
    meter = node.throughput
    meter._start -= 60
    for _ in range(150):
        meter.count_in()
    if dropped:
        meter.count_dropped(dropped)
    found, message = graph.do(node.status, meter.snapshot())[0]
    assert (found, message[:len(words)]) == (level, words)
    remedy = 'detector.interval' if kind is FaceNode else 'rate_hz'
    assert (remedy in message) == (level == DiagnosticStatus.WARN)


def test_dropped_and_faulty_messages_are_counted(graph, reports):
    node = graph.add(FaceNode, input__max_delay_s=0.0)
    graph.up(node)
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw')
    graph.ask(images, sample_message(0, S), faces, S)
    received = node.throughput.snapshot().received

    late = [sample_message(0, k * S) for k in range(2, 30)]

    def burst():
        # All at once, as when the worker is held up: only the newest is kept.
        for message in late:
            node._subscription._callback(message)

    graph.do(burst)
    faces.wait_for_stamp(29 * S)
    images.publish(image_message(np.zeros((48, 64), np.uint8), 'jpeg', 30 * S))
    wait_until(lambda: node.throughput.snapshot().failed == 1)
    status, rows = reports.wait('face_node', lambda s: s.level == DiagnosticStatus.WARN)
    assert int(rows['received']) == received + 28 + 1
    assert int(rows['dropped']) == received + 28 - int(rows['published'])
    assert int(rows['dropped']) >= 25
    assert rows['failed'] == '1'


def test_lost_images_are_counted_and_the_remedy_is_told(graph, reports):
    node = graph.add(FaceNode)
    graph.up(node)
    images = graph.speaker(Image, 'image_raw')
    graph.ask(images, sample_message(0, S), graph.listen(FaceArray, 'faces'), S)
    # What the middleware calls where it has lost something.
    (lost,) = [
        handler.callback for handler in node._subscription._subscription.event_handlers
        if 'MESSAGE_LOST' in str(handler.event_type)]
    graph.do(lost, SimpleNamespace(total_count=3, total_count_change=3))
    status, rows = reports.wait('face_node', lambda s: 'were lost' in s.message)
    assert status.level == DiagnosticStatus.WARN
    assert status.message.startswith('3 messages on /image_raw were lost')
    assert 'fastdds.xml' in status.message
    assert rows['lost in transport'] == '3'


def test_a_node_that_could_not_be_activated_says_why(graph, reports, monkeypatch):
    node = graph.add(EmotionNode)
    monkeypatch.setattr(node, 'start_worker', Mock(side_effect=ValueError('no thread is left')))
    assert graph.change(node, 'configure', 'activate') == [True, False]
    status, _ = reports.wait('emotion_node', lambda s: s.level == DiagnosticStatus.ERROR)
    assert status.message == 'emotion_node cannot be activated: no thread is left'


@pytest.mark.parametrize('kind', [FaceNode, CameraNode])
def test_simulated_time_that_does_not_come_is_told(graph, reports, kind):
    settings = {'source': 'sample'} if kind is CameraNode else {}
    node = graph.add(kind, use_sim_time=True, **settings)
    graph.up(node)
    if kind is FaceNode:
        images = graph.speaker(Image, 'image_raw')
        graph.ask(images, sample_message(0, S), graph.listen(FaceArray, 'faces'), S)
    status, rows = reports.wait(
        node.get_name(),
        lambda s: any(row.key == 'published' and row.value != '0' for row in s.values))
    assert status.level == DiagnosticStatus.WARN
    assert 'on /clock' in status.message
    assert rows['latency p50 (ms)'] == ''


def test_counts_begin_anew_with_each_activation(graph, reports):
    node = graph.add(EmotionNode)
    graph.up(node)
    emotions = graph.listen(EmotionArray, 'emotions')
    faces = graph.speaker(FaceArray, 'faces')
    graph.ask(faces, FaceArray(header=header(S), image_width=64, image_height=48), emotions, S)
    graph.change(node, 'deactivate', 'activate')
    _, rows = reports.wait('emotion_node', lambda s: s.level == DiagnosticStatus.STALE)
    assert rows['received'] == rows['published'] == '0'
    assert rows['latency p50 (ms)'] == ''


@pytest.mark.parametrize('settled', [False, True])
def test_a_source_that_is_too_slow_is_told_once_its_rate_is_known(graph, settled):
    node = graph.add(CameraNode, source='sample', rate_hz=10.0)
    graph.up(node)
    wait_until(lambda: node.throughput.snapshot().published > 2)
    # A few images, and time is told to have run: that is far from 10 images/s.
    node.throughput._start -= 60
    node._running_since -= 60 if settled else 0
    level, message = graph.do(node.status, node.throughput.snapshot())[0]
    assert level == (DiagnosticStatus.WARN if settled else DiagnosticStatus.OK)
    assert ('of 10 images/s' in message) is settled


def test_nobody_listens_to_the_overlay_is_no_fault(graph, reports):
    graph.up(graph.add(OverlayNode))
    status, _ = reports.wait('overlay_node', lambda s: s.message != 'Inactive.')
    assert status.level == DiagnosticStatus.OK
    assert 'Nobody subscribes' in status.message
    graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    status, rows = reports.wait('overlay_node', lambda s: s.level != DiagnosticStatus.OK)
    assert '/image_raw' in status.message
    assert '/emotions' in status.message
    assert rows['images without emotions'] == '0'
