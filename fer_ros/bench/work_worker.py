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
Processes the images of a scene: `python -m fer_ros.bench.work_worker SCENE IMAGES`.

`instructions` runs it under a program that counts instructions.
"""

from __future__ import annotations

from dataclasses import replace
import sys

from fer_ros.bench.work_scenes import Scene
from fer_ros.core.values import Frame, NS_PER_S
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions
from fer_ros.parameters.parameter_files import load_options
from fer_ros.pipeline import Pipeline


def pipeline(config: str) -> Pipeline:
    """Return the pipeline of a preset; its work does not depend on the speed of the machine."""
    emotion = load_options(config, 'emotion_node', EmotionNodeOptions)
    return Pipeline(
        load_options(config, 'face_node', FaceNodeOptions), replace(emotion, budget_ms=0.0))


def process(own: Pipeline, scene: Scene, begin: int, end: int, rate_hz: float) -> None:
    """
    Process images of a scene.

    :param begin: number of the first image.
    :param end: number after that of the last image.
    :param rate_hz: images per second; images of the scene in between are left out.
    """
    for number in range(begin, end):
        image = scene.image(round(number * scene.rate_hz / rate_hz))
        own.process(Frame(image, round(number * NS_PER_S / rate_hz)))


if __name__ == '__main__':
    with pipeline('live') as live:
        process(live, Scene(sys.argv[1]), 0, int(sys.argv[2]), Scene.rate_hz)
