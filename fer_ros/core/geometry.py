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

"""Similarity transforms of images."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def similarity(
    edge: int, *, angle_rad: float, scale: float, shift: npt.NDArray[np.float64], mirrored: bool,
) -> npt.NDArray[np.float64]:
    """
    Return the matrix (2, 3) that mirrors, turns, scales and moves a square about its middle.

    :param edge: of the picture in pixels.
    :param angle_rad: clockwise in the picture (x to the right, y down).
    :param shift: (x, y) in pixels.
    """
    cosine, sine = scale * math.cos(angle_rad), scale * math.sin(angle_rad)
    flip = -1.0 if mirrored else 1.0
    linear = np.array([[cosine * flip, -sine], [sine * flip, cosine]])
    middle = np.full(2, (edge - 1) / 2)
    return np.column_stack([linear, middle + shift - linear @ middle])
