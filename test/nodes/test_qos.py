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

"""Quality of service: who hears whom, and what is said where they cannot."""

from pathlib import Path
import subprocess
import sys

from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from fer_ros.nodes.qos import IMAGES
from graph import BEST_EFFORT, image_message, RELIABLE, sample, wait_until
import numpy as np
import pytest
from rcl_interfaces.msg import Log
import rclpy
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, qos_profile_sensor_data, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

S = 10**9
LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
QOS = {ReliabilityPolicy.RELIABLE: RELIABLE, ReliabilityPolicy.BEST_EFFORT: BEST_EFFORT}


def blank(stamp_ns):
    return image_message(np.zeros((48, 64, 3), np.uint8), stamp_ns=stamp_ns)


def reliability(node, topic='/image_raw'):
    """Return what the graph says about the node's subscription."""
    return next(
        (
            s.qos_profile.reliability
            for s in node.get_subscriptions_info_by_topic(topic)
            if s.node_name == node.get_name()
        ),
        None,
    )


TOPICS = [
    (CameraNode, Image, 'image_raw'), (CameraNode, CameraInfo, 'camera_info'),
    (OverlayNode, Image, 'emotions/overlay'),
    (OverlayNode, CompressedImage, 'emotions/overlay/compressed'),
]


def add(graph, kind, **parameters):
    return graph.add(kind, **({'source': 'sample'} if kind is CameraNode else {}), **parameters)


@pytest.mark.parametrize('qos', [10, qos_profile_sensor_data], ids=['usual', 'sensor data'])
@pytest.mark.parametrize(('kind', 'message', 'topic'), TOPICS)
def test_images_reach_every_kind_of_subscriber(graph, kind, message, topic, qos):
    heard = graph.listen(message, topic, qos)
    node = add(graph, kind)
    graph.up(node)
    if kind is OverlayNode:
        emotions = graph.speaker(EmotionArray, 'emotions')
        images = graph.speaker(Image, 'image_raw', RELIABLE)
        wait_until(lambda: images.get_subscription_count() and emotions.get_subscription_count())
        array = EmotionArray()
        array.header.stamp.sec = 1
        emotions.publish(array)
        graph.ask(images, blank(S), heard, S)
    heard.wait()
    assert not graph.log(f'/{topic} does not reach')


@pytest.mark.parametrize(('kind', 'message', 'topic'), TOPICS)
def test_a_subscriber_who_asks_for_too_much_is_told(graph, kind, message, topic):
    node = add(graph, kind)
    graph.up(node)
    graph.listen(message, topic, LATCHED)
    warning = graph.wait_for_log('/probe', node.get_name(), level=Log.WARN)
    assert f'/{topic} ' in warning
    assert 'durability' in warning
    assert 'volatile' in warning


@pytest.mark.parametrize(('kind', 'message', 'topic'), TOPICS)
def test_the_quality_of_published_images_can_be_overridden(graph, kind, message, topic):
    names = (kind, message, topic)
    graph.up(add(graph, kind, **{
        f'qos_overrides./{topic}.publisher.{policy}': value for policy, value in (
            ('reliability', 'best_effort'), ('durability', 'transient_local'), ('depth', 2))}))
    profiles = {
        other: graph.probe.get_publishers_info_by_topic(f'/{other}')[0].qos_profile
        for made_by, _, other in TOPICS if made_by is kind}
    changed = profiles.pop(topic)
    assert changed.reliability is ReliabilityPolicy.BEST_EFFORT, names
    assert changed.durability is DurabilityPolicy.TRANSIENT_LOCAL, names
    # The profile of the other topics is not changed with it.
    assert {p.reliability for p in profiles.values()} == {ReliabilityPolicy.RELIABLE}
    assert IMAGES.depth == 10
    warning = graph.listen(message, topic, RELIABLE)
    assert '/probe' in graph.wait_for_log(f'/{topic} does not reach', level=Log.WARN)
    assert not warning


