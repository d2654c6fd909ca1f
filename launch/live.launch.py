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

"""From a camera, file or stream, or a robot's own images, to /emotions."""

from fer_ros.apps.launching import common_arguments, pipeline
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument


def generate_launch_description():
    """Return the live pipeline."""
    return LaunchDescription([
        DeclareLaunchArgument(
            'source', default_value='',
            description='Camera (0, /dev/video2), video, image, folder, rtsp:// or http:// '
            'stream, sample, or auto: the camera if one opens, else the sample; empty: the '
            "config's."),
        DeclareLaunchArgument(
            'loop', default_value='', choices=['', 'true', 'false'],
            description='Begin a file again at its end; empty: as the config says.'),
        DeclareLaunchArgument(
            'frame_id', default_value='',
            description="The camera's optical frame, one for each camera of a robot; empty: as "
            'the config says.'),
        *common_arguments(use_sim_time=''),
        pipeline(with_camera=True),
    ])
