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

"""`fer bench quality`: detection, identities, and the stability of the emotions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_ros.bench import (
    classifier_card,
    detection_accuracy,
    emotion_steps,
    far_faces,
    identity,
    leaning_faces,
    steadiness,
)
from fer_ros.bench.labelled_photos import labelled_photos, sample_photo
from fer_ros.bench.results import circumstances
from fer_ros.pipeline import Pipeline


def run(data: Path | None, report: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """
    Measure the quality. The result does not depend on the speed of the machine.

    :param data: folder of the data sets; None to use only data that comes with the project.
    :param report: called with a description of the current step.
    :return: the figures for the JSON.
    """
    about = circumstances()
    photos = [sample_photo()]
    if data is not None:
        photos += labelled_photos(data / 'photos')
    detection, left_out = detection_accuracy.run(photos, data, report)
    identities, without = identity.run(data, report)
    clips = steadiness.run_clips(data, report)
    left_out.update(without)
    if not clips:
        left_out['clips'] = 'FER_ROS_DATA names no folder with clips'
    steps = emotion_steps.run(data, report)
    if not steps:
        left_out['labelled sequences'] = (
            f'FER_ROS_DATA names no folder with {emotion_steps.DATA_FILE}')
    with Pipeline.from_config('live') as pipeline:
        model = pipeline.model
    return {
        **about, 'model': model, 'classifier': classifier_card.run(), 'left_out': left_out,
        'detection': detection,
        'far': far_faces.run(photos, report), 'leaning': leaning_faces.run(photos, report),
        'identity': identities, 'clips': clips, 'step': steadiness.run_step(report),
        'emotion_steps': steps,
        'roll': steadiness.run_roll(photos, report)}
