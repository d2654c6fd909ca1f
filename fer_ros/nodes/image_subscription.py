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

"""A subscription to images that uses the reliability of the publishers."""

from collections.abc import Callable
from typing import Any

from fer_ros.nodes.base.lifecycle_node import required
from fer_ros.nodes.base.local_topics import share, unshare
from fer_ros.nodes.qos import IMAGE_DEPTH, publishers_reliability, subscription_events
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import Image as ImageMessage


class ImageSubscription:
    """
    Subscribes to a topic of images.

    With `auto` it is a best-effort subscription, which receives from every publisher. If all
    publishers are reliable, as bags and some drivers are, it is replaced by a reliable one, so
    that large images are not lost on a busy network.
    """

    def __init__(
        self, node: Node, topic: str, callback: Callable[[ImageMessage], None], reliability: str,
        on_lost: Callable[[int], None],
    ) -> None:
        """
        Subscribe.

        :param callback: must be safe to call from any thread, and must not change the message: a
            camera_node of the same process hands its images over directly.
        :param reliability: auto, best_effort or reliable.
        :param on_lost: called with the number of images that the middleware lost.
        """
        self._node = node
        self._topic = topic
        self._callback = callback
        self._on_lost = on_lost
        self._is_automatic = reliability == 'auto'
        wanted = (
            publishers_reliability(node, topic) if self._is_automatic
            else ReliabilityPolicy[reliability.upper()])
        self._subscription: Subscription | None = self._subscribe(wanted)

    @property
    def reliability(self) -> ReliabilityPolicy:
        """Return the present reliability."""
        return required(self._subscription).qos_profile.reliability

    def destroy(self) -> None:
        """Destroy the subscription."""
        unshare(required(self._subscription))
        self._node.destroy_subscription(self._subscription)
        self._subscription = None

    def _on_publishers_changed(self, _: Any = None) -> None:
        """Replace the subscription if the reliability of the publishers has changed."""
        # Not within an event callback of the subscription that is replaced.
        if self._node.executor is not None:
            self._node.executor.create_task(self._replace)

    def _replace(self) -> None:
        # The graph knows only the remapped name.
        topic = self._node.resolve_topic_name(self._topic)
        if self._subscription is None or self._node.count_publishers(topic) == 0:
            return
        wanted = publishers_reliability(self._node, self._topic)
        if wanted is not self.reliability:
            self.destroy()
            self._subscription = self._subscribe(wanted)

    def _subscribe(self, reliability: ReliabilityPolicy) -> Subscription:
        qos = QoSProfile(depth=IMAGE_DEPTH, reliability=reliability)
        if self._is_automatic:
            events = SubscriptionEventCallbacks(
                matched=self._on_publishers_changed, incompatible_qos=self._on_publishers_changed)
        else:
            events = subscription_events(
                self._node, self._topic, qos,
                f'set the parameter input.reliability of {self._node.get_name()} to best_effort '
                'or auto, or publish it as reliable')
        events.message_lost = lambda event: self._on_lost(event.total_count_change)
        subscription = self._node.create_subscription(
            ImageMessage, self._topic, self._callback, qos, event_callbacks=events)
        share(subscription)
        return subscription
