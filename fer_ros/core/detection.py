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

"""Finding faces in one image."""

from collections.abc import Callable
from dataclasses import dataclass
import math
from typing import Any, Protocol

import cv2
from fer_ros.core import native_stderr
from fer_ros.core.options import option, Options
from fer_ros.core.values import Box, Detection, Image, KeyPoint
import numpy as np

SHORT_RANGE_FROM = 0.3
"""
Edge of a face, in the image's longer edges, from which the short-range network is used.

Measured on 57 faces at 13 sizes: the full-range network finds all faces up to 0.3, 86 % at 0.45
and 14 % at 0.9; the short-range one finds all from 0.15 to 0.9, but below 0.3 also takes hands and
printed skulls for faces (61 of its 62 false detections in eight clips).
"""

ROLLED_SHRINKS = 0.155
"""
MediaPipe's boxes become smaller where the head leans to a side, by this much at 45 degrees.

Edge of the box over that of the same face upright, medians over 250 pictures of FER-2013 turned
by 9, 18, 27, 36 and 45 degrees: 0.99, 0.96, 0.91, 0.87, 0.85 (short range), 1.00, 0.97, 0.92,
0.87, 0.83 (full range). 1 - 0.155 sin(2 roll)^2 is within 0.02 of them.
"""

SAME_FACE_OVERLAP = 0.5
"""Two detections are one face where they share more than this part of the smaller one."""


@dataclass(frozen=True)
class DetectorOptions(Options):
    """Which detector looks for faces, and what it takes for one."""

    name: str = option(
        'mediapipe',
        'Detector: MediaPipe short range (to 2 m), full range (to 5 m), or both together.',
        choices=('mediapipe', 'mediapipe_short', 'mediapipe_full'))
    min_score: float = option(
        0.5, 'Detections with a lower score are dropped; MediaPipe reports none below 0.5.',
        minimum=0.0, maximum=1.0)
    min_size: int = option(
        16, 'Faces whose box has a shorter edge are dropped.', unit='px', minimum=1, maximum=4096)


class Detector(Protocol):
    """Finds the faces of one image."""

    def detect(self, image: Image) -> list[Detection]:
        """
        Return the faces of the image, in no particular order.

        :param image: (H, W, 3) uint8, BGR.
        """

    def close(self) -> None:
        """Free the networks; the detector cannot be used afterwards."""


_SELECTIONS = {
    'mediapipe': (1, 0), 'mediapipe_short': (0,), 'mediapipe_full': (1,)}
"""MediaPipe's numbers of the networks of each detector: 0 short range, 1 full range."""


class MediaPipeDetector:
    """
    MediaPipe's BlazeFace networks: short range for near faces, full range for distant ones.

    Neither alone is enough for a robot: the short-range network sees 128x128 pixels and loses
    faces beyond 2 m, the full-range one loses faces that fill the image.
    """

    def __init__(self, options: DetectorOptions) -> None:
        """Load the networks that the options name."""
        with native_stderr.silenced():
            import mediapipe as mp  # 0.6 s; only those who detect wait for it
            selections = _SELECTIONS[options.name]
            self._networks = [
                mp.solutions.face_detection.FaceDetection(model_selection=selection)
                for selection in selections]
            # The first run of each network builds its buffers, and talks.
            for network in self._networks:
                network.process(np.zeros((64, 64, 3), np.uint8))
        # MediaPipe 0.10.21 takes a threshold of its own and ignores it.
        self._min_score = options.min_score
        self._min_size = options.min_size

    def detect(self, image: Image) -> list[Detection]:
        """
        Return the faces of the image.

        With both networks, each size of face has one network that it is taken from, so that a
        face's box does not jump between their slightly different framings; large faces that only
        the full-range network finds are kept as well.

        :param image: (H, W, 3) uint8, BGR.
        """
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        height, width = image.shape[:2]
        found = [
            [_detection(face, width, height) for face in network.process(rgb).detections or ()]
            for network in self._networks]
        candidates = found[0]
        if len(found) == 2:
            full, short = found
            limit = SHORT_RANGE_FROM * max(width, height)
            candidates = [
                *(face for face in full if face.box.width < limit),
                *(face for face in short if face.box.width >= limit),
                *(face for face in full if face.box.width >= limit)]
        faces: list[Detection] = []
        for face in candidates:
            if face.score < self._min_score or face.box.width < self._min_size:
                continue
            if not any(_is_same_face(face.box, other.box) for other in faces):
                faces.append(face)
        return faces

    def close(self) -> None:
        """Free the networks."""
        for network in self._networks:
            network.close()
        self._networks = []


def _is_same_face(a: Box, b: Box) -> bool:
    return a.intersection(b).area > SAME_FACE_OVERLAP * min(a.area, b.area)


def _detection(found: Any, width: int, height: int) -> Detection:
    """
    Convert MediaPipe's message, whose coordinates are relative to the image, to pixels.

    The box gets the size that it would have if the face were upright.
    """
    location = found.location_data
    relative = location.relative_bounding_box
    box = Box(relative.xmin * width, relative.ymin * height,
              relative.width * width, relative.height * height)
    key_points = np.array(
        [(point.x * width, point.y * height) for point in location.relative_keypoints], np.float32)
    x, y = key_points[KeyPoint.LEFT_EYE] - key_points[KeyPoint.RIGHT_EYE]
    roll = min(abs(math.atan2(y, x)), math.pi / 4)
    return Detection(
        box.scaled(1 / (1 - ROLLED_SHRINKS * math.sin(2 * roll) ** 2)),
        min(max(found.score[0], 0.0), 1.0), key_points)


_DETECTORS: dict[str, Callable[[DetectorOptions], Detector]] = {
    'mediapipe': MediaPipeDetector,
    'mediapipe_short': MediaPipeDetector,
    'mediapipe_full': MediaPipeDetector,
}


def create_detector(options: DetectorOptions) -> Detector:
    """Return the detector that the options name, ready to run."""
    return _DETECTORS[options.name](options)
