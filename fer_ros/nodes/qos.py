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

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
import copy
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.node import Node
from rclpy.qos import (
    qos_check_compatible,
    qos_policy_name_from_kind,
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.topic_endpoint_info import TopicEndpointInfo

RESULTS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""Profile of faces and emotions, which must not be lost."""

IMAGE_DEPTH = 5
"""Queue depth of subscriptions to images, as of the sensor data profile of ROS 2."""

COMPLETE_DEPTH = 100
"""Queue depth where nothing may be lost: what arrives while a node is delayed for seconds."""

IMAGES = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""
Profile with which image_raw, camera_info and the overlay are published.

REP 2003 asks drivers for the default reliability, so that both kinds of subscribers receive them:
a best-effort publisher does not reach a reliable subscription, which is the default. A reliable
publisher that keeps only the last images never waits for a subscriber: it overwrites images that
were not acknowledged (docs/benchmarks.md has what a stopped subscriber costs). With a depth of 10,
a third of a second remains to send an image again that a network or a busy computer lost.
"""

OVERRIDABLE = (QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY, QoSPolicyKind.DURABILITY)
"""
Policies of image topics that parameters `qos_overrides.<topic>.…` can set.

The history is not among them: a publisher that keeps all images would wait for slow subscribers.
"""

NAMES_KNOWN_S = 1.0
"""Time after the discovery of an endpoint until the graph knows the name of its node."""


def results_profile(policy: str) -> QoSProfile:
    """Return the profile of faces and emotions for a value of `input.policy`."""
    return RESULTS if policy == 'newest' else QoSProfile(
        depth=COMPLETE_DEPTH, reliability=RESULTS.reliability)


def publishers_reliability(
    node: Node, topic: str, otherwise: ReliabilityPolicy,
) -> ReliabilityPolicy:
    """
    Return reliable if all publishers of a topic are reliable, else best effort.

    A best-effort subscription receives from every publisher.

    :param otherwise: is returned if nobody publishes the topic.
    """
    publishers = node.get_publishers_info_by_topic(node.resolve_topic_name(topic))
    if not publishers:
        return otherwise
    if all(p.qos_profile.reliability is ReliabilityPolicy.RELIABLE for p in publishers):
        return ReliabilityPolicy.RELIABLE
    return ReliabilityPolicy.BEST_EFFORT


def image_publisher(
    node: LifecycleNode, kind: type[Any], topic: str,
    matched: Callable[[Any], None] | None = None,
) -> LifecyclePublisher:
    """
    Create a publisher of images or of what belongs to them, whose profile users can override.

    :param matched: called when a subscription is matched or leaves.
    :raises ValueError: if a parameter `qos_overrides.<topic>.publisher.<policy>` is wrong.
    """
    with explained_overrides(node, topic, 'publisher'):
        # rclpy writes the overridden values into the profile.
        return node.create_lifecycle_publisher(
            kind, topic, copy.copy(IMAGES), event_callbacks=publisher_events(node, topic, matched),
            qos_overriding_options=QoSOverridingOptions(OVERRIDABLE))


@contextmanager
def explained_overrides(node: Node, topic: str, entity: str) -> Iterator[None]:
    """Raise a ValueError with a sentence if a parameter `qos_overrides` is wrong."""
    try:
        yield
    except rclpy_implementation.RCLError:
        raise
    except (RuntimeError, InvalidParameterTypeException, AssertionError) as error:
        raise ValueError(
            f'a parameter qos_overrides.{node.resolve_topic_name(topic)}.{entity} is wrong: '
            f'{error}') from error


def publisher_events(
    node: Node, topic: str, matched: Callable[[Any], None] | None = None,
) -> PublisherEventCallbacks:
    """Return callbacks that warn of subscribers that request more than this publisher offers."""
    def warning(policy: str) -> str:
        resolved = node.resolve_topic_name(topic)
        own = _own(node, node.get_publishers_info_by_topic(resolved))
        others = _names(
            s for s in node.get_subscriptions_info_by_topic(resolved)
            if own is not None and _is_incompatible(own, s))
        return (
            f'{resolved} does not reach {others}, because {node.get_name()} does not offer the '
            f'{policy} that the subscription requests: subscribe with the sensor data profile, '
            'best effort and volatile.')
    return PublisherEventCallbacks(
        incompatible_qos=_LateWarning(node, warning), matched=matched)


def subscription_events(
    node: Node, topic: str, remedy: str = 'publish it as reliable and volatile',
) -> SubscriptionEventCallbacks:
    """Return callbacks that warn of publishers that offer less than the subscription requests."""
    def warning(policy: str) -> str:
        resolved = node.resolve_topic_name(topic)
        own = _own(node, node.get_subscriptions_info_by_topic(resolved))
        others = _names(
            p for p in node.get_publishers_info_by_topic(resolved)
            if own is not None and _is_incompatible(p, own))
        return (
            f'{node.get_name()} cannot receive {resolved} from {others}, because the publisher '
            f'does not offer the {policy} that {node.get_name()} requests: {remedy}.')
    return SubscriptionEventCallbacks(incompatible_qos=_LateWarning(node, warning))


class _LateWarning:
    """
    A callback for an event of incompatible quality of service, which logs a warning later.

    When the event occurs, the graph does not know the name of the other node yet.
    """

    def __init__(self, node: Node, warning: Callable[[str], str]) -> None:
        """
        Prepare.

        :param warning: returns the sentence; called with the name of the policy.
        """
        self._node = node
        self._warning = warning
        self._timer: Any = None
        self._policy = ''

    def __call__(self, event: Any) -> None:
        self._policy = str(qos_policy_name_from_kind(event.last_policy_kind)).lower()
        if self._timer is None:
            self._timer = self._node.create_timer(
                NAMES_KNOWN_S, self._log, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _log(self) -> None:
        self._node.destroy_timer(self._timer)
        self._timer = None
        self._node.get_logger().warning(self._warning(self._policy))


def _own(node: Node, endpoints: Iterable[TopicEndpointInfo]) -> TopicEndpointInfo | None:
    """Return the endpoint of a node as the graph describes it."""
    own = (node.get_name(), node.get_namespace())
    return next((e for e in endpoints if (e.node_name, e.node_namespace) == own), None)


def _is_incompatible(publisher: TopicEndpointInfo, subscription: TopicEndpointInfo) -> bool:
    # Both from the graph: there a deadline that was not set is infinite, in a profile it is 0.
    result, _ = qos_check_compatible(publisher.qos_profile, subscription.qos_profile)
    return bool(
        publisher.topic_type == subscription.topic_type and result == QoSCompatibility.ERROR)


def _names(endpoints: Iterable[TopicEndpointInfo]) -> str:
    """Return the full names of the nodes; the graph may not know a name."""
    names = {
        f'{e.node_namespace.rstrip("/")}/{e.node_name}' for e in endpoints
        if 'UNKNOWN' not in e.node_name}
    return ' and '.join(sorted(names)) or 'another node'