@pytest.mark.parametrize(('policy', 'value'), [('reliability', 'sometimes'), ('depth', 'many')])
def test_a_wrong_override_is_refused_in_a_sentence(graph, policy, value):
    camera = add(graph, CameraNode, **{f'qos_overrides./image_raw.publisher.{policy}': value})
    face = graph.add(FaceNode, **{f'qos_overrides./image_raw.subscription.{policy}': value})
    assert graph.change(camera, 'configure') == [False]
    assert 'qos_overrides./image_raw.publisher is wrong' in graph.wait_for_log(
        'camera_node cannot be configured', level=Log.ERROR)
    assert graph.change(face, 'configure', 'activate') == [True, False]
    assert 'qos_overrides./image_raw.subscription is wrong' in graph.wait_for_log(
        'face_node cannot be activated', level=Log.ERROR)


@pytest.mark.parametrize(
    ('override', 'publisher'), [('reliable', BEST_EFFORT), ('best_effort', RELIABLE)])
def test_the_quality_of_the_subscription_can_be_overridden(graph, override, publisher):
    images = graph.speaker(Image, 'image_raw', publisher)
    node = graph.add(FaceNode, **{
        'qos_overrides./image_raw.subscription.reliability': override,
        'qos_overrides./image_raw.subscription.depth': 3})
    graph.up(node)
    wait_until(lambda: images.get_subscription_count() or override == 'reliable')
    assert reliability(node) is ReliabilityPolicy[override.upper()]
    assert graph.do(lambda: node._subscription._subscription.qos_profile.depth) == 3
    if override == 'reliable':
        warning = graph.wait_for_log('cannot receive /image_raw', level=Log.WARN)
        assert 'qos_overrides./image_raw.subscription.reliability' in warning
    else:
        graph.ask(images, blank(S), graph.listen(FaceArray, 'faces'), S)
        assert reliability(node) is ReliabilityPolicy.BEST_EFFORT


@pytest.fixture
def others():
    """Return a function that makes nodes of a name, each in a context as of another process."""
    made = []

    def node(name):
        context = rclpy.Context()
        rclpy.init(context=context)
        made.append((Node(name, context=context), context))
        return made[-1][0]

    yield node
    for node, context in made:
        node.destroy_node()
        rclpy.shutdown(context=context)


def test_the_warning_names_the_subscriber_that_hears_nothing(graph, others):
    graph.up(graph.add(CameraNode, source='sample'))
    others('hears').create_subscription(Image, 'image_raw', print, BEST_EFFORT)
    others('deaf').create_subscription(Image, 'image_raw', print, LATCHED)
    others('another_type').create_subscription(CompressedImage, 'image_raw', print, LATCHED)
    warning = graph.wait_for_log('/image_raw does not reach', level=Log.WARN)
    assert '/deaf' in warning
    assert 'durability' in warning
    assert '/hears' not in warning
    assert '/another_type' not in warning


def test_the_warning_names_the_publisher_that_is_not_heard(graph, others):
    graph.up(graph.add(EmotionNode))
    others('heard').create_publisher(FaceArray, 'faces', RELIABLE)
    others('unheard').create_publisher(FaceArray, 'faces', BEST_EFFORT)
    warning = graph.wait_for_log('cannot receive /faces', level=Log.WARN)
    assert '/unheard' in warning
    assert '/heard' not in warning


def test_a_publisher_who_offers_too_little_is_told(graph):
    node = graph.add(FaceNode, input__reliability='reliable')
    graph.up(node)
    graph.speaker(Image, 'image_raw', BEST_EFFORT)
    warning = graph.wait_for_log('/probe', '/image_raw', 'face_node', level=Log.WARN)
    assert 'input.reliability' in warning
    assert 'best_effort' in warning


@pytest.mark.parametrize('policy', QOS)
def test_automatic_reliability_is_that_of_the_publisher(graph, policy):
    images = graph.speaker(Image, 'image_raw', QOS[policy])
    faces = graph.listen(FaceArray, 'faces')
    node = graph.add(FaceNode)
    wait_until(lambda: node.count_publishers('image_raw') == 1)
    graph.up(node)
    assert reliability(node) is policy
    graph.ask(images, blank(S), faces, S)


@pytest.mark.parametrize(
    ('policy', 'expected'),
    [('best_effort', ReliabilityPolicy.BEST_EFFORT), ('reliable', ReliabilityPolicy.RELIABLE)],
)
def test_reliability_can_be_chosen(graph, policy, expected):
    images = graph.speaker(Image, 'image_raw', RELIABLE)
    faces = graph.listen(FaceArray, 'faces')
    node = graph.add(FaceNode, input__reliability=policy)
    graph.up(node)
    assert reliability(node) is expected
    graph.ask(images, blank(S), faces, S)
    assert reliability(node) is expected


