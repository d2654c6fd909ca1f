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

"""A subscription to images that uses the type and the reliability of the publishers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fer_ros.nodes.base.local_topics import share, unshare
from fer_ros.nodes.image_topics import (
    published_transport,
    reason_for_silence,
    TRANSPORTS,
    usual_transport,
)
from fer_ros.nodes.qos import (
    COMPLETE_DEPTH,
    explained_overrides,
    IMAGE_DEPTH,
    OVERRIDABLE,
    publishers_reliability,
    subscription_events,
)
from fer_ros.nodes.socket_buffers import ReceiveBuffers
from fer_ros.parameters.node_options import ImageInputOptions
from rclpy.clock import Clock, ClockType
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription

CHECK_PERIOD_S = 0.5
"""The middleware does not tell a subscription about publishers of another type."""


class ImageSubscription:
    """
    Subscribes to a topic of images, raw or compressed.

    With `transport: auto` its type is that of the publishers. With `reliability: auto` it is a
    best-effort subscription, which receives from every publisher. If all publishers are reliable,
    as camera_node, bags and most drivers are, it is replaced by a reliable one: large images are
    then not lost on a busy network or without our Fast DDS profile, and its latency is the same.
    Parameters `qos_overrides` can set its depth, durability and reliability.
    """

    def __init__(
        self, node: Node, topic: str, callback: Callable[[Any], None], options: ImageInputOptions,
        on_lost: Callable[[int], None], is_complete: bool = False,
    ) -> None:
        """
        Subscribe.

        :param callback: receives `Image` or `CompressedImage` messages. It must be safe to call
            from any thread, and must not change the message: a camera_node of the same process
            hands its images over directly.
        :param on_lost: called with the number of images that the middleware lost.
        :param is_complete: no image may be lost: the subscription is reliable before a publisher
            is known, and deep. It warns if the publishers are not reliable.
        """
        self._node = node
        # The graph knows only the remapped name.
        self.topic = node.resolve_topic_name(topic)
        self._callback = callback
        self._options = options
        self._on_lost = on_lost
        self._is_complete = is_complete
        # A subscription that becomes reliable late would lose the first images.
        self._usual_reliability = (
            ReliabilityPolicy.RELIABLE if is_complete else ReliabilityPolicy.BEST_EFFORT)
        self._fixed_by = ''
        override = f'qos_overrides.{self.topic}.subscription.reliability'
        if override in node._parameter_overrides:
            self._fixed_by = override
        elif options.reliability != 'auto':
            self._fixed_by = 'input.reliability'
        self.buffers = ReceiveBuffers(node, self.topic)
        self._transport = self._wanted_transport(usual_transport(self.topic))
        self._subscription: Subscription | None = self._subscribe(self._wanted_reliability())
        self._timer = node.create_timer(
            CHECK_PERIOD_S, self._look_around, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def reason_for_silence(self) -> str:
        """Return in sentences why no image arrives, and what to do."""
        is_matched = (
            self._subscription is not None and self._subscription.get_publisher_count() > 0)
        return reason_for_silence(
            self._node, self.topic, self._options.transport, is_matched)

    def destroy(self) -> None:
        """Destroy the subscription."""
        self._node.destroy_timer(self._timer)
        self._unsubscribe()

    def _unsubscribe(self) -> None:
        if self._subscription is not None:
            unshare(self._subscription)
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _wanted_transport(self, otherwise: str) -> str:
        asked = self._options.transport
        return (
            published_transport(self._node, self.topic, otherwise) if asked == 'auto' else asked)

    def _wanted_reliability(self) -> ReliabilityPolicy:
        asked = self._options.reliability
        return (
            publishers_reliability(self._node, self.topic, self._usual_reliability)
            if asked == 'auto'
            else ReliabilityPolicy[asked.upper()])

    def _look_around(self) -> None:
        self._follow_type()
        self.buffers.check()

    def _follow_type(self) -> None:
        """Take over the type of the publishers if none has the present one."""
        if self._subscription is None:
            self._subscription = self._subscribe(self._wanted_reliability())
        elif not self._subscription.get_publisher_count():
            wanted = self._wanted_transport(self._transport)
            if wanted != self._transport:
                self._transport = wanted
                # A process cannot subscribe to one topic as two types. The next call subscribes,
                # when the other nodes of this process have unsubscribed, too.
                self._unsubscribe()

    def _on_publishers_changed(self, _: Any = None) -> None:
        """Replace the subscription if the reliability of the publishers has changed."""
        # Not within an event callback of the subscription that is replaced.
        if self._node.executor is not None:
            self._node.executor.create_task(self._replace)

    def _replace(self) -> None:
        if self._subscription is None or self._node.count_publishers(self.topic) == 0:
            return
        wanted = self._wanted_reliability()
        if wanted is not self._subscription.qos_profile.reliability:
            self._unsubscribe()
            self._subscription = self._subscribe(wanted)

    def _subscribe(self, reliability: ReliabilityPolicy) -> Subscription | None:
        """Return a new subscription; None if another node of this process uses another type."""
        qos = QoSProfile(
            depth=COMPLETE_DEPTH if self._is_complete else IMAGE_DEPTH, reliability=reliability)
        policies = list(OVERRIDABLE)
        if self._fixed_by:
            events = subscription_events(
                self._node, self.topic,
                f'set the parameter {self._fixed_by} of {self._node.get_name()} to best_effort, '
                'or publish it as reliable')
        else:
            # Its parameter, once declared, would fix the reliability for ever.
            policies.remove(QoSPolicyKind.RELIABILITY)
            events = SubscriptionEventCallbacks(
                matched=self._on_publishers_changed, incompatible_qos=self._on_publishers_changed)
        events.message_lost = lambda event: self._on_lost(event.total_count_change)
        try:
            with explained_overrides(self._node, self.topic, 'subscription'):
                subscription = self._node.create_subscription(
                    TRANSPORTS[self._transport], self.topic, self._callback, qos,
                    event_callbacks=events, qos_overriding_options=QoSOverridingOptions(policies))
        except rclpy_implementation.RCLError as error:
            self._node.get_logger().warning(
                f'{self._node.get_name()} cannot subscribe to {self.topic}: {error}. It tries '
                'again.', once=True)
            return None
        if self._is_complete and qos.reliability is not ReliabilityPolicy.RELIABLE:
            self._node.get_logger().warning(
                f'Images can be lost in spite of input.policy all, because {self.topic} is '
                'published or subscribed to as best effort: publish it as reliable, as with ros2 '
                'bag play --qos-profile-overrides-path.', once=True)
        share(subscription)
        return subscription
