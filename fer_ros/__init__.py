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
Facial emotion recognition for robots, with ROS 2 and without it.

The public API is what this module exports. Everything is imported on first use, so that
``import fer_ros`` loads neither OpenCV nor a network.

>>> from fer_ros import Frame, Pipeline
"""

from importlib import import_module
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from fer_ros.core.emotions import Emotion as Emotion, LABELS as LABELS
    from fer_ros.core.values import (
        Box as Box,
        FaceEmotion as FaceEmotion,
        FaceState as FaceState,
        Frame as Frame,
        HeadPose as HeadPose,
    )
    from fer_ros.pipeline import Pipeline as Pipeline

_MODULES = {
    'Box': 'fer_ros.core.values', 'Emotion': 'fer_ros.core.emotions',
    'FaceEmotion': 'fer_ros.core.values', 'FaceState': 'fer_ros.core.values',
    'Frame': 'fer_ros.core.values', 'HeadPose': 'fer_ros.core.values',
    'LABELS': 'fer_ros.core.emotions', 'Pipeline': 'fer_ros.pipeline',
}
"""The module in which each public name is defined."""

__all__ = [
    'Box', 'Emotion', 'FaceEmotion', 'FaceState', 'Frame', 'HeadPose', 'LABELS', 'Pipeline',
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
