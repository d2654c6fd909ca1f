"""A subscription to images whose reliability follows the publishers'."""

from collections.abc import Callable

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import Image as ImageMessage

from fer_ros.nodes.qos import IMAGE_DEPTH, publishers_reliability, subscription_events


class ImageSubscription:
    """
    Subscribes to a topic of images.

    With `auto`, a best-effort subscription is used, which hears every publisher, and exchanged for a reliable one where all
    publishers are reliable, as bags and some drivers are: large images then survive a busy network.
    """

    def __init__(
        self, node: Node, topic: str, callback: Callable[[ImageMessage], None], reliability: str,
    ) -> None:
        """
        Subscribe.

        :param reliability: auto, best_effort or reliable.
        """
        self._node = node
        self._topic = topic
        self._callback = callback
        self._is_automatic = reliability == 'auto'
        wanted = (
            publishers_reliability(node, topic) if self._is_automatic
            else ReliabilityPolicy[reliability.upper()])
        self._subscription: Subscription = self._subscribe(wanted)

    @property
    def reliability(self) -> ReliabilityPolicy:
        """The reliability that is in use."""
        return self._subscription.qos_profile.reliability

    def follow(self) -> None:
        """Exchange the subscription where the publishers' reliability has changed; to be called now and then."""
        if not self._is_automatic or self._node.count_publishers(self._topic) == 0:
            return
        wanted = publishers_reliability(self._node, self._topic)
        if wanted is not self.reliability:
            self.destroy()
            self._subscription = self._subscribe(wanted)

    def destroy(self) -> None:
        """End the subscription."""
        self._node.destroy_subscription(self._subscription)

    def _subscribe(self, reliability: ReliabilityPolicy) -> Subscription:
        return self._node.create_subscription(
            ImageMessage, self._topic, self._callback,
            QoSProfile(depth=IMAGE_DEPTH, reliability=reliability),
            event_callbacks=subscription_events(self._node, self._topic))
