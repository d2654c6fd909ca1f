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

"""From the images of a bag to /emotions: run `ros2 bag play BAG --clock` beside it."""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration


def generate_launch_description():
    """Return the nodes of live.launch.py without a camera, with the time of the bag."""
    return LaunchDescription([
        DeclareLaunchArgument(
            'use_sim_time', default_value='true', choices=['', 'true', 'false'],
            description='Take the time from /clock, which `ros2 bag play --clock` publishes; '
            'empty: as in the config.'),
        IncludeLaunchDescription(
            str(Path(__file__).with_name('live.launch.py')),
            launch_arguments={
                'camera': 'false', 'use_sim_time': LaunchConfiguration('use_sim_time')}.items()),
    ])
