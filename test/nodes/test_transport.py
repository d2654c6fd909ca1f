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

"""Topics of raw and of compressed images: the type of the topic decides."""

from array import array
import time

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.nodes import socket_buffers
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from graph import BEST_EFFORT, header, RELIABLE, sample, sample_message, wait_until
import pytest
from rcl_interfaces.msg import Log
import rclpy
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

S = 10**9


def jpeg_message(index, stamp_ns):
    """Return a frame of the sample clip as image_transport sends it."""
    _, data = cv2.imencode('.jpg', sample().frame(index))
    return CompressedImage(
        header=header(stamp_ns), format='bgr8; jpeg compressed bgr8',
        data=array('B', data.tobytes()))


MESSAGES = {Image: sample_message, CompressedImage: jpeg_message}


@pytest.fixture
def driver():
    """Return a node in a context of its own, as in another process."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node('driver', context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def transport(node, topic='/image_raw'):
    """Return the type of the node's subscription in the graph."""
    return [
        s.topic_type for s in node.get_subscriptions_info_by_topic(topic)
        if s.node_name == node.get_name()]


@pytest.mark.parametrize('qos', [RELIABLE, BEST_EFFORT], ids=['reliable', 'best effort'])
@pytest.mark.parametrize('kind', MESSAGES)
@pytest.mark.parametrize('topic', ['/cam/image_raw', '/cam/image_raw/compressed'])
def test_faces_are_found_whatever_type_the_topic_has(graph, driver, topic, kind, qos):
    faces = graph.listen(FaceArray, 'faces')
    images = driver.create_publisher(kind, topic, qos)
    node = graph.add(FaceNode, remaps={'image_raw': topic}, tracker__min_hits=1)
    graph.up(node)
    answer = graph.ask(images, MESSAGES[kind](0, S), faces, S)
    assert (answer.image_width, answer.image_height) == (640, 480)
    found = sorted(f.roi.x_offset + f.roi.width / 2 for f in answer.faces)
    true = sorted(f.box.center[0] for f in sample().truth(0))
    assert found == pytest.approx(true, abs=10)


def test_a_driver_that_comes_later_and_changes_its_type_is_followed(graph, driver):
    faces = graph.listen(FaceArray, 'faces')
    node = graph.add(FaceNode)
    graph.up(node)
    assert transport(node) == ['sensor_msgs/msg/Image']
    for stamp, kind in enumerate((CompressedImage, Image, CompressedImage), 1):
        images = driver.create_publisher(kind, 'image_raw', RELIABLE)
        graph.ask(images, MESSAGES[kind](0, stamp * S), faces, stamp * S)
        driver.destroy_publisher(images)
    # Without any publisher the type stays as it is.
    wait_until(lambda: node.count_publishers('image_raw') == 0)
    graph.do(node._subscription._follow_type)
    assert transport(node) == ['sensor_msgs/msg/CompressedImage']
    graph.change(node, 'deactivate')
    wait_until(lambda: not transport(node))


def test_two_nodes_of_a_process_change_their_type_together(graph, driver):
    overlays = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    faces = graph.listen(FaceArray, 'faces')
    emotions = graph.speaker(EmotionArray, 'emotions')
    nodes = [graph.add(FaceNode), graph.add(OverlayNode)]
    graph.up(*nodes)
    wait_until(lambda: all(transport(node) == ['sensor_msgs/msg/Image'] for node in nodes))
    images = driver.create_publisher(CompressedImage, 'image_raw', RELIABLE)
    graph.ask(images, jpeg_message(0, S), faces, S)
    emotions.publish(EmotionArray(header=header(2 * S)))
    drawn = graph.ask(images, jpeg_message(0, 2 * S), overlays, 2 * S)
    assert (drawn.width, drawn.height, drawn.encoding) == (640, 480, 'bgr8')
    assert not graph.log('cannot subscribe')


def test_two_nodes_of_a_process_that_ask_for_two_types_are_told(graph):
    graph.up(graph.add(FaceNode))
    graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.up(graph.add(OverlayNode, input__transport='compressed'))
    assert '/image_raw' in graph.wait_for_log('overlay_node cannot subscribe', level=Log.WARN)


@pytest.mark.parametrize(('asked', 'kind', 'words'), [
    ('raw', CompressedImage, ('sensor_msgs/msg/CompressedImage', 'input.transport', 'auto')),
    ('compressed', Image, ('sensor_msgs/msg/Image', 'input.transport', 'auto')),
    ('auto', String, ('std_msgs/msg/String', 'No other topic has images')),
])
def test_a_topic_of_another_type_is_named_with_what_to_do(
    graph, driver, silence_is_told_early, asked, kind, words,
):
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    publisher = driver.create_publisher(kind, 'image_raw', RELIABLE)
    graph.up(graph.add(FaceNode, input__transport=asked))
    status = reports.wait(
        lambda m: 'its type is' in m.status[0].message).status[0]
    assert status.level == DiagnosticStatus.STALE
    line = graph.wait_for_log('No image has arrived on /image_raw', 'its type is', level=Log.WARN)
    for text in (status.message, line):
        assert all(word in text for word in words), text
    driver.destroy_publisher(publisher)


