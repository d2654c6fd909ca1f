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

"""docs/nodes.md states the topics that the nodes really have."""

import importlib.util

from checkout import ROOT
from fer_msgs.msg import EmotionArray
from fer_ros.apps.live.bring_up import NODES
from graph import BEST_EFFORT, wait_until
import pytest
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image

TOOL = ROOT / 'tools' / 'write_parameters.py'
NAMESPACE = '/reference'
OF_ROS = {'/rosout', '/parameter_events'}


def documented(name):
    """
    Return the topics, types and services of quality that the document states for a node.

    These are the subscribed topics, the published ones, and the quality of the published ones.
    """
    spec = importlib.util.spec_from_file_location('write_parameters', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    _, subscribed, published = tool.NODES[name]
    return (
        {in_graph(topic): kind for topic, kind, _, _ in subscribed},
        {in_graph(topic): kind for topic, kind, _, _ in published},
        {in_graph(topic): qos for topic, _, qos, _ in published})


def in_graph(topic):
    """Return the topic's name in the namespace that no node of another test has."""
    return topic if topic.startswith('/') else f'{NAMESPACE}/{topic}'


@pytest.mark.parametrize('name', NODES)
def test_the_topics_of_a_node_are_those_in_its_document(graph, name):
    parameters = {'source': 'sample'} if name == 'camera_node' else {}
    node = graph.add(NODES[name], namespace=NAMESPACE, **parameters)
    if name == 'overlay_node':
        graph.listen(Image, in_graph('emotions/overlay'), BEST_EFFORT)
        graph.speaker(EmotionArray, in_graph('emotions'))
    graph.up(node)
    subscribed, published, quality = documented(name)

    def topics(of):
        return {
            topic: kinds[0] for topic, kinds in of(name, NAMESPACE)
            if topic not in OF_ROS and not topic.endswith('/transition_event')}

    wait_until(lambda: topics(graph.probe.get_publisher_names_and_types_by_node) == published)
    wait_until(lambda: topics(graph.probe.get_subscriber_names_and_types_by_node) == subscribed)
    for topic, words in quality.items():
        info = [i for i in graph.probe.get_publishers_info_by_topic(topic) if i.node_name == name]
        wanted = (
            ReliabilityPolicy.RELIABLE if words.startswith('reliable')
            else ReliabilityPolicy.BEST_EFFORT)
        assert info[0].qos_profile.reliability is wanted, topic
