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

"""Writes the overlay to a video file."""

from __future__ import annotations

from pathlib import Path
import queue
import threading
import time

import cv2
from fer_ros.core.values import Image, NS_PER_S
from fer_ros.nodes.face_conversion import stamp_ns
from fer_ros.nodes.image_conversion import to_bgr
from fer_ros.nodes.qos import IMAGES
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image as ImageMessage

MAX_GAP_S = 10.0
"""A longer gap between two images (a camera that was lost) is left out."""

LAST_IMAGE_TIMEOUT_S = 1.0

FOURCC = {'.mp4': 'mp4v', '.mkv': 'mp4v', '.avi': 'MJPG'}


class VideoFile:
    """
    A video of constant rate made from images with stamps.

    Images are repeated or left out so that the video runs as time did.
    """

    def __init__(self, path: Path, rate_hz: float) -> None:
        """
        Prepare; the file is made with the first image, whose size it has.

        :raises ValueError: where the ending is not one that can be written, or the folder does
            not exist.
        """
        if path.suffix.lower() not in FOURCC:
            raise ValueError(
                f'{path} cannot be recorded: its name must end in {", ".join(FOURCC)}.')
        if not path.parent.is_dir():
            raise ValueError(f'{path} cannot be recorded: there is no folder {path.parent}.')
        self.path = path
        self.images = 0
        self._rate_hz = rate_hz
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._last: Image | None = None
        self._written = 0
        self._next_ns = 0

    def write(self, image: Image, time_ns: int) -> None:
        """
        Add an image.

        :raises OSError: where the file cannot be written.
        """
        if self._writer is None:
            self._open(image)
            self._next_ns = time_ns
        self.images += 1
        if (image.shape[1], image.shape[0]) != self._size:
            image = cv2.resize(image, self._size)
        period_ns = round(NS_PER_S / self._rate_hz)
        # An image can be half a period early for its place and take it; the one after it is then
        # that much earlier.
        if not -period_ns // 2 <= time_ns - self._next_ns + period_ns <= MAX_GAP_S * NS_PER_S:
            # The clock jumped, or nothing came for long: go on from here.
            self._next_ns = time_ns
        while self._next_ns + period_ns // 2 < time_ns and self._last is not None:
            self._put(self._last, period_ns)
        if self._next_ns - period_ns // 2 <= time_ns:
            self._put(image, period_ns)
        self._last = image

    def _put(self, image: Image, period_ns: int) -> None:
        assert self._writer is not None
        self._writer.write(image)
        self._written += 1
        self._next_ns += period_ns

    def _open(self, image: Image) -> None:
        self._size = (image.shape[1], image.shape[0])
        fourcc = cv2.VideoWriter.fourcc(*FOURCC[self.path.suffix.lower()])
        self._writer = cv2.VideoWriter(str(self.path), fourcc, self._rate_hz, self._size)
        if not self._writer.isOpened():
            raise OSError(
                f'{self.path} cannot be written: check the permissions and the space on the disk.')

    def close(self) -> None:
        """Complete the file."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None


class OverlayRecorder:
    """Subscribes to the overlay and writes it to a file, in a thread of its own."""

    def __init__(self, node: Node, path: Path, rate_hz: float) -> None:
        """
        Begin to record.

        :raises ValueError: as `VideoFile`.
        """
        self._node = node
        self._file = VideoFile(path, rate_hz)
        self._queue: queue.Queue[ImageMessage | None] = queue.Queue(maxsize=300)
        self._newest_ns = 0
        self.fault = ''
        self._thread = threading.Thread(target=self._run, name='recorder', daemon=True)
        self._thread.start()
        self._subscription = node.create_subscription(
            ImageMessage, 'emotions/overlay', self._receive,
            QoSProfile(depth=100, reliability=IMAGES.reliability))

    def _receive(self, message: ImageMessage) -> None:
        self._newest_ns = stamp_ns(message.header.stamp)
        try:
            self._queue.put_nowait(message)
        except queue.Full:
            self._node.get_logger().warning(
                'The disk is too slow for the recording: images are left out.',
                throttle_duration_sec=5)

    def _run(self) -> None:
        while (message := self._queue.get()) is not None:
            if self.fault:
                continue
            try:
                self._file.write(to_bgr(message), stamp_ns(message.header.stamp))
            except (OSError, ValueError, cv2.error) as error:
                self.fault = str(error)
                self._node.get_logger().error(self.fault)

    def close(self, last_ns: int = 0) -> str:
        """
        Write what has come, complete the file, and return a sentence about it.

        :param last_ns: stamp of the last image; its overlay is waited for, but not for long.
        """
        deadline = time.monotonic() + LAST_IMAGE_TIMEOUT_S
        while self._newest_ns < last_ns and time.monotonic() < deadline:
            time.sleep(0.01)
        self._node.destroy_subscription(self._subscription)
        self._queue.put(None)
        self._thread.join()
        self._file.close()
        if self.fault:
            return self.fault
        if not self._file.images:
            return f'Nothing was recorded: no overlay came, so there is no {self._file.path}.'
        return f'Recorded {self._file.images} images in {self._file.path}.'
