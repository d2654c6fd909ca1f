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

"""Quality-of-service profiles, and warnings about publishers and subscribers that do not match."""

from collections.abc import Callable, Iterable
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import (
    qos_check_compatible,
    qos_policy_name_from_kind,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
)
from rclpy.topic_endpoint_info import TopicEndpointInfo

RESULTS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""Profile of faces and emotions, which must not be lost."""

IMAGE_DEPTH = 5
"""Queue depth of the sensor data profile of ROS 2."""

IMAGES = QoSProfile(depth=IMAGE_DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT)
"""Profile of image_raw, camera_info and the overlay: the sensor data profile of ROS 2."""


def publishers_reliability(node: Node, topic: str) -> ReliabilityPolicy:
    """
    Return reliable if all publishers of a topic are reliable, else best effort.

    A best-effort subscription receives from every publisher.
    """
    publishers = node.get_publishers_info_by_topic(node.resolve_topic_name(topic))
    if publishers and all(
            p.qos_profile.reliability is ReliabilityPolicy.RELIABLE for p in publishers):
        return ReliabilityPolicy.RELIABLE
    return ReliabilityPolicy.BEST_EFFORT


def publisher_events(
    node: Node, topic: str, qos: QoSProfile, matched: Callable[[Any], None] | None = None,
) -> PublisherEventCallbacks:
    """Return callbacks that warn of subscribers that request more than this publisher offers."""
    def incompatible(event: Any) -> None:
        resolved = node.resolve_topic_name(topic)
        others = _names(
            s for s in node.get_subscriptions_info_by_topic(resolved)
            if qos_check_compatible(qos, s.qos_profile)[0] == QoSCompatibility.ERROR)
        node.get_logger().warning(
            f'{others} cannot receive {resolved}, because {node.get_name()} does not offer the '
            f'{_policy(event)} that the subscription requests: subscribe with the sensor data '
            'profile, best effort and volatile.')
    return PublisherEventCallbacks(incompatible_qos=incompatible, matched=matched)


def subscription_events(
    node: Node, topic: str, qos: QoSProfile, remedy: str = 'publish it as reliable and volatile',
) -> SubscriptionEventCallbacks:
    """Return callbacks that warn of publishers that offer less than the subscription requests."""
    def incompatible(event: Any) -> None:
        resolved = node.resolve_topic_name(topic)
        others = _names(
            p for p in node.get_publishers_info_by_topic(resolved)
            if qos_check_compatible(p.qos_profile, qos)[0] == QoSCompatibility.ERROR)
        node.get_logger().warning(
            f'{node.get_name()} cannot receive {resolved} from {others}, because the publisher '
            f'does not offer the {_policy(event)} that {node.get_name()} requests: {remedy}.')
    return SubscriptionEventCallbacks(incompatible_qos=incompatible)


def _policy(event: Any) -> str:
    return str(qos_policy_name_from_kind(event.last_policy_kind)).lower()


def _names(endpoints: Iterable[TopicEndpointInfo]) -> str:
    """Return the full names of the nodes; the graph may not know a name yet."""
    names = {
        f'{e.node_namespace.rstrip("/")}/{e.node_name}' for e in endpoints
        if 'UNKNOWN' not in e.node_name}
    return ' and '.join(sorted(names)) or 'Another node'
