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

"""How many leaning faces are found in pictures, which are also searched rotated to both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fer_ros.bench.detection_accuracy import STEPS, views
from fer_ros.bench.labelled_photos import LabelledPhoto
from fer_ros.bench.matching import Counts
from fer_ros.core.face_stage import FaceOptions, FaceStage
from fer_ros.core.tracking.tracker import TrackerOptions
from fer_ros.core.values import Frame


def run(
    photos: Sequence[LabelledPhoto], report: Callable[[str], None],
) -> dict[str, dict[str, float]]:
    """
    Count the faces that the face stage finds without tracking, as with the preset `still`.

    :return: counts by degrees of roll, both sides together.
    """
    report('finding leaning faces in pictures')
    counts = {step: Counts() for step in STEPS['roll']}
    with FaceStage(FaceOptions(
            tracker=TrackerOptions(name='none'), rotated_search_interval=1)) as stage:
        for step, view in views(photos, 'roll'):
            faces = stage.process(Frame(view.image, 0))
            counts[step].add(view.faces, [face.box for face in faces], view.partial)
    return {f'{step:g}': count.to_mapping() for step, count in counts.items()}
