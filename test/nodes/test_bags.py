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

"""Images that come out of bags, on the bag's time."""

from array import array
import sqlite3
import time

import cv2
from diagnostic_msgs.msg import DiagnosticStatus
from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.core.emotion_stage import EmotionStage
from fer_ros.core.face_stage import FaceStage
from fer_ros.core.values import NS_PER_S
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_conversion import stamp_ns, to_stamp
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.image_conversion import to_message
from graph import BEST_EFFORT, sample, wait_until
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from rclpy.qos import ReliabilityPolicy
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.rosbag2 import Reader, Writer
from rosbags.typesys import get_typestore, Stores
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

BEGIN_NS = 1_500_000_000 * NS_PER_S
IMAGES = 12


TOPICS = {
    '/image_raw': 'sensor_msgs/msg/Image',
    '/image_raw/compressed': 'sensor_msgs/msg/CompressedImage',
}
KINDS = {'/image_raw': Image, '/image_raw/compressed': CompressedImage}


def recorded(topic, index, header):
    """Return an image of the sample as a robot records it."""
    image = sample().frame(index)
    if topic == '/image_raw':
        return to_message(image, header)
    data = cv2.imencode('.jpg', image)[1].tobytes()
    return CompressedImage(
        header=header, format='rgb8; jpeg compressed bgr8', data=array('B', data))


@pytest.fixture(params=TOPICS)
def topic(request):
    """Return the only topic of images in the bag."""
    return request.param


@pytest.fixture
def bag(tmp_path, topic):
    """
    Return a bag of the sample's first images, ten a second.

    It is as a robot recorded it years ago.
    """
    store = get_typestore(Stores.ROS2_JAZZY)
    path = tmp_path / 'bag'
    with Writer(path, version=9) as writer:
        connection = writer.add_connection(topic, TOPICS[topic], typestore=store)
        for index in range(IMAGES):
            time_ns = BEGIN_NS + index * NS_PER_S // 10
            message = recorded(
                topic, index, Header(stamp=to_stamp(time_ns), frame_id='eye'))
            writer.write(connection, time_ns, serialize_message(message))
    return path


def play(bag, kind, images, clock, answers):
    """Publish a bag's time and images, each once the one before is answered; return the stamps."""
    stamps = []
    with Reader(bag) as reader:
        for _, time_ns, data in reader.messages():
            count = len(answers) + 1
            clock.publish(Clock(clock=to_stamp(time_ns)))
            images.publish(deserialize_message(data, kind))
            stamps.append(time_ns)
            wait_until(lambda count=count: len(answers) >= count)
    return stamps


def test_a_bag_that_is_played_twice_gets_an_answer_to_each_image_on_its_own_time(
    graph, bag, topic,
):
    kind = KINDS[topic]
    # Without a budget no face waits for its turn.
    nodes = [
        graph.add(EmotionNode, use_sim_time=True, input__max_delay_s=10.0, budget_ms=0.0),
        graph.add(
            FaceNode, use_sim_time=True, input__max_delay_s=10.0, remaps={'image_raw': topic})]
    graph.up(*nodes)
    answers = graph.listen(EmotionArray, 'emotions')
    images, clock = graph.speaker(kind, topic), graph.speaker(Clock, '/clock')
    wait_until(
        lambda: images.get_subscription_count() == 1 and clock.get_subscription_count() == 2)
    wait_until(lambda: graph.probe.count_publishers('emotions') == 1)
    stamps = [*play(bag, kind, images, clock, answers), *play(bag, kind, images, clock, answers)]
    assert [stamp_ns(answer.header.stamp) for answer in answers] == stamps
    assert {answer.header.frame_id for answer in answers} == {'eye'}
    first, second = answers[:IMAGES], answers[IMAGES:]
    assert [len(answer.emotions) for answer in first] == [0] + [2] * (IMAGES - 1)
    assert [len(answer.emotions) for answer in second] == [0] + [2] * (IMAGES - 1)
    # Time went back: whoever is there now is not known to be who was there before.
    identities = [{e.track_id for a in part for e in a.emotions} for part in (first, second)]
    assert identities == [{1, 2}, {3, 4}]
    times = [stamp_ns(e.classified_at) for a in answers for e in a.emotions]
    assert all(BEGIN_NS <= time <= BEGIN_NS + 2 * NS_PER_S for time in times)


def play_without_waiting(bag, kind, images):
    """Publish all images of a bag at once, as a player does for which the nodes are too slow."""
    stamps = []
    with Reader(bag) as reader:
        for _, time_ns, data in reader.messages():
            images.publish(deserialize_message(data, kind))
            stamps.append(time_ns)
    return stamps


