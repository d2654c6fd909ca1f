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
The features from which the face mesh network computes its landmarks.

The last layer of the network is linear: landmarks = kernel · features + bias, with 1404 landmark
coordinates and only 288 features. So the features follow from the landmarks by least squares, at
no further cost of the network. They describe the face that the network sees, apart from its place
in the image.
"""

from __future__ import annotations

from fer_ros.core.networks.mediapipe_network import MediaPipeNetwork
import numpy as np
import numpy.typing as npt

FEATURE_COUNT = 288
"""Length of the vector: 3x3 places of 32 channels."""

_KERNEL = 'conv2d_21/Kernel'
_BIAS = 'conv2d_21/Bias'
MeshFeatures = npt.NDArray[np.float32]


class MeshFeatureInverse:
    """Computes the features of the last layer from its output."""

    def __init__(self, network: MediaPipeNetwork) -> None:
        """
        Invert the last layer.

        :param network: MediaPipe's face landmark network.
        """
        kernel = network.constant(_KERNEL).astype(np.float64).reshape(-1, FEATURE_COUNT)
        # The ratio of the kernel's singular values is 5,000, so float64 is exact enough here, and
        # faster than a pseudo-inverse.
        self._inverse = np.linalg.solve(kernel.T @ kernel, kernel.T).astype(np.float32)
        self._bias = network.constant(_BIAS).astype(np.float32).reshape(-1)

    def features(self, landmarks: npt.NDArray[np.float32]) -> MeshFeatures:
        """
        Return the features (288,) float32.

        :param landmarks: (1404,) float32, the output of the network, in pixels of its input.
        """
        # Not `@`: OpenBLAS would share so large a product among threads, which then keep all cores
        # busy while they wait for the next one (docs/benchmarks.md).
        return np.asarray(np.einsum('ij,j->i', self._inverse, landmarks - self._bias), np.float32)
