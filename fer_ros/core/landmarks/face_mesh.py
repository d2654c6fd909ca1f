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

"""MediaPipe's face mesh network: the landmarks of the face in a region of an image."""

from __future__ import annotations

from dataclasses import replace
import math

import cv2
from fer_ros.core.geometry import Region
from fer_ros.core.landmarks.mesh import LANDMARK_COUNT, mesh_from_landmarks, region_differences
from fer_ros.core.landmarks.mesh_features import MeshFeatureInverse
from fer_ros.core.networks.mediapipe_files import FACE_LANDMARK_FILE
from fer_ros.core.networks.mediapipe_network import MediaPipeNetwork
from fer_ros.core.values import Image, Mesh
import numpy as np

MAX_DISTANCE = 0.05
"""Distance between a region and its face, in edges, up to which the region fits the face."""

MAX_SIZE_RATIO = 1.15
"""Ratio of the sizes up to which the region fits."""

MAX_ANGLE_RAD = math.radians(10)
"""Angle up to which the region fits. The errors beyond are in docs/benchmarks.md."""

MAX_RUNS = 4
"""Runs of the network at most, to fit a region to a face: 45 degrees of roll need all four."""


class FaceMesh:
    """
    MediaPipe's face landmark network.

    It is described in Y. Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video
    on Mobile GPUs", CVPR workshops 2019. MediaPipe's own graph would detect the faces a second
    time; here the network alone runs, on a region that is already known. Do not call it from two
    threads at once.
    """

    def __init__(self) -> None:
        """
        Load the network.

        :raises MediaPipeNetworkError: if the file is missing or cannot be run.
        """
        self._network = MediaPipeNetwork(
            FACE_LANDMARK_FILE, 'set landmarks.name to none', 0, cv2.BORDER_REPLICATE)
        self._inverse = MeshFeatureInverse(self._network)

    def find(self, image: Image, region: Region) -> Mesh:
        """
        Return the landmarks of the face that fills a region.

        :param image: (H, W, 3) uint8, BGR.
        :param region: it may extend beyond the image.
        """
        to_image = region.from_view(self._network.edge)
        self._network.run(image, to_image.warp_matrix())
        output = self._network.output(3 * LANDMARK_COUNT).reshape(-1)
        raw = output.reshape(LANDMARK_COUNT, 3).astype(np.float64)
        landmarks = np.empty((LANDMARK_COUNT, 3), np.float32)
        landmarks[:, :2] = to_image.points(raw[:, :2])
        landmarks[:, 2] = raw[:, 2] * to_image.scale
        logit = float(self._network.output(1).item())
        mesh = mesh_from_landmarks(landmarks, 1 / (1 + math.exp(-logit)))
        return replace(mesh, features=self._inverse.features(output)) if mesh.is_face else mesh

    def refine(self, image: Image, region: Region) -> Mesh:
        """
        Return the landmarks of a face whose region is only a first guess.

        The network runs again on the region of the landmarks until the region fits the face. For
        most faces, one run is enough.
        """
        mesh = self.find(image, region)
        for _ in range(MAX_RUNS - 1):
            distance, ratio, angle = region_differences(mesh.region, region)
            fits = (
                distance <= MAX_DISTANCE and ratio <= MAX_SIZE_RATIO and angle <= MAX_ANGLE_RAD)
            if fits or not mesh.is_face:
                break
            region = mesh.region
            mesh = self.find(image, region)
        return mesh
