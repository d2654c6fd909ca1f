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

"""What every node does in every state, and on the way between them."""

import gc
import weakref

from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_conversion import stamp_ns
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from graph import BEST_EFFORT, DEADLINE_S, sample_message, wait_until
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
import pytest
from sensor_msgs.msg import Image

NODES = (CameraNode, FaceNode, EmotionNode, OverlayNode)
TOPICS = {
    CameraNode: ('image_raw', Image),
    FaceNode: ('faces', FaceArray),
    EmotionNode: ('emotions', EmotionArray),
    OverlayNode: ('emotions/overlay', Image),
}
SETTINGS = {CameraNode: {'source': 'sample'}}


class Driver:
    """Asks a node through its services, as tools do."""

    def __init__(self, graph, node):
        self._graph = graph
        name = node.get_fully_qualified_name()
        self._change = graph.do(graph.probe.create_client, ChangeState, f'{name}/change_state')
        self._state = graph.do(graph.probe.create_client, GetState, f'{name}/get_state')

    def _call(self, client, request):
        assert client.wait_for_service(DEADLINE_S)
        future = client.call_async(request)
        wait_until(future.done)
        return future.result()

    def change(self, transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return self._call(self._change, request).success

    @property
    def state(self):
        return self._call(self._state, GetState.Request()).current_state.label


@pytest.fixture(params=NODES, ids=lambda kind: kind.__name__)
def node(graph, request):
    return graph.add(request.param, **SETTINGS.get(request.param, {}))


def test_it_goes_through_all_its_states_twice(graph, node):
    driver = Driver(graph, node)
    for _ in range(2):
        assert driver.state == 'unconfigured'
        for transition, state in (
            (Transition.TRANSITION_CONFIGURE, 'inactive'),
            (Transition.TRANSITION_ACTIVATE, 'active'),
            (Transition.TRANSITION_DEACTIVATE, 'inactive'),
            (Transition.TRANSITION_ACTIVATE, 'active'),
            (Transition.TRANSITION_DEACTIVATE, 'inactive'),
            (Transition.TRANSITION_CLEANUP, 'unconfigured'),
        ):
            assert driver.change(transition)
            assert driver.state == state


@pytest.mark.parametrize(
    ('transitions', 'shutdown'),
    [
        ((), Transition.TRANSITION_UNCONFIGURED_SHUTDOWN),
        (('configure',), Transition.TRANSITION_INACTIVE_SHUTDOWN),
        (('configure', 'activate'), Transition.TRANSITION_ACTIVE_SHUTDOWN),
    ],
)
def test_it_can_be_shut_down_from_every_state(graph, node, transitions, shutdown):
    driver = Driver(graph, node)
    assert all(graph.change(node, *transitions)), graph.log()
    assert driver.change(shutdown)
    assert driver.state == 'finalized'
    # A finalized node permits nothing more, and says so.
    assert not driver.change(Transition.TRANSITION_CONFIGURE)
    assert driver.state == 'finalized'


def test_a_transition_that_is_not_permitted_is_refused_and_the_node_lives_on(graph, node):
    driver = Driver(graph, node)
    assert not driver.change(Transition.TRANSITION_ACTIVATE)
    graph.wait_for_log('not possible', 'unconfigured')
    assert driver.change(Transition.TRANSITION_CONFIGURE)
    for wrong in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_DEACTIVATE, 99):
        assert not driver.change(wrong)
    assert driver.state == 'inactive'
    assert driver.change(Transition.TRANSITION_ACTIVATE)
    assert not driver.change(Transition.TRANSITION_CLEANUP)
    assert driver.state == 'active'


def test_the_graph_is_as_it_was_after_cleaning_up(graph, node):
    def topics():
        return sorted(
            [(p.topic_name, 'out') for p in node.publishers]
            + [(s.topic_name, 'in') for s in node.subscriptions]
        )

    # Diagnostics begin with the first attempt to configure, and go on.
    graph.up(node)
    graph.change(node, 'deactivate', 'cleanup')
    before, timers, waitables = topics(), len(list(node.timers)), len(list(node.waitables))
    for _ in range(3):
        graph.up(node)
        assert topics() != before
        graph.change(node, 'deactivate')
        subscribed = {name for name, way in topics() if way == 'in'}
        assert subscribed <= {name for name, way in before if way == 'in'}
        graph.change(node, 'cleanup')
        assert topics() == before
        assert len(list(node.timers)) == timers
        assert len(list(node.waitables)) == waitables
    assert not node._managed_entities


def test_a_closed_node_is_freed(graph):
    node = graph.add(EmotionNode)
    graph.up(node)
    graph.remove(node)
    remains = weakref.ref(node)
    del node
    gc.collect()
    assert remains() is None


def test_inactive_nodes_publish_nothing(graph):
    """They are all configured, images come in, and one after the other becomes active."""
    inboxes = {
        kind: graph.listen(type_, topic, BEST_EFFORT) for kind, (topic, type_) in TOPICS.items()
    }
    nodes = {kind: graph.add(kind, **SETTINGS.get(kind, {})) for kind in NODES}
    for node in nodes.values():
        graph.change(node, 'configure')
    order = (CameraNode, FaceNode, EmotionNode, OverlayNode)
    for position, kind in enumerate(order):
        for inactive in order[position:]:
            assert inboxes[inactive] == []
        graph.change(nodes[kind], 'activate')
        inboxes[kind].wait()
    graph.change(nodes[FaceNode], 'deactivate')
    # What the node published before may still be on its way.
    deactivated_ns = nodes[FaceNode].get_clock().now().nanoseconds

    def later(kind):
        return [m for m in inboxes[kind] if stamp_ns(m.header.stamp) > deactivated_ns]

    wait_until(lambda: len(later(CameraNode)) > 5)
    published = len(inboxes[FaceNode])
    wait_until(lambda: len(later(CameraNode)) > 10)
    assert len(inboxes[FaceNode]) == published
    assert later(FaceNode) == []


def test_identities_are_not_given_again_after_a_pause(graph):
    node = graph.add(FaceNode, tracker__min_hits=1)
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw')
    graph.up(node)
    first = graph.ask(images, sample_message(0, 10**9), faces, 10**9)
    assert graph.change(node, 'deactivate', 'activate') == [True, True]
    second = graph.ask(images, sample_message(1, 2 * 10**9), faces, 2 * 10**9)
    assert len(first.faces) == len(second.faces) == 2
    assert not {f.track_id for f in first.faces} & {f.track_id for f in second.faces}


def test_an_unexpected_error_in_a_transition_is_told(graph, monkeypatch):
    """The middleware's own code swallows it."""

    def fail(self):
        raise RuntimeError('the roof fell in')

    monkeypatch.setattr(OverlayNode, 'configure', fail)
    node = graph.add(OverlayNode)
    assert graph.change(node, 'configure') == [False]
    assert 'the roof fell in' in graph.wait_for_log('cannot be configured')
    monkeypatch.undo()
    graph.up(node)
    for step in ('deactivate', 'cleanup'):
        monkeypatch.setattr(OverlayNode, step, fail)
        assert graph.change(node, step) == [True]
        monkeypatch.undo()
    graph.wait_for_log('cannot clean up', 'the roof')
    graph.up(node)
