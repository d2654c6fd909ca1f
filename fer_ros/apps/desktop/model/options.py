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

"""The options of the window itself, in addition to those of the nodes."""

from __future__ import annotations

from dataclasses import dataclass

from fer_ros.core.options import option, OptionError, Options

THEMES = ('light', 'dark')

MIN_SCALE_PERCENT = 75


@dataclass(frozen=True)
class DesktopOptions(Options):
    """How the window looks, and what is shown, saved and recorded."""

    theme: str = option('light', 'Colours of the window.', choices=THEMES, dynamic=True)
    scale_percent: int = option(
        0, 'Size of texts and symbols, 75 or more; 0: as the screen states it.', unit='%',
        minimum=0, maximum=400, dynamic=True)
    show_overlay: bool = option(
        True, 'Draw boxes, names and emotions on the image that is shown, saved or recorded.',
        dynamic=True)
    blur_faces: bool = option(
        False, 'Make all faces that are found unrecognisable in what is shown, saved or recorded. '
        'Each face is then reported from its first image on.', dynamic=True)
    mirror_camera: bool = option(
        False, 'Show the images of a camera as a mirror does. Recordings and rows are mirrored '
        'too.', dynamic=True)

    def __post_init__(self) -> None:
        """Also check that texts can be read: a number that is being typed is small at first."""
        super().__post_init__()
        if 0 < self.scale_percent < MIN_SCALE_PERCENT:
            raise OptionError(
                f'scale_percent must be 0, or {MIN_SCALE_PERCENT} to 400 %, not '
                f'{self.scale_percent}')
