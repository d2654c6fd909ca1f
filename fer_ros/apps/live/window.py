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

"""A window that shows the annotated images of overlay_node."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2
from fer_ros.nodes.image_conversion import to_bgr
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image as ImageMessage

TITLE = 'fer_ros'

_TRIAL = 'import cv2; cv2.namedWindow("fer_ros"); cv2.destroyAllWindows()'


class OverlayWindow:
    """Shows the newest image; window systems require `update` to run in the main thread."""

    def __init__(self, node: Node) -> None:
        """
        Subscribe to the overlay.

        :raises ValueError: if there is no display.
        """
        if not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
            raise ValueError(
                '--show needs a display, but DISPLAY is not set: leave --show out, or use '
                '--record FILE.mp4.')
        # If DISPLAY names no display, the window system ends the process; so another process
        # tries first.
        if subprocess.run(
                [sys.executable, '-c', _TRIAL], capture_output=True, check=False).returncode:
            raise ValueError(
                '--show needs a display, but no window opens on the display in DISPLAY: leave '
                '--show out, or use --record FILE.mp4.')
        self._node = node
        self._newest: ImageMessage | None = None
        self._is_open = False
        self._subscription = node.create_subscription(
            ImageMessage, 'emotions/overlay', self._receive, qos_profile_sensor_data)

    def _receive(self, message: ImageMessage) -> None:
        self._newest = message

    def update(self) -> bool:
        """
        Show the newest image.

        :return: False after the window was closed, or q or Esc was pressed.
        """
        message, self._newest = self._newest, None
        if message is not None:
            cv2.imshow(TITLE, to_bgr(message))
            self._is_open = True
        if not self._is_open:
            return True
        key = cv2.waitKey(1) & 0xFF
        return (
            key not in (ord('q'), 27)
            and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1)

    def close(self) -> None:
        """Close the window."""
        self._node.destroy_subscription(self._subscription)
        if self._is_open:
            cv2.destroyWindow(TITLE)
