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

"""Nodes of one process hand messages over directly; nobody misses one or gets it twice."""

from array import array

from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.nodes.base.local_topics import publish, share, unshare
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.image_conversion import to_message
from fer_ros.nodes.qos import IMAGES, RESULTS
from graph import BEST_EFFORT, header, sample, wait_until
import pytest
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image
from std_msgs.msg import String

FRAMES = 12
STEP_NS = 33_000_000


class Speaker(LifecycleNode):
    """A node with one publisher."""

    def __init__(self, kind, topic, qos, **kwargs):
        super().__init__('speaker', **kwargs)
        self.publisher = self.create_lifecycle_publisher(kind, topic, qos)


def speaker(graph, kind=String, topic='words', qos=RESULTS, active=True):
    def create(**kwargs):
        return Speaker(kind, topic, qos, **kwargs)
    node = graph.add(create)
    if active:
        graph.up(node)
    return node


@pytest.fixture
def listener(graph):
    """Return a function that subscribes in this process, shared, and returns the messages."""
    made = []

    def listen(topic='words', qos=RESULTS):
        got = []
        subscription = graph.do(
            lambda: graph.probe.create_subscription(String, topic, got.append, qos))
        share(subscription)
        made.append(subscription)
        return got
    yield listen
    for subscription in made:
        unshare(subscription)


def test_all_shared_subscriptions_get_the_message_itself(graph, listener):
    node = speaker(graph)
    first, second, other = listener(), listener(), listener('other_words')
    message = String(data='hello')
    publish(node.publisher, message)
    # Directly means: at once, without the executor.
    assert first[0] is message
    assert second[0] is message
    assert not other


def test_with_another_subscriber_everybody_gets_it_once(graph, listener):
    node = speaker(graph)
    local = listener()
    others = graph.listen(String, 'words')
    wait_until(lambda: node.publisher.get_subscription_count() == 2)
    for word in 'abc':
        publish(node.publisher, String(data=word))
    others.wait(lambda m: m.data == 'c')
    wait_until(lambda: len(local) >= 3)
    # When nobody else subscribes any more, the message is handed over again.
    graph.do(graph.probe.destroy_subscription, others.subscription)
    wait_until(lambda: node.publisher.get_subscription_count() == 1)
    publish(node.publisher, String(data='d'))
    assert [m.data for m in local] == list('abcd')
    assert [m.data for m in others] == list('abc')


def test_an_inactive_publisher_hands_nothing_over(graph, listener):
    node = speaker(graph, active=False)
    got = listener()
    publish(node.publisher, String(data='no'))
    graph.up(node)
    publish(node.publisher, String(data='yes'))
    assert [m.data for m in got] == ['yes']


def test_without_sharing_the_middleware_delivers(graph, listener):
    node = speaker(graph)
    got = listener()
    (subscription,) = [s for s in graph.probe.subscriptions if s.topic_name == '/words']
    unshare(subscription)
    wait_until(lambda: node.publisher.get_subscription_count() == 1)
    message = String(data='hello')
    publish(node.publisher, message)
    wait_until(lambda: got)
    assert got[0] is not message


def test_a_reliable_subscription_gets_nothing_from_a_best_effort_publisher(graph, listener):
    node = speaker(graph, qos=BEST_EFFORT)
    reliable, best_effort = listener(), listener(qos=BEST_EFFORT)
    publish(node.publisher, String(data='hello'))
    assert len(best_effort) == 1
    assert not reliable


class SpyingEmotionNode(EmotionNode):
    """Records how the crops of the faces are stored."""

    kinds: set[type]

    def _work_on(self, message):
        self.kinds |= {type(face.crop.data) for face in message.faces}
        super()._work_on(message)


def test_the_emotions_are_the_same_with_and_without_the_middleware(graph):
    def emotions(listeners):
        SpyingEmotionNode.kinds = set()
        received = graph.listen(EmotionArray, 'emotions')
        nodes = [
            graph.add(SpyingEmotionNode, rate_hz=0.0, budget_ms=0.0),
            graph.add(FaceNode, unique_ids=False)]
        graph.up(*nodes)
        source = speaker(graph, Image, 'image_raw', IMAGES)
        inboxes = [graph.listen(kind, topic, BEST_EFFORT) for kind, topic in listeners]
        count = 1 + len(inboxes[:1])
        wait_until(lambda: source.publisher.get_subscription_count() == count)
        wait_until(lambda: nodes[1]._publisher.get_subscription_count() == count)
        result = []
        for index in range(FRAMES):
            stamp = 1 + index * STEP_NS
            publish(source.publisher, to_message(sample().frame(index), header(stamp)))
            result.append(received.wait_for_stamp(stamp))
        for inbox in inboxes:
            assert len(inbox) == FRAMES
            graph.do(graph.probe.destroy_subscription, inbox.subscription)
        graph.do(graph.probe.destroy_subscription, received.subscription)
        for node in (source, *reversed(nodes)):
            graph.remove(node)
        return result, SpyingEmotionNode.kinds
    direct, kinds = emotions([])
    assert kinds == {memoryview}
    through, kinds = emotions([(Image, 'image_raw'), (FaceArray, 'faces')])
    assert kinds == {array}
    assert [len(m.emotions) for m in direct][-1] == 2
    # Track IDs included: both runs count from 1.
    # In words, because positions are NaN without a calibration, which is not equal to itself.
    assert [str(message) for message in direct] == [str(message) for message in through]
