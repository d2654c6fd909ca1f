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
Sends messages from one node to the next: `python -m fer_ros.bench.hop_worker HOP ROLE MESSAGES`.

`copied_bytes` runs it under a program that counts copied bytes. HOP is `image_raw` or `faces`.
ROLE is `direct` or `middleware` (both ends in this process), `send` or `receive` (one end).
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from fer_msgs.msg import FaceArray
from fer_ros.apps.startup import profile_variables
from fer_ros.core.geometry import Box
from fer_ros.core.values import Face, FaceState, HeadPose
from fer_ros.media.sample_clip import HEIGHT, WIDTH
from fer_ros.nodes.base.local_topics import publish, share
from fer_ros.nodes.face_conversion import from_face_message, to_face_message
from fer_ros.nodes.image_conversion import to_bgr, to_message
from fer_ros.nodes.qos import IMAGES, RESULTS
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

FACES, CROP_SIZE_PX = 2, 96
"""Faces of a message of the hop `faces`, and the default size of their crops."""

SEND_PERIOD_S = 0.3
"""Slow enough for a receiver that runs at a fiftieth of its speed."""

TIMEOUT_S = 60.0


class Hop:
    """Both ends of a topic; it does what the nodes do from one call of core to the next."""

    def __init__(self, topic: str, role: str) -> None:
        """Create the ends that the role needs."""
        self._topic, self._role = topic, role
        self._image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        self._faces = [
            Face(k, FaceState.DETECTED, Box(100.0, 100.0, 90.0, 90.0), 0.9,
                 np.ones((6, 2), np.float32), HeadPose(0.1, 0.2, 0.3),
                 np.zeros((CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)) for k in range(FACES)]
        self.received = 0
        self._node = LifecycleNode(f'hop_{role}')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        kind, qos = (ImageMessage, IMAGES) if topic == 'image_raw' else (FaceArray, RESULTS)
        self._publisher: Any = None
        if role != 'send':
            subscription = self._node.create_subscription(kind, topic, self._receive, qos)
            if role == 'direct':
                share(subscription)
        if role != 'receive':
            self._publisher = self._node.create_lifecycle_publisher(kind, topic, qos)
            self._node.trigger_configure()
            self._node.trigger_activate()

    def run(self, messages: int) -> None:
        """Send or receive a number of messages."""
        deadline_s = time.monotonic() + TIMEOUT_S
        if self._publisher is not None:
            while not self._publisher.get_subscription_count():
                _check(deadline_s)
                time.sleep(0.05)
        for number in range(1, messages + 1):
            if self._publisher is not None:
                publish(self._publisher, self._message())
            if self._role == 'send':
                time.sleep(SEND_PERIOD_S)
            while self._role != 'send' and self.received < number:
                _check(deadline_s)
                self._executor.spin_once(0.1)

    def _message(self) -> Any:
        header = Header()
        if self._topic == 'image_raw':
            return to_message(self._image, header)
        return FaceArray(header=header, image_width=WIDTH, image_height=HEIGHT, faces=[
            to_face_message(face, header, WIDTH, HEIGHT) for face in self._faces])

    def _receive(self, message: Any) -> None:
        if self._topic == 'image_raw':
            to_bgr(message)
        else:
            for face in message.faces:
                from_face_message(face)
        self.received += 1


def _check(deadline_s: float) -> None:
    if time.monotonic() > deadline_s:
        raise SystemExit(f'nothing was received or subscribed within {TIMEOUT_S:g} s')


if __name__ == '__main__':
    os.environ.update(profile_variables())
    rclpy.init()
    Hop(sys.argv[1], sys.argv[2]).run(int(sys.argv[3]))
