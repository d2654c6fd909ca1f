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

"""Records the annotated images of overlay_node in a video file."""

from __future__ import annotations

from pathlib import Path
import time

from fer_ros.media.video_recorder import VideoRecorder
from fer_ros.nodes.face_conversion import stamp_ns
from fer_ros.nodes.image_conversion import to_bgr
from fer_ros.nodes.image_encodings import ImageError
from fer_ros.nodes.qos import IMAGES
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image as ImageMessage

LAST_IMAGE_TIMEOUT_S = 1.0

MAX_CAMERA_TIMES = 100
"""The video file needs the times of fewer images to compute its rate."""


class OverlayRecorder:
    """Subscribes to the overlay and writes it to a file in a thread."""

    def __init__(self, node: Node, path: Path) -> None:
        """
        Start recording.

        :raises ValueError: as `VideoFileWriter`.
        """
        self._node = node
        # On a slow machine the overlay skips images; camera_info has the times of all.
        self._camera_times_ns: list[int] = []
        self._recorder = VideoRecorder(
            path, source_times_ns=self._camera_times_ns, on_fault=node.get_logger().error)
        self._newest_ns = 0
        self._subscription = node.create_subscription(
            ImageMessage, 'emotions/overlay', self._receive,
            QoSProfile(depth=100, reliability=IMAGES.reliability))
        self._camera_subscription = node.create_subscription(
            CameraInfo, 'camera_info', self._receive_camera_info,
            QoSProfile(depth=100, reliability=IMAGES.reliability))

    @property
    def fault(self) -> str:
        """Return a sentence if the file cannot be written, else ''."""
        return self._recorder.fault

    @property
    def images(self) -> int:
        """Return how many images were written."""
        return self._recorder.images

    def _receive_camera_info(self, message: CameraInfo) -> None:
        if len(self._camera_times_ns) < MAX_CAMERA_TIMES:
            self._camera_times_ns.append(stamp_ns(message.header.stamp))

    def _receive(self, message: ImageMessage) -> None:
        self._newest_ns = stamp_ns(message.header.stamp)
        try:
            is_taken = self._recorder.write(to_bgr(message), self._newest_ns)
        except ImageError as error:
            self._node.get_logger().error(str(error), throttle_duration_sec=5)
            return
        if not is_taken:
            self._node.get_logger().warning(
                'The disk is too slow for the recording: images are skipped.',
                throttle_duration_sec=5)

    def close(self, last_ns: int = 0) -> str:
        """
        Write the images that have arrived, complete the file, and return a sentence about it.

        :param last_ns: stamp of the last image; the method waits up to a second for its overlay.
        """
        deadline = time.monotonic() + LAST_IMAGE_TIMEOUT_S
        while self._newest_ns < last_ns and time.monotonic() < deadline:
            time.sleep(0.01)
        self._node.destroy_subscription(self._subscription)
        self._node.destroy_subscription(self._camera_subscription)
        return self._recorder.close()
