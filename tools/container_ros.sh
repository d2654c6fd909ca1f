#!/usr/bin/env bash
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

# The entry point of the container `ros`: runs a program with ROS, fer_ros and its Python packages.
set -eo pipefail  # ROS's set-up reads variables that are not set
# shellcheck source=/dev/null
. /opt/fer_ros/setup.bash
# `ros2` runs in the system's Python, which must find the packages that launch files import.
packages=(/opt/fer/lib/python3*/site-packages)
export PATH=/opt/fer/bin:$PATH PYTHONPATH=${packages[0]}:$PYTHONPATH
exec "$@"
