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

"""Faces by MediaPipe's BlazeFace networks."""

from collections.abc import Callable
from dataclasses import replace
import math

from fer_ros.core.detection.blaze_face import BlazeFace, FULL_RANGE, SHORT_RANGE
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.detection.search_view import is_dark_or_noisy, search_view
from fer_ros.core.values import Detection, Image, KeyPoint

SHORT_RANGE_FROM = 0.3
"""
Size of a face, in longer edges of the image, from which the short-range network is used.

The full-range network misses larger faces; the short-range network has more false detections
among smaller ones (docs/benchmarks.md).
"""

UNSURE_SCORE = 0.5
"""
Lowest score of a small face in a part of an image.

It is below that of the full-range network, because small faces are verified.
"""

ROLLED_SHRINKS = 0.155
"""
MediaPipe's boxes of a head that leans by 45 degrees are smaller by this fraction.

1 - 0.155 sin(2 roll)^2 is within 0.02 of the measured ratios (docs/benchmarks.md).
"""

_MODELS = {
    'mediapipe': (FULL_RANGE, SHORT_RANGE),
    'mediapipe_short': (SHORT_RANGE,), 'mediapipe_full': (FULL_RANGE,)}


class MediaPipeDetector:
    """
    MediaPipe's BlazeFace networks: short range for near faces, full range for distant ones.

    Neither alone is enough for a robot: the short-range network has an input of 128x128 pixels and
    misses faces beyond 2 m; the full-range network misses faces that fill the image.
    """

    def __init__(self, options: DetectorOptions) -> None:
        """
        Load the networks that the options name.

        :raises MediaPipeNetworkError: if a file is missing or cannot be run.
        """
        models = _MODELS[options.name]
        self._networks = [BlazeFace(model) for model in models]
        self._has_full_range = models[0] is FULL_RANGE
        self._min_score = options.min_score
        self._min_size = options.min_size

    def detect(self, image: Image, scale: float = 1.0) -> list[Detection]:
        """
        Return the faces of the image.

        With both networks, the size of a face decides which network's box is used, so that the box
        does not jump between their slightly different framings. Large faces that only the
        full-range network finds are kept as well.

        :param image: (H, W, 3) uint8, BGR.
        :param scale: as in `Detector`.
        """
        view = self._view(image)
        found = [
            [_upright(face) for face in network.find(image, view)] for network in self._networks]
        candidates = found[0]
        if len(found) == 2:
            full, short = found
            limit = SHORT_RANGE_FROM * max(image.shape[:2])
            candidates = [
                *(face for face in full if face.box.width < limit),
                *(face for face in short if face.box.width >= limit),
                *(face for face in full if face.box.width >= limit)]
        return self._accepted(candidates, scale * self._min_size)

    @property
    def detect_small(self) -> Callable[[Image], list[Detection]] | None:
        """Return the search of a part of an image with the full-range network."""
        return self._detect_small if self._has_full_range else None

    def _detect_small(self, image: Image) -> list[Detection]:
        found = self._networks[0].find(image, self._view(image), UNSURE_SCORE)
        return self._accepted([_upright(face) for face in found], self._min_size)

    def _view(self, image: Image) -> Image | None:
        if not is_dark_or_noisy(image):
            return None
        return search_view(image, max(network.edge for network in self._networks))

    def _accepted(self, candidates: list[Detection], min_size: float) -> list[Detection]:
        faces: list[Detection] = []
        for face in candidates:
            if face.score < self._min_score or face.box.width < min_size:
                continue
            if not any(face.box.covers_most_of(other.box) for other in faces):
                faces.append(face)
        return faces

    def close(self) -> None:
        """Free the networks."""
        self._networks = []


def _upright(face: Detection) -> Detection:
    """Return the detection with the box that the same face would have if it were upright."""
    points = face.key_points
    assert points is not None
    x, y = points[KeyPoint.LEFT_EYE] - points[KeyPoint.RIGHT_EYE]
    roll = min(abs(math.atan2(y, x)), math.pi / 4)
    return replace(
        face, box=face.box.scaled(1 / (1 - ROLLED_SHRINKS * math.sin(2 * roll) ** 2)))
