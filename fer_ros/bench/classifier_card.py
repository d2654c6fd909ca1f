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

"""What the default classifier's evaluation file states, for the aims of `fer bench quality`."""

from __future__ import annotations

from typing import Any

from fer_ros.core.classification.model_folders import card_path
from fer_ros.evaluation.evaluation_file import load_evaluation

KEYS = ('accuracy', 'macro_f1', 'ece')


def run() -> dict[str, Any]:
    """
    Return the figures of the int8 file on FER+'s majority.

    `fer evaluate --update-card` measures them; here they are only read.

    :return: `mmacs` for one face, `private` with `KEYS`, and `scenes`, the accuracy on PublicTest
        by the name of the simulated scene, empty if they were not measured.
    """
    evaluation = load_evaluation(card_path('default'))
    figures = evaluation.figures
    private = figures['int8']['ferplus']['private']
    scenes = figures.get('scenes', {}).get('int8', {}).get('ferplus', {}).get('public', {})
    return {
        'mmacs': None if evaluation.macs is None else evaluation.macs / 1e6,
        'private': {key: private[key] for key in KEYS},
        'scenes': {name: row['accuracy'] for name, row in scenes.get('scenes', {}).items()}}
