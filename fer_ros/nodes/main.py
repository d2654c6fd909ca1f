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

from fer_ros.nodes.base.signals import stop_on_signals

USAGE = 'Give parameters and remappings as `--ros-args -p NAME:=VALUE -r FROM:=TO`.'


def _run(module: str, name: str) -> int:
    stop = stop_on_signals()
    from rclpy.utilities import remove_ros_args
    if unknown := remove_ros_args(sys.argv)[1:]:
        print(f'{module} does not know {" ".join(unknown)}. {USAGE}', file=sys.stderr)
        return 2
    node = getattr(importlib.import_module(f'fer_ros.nodes.{module}'), name)
    from fer_ros.nodes.base.process import run_node
    return run_node(node, stop=stop)


def camera_node() -> int:
    """Run `camera_node` until it is interrupted."""
    return _run('camera_node', 'CameraNode')


def face_node() -> int:
    """Run `face_node` until it is interrupted."""
    return _run('face_node', 'FaceNode')


def emotion_node() -> int:
    """Run `emotion_node` until it is interrupted."""
    return _run('emotion_node', 'EmotionNode')


def overlay_node() -> int:
    """Run `overlay_node` until it is interrupted."""
    return _run('overlay_node', 'OverlayNode')