@pytest.mark.parametrize('remaps', [{}, {'image_raw': '/driver/image'}], ids=['plain', 'remapped'])
def test_another_publisher_is_followed(graph, remaps):
    topic = remaps.get('image_raw', '/image_raw')
    faces = graph.listen(FaceArray, 'faces')
    node = graph.add(FaceNode, remaps=remaps)
    graph.up(node)
    assert reliability(node, topic) is ReliabilityPolicy.BEST_EFFORT
    sure = graph.speaker(Image, topic, RELIABLE)
    wait_until(lambda: reliability(node, topic) is ReliabilityPolicy.RELIABLE)
    graph.ask(sure, blank(S), faces, S)
    quick = graph.speaker(Image, topic, BEST_EFFORT)
    wait_until(lambda: reliability(node, topic) is ReliabilityPolicy.BEST_EFFORT)
    graph.ask(sure, blank(2 * S), faces, 2 * S)
    graph.ask(quick, blank(3 * S), faces, 3 * S)
    graph.do(graph.probe.destroy_publisher, quick)
    wait_until(lambda: reliability(node, topic) is ReliabilityPolicy.RELIABLE)
    # Without any publisher it stays as it is.
    graph.do(graph.probe.destroy_publisher, sure)
    wait_until(lambda: node.count_publishers(topic) == 0)
    graph.do(lambda: None)
    assert reliability(node, topic) is ReliabilityPolicy.RELIABLE


def test_the_overlay_follows_as_well(graph):
    node = graph.add(OverlayNode)
    graph.up(node)
    graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    wait_until(lambda: reliability(node) is ReliabilityPolicy.BEST_EFFORT)
    graph.speaker(Image, 'image_raw', RELIABLE)
    wait_until(lambda: reliability(node) is ReliabilityPolicy.RELIABLE)


STOPPED = """
import os
import signal
import rclpy
from sensor_msgs.msg import Image
rclpy.init()
node = rclpy.create_node('stopped')
subscription = node.create_subscription(Image, 'image_raw', print, 10)
while not subscription.get_publisher_count():
    rclpy.spin_once(node, timeout_sec=0.1)
os.kill(os.getpid(), signal.SIGSTOP)
"""
"""A reliable subscriber that stops, as in a debugger, as soon as it is known to the publisher."""


@pytest.mark.slow
def test_a_stopped_reliable_subscriber_holds_nobody_up(graph):
    images = graph.speaker(Image, 'image_raw', IMAGES)
    faces = graph.listen(FaceArray, 'faces')
    node = graph.add(FaceNode)
    graph.up(node)
    wait_until(lambda: reliability(node) is ReliabilityPolicy.RELIABLE)
    with subprocess.Popen((sys.executable, '-c', STOPPED)) as process:
        try:
            wait_until(lambda: 'State:\tT' in Path(f'/proc/{process.pid}/status').read_text())
            assert images.get_subscription_count() == 2
            # Twice what fits into the shared memory of the publisher (32 MiB).
            for index in range(72):
                stamp = (index + 1) * S
                images.publish(image_message(sample().frame(0), stamp_ns=stamp))
                faces.wait_for_stamp(stamp)
        finally:
            process.kill()


def test_results_are_reliable_and_reach_best_effort_subscribers(graph):
    graph.up(graph.add(EmotionNode))
    (info,) = graph.probe.get_publishers_info_by_topic('/emotions')
    assert info.qos_profile.reliability is ReliabilityPolicy.RELIABLE
    faces = graph.speaker(FaceArray, 'faces', RELIABLE)
    heard = graph.listen(EmotionArray, 'emotions', BEST_EFFORT)
    message = FaceArray(image_width=640, image_height=480)
    message.header.stamp.sec = 1
    graph.ask(faces, message, heard, S)


def test_a_best_effort_publisher_of_faces_is_told(graph):
    graph.up(graph.add(EmotionNode))
    graph.speaker(FaceArray, 'faces', BEST_EFFORT)
    warning = graph.wait_for_log('/probe', '/faces', level=Log.WARN)
    assert 'publish it as reliable' in warning
    assert 'parameter' not in warning