@pytest.fixture
def slow_nodes(monkeypatch):
    """Let face_node and emotion_node need longer than `input.max_delay_s` for an image."""
    for stage in FaceStage, EmotionStage:
        def process(self, *arguments, process=stage.process):
            time.sleep(0.12)
            return process(self, *arguments)
        monkeypatch.setattr(stage, 'process', process)


def replay(graph, bag, topic, **parameters):
    """Play a bag to nodes that are too slow; return its stamps, the answers and the nodes."""
    nodes = [
        graph.add(EmotionNode, budget_ms=0.0, **parameters),
        graph.add(FaceNode, remaps={'image_raw': topic}, **parameters)]
    graph.up(*nodes)
    answers = graph.listen(EmotionArray, 'emotions')
    images = graph.speaker(KINDS[topic], topic)
    wait_until(lambda: images.get_subscription_count() == 1)
    wait_until(lambda: reliability(nodes[1], topic) is ReliabilityPolicy.RELIABLE)
    wait_until(lambda: graph.probe.count_publishers('emotions') == 1)
    return play_without_waiting(bag, KINDS[topic], images), answers, nodes


def reliability(node, topic):
    """Return what the graph says about the subscription of a node."""
    return next((
        s.qos_profile.reliability for s in node.get_subscriptions_info_by_topic(topic)
        if s.node_name == node.get_name()), None)


def test_with_the_policy_all_every_image_of_a_bag_is_answered_in_order(
    graph, bag, topic, slow_nodes,
):
    stamps, answers, nodes = replay(graph, bag, topic, input__policy='all')
    answers.wait()
    level, rows, _ = graph.do(nodes[1]._diagnose)
    assert level == (DiagnosticStatus.OK, f'Running; {rows["waiting"]} inputs wait.')
    wait_until(lambda: len(answers) >= len(stamps))
    assert [stamp_ns(answer.header.stamp) for answer in answers] == stamps
    assert [len(answer.emotions) for answer in answers] == [0] + [2] * (IMAGES - 1)
    assert [node.throughput.snapshot().dropped for node in nodes] == [0, 0]


def test_with_the_policy_newest_only_the_last_image_of_a_bag_is_sure_to_be_answered(
    graph, bag, topic, slow_nodes,
):
    stamps, answers, nodes = replay(graph, bag, topic)
    answers.wait_for_stamp(stamps[-1])
    assert len(answers) < len(stamps)
    assert nodes[1].throughput.snapshot().dropped


def test_a_full_queue_refuses_images_and_says_what_to_do(graph, bag, topic, slow_nodes):
    stamps, answers, (_, node) = replay(
        graph, bag, topic, input__policy='all', input__max_queue_mib=1)
    wait_until(lambda: (
        node.throughput.snapshot().received == IMAGES and not node.worker.waiting))
    answers.wait_for_stamp(stamps[0])
    dropped = node.throughput.snapshot().dropped
    wait_until(lambda: len(answers) == IMAGES - dropped)
    # In 1 MiB, one raw image or all JPEG images can wait.
    assert bool(dropped) == (topic == '/image_raw')
    if dropped:
        warning = graph.wait_for_log('input.max_queue_mib', level=Log.WARN)
        assert '--rate' in warning
        level, _, _ = graph.do(node._diagnose)
        assert level[0] == DiagnosticStatus.WARN
        assert 'input.max_queue_mib' in level[1]


def test_a_best_effort_publisher_is_told_where_no_image_may_be_lost(graph):
    node = graph.add(FaceNode, input__policy='all')
    graph.up(node)
    assert reliability(node, '/image_raw') is ReliabilityPolicy.RELIABLE
    answers = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw', BEST_EFFORT)
    warning = graph.wait_for_log('Images can be lost', level=Log.WARN)
    assert '/image_raw' in warning
    assert '--qos-profile-overrides-path' in warning
    graph.ask(images, recorded('/image_raw', 0, Header(stamp=to_stamp(NS_PER_S))), answers,
              NS_PER_S)


def test_the_face_in_a_recorded_bag_of_a_webcam_is_found(graph, data_directory):
    with sqlite3.connect(data_directory / 'bag' / 'klintan_sample.db3') as database:
        (data,), = database.execute(
            'SELECT data FROM messages JOIN topics ON topics.id = topic_id WHERE name = ?',
            ('/image',))
    message = deserialize_message(bytes(data), Image)
    node = graph.add(FaceNode, remaps={'image_raw': 'image'}, tracker__min_hits=1)
    graph.up(node)
    answers = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image')
    wait_until(lambda: images.get_subscription_count() == 1)
    answer = graph.ask(images, message, answers, stamp_ns(message.header.stamp))
    assert (answer.image_width, answer.image_height) == (message.width, message.height)
    face, = answer.faces
    crop = np.frombuffer(face.crop.data, np.uint8)
    assert crop.std() > 20
