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

"""What the launch files have in common: the nodes, and what brings them up and keeps them up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
import functools
from typing import Any

from fer_ros.apps.fastdds import profile_variables, shared_memory_warning
from fer_ros.parameters.parameter_files import ConfigError, find_config, parameter_sections
from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessStart, OnShutdown
from launch.logging import get_logger
from launch_ros.actions import LifecycleNode
from launch_ros.ros_adapters import get_ros_node
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.client import Client
from rclpy.exceptions import InvalidTopicNameException
from rclpy.expand_topic_name import expand_topic_name
from rclpy.validate_full_topic_name import validate_full_topic_name

RESPAWN_DELAY_S = 1.0
ANSWER_TIMEOUT_S = 1.0
SILENCE_TOLD_S = 10.0
CHANGE_TIMEOUT_S = 5.0
"""
Right after a node has appeared its answer can be lost.

After this time its state tells what happened.
"""

NEXT = {
    State.PRIMARY_STATE_UNCONFIGURED: Transition.TRANSITION_CONFIGURE,
    State.PRIMARY_STATE_INACTIVE: Transition.TRANSITION_ACTIVATE,
}
"""From each state, the transition on the way to being active."""


def common_arguments(use_sim_time: str) -> list[DeclareLaunchArgument]:
    """Return the arguments that all launch files have."""
    return [
        DeclareLaunchArgument(
            'config', default_value='live',
            description='Name of a file in config/ without .yaml, or path of a ROS parameter '
            'file.'),
        DeclareLaunchArgument(
            'namespace', default_value='',
            description='Namespace of all nodes: one for each camera of a robot.'),
        DeclareLaunchArgument(
            'model', default_value='',
            description='Classifier: name of a folder of models/ or path of a model card; empty: '
            "the config's."),
        DeclareLaunchArgument(
            'overlay', default_value='true', choices=['true', 'false'],
            description='Run overlay_node, which draws the emotions on the images while someone '
            'listens.'),
        DeclareLaunchArgument(
            'image_topic', default_value='',
            description="Topic of images to work on, such as a robot's own camera driver's; "
            'empty: image_raw.'),
        DeclareLaunchArgument(
            'use_sim_time', default_value=use_sim_time, choices=['', 'true', 'false'],
            description='Take the time from /clock, as bags and simulators publish it.'),
        DeclareLaunchArgument(
            'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='From which severity on the nodes log.'),
    ]


def pipeline(with_camera: bool) -> OpaqueFunction:
    """
    Return the action that starts the nodes which the arguments ask for.

    :param with_camera: start camera_node, unless `image_topic` names another source of images.
    """
    return OpaqueFunction(function=_pipeline, kwargs={'with_camera': with_camera})


def _pipeline(context: LaunchContext, with_camera: bool) -> Sequence[LaunchDescriptionEntity]:
    arguments = context.launch_configurations
    # For launch's own participant as well, which asks the nodes for their states.
    profile = profile_variables()
    context.environment.update(profile)
    if profile and (warning := shared_memory_warning()):
        get_logger('fer_ros').warning(warning)
    config, image_topic = _config(arguments['config']), _topic(arguments['image_topic'])
    common = _given('use_sim_time', arguments)
    # In the order in which they are brought up: whoever listens comes before whoever speaks.
    parameters: dict[str, dict[str, Any]] = {'emotion_node': {}, 'face_node': {}}
    if arguments['model']:
        parameters['emotion_node']['model'] = arguments['model']
    if arguments['overlay'] == 'true':
        parameters['overlay_node'] = {}
    if with_camera and not image_topic:
        given = {name: arguments[name] for name in ('source', 'frame_id') if arguments[name]}
        parameters['camera_node'] = {**given, **_given('loop', arguments)}
    nodes = [
        LifecycleNode(
            package='fer_ros', executable=name, name=name, namespace=arguments['namespace'],
            parameters=[config, {**common, **_quoted(own)}],
            remappings=[('image_raw', image_topic)] if image_topic else [],
            ros_arguments=['--log-level', arguments['log_level']],
            output='screen', respawn=True, respawn_delay=RESPAWN_DELAY_S)
        for name, own in parameters.items()]
    return [*_KeepActive(nodes).handlers(), *nodes]


def _config(path_or_name: str) -> str:
    """Return the path of a parameter file that nodes can read: those that cannot die for ever."""
    try:
        path = find_config(path_or_name)
        parameter_sections(path)
    except ConfigError as error:
        raise RuntimeError(str(error)) from error
    return str(path)


def _topic(name: str) -> str:
    """Return the name of a topic, where it is one; empty stays empty."""
    try:
        if name:
            validate_full_topic_name(expand_topic_name(name, 'face_node', '/'))
    except (ValueError, InvalidTopicNameException) as error:
        reason = str(error).splitlines()[0].split(', at ')[0].rstrip(':')
        raise RuntimeError(f'image_topic {name!r} cannot be a topic: {reason}.') from error
    return name


def _given(name: str, arguments: Mapping[str, str]) -> dict[str, bool]:
    """Return a switch as a parameter, or nothing where the config decides."""
    return {name: arguments[name] == 'true'} if arguments[name] else {}


def _quoted(parameters: Mapping[str, Any]) -> dict[str, Any]:
    from launch_ros.parameter_descriptions import ParameterValue
    return {
        # Without its type the camera 0 would become a number.
        name: ParameterValue(value, value_type=type(value)) for name, value in parameters.items()}


class _KeepActive:
    """
    Brings the nodes up in order, and each of them again after it was respawned.

    It asks each node for its state, and asks again where no answer comes. Events alone do not do:
    a process that was killed leaves its services in the graph for 20 s, a request that only they
    received is lost, and so is the event that would have followed.
    """

    def __init__(self, nodes: Sequence[LifecycleNode]) -> None:
        self._nodes = nodes
        self._became_active = [asyncio.Event() for _ in nodes]
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def handlers(self) -> list[RegisterEventHandler]:
        """Return what launch has to call; to stand before the nodes in the description."""
        starts = [
            OnProcessStart(target_action=node, on_start=functools.partial(self._on_start, index))
            for index, node in enumerate(self._nodes)]
        return [RegisterEventHandler(h) for h in (*starts, OnShutdown(on_shutdown=self._stop))]

    def _on_start(self, index: int, _: Any, context: LaunchContext) -> None:
        self._cancel(index)
        if not context.is_shutdown:
            self._tasks[index] = context.asyncio_loop.create_task(self._bring_up(index, context))

    def _stop(self, _: Any, __: LaunchContext) -> None:
        # launch_ros destroys its node soon; whoever still asked by it would end in an error.
        for index in list(self._tasks):
            self._cancel(index)

    def _cancel(self, index: int) -> None:
        task = self._tasks.pop(index, None)
        if task is not None:
            task.cancel()

    async def _bring_up(self, index: int, context: LaunchContext) -> None:
        if index:
            await self._became_active[index - 1].wait()
        name = self._nodes[index].node_name
        ros = get_ros_node(context)
        get_state = ros.create_client(GetState, f'{name}/get_state')
        change_state = ros.create_client(ChangeState, f'{name}/change_state')
        log = get_logger('fer_ros')
        silent_s = 0.0
        while not context.is_shutdown:
            answer = await _ask(get_state, GetState.Request(), ANSWER_TIMEOUT_S)
            if answer is None:
                silent_s += ANSWER_TIMEOUT_S
                if silent_s == SILENCE_TOLD_S:
                    log.warning(f'{name} has not answered for {silent_s:g} s; it is asked on.')
                continue
            if answer.current_state.id not in NEXT:
                break
            transition = Transition(id=NEXT[answer.current_state.id])
            request = ChangeState.Request(transition=transition)
            done = await _ask(change_state, request, CHANGE_TIMEOUT_S)
            if done is not None and not done.success:
                log.error(
                    f'{name} cannot be brought up; its message above says why. Correct it, and '
                    f'then start again or use "ros2 lifecycle set {name} configure".')
                break
        ros.destroy_client(get_state)
        ros.destroy_client(change_state)
        # The others are of use without this one: a person who corrects it finds them ready.
        self._became_active[index].set()


async def _ask(client: Client, request: Any, timeout_s: float) -> Any:
    """Return the answer, or None where none came in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    future = client.call_async(request)
    while not future.done() and loop.time() < deadline:
        await asyncio.sleep(0.02)
    if future.done():
        return future.result()
    client.remove_pending_request(future)
    return None
