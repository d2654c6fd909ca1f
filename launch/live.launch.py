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

"""From a camera, file or stream, or a robot's own image topic, to /emotions."""

import os

from fer_ros.apps.startup import (
    checked_namespace,
    checked_topic,
    config_path,
    profile_variables,
    RESPAWN_DELAY_S,
    shared_memory_warning,
)
from fer_ros.nodes.base.parent import PARENT_VARIABLE
from fer_ros.parameters.parameter_files import ConfigError
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.logging import get_logger
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

SWITCHES = ('autostart', 'loop', 'use_sim_time')
"""Arguments that become parameters of type bool; the others become strings."""

ARGUMENTS = [
    DeclareLaunchArgument(
        'source', default_value='',
        description='Camera (0, /dev/video2), video, image, folder, rtsp:// or http:// stream, '
        'sample, or auto: the camera if one opens, else the sample; empty: as in the config.'),
    DeclareLaunchArgument(
        'loop', default_value='', choices=['', 'true', 'false'],
        description='Play a file again after its end; empty: as in the config.'),
    DeclareLaunchArgument(
        'frame_id', default_value='',
        description='Optical frame of the camera, a different one for each camera of a robot; '
        'empty: as in the config.'),
    DeclareLaunchArgument(
        'camera', default_value='true', choices=['true', 'false'],
        description='Start camera_node, unless image_topic is given.'),
    DeclareLaunchArgument(
        'image_topic', default_value='',
        description="Topic of the images to process, raw or compressed, such as the topic of a "
        "robot's own camera driver; empty: image_raw."),
    DeclareLaunchArgument(
        'camera_info_topic', default_value='',
        description='Topic of the calibration of the camera; empty: beside the images.'),
    DeclareLaunchArgument(
        'model', default_value='',
        description='Classifier: name of a folder in models/ or path of a model card; empty: as '
        'in the config.'),
    DeclareLaunchArgument(
        'overlay', default_value='true', choices=['true', 'false'],
        description='Start overlay_node, which draws the emotions on the images while somebody '
        'subscribes to them.'),
    DeclareLaunchArgument(
        'config', default_value='live',
        description='Name of a file in config/ without .yaml, or path of a ROS parameter file.'),
    DeclareLaunchArgument(
        'namespace', default_value='',
        description='Namespace of all nodes; use one for each camera of a robot.'),
    DeclareLaunchArgument(
        'autostart', default_value='true', choices=['true', 'false'],
        description='The nodes configure and activate themselves; false: wait for lifecycle '
        'transitions from outside.'),
    DeclareLaunchArgument(
        'single_process', default_value='false', choices=['true', 'false'],
        description='Run all nodes in one process, which needs less CPU; false: one process for '
        'each node, so that a fault of one does not end the others.'),
    DeclareLaunchArgument(
        'use_sim_time', default_value='', choices=['', 'true', 'false'],
        description='Take the time from /clock, which bags and simulators publish; empty: as in '
        'the config.'),
    DeclareLaunchArgument(
        'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error', 'fatal'],
        description='Lowest severity that the nodes log.'),
]


def nodes(context):
    """Return the nodes that the arguments ask for; subscribers come before publishers."""
    arguments = context.launch_configurations
    profile = profile_variables()
    context.environment.update(profile)
    if warning := shared_memory_warning(profile):
        get_logger('fer_ros').warning(warning)
    try:
        config = config_path(arguments['config'])
        topics = {
            name: checked_topic(arguments[argument])
            for name, argument in (
                ('image_raw', 'image_topic'), ('camera_info', 'camera_info_topic'))}
        checked_namespace(arguments['namespace'])
    except ConfigError as error:
        raise RuntimeError(str(error)) from error

    def given(*names):
        """Return the arguments that are not empty as parameters; the camera 0 stays a string."""
        return {
            name: arguments[name] == 'true' if name in SWITCHES
            else ParameterValue(arguments[name], value_type=str)
            for name in names if arguments[name]}

    def process(executable, name, parameters, names=()):
        return Node(
            package='fer_ros', executable=executable, name=name, arguments=names,
            namespace=arguments['namespace'],
            parameters=[config, given('autostart', 'use_sim_time', *parameters)],
            remappings=[(name, topic) for name, topic in topics.items() if topic],
            ros_arguments=['--log-level', arguments['log_level']],
            additional_env={PARENT_VARIABLE: str(os.getpid())},
            output='screen', respawn=True, respawn_delay=RESPAWN_DELAY_S)

    def node(name, *parameters):
        return name, parameters

    launched = [node('emotion_node', 'model'), node('face_node')]
    if arguments['overlay'] == 'true':
        launched.append(node('overlay_node'))
    if arguments['camera'] == 'true' and not topics['image_raw']:
        launched.append(node('camera_node', 'source', 'frame_id', 'loop'))
    if arguments['single_process'] == 'true':
        # Without a name, because each node keeps its own. The parameters reach all nodes, each of
        # which takes its own.
        names = [name for name, _ in launched]
        parameters = [parameter for _, own in launched for parameter in own]
        return [process('pipeline', None, parameters, names)]
    return [process(name, name, own) for name, own in launched]


def generate_launch_description():
    """Return the live pipeline."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=nodes)])
