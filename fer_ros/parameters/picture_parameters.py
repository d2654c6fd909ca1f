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

"""Decides which parameters a file may set for pictures; each picture stands alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fer_ros.parameters.overrides import Parameters, parameters

PICTURE_CONFIG = 'still'
"""Its values are used where a file sets nothing, and always for the parameters of `FIXED`."""

FIXED: Mapping[str, Mapping[str, str]] = {
    'face_node': {
        'tracker.name': 'A tracker reports a face only after several images, and would take a '
        'face at the same place in the next picture for the same person.',
        'rotated_search_interval': 'Leaning faces are found in this image or never. A file may '
        'still switch the search off (0).',
        'landmarks.faces_per_image': 'There is no next image for the landmarks of other faces.',
    },
    'emotion_node': {
        'rate_hz': 'There is no earlier result that a face could keep.',
        'max_batch': 'There is no next image in which other faces could be classified.',
        'budget_ms': 'As max_batch; and the results must not depend on the speed of the machine.',
        'smoothing_s': 'There is nothing to smooth over time.',
    },
}
"""For each node, the parameters that no file can change for pictures, with the reason."""


PATIENT: Mapping[str, tuple[str, ...]] = {
    'face_node': ('input.max_delay_s',), 'emotion_node': ('input.max_delay_s',),
    'overlay_node': ('input.max_delay_s', 'max_wait_s')}
"""For each node, the delays that are at least those of `PICTURE_CONFIG`: no picture is dropped."""


def picture_parameters(
    config: str | None, settings: Sequence[str], own: Mapping[str, Mapping[str, Any]],
    namespace: str | None = None,
) -> Parameters:
    """
    Return the parameters of all nodes for single pictures.

    A file for videos can be used unchanged: its detector, model and thresholds are used, but
    nothing in it that spreads work or results over several images.

    :param config, settings, own, namespace: as in `parameters`; config None: only the values
        of `PICTURE_CONFIG`.
    :raises ConfigError: if the file or a value is invalid; the text says which.
    """
    fixed = parameters(PICTURE_CONFIG, ())
    values = parameters(
        config or PICTURE_CONFIG, settings, own, base=PICTURE_CONFIG, namespace=namespace)
    is_rotated_search_off = values['face_node']['rotated_search_interval'] == 0
    for node, reasons in FIXED.items():
        values[node].update({name: fixed[node][name] for name in reasons})
    if is_rotated_search_off:
        values['face_node']['rotated_search_interval'] = 0
    return values


def picture_parameters_of_nodes(
    config: str, settings: Sequence[str], own: Mapping[str, Mapping[str, Any]],
    namespace: str | None = None,
) -> Parameters:
    """
    Return the parameters with which the nodes process single pictures, each published once.

    As `picture_parameters`; moreover, pictures come at the rate of `PICTURE_CONFIG` if no other is
    set, and wait for the nodes.

    :param config, settings, own, namespace: as in `parameters`.
    :raises ConfigError: if the file or a value is invalid; the text says which.
    """
    values = picture_parameters(config, settings, own, namespace)
    still = parameters(PICTURE_CONFIG, ())
    camera = values['camera_node']
    camera['rate_hz'] = camera['rate_hz'] or still['camera_node']['rate_hz']
    for node, names in PATIENT.items():
        for name in names:
            values[node][name] = max(values[node][name], still[node][name])
    return values
