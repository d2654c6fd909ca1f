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

"""Node that detects and tracks the faces of images: `image_raw` in, `faces` out."""

from collections.abc import Iterator
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticStatus
from fer_msgs.msg import FaceArray
from fer_ros.core.face_stage import FaceStage
from fer_ros.core.options import Options
from fer_ros.core.values import Frame
from fer_ros.nodes.base.diagnostics import input_status, Level
from fer_ros.nodes.base.lifecycle_node import PipelineNode, required
from fer_ros.nodes.base.local_topics import publish
from fer_ros.nodes.base.throughput import Throughput
from fer_ros.nodes.camera_calibration import CameraCalibration
from fer_ros.nodes.face_conversion import stamp_ns, to_face_message
from fer_ros.nodes.face_frames import FaceFrames
from fer_ros.nodes.image_conversion import AnyImage, to_bgr
from fer_ros.nodes.image_subscription import ImageSubscription
from fer_ros.nodes.qos import results_profile
from fer_ros.nodes.silence_log import SilenceLog
from fer_ros.nodes.track_ids import TrackIds
from fer_ros.parameters.node_options import FaceNodeOptions
from rclpy.lifecycle import LifecyclePublisher


class FaceNode(PipelineNode):
    """Publishes one `FaceArray` for each image, with upright crops for `emotion_node`."""

    OPTIONS: ClassVar[type[Options]] = FaceNodeOptions

    def __init__(self, **kwargs: Any) -> None:
        """Declare the parameters."""
        self._stage: FaceStage | None = None
        self._publisher: LifecyclePublisher | None = None
        self._subscription: ImageSubscription | None = None
        self._calibration: CameraCalibration | None = None
        self._frames: FaceFrames | None = None
        self._ids: TrackIds | None = None
        self._silence_log: SilenceLog | None = None
        super().__init__('face_node', **kwargs)

    def configure(self) -> None:
        """Load the networks and create the publisher."""
        self._stage = FaceStage(self.options, ids=self._new_ids())
        self._publisher = self.create_lifecycle_publisher(
            FaceArray, 'faces', results_profile(self.options.input.policy))
        if self.options.tf:
            self._frames = FaceFrames(self)

    def _new_ids(self) -> Iterator[int] | None:
        if not self.options.unique_ids:
            return None
        if self._ids is None:
            self._ids = TrackIds(
                self.get_fully_qualified_name(), self.get_logger().warning)
        return self._ids

    def activate(self) -> None:
        """Subscribe to images."""
        options: FaceNodeOptions = self.options
        required(self._stage).reset()
        self._calibration = CameraCalibration(self, 'image_raw', options.rectified)
        receive = self.start_worker(
            self._work_on, options.input, lambda message: len(message.data))
        subscription = ImageSubscription(
            self, 'image_raw', receive, options.input, self.throughput.count_lost,
            is_complete=options.input.policy == 'all')
        self._subscription = subscription
        self._silence_log = SilenceLog(
            self, subscription.topic, lambda: subscription.reason_for_silence)

    def deactivate(self) -> None:
        """Destroy the subscription."""
        if self._silence_log is not None:
            self._silence_log.destroy()
            self._silence_log = None
        if self._subscription is not None:
            self._subscription.destroy()
            self._subscription = None
        if self._calibration is not None:
            self._calibration.destroy()
            self._calibration = None

    def cleanup(self) -> None:
        """Free the networks and destroy the publisher."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None
        if self._publisher is not None:
            self.destroy_lifecycle_publisher(self._publisher)
            self._publisher = None
        if self._frames is not None:
            self._frames.destroy()
            self._frames = None

    def has_subscribers(self) -> bool:
        """Return whether anybody subscribes to the faces."""
        return bool(required(self._publisher).get_subscription_count())

    def apply(self, options: FaceNodeOptions) -> None:
        """Take over changed options."""
        required(self._stage).options = options
        self.set_max_delay(options.input.max_delay_s)

    def _work_on(self, message: AnyImage) -> None:
        header = message.header
        image = to_bgr(message)
        height, width = image.shape[:2]
        # `deactivate` may remove it at any time.
        calibration = self._calibration
        frame = Frame(
            image, stamp_ns(header.stamp), header.frame_id,
            camera=calibration.of(image) if calibration else None)
        faces = required(self._stage).process(frame)
        publish(required(self._publisher), FaceArray(
            header=header, image_width=width, image_height=height,
            faces=[to_face_message(face, header, width, height) for face in faces]))
        if self._frames is not None:
            self._frames.publish(faces, header)
        self.throughput.count_out(self.age_s(header.stamp))

    def status(self, figures: Throughput) -> tuple[Level, dict[str, Any]]:
        """Report whether images arrive."""
        subscription = required(self._subscription)
        level = input_status(
            figures, subscription.topic, lambda: subscription.reason_for_silence,
            self.remedy_of_drops('raise detector.interval, or lower the rate of the camera'))
        buffers = subscription.buffers
        if level[0] == DiagnosticStatus.OK and buffers.warning:
            level = DiagnosticStatus.WARN, buffers.warning
        return level, {
            'detector': self.get_parameter('detector.name').value,
            'net.core.rmem_max': buffers.limit_bytes}


if __name__ == '__main__':
    from fer_ros.nodes.main import face_node
    raise SystemExit(face_node())
