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
Settings and checks that `fer live` and the launch files share when they start the nodes.

These are the order of the nodes, the time before a respawn, the Fast DDS profile, and checks of
names and files: a node would end at once if one of them were wrong. Nothing here starts a process.
"""

from __future__ import annotations

from collections.abc import Mapping
import os

from fer_ros.core.resources import share_directory
from fer_ros.parameters.parameter_files import ConfigError, find_config, parameter_sections
from rclpy.exceptions import InvalidNamespaceException, InvalidTopicNameException
from rclpy.expand_topic_name import expand_topic_name
from rclpy.validate_full_topic_name import validate_full_topic_name
from rclpy.validate_namespace import validate_namespace

NODE_NAMES = ('emotion_node', 'face_node', 'overlay_node', 'camera_node')
"""The nodes in the order in which they are started: subscribers before publishers."""

RESPAWN_DELAY_S = 1.0
"""Time between the end of a node's process and its next start."""

PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
"""Names of the variable in Fast DDS 2 (Jazzy) and 3 (Kilted and later)."""

SHARED_MEMORY = '/dev/shm'

SEGMENTS_BYTES = 5 * 32 * 2**20
"""Segments of four nodes and one other subscriber; config/fastdds.xml sets the size of each."""


def profile_variables() -> dict[str, str]:
    """
    Return the environment variables that select the Fast DDS profile, to be set before ROS starts.

    Jazzy reads the first one, Kilted the second. A profile that the user has chosen in one of them
    is used for both; the dictionary is empty if both are set already.
    """
    chosen = [os.environ[name] for name in PROFILE_VARIABLES if name in os.environ]
    profile = chosen[0] if chosen else str(share_directory() / 'config' / 'fastdds.xml')
    return {name: profile for name in PROFILE_VARIABLES if name not in os.environ}


def shared_memory_warning(variables: Mapping[str, str]) -> str:
    """
    Return a sentence if the nodes' segments do not fit into shared memory, else ''.

    :param variables: the result of `profile_variables`; nothing is known of the user's profiles.
    """
    if set(variables) != set(PROFILE_VARIABLES):
        return ''
    try:
        state = os.statvfs(SHARED_MEMORY)
    except OSError:
        return ''
    free = state.f_bavail * state.f_frsize
    if free >= SEGMENTS_BYTES:
        return ''
    return (
        f'{SHARED_MEMORY} has {free / 2**20:.0f} MiB left, but the nodes need '
        f'{SEGMENTS_BYTES / 2**20:.0f} MiB to send images between processes; with less, most '
        'images are lost: give the container more (docker run --shm-size=512m).')


def config_path(path_or_name: str) -> str:
    """
    Return the path of a parameter file that ROS nodes can read.

    A node ends at once if it cannot read its file, and would be respawned forever.

    :param path_or_name: a path, or the name of a file in config/ without its extension.
    :raises ConfigError: if there is no such file or it is not a parameter file.
    """
    path = find_config(path_or_name)
    parameter_sections(path)
    return str(path)


def checked_topic(name: str) -> str:
    """
    Return the name of a topic unchanged; it may be empty.

    :raises ConfigError: if it is not a valid name.
    """
    try:
        if name:
            validate_full_topic_name(expand_topic_name(name, 'face_node', '/'))
    except (ValueError, InvalidTopicNameException) as error:
        reason = str(error).splitlines()[0].split(', at ')[0].rstrip(':')
        raise ConfigError(f'{name!r} is not a valid topic name: {reason}.') from error
    return name


def checked_namespace(name: str) -> str:
    """
    Return a namespace with one leading slash, or '' for none.

    :raises ConfigError: if it is not a valid name.
    """
    if not name.strip('/'):
        return ''
    namespace = f'/{name.strip("/")}'
    try:
        validate_namespace(namespace)
    except InvalidNamespaceException as error:
        raise ConfigError(
            f'{name!r} is not a valid namespace: use letters, digits, _ and /, and no digit at '
            'the beginning of a part.') from error
    return namespace
