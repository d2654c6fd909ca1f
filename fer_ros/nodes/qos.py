"""Quality of service: profiles, and warnings where two sides do not fit."""

from collections.abc import Callable
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import qos_policy_name_from_kind, QoSProfile, ReliabilityPolicy

RESULTS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""Of faces and emotions: nothing may be missing."""

IMAGE_DEPTH = 5
"""That of the sensor data profile of ROS 2."""

IMAGES = QoSProfile(depth=IMAGE_DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT)
"""The sensor data profile of ROS 2."""


def publishers_reliability(node: Node, topic: str) -> ReliabilityPolicy:
    """Return reliable where all publishers of a topic are, else best effort, which hears every publisher."""
    publishers = node.get_publishers_info_by_topic(node.resolve_topic_name(topic))
    if publishers and all(
            p.qos_profile.reliability is ReliabilityPolicy.RELIABLE for p in publishers):
        return ReliabilityPolicy.RELIABLE
    return ReliabilityPolicy.BEST_EFFORT


def publisher_events(
    node: Node, topic: str, matched: Callable[[Any], None] | None = None,
) -> PublisherEventCallbacks:
    """Return callbacks that warn of subscribers which ask for more than this publisher offers."""
    def incompatible(event: Any) -> None:
        resolved = node.resolve_topic_name(topic)
        policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
        others = ', '.join(sorted({
            f'{s.node_namespace.rstrip("/")}/{s.node_name}'
            for s in node.get_subscriptions_info_by_topic(resolved)})) or 'a subscriber'
        node.get_logger().warning(
            f'Someone among {others} subscribes to {resolved} with a {policy} that {node.get_name()} does not offer, and hears '
            f'nothing: set the {policy} of that subscription to best effort (sensor data).')
    return PublisherEventCallbacks(incompatible_qos=incompatible, matched=matched)


def subscription_events(node: Node, topic: str) -> SubscriptionEventCallbacks:
    """Return callbacks that warn of publishers which offer less than this subscription asks for."""
    def incompatible(event: Any) -> None:
        resolved = node.resolve_topic_name(topic)
        policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
        others = ', '.join(sorted({
            f'{p.node_namespace.rstrip("/")}/{p.node_name}'
            for p in node.get_publishers_info_by_topic(resolved)})) or 'a publisher'
        node.get_logger().warning(
            f'Someone among {others} publishes {resolved} with a {policy} that is less than {node.get_name()} asks for, and is not '
            f'heard: set the parameter input.reliability of {node.get_name()} to best_effort or auto, or publish with reliable.')
    return SubscriptionEventCallbacks(incompatible_qos=incompatible)
