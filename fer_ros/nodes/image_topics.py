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

"""Finds the topics of images in the ROS graph, and says why no image arrives on one of them."""

from __future__ import annotations

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image as ImageMessage

TRANSPORTS = {'raw': ImageMessage, 'compressed': CompressedImage}
"""Values of `input.transport` and their type of message."""

TYPE_NAMES = {'raw': 'sensor_msgs/msg/Image', 'compressed': 'sensor_msgs/msg/CompressedImage'}

OWN_RESULTS = ('emotions/overlay', 'emotions/overlay/compressed')
"""Images that our own nodes publish: nobody wants to find faces in them."""

MAX_NAMES = 6
"""Maximum number of topics in a sentence."""


def usual_transport(topic: str) -> str:
    """Return the transport that a name suggests: those of image_transport end with /compressed."""
    return 'compressed' if topic.endswith('/compressed') else 'raw'


def published_transport(node: Node, topic: str, otherwise: str) -> str:
    """
    Return the transport that the publishers of a topic use, raw if there are both.

    :param topic: fully resolved name.
    :param otherwise: is returned if nobody publishes images on the topic.
    """
    types = {p.topic_type for p in node.get_publishers_info_by_topic(topic)}
    return next((t for t, name in TYPE_NAMES.items() if name in types), otherwise)


def reason_for_silence(node: Node, topic: str, transport: str, is_matched: bool) -> str:
    """
    Return why no image arrives on a topic and what to do, in one or two sentences.

    :param topic: fully resolved name.
    :param transport: what the node asks for: auto, raw or compressed.
    :param is_matched: whether the middleware has connected the node with a publisher.
    """
    publishers = node.get_publishers_info_by_topic(topic)
    types = sorted({p.topic_type for p in publishers})
    wanted = TYPE_NAMES.values() if transport == 'auto' else [TYPE_NAMES[transport]]
    if not publishers:
        return f'nobody publishes it. {_other_topics(node, topic)}'
    if not set(types) & set(wanted):
        only = f'its type is {" and ".join(types)}, not {" or ".join(wanted)}'
        if set(types) & set(TYPE_NAMES.values()):
            return f'{only}. Set the parameter input.transport of {node.get_name()} to auto.'
        return f'{only}. {_other_topics(node, topic)}'
    names = sorted({f'{p.node_namespace.rstrip("/")}/{p.node_name}' for p in publishers})
    if not is_matched:
        return (
            f'its publisher ({", ".join(names)}) has another quality of service. Set the '
            f'parameter input.reliability of {node.get_name()} to auto.')
    return (
        f'its publisher ({", ".join(names)}) is silent, or its messages are lost. Is camera_node '
        'or your camera driver running, and does its camera work?')


def _other_topics(node: Node, topic: str) -> str:
    others = [
        f'{name} ({kinds[0]})' for name, kinds in node.get_topic_names_and_types()
        if set(kinds) & set(TYPE_NAMES.values()) and name != topic
        and not name.endswith(OWN_RESULTS) and node.count_publishers(name)]
    if not others:
        return (
            'No other topic has images. Is camera_node or your camera driver running, with the '
            'same ROS_DOMAIN_ID?')
    more = f' and {len(others) - MAX_NAMES} more' if len(others) > MAX_NAMES else ''
    return (
        f'These topics have images: {", ".join(sorted(others)[:MAX_NAMES])}{more}. Launch with '
        'image_topic:=TOPIC, or remap image_raw. Is one of them meant?')
