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

"""The camera model: from pixels of an image to rays in the camera's optical frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Rays = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CameraModel:
    """
    A calibrated camera, with the names of `sensor_msgs/CameraInfo`.

    :param width: width of the images in pixels.
    :param height: height of the images in pixels.
    :param k: camera matrix, 3x3 row-major: focal lengths and principal point in pixels. As
        everywhere in OpenCV, the centre of the first pixel is (0, 0).
    :param distortion_model: plumb_bob, rational_polynomial or equidistant (fisheye).
    :param d: coefficients of the distortion model; empty for rectified images.
    """

    width: int
    height: int
    k: tuple[float, ...]
    distortion_model: str = 'plumb_bob'
    d: tuple[float, ...] = ()

    def rays(self, points: npt.NDArray[np.floating[Any]]) -> Rays:
        """
        Return where the rays to points of the image cross the plane at a distance of 1.

        :param points: (N, 2), pixels, counted as `fer_ros.core.geometry` states.
        :return: (N, 2), x to the right and y down. NaN where the distortion has no inverse.
        """
        pixels = np.asarray(points, np.float64).reshape(-1, 1, 2) - 0.5
        matrix = np.array(self.k, np.float64).reshape(3, 3)
        undistort = (
            cv2.fisheye.undistortPoints if self.distortion_model == 'equidistant'
            else cv2.undistortPoints)
        if not self.d:
            undistort, coefficients = cv2.undistortPoints, np.zeros(4)
        else:
            coefficients = np.array(self.d, np.float64)
        return np.asarray(undistort(pixels, matrix, coefficients)[:, 0], np.float64)
