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
Entry points of the nodes' executables.

They handle Ctrl-C before the libraries are imported, which takes a second: a launch that is
interrupted at once ends without tracebacks.
"""

import importlib
import sys
import threading

from fer_ros.nodes.base.signals import stop_on_signals

USAGE = 'Give parameters and remappings as `--ros-args -p NAME:=VALUE -r FROM:=TO`.'

CLASSES = {
    'camera_node': 'CameraNode',
    'face_node': 'FaceNode',
    'emotion_node': 'EmotionNode',
    'overlay_node': 'OverlayNode',
}
"""The class in the module of each node."""


def camera_node() -> int:
    """Run `camera_node` until it is interrupted."""
    return _run_one('camera_node')


def face_node() -> int:
    """Run `face_node` until it is interrupted."""
    return _run_one('face_node')


def emotion_node() -> int:
    """Run `emotion_node` until it is interrupted."""
    return _run_one('emotion_node')


def overlay_node() -> int:
    """Run `overlay_node` until it is interrupted."""
    return _run_one('overlay_node')


def pipeline() -> int:
    """Run the nodes that the command line names in this process, until it is interrupted."""
    stop = stop_on_signals()
    names = _own_arguments()
    if not names or not set(names) <= set(CLASSES) or len(set(names)) < len(names):
        print(
            f'pipeline runs several nodes in one process: name each of them once, of '
            f'{", ".join(CLASSES)}, subscribers first. {USAGE}', file=sys.stderr)
        return 2
    return _run(names, stop)


def _run_one(name: str) -> int:
    stop = stop_on_signals()
    if unknown := _own_arguments():
        print(f'{name} does not know {" ".join(unknown)}. {USAGE}', file=sys.stderr)
        return 2
    return _run([name], stop)


def _own_arguments() -> list[str]:
    """Return the command line without the arguments of ROS."""
    from rclpy.utilities import remove_ros_args
    return list(remove_ros_args(sys.argv)[1:])


def _run(names: list[str], stop: threading.Event) -> int:
    nodes = [
        getattr(importlib.import_module(f'fer_ros.nodes.{name}'), CLASSES[name]) for name in names]
    from fer_ros.nodes.base.process import run_nodes
    return run_nodes(nodes, stop=stop)
