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

"""Options of the facial landmarks."""

from __future__ import annotations

from dataclasses import dataclass

from fer_ros.core.options import option, Options


@dataclass(frozen=True)
class LandmarkOptions(Options):
    """How facial landmarks are found."""

    name: str = option(
        'mesh',
        "Facial landmarks. mesh: MediaPipe's face mesh; faces are followed by their landmarks at "
        'any roll, and head poses are steadier, for about 1 ms per face. none: key points of the '
        'detector only.',
        choices=('mesh', 'none'))
    faces_per_image: int = option(
        4, 'Maximum faces per image whose landmarks are computed, least recently processed first; '
        'the other faces keep their last head pose.',
        unit='faces', minimum=1, maximum=1000, dynamic=True)
    max_age_s: float = option(
        1.0, 'Time after which the landmarks of a face are computed again although the face has '
        'not changed. Noise and slow changes of the exposure are no change. 0: compute them in '
        'every image.', unit='s', minimum=0.0, maximum=60.0, dynamic=True)
