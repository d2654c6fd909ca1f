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

"""Node that classifies the emotions of faces: `faces` in, `emotions` out."""

from typing import Any, ClassVar

from fer_msgs.msg import EmotionArray, Face as FaceMessage, FaceArray
from fer_ros.core.emotion_stage import EmotionStage
from fer_ros.core.options import Options
from fer_ros.core.values import Face
from fer_ros.nodes.base.diagnostics import input_status, Level
from fer_ros.nodes.base.lifecycle_node import PipelineNode, required
from fer_ros.nodes.base.local_topics import share, unshare
from fer_ros.nodes.base.throughput import Throughput
from fer_ros.nodes.base.worker import LOG_THROTTLE_S
from fer_ros.nodes.face_conversion import from_face_message, stamp_ns, to_emotion_message
from fer_ros.nodes.image_encodings import ImageError
from fer_ros.nodes.qos import results_profile, subscription_events
from fer_ros.parameters.node_options import EmotionNodeOptions
from rclpy.lifecycle import LifecyclePublisher
from rclpy.subscription import Subscription


class EmotionNode(PipelineNode):
    """Publishes one `EmotionArray` for each `FaceArray`, with the same stamp."""

    OPTIONS: ClassVar[type[Options]] = EmotionNodeOptions

    def __init__(self, **kwargs: Any) -> None:
        """Declare the parameters."""
        self._stage: EmotionStage | None = None
        self._publisher: LifecyclePublisher | None = None
        self._subscription: Subscription | None = None
        self._is_ready = False
        super().__init__('emotion_node', **kwargs)

    def configure(self) -> None:
        """Load the model, check it against its card, and create the publisher."""
        self._stage = EmotionStage(self.options)
        self._publisher = self.create_lifecycle_publisher(
            EmotionArray, 'emotions', results_profile(self.options.input.policy))

    def activate(self) -> None:
        """Subscribe to faces."""
        required(self._stage).reset()
        self._is_ready = False
        options: EmotionNodeOptions = self.options
        receive = self.start_worker(self._work_on, options.input, size_of_faces)
        self._subscription = self.create_subscription(
            FaceArray, 'faces', receive, results_profile(options.input.policy),
            event_callbacks=subscription_events(self, 'faces'))
        share(self._subscription)

    def deactivate(self) -> None:
        """Destroy the subscription."""
        if self._subscription is not None:
            unshare(self._subscription)
            self.destroy_subscription(self._subscription)
            self._subscription = None

    def cleanup(self) -> None:
        """Free the model."""
        self._stage = None
        if self._publisher is not None:
            self.destroy_lifecycle_publisher(self._publisher)
            self._publisher = None

    def apply(self, options: EmotionNodeOptions) -> None:
        """Take over changed options."""
        required(self._stage).options = options
        self.set_max_delay(options.input.max_delay_s)

    def _work_on(self, message: FaceArray) -> None:
        width, height = message.image_width, message.image_height
        faces = [self._face(face) for face in message.faces]
        stage = required(self._stage)
        emotions = stage.process(faces, stamp_ns(message.header.stamp))
        required(self._publisher).publish(EmotionArray(
            header=message.header, model=stage.model, image_width=width, image_height=height,
            emotions=[to_emotion_message(face, width, height) for face in emotions]))
        self.throughput.count_out(self.age_s(message.header.stamp))
        if not self._is_ready:
            self._is_ready = True
            self.get_logger().info(
                f'Ready: images arrive, and {required(self._publisher).topic_name} is published.')

    def _face(self, message: FaceMessage) -> Face:
        try:
            return from_face_message(message)
        except ImageError as error:
            # The other faces are classified; this one keeps its previous emotion.
            self.throughput.count_failed()
            self.get_logger().error(
                f'The crop of face {message.track_id} is not classified: {error}',
                throttle_duration_sec=LOG_THROTTLE_S)
            return from_face_message(FaceMessage(
                track_id=message.track_id, state=message.state, roi=message.roi,
                score=message.score, head_pose=message.head_pose, position=message.position,
                key_points=message.key_points))

    def status(self, figures: Throughput) -> tuple[Level, dict[str, Any]]:
        """Report whether faces arrive."""
        level = input_status(
            figures, self.resolve_topic_name('faces'), lambda: 'is face_node active?',
            self.remedy_of_drops('lower rate_hz or max_faces, or use a faster model'))
        return level, {'model': required(self._stage).model}


def size_of_faces(message: FaceArray) -> int:
    """Return the size of a message in bytes; crops are most of it."""
    return sum(len(face.crop.data) for face in message.faces)


if __name__ == '__main__':
    from fer_ros.nodes.main import emotion_node
    raise SystemExit(emotion_node())
