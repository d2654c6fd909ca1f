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

"""The 468 landmarks of a face, at any roll."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
import math

import cv2
from fer_ros.core.networks.mediapipe_network import MediaPipeNetwork
from fer_ros.core.values import Box, Detection, Image, KeyPoint, Points
import numpy as np
import numpy.typing as npt

COUNT = 468
"""Number of landmarks; which is which is drawn in MediaPipe's `canonical_face_model_uv`."""

ROI_SCALE = 1.5
"""Edge of the region in units of the face's box, as in MediaPipe's own graph."""

RIGHT_EYE_CORNER = 33
LEFT_EYE_CORNER = 263
"""Outer corners of the person's own right and left eye; the line between them is level."""

KEY_POINTS = {
    KeyPoint.RIGHT_EYE: (33, 133),
    KeyPoint.LEFT_EYE: (263, 362),
    KeyPoint.NOSE_TIP: (1, 4),
    KeyPoint.MOUTH_CENTER: (13, 14),
    KeyPoint.RIGHT_EAR_TRAGION: (234, 234),
    KeyPoint.LEFT_EAR_TRAGION: (454, 454),
}
"""Two landmarks between which a detector's key point lies (median: within 0.03 of the box)."""

_KEY_POINTS = np.array([KEY_POINTS[point] for point in KeyPoint])

BOX_SCALE = 1.024
"""Edge of a detector's box in units of the mesh's mean of width and height, upright."""

BOX_BELOW_EYES = 0.21
"""How far the centre of a detector's box lies below the eyes, in the box's edges."""

# The last three are medians over 243 detections by MediaPipe's two networks.

PRESENT_FROM = 0.9
"""
Presence from which the network has a face before it.

It stayed below on 1,188 regions of pictures without faces, and lay above on all of 60 faces with
the region turned by up to 30 degrees, moved by 0.3 of the face or 0.85 to 1.5 times as large.
"""

WELL_PLACED = 0.05, 1.15, math.radians(10)
"""
Distance (in edges), ratio of sizes and angle up to which a region lies well around its face.

Landmarks then are as in the best region within 0.01 of its edge, 0.05 of its size and 1 degree. In
others the network sees the face too, but a part of the way off: of 0.3 edges 0.2 are left, of 30
degrees 12.
"""

LOOKS = 4
"""So often a region is put right at most: a face that is 45 degrees off needs as many."""

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Region:
    """
    A square of an image, turned.

    Centre and edge are in pixels; `roll` is in radians, positive clockwise in the image.
    """

    center_x: float
    center_y: float
    edge: float
    roll: float = 0.0


@dataclass(frozen=True, eq=False)
class Mesh:
    """
    The landmarks that the network sees in a region.

    `landmarks` is (468, 3) float32: x and y in pixels of the image, z in pixels too, growing away
    from the camera, 0 about the middle of the head. `presence` in [0, 1] tells whether there is a
    face in the region at all; where there is none, the landmarks mean nothing.
    """

    landmarks: Points
    presence: float

    @property
    def is_face(self) -> bool:
        """Return whether these are the landmarks of a face."""
        return self.presence >= PRESENT_FROM

    @cached_property
    def upright_bounds(self) -> tuple[float, Vector, Vector]:
        """Return the roll and the least and greatest coordinates of the landmarks, turned back."""
        points = self.landmarks[:, :2].T.astype(np.float64)
        across = points[:, LEFT_EYE_CORNER] - points[:, RIGHT_EYE_CORNER]
        roll = math.atan2(across[1], across[0])
        cos, sin = math.cos(roll), math.sin(roll)
        upright = np.array([(cos, sin), (-sin, cos)]) @ points
        return roll, upright.min(axis=1), upright.max(axis=1)

    @cached_property
    def detection(self) -> Detection:
        """Return what a detector would have said of this face; its score is the presence."""
        roll, low, high = self.upright_bounds
        edge = BOX_SCALE * float((high - low).mean())
        key_points = np.asarray(self.landmarks[_KEY_POINTS, :2].mean(axis=1), np.float32)
        eyes = (key_points[KeyPoint.RIGHT_EYE] + key_points[KeyPoint.LEFT_EYE]) / 2
        down_x, down_y = _turned(np.array([0.0, BOX_BELOW_EYES * edge]), roll)
        box = Box(
            float(eyes[0]) + down_x - edge / 2, float(eyes[1]) + down_y - edge / 2, edge, edge)
        return Detection(box, self.presence, key_points)


