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
Tells if the kernel's socket buffers are too small for images from another computer.

An image of 640x480 arrives in 15 datagrams of 64 KiB at once. If the receive buffer is smaller
than an image, datagrams are lost; a reliable subscription asks for them again, which takes time.
"""

from __future__ import annotations

from pathlib import Path

from rclpy.node import Node
from rclpy.utilities import get_rmw_implementation_identifier

NEEDED_BYTES = 4 * 2 ** 20
"""`receiveBufferSize` in config/fastdds.xml."""

LIMIT_FILE = Path('/proc/sys/net/core/rmem_max')

HOST_BYTES = 4
"""
Fast DDS begins the identifier of an endpoint with two bytes of the vendor and two of the host.

It uses the network between two endpoints whose hosts differ, and shared memory otherwise.
"""


class ReceiveBuffers:
    """Compares the limit of the kernel with what the publishers of a topic need."""

    def __init__(self, node: Node, topic: str) -> None:
        """
        Read the limit.

        :param topic: fully resolved name of a topic that the node subscribes to.
        """
        self._node = node
        self._topic = topic
        self.limit_bytes = receive_limit()
        self.warning = ''

    def check(self) -> None:
        """Log a warning, once, if the limit is too small and a publisher is on another host."""
        if self.warning or self.limit_bytes is None or self.limit_bytes >= NEEDED_BYTES:
            return
        if is_published_elsewhere(self._node, self._topic):
            self.warning = (
                f'{self._topic} comes from another computer, but net.core.rmem_max of this one is '
                f'{self.limit_bytes} bytes, so images are late or lost: run sudo sysctl -w '
                f'net.core.rmem_max={NEEDED_BYTES}, then start the nodes again '
                '(docs/multi_host.md).')
            self._node.get_logger().warning(self.warning)


def receive_limit() -> int | None:
    """Return the largest receive buffer that the kernel permits, in bytes; None if unknown."""
    try:
        return int(LIMIT_FILE.read_text(encoding='ascii'))
    except (OSError, ValueError):
        # It is hidden in some containers, and other systems do not have it.
        return None


def is_published_elsewhere(node: Node, topic: str) -> bool:
    """Return whether Fast DDS takes a publisher of the topic for one on another computer."""
    if not get_rmw_implementation_identifier().startswith('rmw_fastrtps'):
        return False
    own = (node.get_name(), node.get_namespace())
    here = [
        tuple(s.endpoint_gid[:HOST_BYTES]) for s in node.get_subscriptions_info_by_topic(topic)
        if (s.node_name, s.node_namespace) == own]
    return bool(here) and any(
        tuple(p.endpoint_gid[:HOST_BYTES]) != here[0]
        for p in node.get_publishers_info_by_topic(topic))
