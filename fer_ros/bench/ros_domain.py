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

"""A ROS domain that nobody uses, for nodes that are measured."""

import os
import socket

HIGHEST_DOMAIN = 101


class RosError(RuntimeError):
    """The nodes could not be run. The text states the reason."""


def free_domain() -> int:
    """
    Return a ROS domain without participants on this machine (DDSI-RTPS 9.6.1.1).

    :raises RosError: if all domains are in use.
    """
    for offset in range(HIGHEST_DOMAIN):
        domain = 1 + (os.getpid() + offset) % HIGHEST_DOMAIN
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
            try:
                port.bind(('', 7400 + 250 * domain + 10))
            except OSError:
                continue
        return domain
    raise RosError('every ROS domain of this machine is in use: end some of its ROS nodes.')