def region_of_face(box: Box, key_points: Points | None, roll: float = 0.0) -> Region:
    """
    Return the region in which a detected face is upright.

    :param key_points: (6, 2), pixels, in the order of `KeyPoint`.
    :param roll: how the region is turned where the eyes are not known.
    """
    if key_points is not None:
        across = key_points[KeyPoint.LEFT_EYE] - key_points[KeyPoint.RIGHT_EYE]
        if np.isfinite(across).all():
            roll = math.atan2(across[1], across[0])
    return Region(*box.center, ROI_SCALE * max(box.width, box.height), roll)


def region_of_mesh(mesh: Mesh) -> Region:
    """Return the region in which these landmarks lie upright, to look again in the next image."""
    roll, low, high = mesh.upright_bounds
    x, y = _turned((low + high) / 2, roll)
    return Region(x, y, ROI_SCALE * float((high - low).max()), roll)


def differences(a: Region, b: Region) -> tuple[float, float, float]:
    """Return distance (in edges of b), ratio of sizes (1 or more) and angle of two regions."""
    turn = (a.roll - b.roll + math.pi) % (2 * math.pi) - math.pi
    return (
        math.hypot(a.center_x - b.center_x, a.center_y - b.center_y) / b.edge,
        max(a.edge / b.edge, b.edge / a.edge), abs(turn))


def _turned(vector: Vector, roll: float) -> tuple[float, float]:
    cos, sin = math.cos(roll), math.sin(roll)
    x, y = vector.tolist()
    return cos * x - sin * y, sin * x + cos * y


class FaceMesh:
    """
    MediaPipe's face landmark network.

    It is described in Y. Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video
    on Mobile GPUs", CVPR workshops 2019. Against MediaPipe's own graph, landmarks differ by less
    than 0.01 of the face; a face takes 1.1 of the time that the short-range detector takes.
    MediaPipe's own graph finds the faces itself, once more; here the network alone is run on a
    region that is known already. Its weights are read out of the installed package `mediapipe`.
    Not to be called from two threads at once.
    """

    def __init__(self) -> None:
        """
        Load the network.

        :raises MediaPipeNetworkError: where the network is not there or cannot be run.
        """
        self._network = MediaPipeNetwork(
            'face_landmark/face_landmark.tflite', 'set head_pose.name to key_points', 0,
            cv2.BORDER_REPLICATE)

    def find(self, image: Image, region: Region) -> Mesh:
        """
        Return the landmarks of the face that fills a region.

        :param image: (H, W, 3) uint8, BGR.
        :param region: it may reach over the image's edge.
        """
        edge = self._network.edge
        step = region.edge / edge
        cos, sin = step * math.cos(region.roll), step * math.sin(region.roll)
        half = (edge - 1) / 2
        self._network.run(image, np.array([
            (cos, -sin, region.center_x - 0.5 - (cos - sin) * half),
            (sin, cos, region.center_y - 0.5 - (sin + cos) * half)]))
        raw = self._network.output(3 * COUNT).reshape(COUNT, 3).astype(np.float64)
        landmarks = np.empty((COUNT, 3), np.float32)
        local = raw[:, :2] - edge / 2
        landmarks[:, 0] = local @ (cos, -sin) + region.center_x
        landmarks[:, 1] = local @ (sin, cos) + region.center_y
        landmarks[:, 2] = raw[:, 2] * step
        logit = float(self._network.output(1).item())
        return Mesh(landmarks, 1 / (1 + math.exp(-logit)))

    def settle(self, image: Image, region: Region) -> Mesh:
        """
        Return the landmarks of a face of which the region is a first guess.

        Looks again until the region lies well around the face; most do at once.
        """
        mesh = self.find(image, region)
        for _ in range(LOOKS - 1):
            better = region_of_mesh(mesh)
            if not mesh.is_face or all(
                    off <= most for off, most in zip(
                        differences(better, region), WELL_PLACED, strict=True)):
                break
            region = better
            mesh = self.find(image, region)
        return mesh
