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

"""
Node that draws emotions on images: `image_raw` and `emotions` in, `emotions/overlay` out.

How boxes and labels are drawn is in `fer_ros.media.drawing`.
"""

from array import array
import threading
from typing import Any, ClassVar

import cv2
from diagnostic_msgs.msg import DiagnosticStatus
from fer_msgs.msg import EmotionArray
from fer_ros.core.options import Options
from fer_ros.core.values import NS_PER_S
from fer_ros.media.drawing import draw_emotions
from fer_ros.nodes.base.diagnostics import input_status, Level
from fer_ros.nodes.base.lifecycle_node import PipelineNode, required
from fer_ros.nodes.base.throughput import Throughput
from fer_ros.nodes.face_conversion import from_emotion_message, stamp_ns
from fer_ros.nodes.image_conversion import AnyImage, to_bgr, to_message
from fer_ros.nodes.image_subscription import ImageSubscription
from fer_ros.nodes.qos import image_publisher, RESULTS, subscription_events
from fer_ros.nodes.stamp_synchronizer import StampSynchronizer
from fer_ros.parameters.node_options import OverlayNodeOptions
from rclpy.lifecycle import LifecyclePublisher
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image as ImageMessage


class OverlayNode(PipelineNode):
    """
    Publishes each image with the emotions of the same stamp drawn on it.

    It subscribes and works only while somebody subscribes to the overlay.
    """

    OPTIONS: ClassVar[type[Options]] = OverlayNodeOptions

    def __init__(self, **kwargs: Any) -> None:
        """Declare the parameters."""
        self._raw: LifecyclePublisher | None = None
        self._compressed: LifecyclePublisher | None = None
        self._images: ImageSubscription | None = None
        self._emotions: Subscription | None = None
        self._synchronizer: StampSynchronizer[AnyImage, EmotionArray] | None = None
        self._settings: OverlayNodeOptions | None = None
        super().__init__('overlay_node', **kwargs)

    def configure(self) -> None:
        """Create the publishers."""
        self._settings = self.options
        self._raw, self._compressed = (
            image_publisher(self, kind, topic, matched=lambda _: self._follow_subscribers())
            for kind, topic in (
                (ImageMessage, 'emotions/overlay'),
                (CompressedImage, 'emotions/overlay/compressed')))

    def activate(self) -> None:
        """Start working if somebody subscribes to the overlay."""
        self._follow_subscribers()

    def deactivate(self) -> None:
        """Destroy the subscriptions."""
        self._unsubscribe()

    def cleanup(self) -> None:
        """Destroy the publishers."""
        for publisher in (self._raw, self._compressed):
            if publisher is not None:
                self.destroy_lifecycle_publisher(publisher)
        self._raw = self._compressed = None

    def apply(self, options: OverlayNodeOptions) -> None:
        """Take over changed options."""
        self._settings = options
        self.set_max_delay(options.input.max_delay_s)
        if self._synchronizer is not None:
            self._synchronizer.max_wait_ns = round(options.max_wait_s * NS_PER_S)

    @property
    def is_watched(self) -> bool:
        """Return whether anybody subscribes to the overlay."""
        return any(
            p is not None and p.get_subscription_count() > 0
            for p in (self._raw, self._compressed))

    def _follow_subscribers(self) -> None:
        if not self.is_active:
            return
        if self.is_watched and self._images is None:
            self._subscribe()
        elif not self.is_watched and self._images is not None:
            self._unsubscribe()
            self.stop_worker()

    def _subscribe(self) -> None:
        options = required(self._settings)
        synchronizer: StampSynchronizer[AnyImage, EmotionArray] = StampSynchronizer(
            round(options.max_wait_s * NS_PER_S))
        self._synchronizer = synchronizer
        draw = self.start_worker(self._draw, options.input)
        # A camera_node of this process calls `receive_image` in its own thread.
        lock = threading.Lock()

        def receive_image(message: AnyImage) -> None:
            with lock:
                pair = synchronizer.add_first(stamp_ns(message.header.stamp), message)
            draw_if_complete(pair)

        def receive_emotions(message: EmotionArray) -> None:
            with lock:
                pair = synchronizer.add_second(stamp_ns(message.header.stamp), message)
            draw_if_complete(pair)

        def draw_if_complete(pair: tuple[AnyImage, EmotionArray] | None) -> None:
            if pair is not None:
                draw(pair)

        self._images = ImageSubscription(
            self, 'image_raw', receive_image, options.input, self.throughput.count_lost)
        self._emotions = self.create_subscription(
            EmotionArray, 'emotions', receive_emotions, RESULTS,
            event_callbacks=subscription_events(self, 'emotions'))

    def _unsubscribe(self) -> None:
        if self._images is not None:
            self._images.destroy()
            self._images = None
        if self._emotions is not None:
            self.destroy_subscription(self._emotions)
            self._emotions = None

    def _draw(self, pair: tuple[AnyImage, EmotionArray]) -> None:
        message, emotions = pair
        settings = required(self._settings)
        # Other nodes of this process may use the same message.
        image = to_bgr(message).copy()
        draw_emotions(image, [from_emotion_message(e) for e in emotions.emotions], settings)
        raw, compressed = required(self._raw), required(self._compressed)
        if raw.get_subscription_count() > 0:
            raw.publish(to_message(image, message.header))
        if compressed.get_subscription_count() > 0:
            compressed.publish(self._to_jpeg(image, message, settings.jpeg_quality))
        self.throughput.count_out(self.age_s(message.header.stamp))

    def _to_jpeg(self, image: Any, message: AnyImage, quality: int) -> CompressedImage:
        _, encoded = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        data = array('B')
        data.frombytes(encoded.data)
        return CompressedImage(
            header=message.header, format='bgr8; jpeg compressed bgr8', data=data)

    def status(self, figures: Throughput) -> tuple[Level, dict[str, Any]]:
        """Report whether somebody subscribes, and whether images and emotions arrive."""
        self._follow_subscribers()
        if self._images is None:
            return (DiagnosticStatus.OK, 'Nobody subscribes to the overlay.'), {}
        rows = {'images without emotions': required(self._synchronizer).unmatched}
        topics = f'{self._images.topic} and {self.resolve_topic_name("emotions")}'
        return input_status(
            figures, topics, lambda: 'are the other nodes active?',
            'lower the rate of the camera'), rows


if __name__ == '__main__':
    from fer_ros.nodes.main import overlay_node
    raise SystemExit(overlay_node())
