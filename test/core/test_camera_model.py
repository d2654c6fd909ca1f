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

"""Rays are those that OpenCV's projection with the same distortion takes to the points."""

import cv2
from fer_ros.core.camera_model import CameraModel
import numpy as np
import pytest

K = (615.0, 0.0, 310.0, 0.0, 618.0, 251.0, 0.0, 0.0, 1.0)
PLACES = np.array([(0, 0, 1), (0.3, -0.2, 1.5), (-0.4, 0.3, 2), (0.05, 0.4, 1)], np.float64)


@pytest.mark.parametrize(('model', 'd'), [
    ('plumb_bob', ()), ('plumb_bob', (-0.21, 0.05, 0.001, -0.002, 0.01)),
    ('rational_polynomial', (0.1, -0.05, 0.001, 0.0, 0.01, 0.2, -0.02, 0.005)),
    ('equidistant', (-0.02, 0.01, -0.004, 0.001))])
def test_rays_undo_the_projection(model, d):
    """Without and with each distortion model; pixels count from the corner of the image."""
    matrix = np.array(K).reshape(3, 3)
    none = np.zeros(3)
    if model == 'equidistant':
        pixels, _ = cv2.fisheye.projectPoints(PLACES[:, None], none, none, matrix, np.array(d))
    else:
        pixels, _ = cv2.projectPoints(PLACES, none, none, matrix, np.array(d or (0.0,) * 4))
    rays = CameraModel(640, 480, K, model, d).rays(pixels.reshape(-1, 2) + 0.5)
    assert rays == pytest.approx(PLACES[:, :2] / PLACES[:, 2:], abs=1e-4)
