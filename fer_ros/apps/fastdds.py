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

"""Gives Fast DDS room for images."""

from __future__ import annotations

import os

from fer_ros.core.resources import share_directory

PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
"""Names of the variable in Fast DDS 2 (Jazzy) and 3 (Kilted and later)."""

SHARED_MEMORY = '/dev/shm'

SEGMENTS_BYTES = 5 * 32 * 2**20
"""Those of four nodes and of one who listens, each as large as config/fastdds.xml says."""


def profile_variables() -> dict[str, str]:
    """
    Return the environment variables that name our profile, to be set before ROS starts.

    There are none where the user has a profile of their own.
    """
    if any(name in os.environ for name in PROFILE_VARIABLES):
        return {}
    return dict.fromkeys(PROFILE_VARIABLES, str(share_directory() / 'config' / 'fastdds.xml'))


def shared_memory_warning() -> str:
    """Return a sentence where the nodes' segments do not fit into shared memory, else ''."""
    try:
        state = os.statvfs(SHARED_MEMORY)
    except OSError:
        return ''
    free = state.f_bavail * state.f_frsize
    if free >= SEGMENTS_BYTES:
        return ''
    return (
        f'{SHARED_MEMORY} has {free / 2**20:.0f} MiB left, and the nodes need '
        f'{SEGMENTS_BYTES / 2**20:.0f} MiB for images from one process to another, of which most '
        'are lost otherwise: give a container more (docker run --shm-size=512m).')
