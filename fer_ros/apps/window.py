"""A window that shows the overlay."""

from __future__ import annotations

import os

import cv2
from rclpy.node import Node
from sensor_msgs.msg import Image as ImageMessage

from fer_ros.nodes.image_conversion import to_bgr
from fer_ros.nodes.qos import IMAGES

TITLE = 'fer_ros'


class OverlayWindow:
    """Shows the newest overlay; `update` belongs into the main thread, as window systems ask."""

    def __init__(self, node: Node) -> None:
        """
        Subscribe to the overlay.

        :raises ValueError: where there is no display.
        """
        if not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
            raise ValueError(
                '--show needs a display, but DISPLAY is not set: leave --show out, or use --record FILE.mp4.')
        self._node = node
        self._newest: ImageMessage | None = None
        self._is_open = False
        self._subscription = node.create_subscription(
            ImageMessage, 'emotions/overlay', self._receive, IMAGES)

    def _receive(self, message: ImageMessage) -> None:
        self._newest = message

    def update(self) -> bool:
        """Show the newest overlay; return false once the window was closed or q or Esc was pressed."""
        message, self._newest = self._newest, None
        if message is not None:
            cv2.imshow(TITLE, to_bgr(message))
            self._is_open = True
        if not self._is_open:
            return True
        key = cv2.waitKey(1) & 0xFF
        return key not in (ord('q'), 27) and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1

    def close(self) -> None:
        """Close the window."""
        self._node.destroy_subscription(self._subscription)
        if self._is_open:
            cv2.destroyWindow(TITLE)