@pytest.fixture
def silence_is_told_early(monkeypatch):
    monkeypatch.setattr('fer_ros.nodes.silence_log.SILENCE_S', 1.0)


def test_a_wrong_topic_is_told_with_the_topics_that_have_images(
    graph, driver, silence_is_told_early,
):
    raw = driver.create_publisher(Image, '/cam/image', RELIABLE)
    jpeg = driver.create_publisher(CompressedImage, '/cam/image/compressed', RELIABLE)
    own = driver.create_publisher(Image, '/robot/emotions/overlay', RELIABLE)
    graph.up(graph.add(FaceNode, remaps={'image_raw': '/cam/image_rwa'}))
    line = graph.wait_for_log('No image has arrived on /cam/image_rwa', level=Log.WARN)
    assert 'nobody publishes it' in line
    assert '/cam/image (sensor_msgs/msg/Image)' in line
    assert '/cam/image/compressed (sensor_msgs/msg/CompressedImage)' in line
    assert 'image_topic:=' in line
    assert 'overlay' not in line
    for publisher in (raw, jpeg, own):
        driver.destroy_publisher(publisher)


def test_a_quality_of_service_that_does_not_match_is_told(graph, driver, silence_is_told_early):
    driver.create_publisher(Image, 'image_raw', BEST_EFFORT)
    graph.up(graph.add(FaceNode, input__reliability='reliable'))
    line = graph.wait_for_log('No image has arrived on /image_raw', '/driver', level=Log.WARN)
    assert 'input.reliability of face_node to auto' in line


def test_a_silent_driver_is_told_once_until_images_arrive(graph, driver, silence_is_told_early):
    faces = graph.listen(FaceArray, 'faces')
    images = driver.create_publisher(Image, 'image_raw', RELIABLE)
    node = graph.add(FaceNode)
    graph.up(node)
    line = graph.wait_for_log('No image has arrived on /image_raw', level=Log.WARN)
    assert '/driver' in line
    checks = graph.do(lambda: node._silence_log)
    for _ in range(3):
        graph.do(checks._check)
    assert len(graph.log('No image has arrived')) == 1
    graph.ask(images, sample_message(0, S), faces, S)
    graph.wait_for_log('Images arrive on /image_raw')
    wait_until(lambda: len(graph.log('No image has arrived')) == 2)


def test_images_that_are_due_later_are_not_missed(graph, driver, silence_is_told_early):
    faces = graph.listen(FaceArray, 'faces')
    images = driver.create_publisher(Image, 'image_raw', RELIABLE)
    node = graph.add(FaceNode)
    graph.up(node)
    for stamp in (S, 2 * S):
        graph.ask(images, sample_message(0, stamp), faces, stamp)
    # Pictures that are shown for ten seconds each; the last one came three seconds ago.
    node.throughput._interval_s = 10.0
    node.throughput._last_in -= 3
    before = len(graph.log('No image has arrived'))
    graph.do(node._silence_log._check)
    assert len(graph.log('No image has arrived')) == before


@pytest.mark.parametrize(('limit', 'is_remote', 'is_told'), [
    (212992, True, True), (212992, False, False), (4194304, True, False), (None, True, False)])
def test_small_socket_buffers_are_told_if_images_come_from_another_computer(
    graph, driver, monkeypatch, tmp_path, limit, is_remote, is_told,
):
    if limit is not None:
        (tmp_path / 'rmem_max').write_text(f'{limit}\n')
    monkeypatch.setattr(socket_buffers, 'LIMIT_FILE', tmp_path / 'rmem_max')
    if is_remote:
        # test_two_hosts.py has two real hosts.
        monkeypatch.setattr(socket_buffers, 'is_published_elsewhere', lambda *_: True)
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    faces = graph.listen(FaceArray, 'faces')
    images = driver.create_publisher(Image, 'image_raw', RELIABLE)
    node = graph.add(FaceNode)
    graph.up(node)
    stamp = time.time_ns()
    graph.ask(images, sample_message(0, stamp), faces, stamp)
    for _ in range(2):
        graph.do(node._subscription._look_around)
    before = len(reports)
    graph.do(node.diagnostics.publish)
    wait_until(lambda: len(reports) > before)
    status = reports[-1].status[0]
    assert {v.key: v.value for v in status.values}['net.core.rmem_max'] == str(limit)
    assert ('net.core.rmem_max=4194304' in status.message) == is_told
    if is_told:
        graph.wait_for_log('net.core.rmem_max', level=Log.WARN)
    assert len(graph.log('net.core.rmem_max')) == int(is_told)
