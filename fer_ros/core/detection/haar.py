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

"""Face detection with OpenCV's Haar cascade: no network, upright frontal faces only."""

from __future__ import annotations

from collections.abc import Sequence
import math
from pathlib import Path

import cv2
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.values import Box, Detection, Image
import numpy as np

CASCADE = 'haarcascade_frontalface_default.xml'
"""The cascade of OpenCV that misses the fewest faces (docs/benchmarks.md)."""

BOX_SCALE = 0.88
"""Edge of MediaPipe's box of a face in edges of the cascade's box."""

BOX_SHIFT = 0.10
"""Distance of the centre of MediaPipe's box below that of the cascade's, in the same unit."""

# Both are medians over faces that both detectors found (docs/benchmarks.md).

HALF_SCORE = 2.4
"""Weight of the cascade's last stage at which half of the detections are faces."""

SCORE_STEEPNESS = 0.51

# Both come from a logistic regression over detections (docs/benchmarks.md).


class HaarDetector:
    """
    OpenCV's Haar cascade (P. Viola and M. Jones, 2001), the simplest detector for comparisons.

    It has no key points, so crops are not rotated upright. The score of a face is the fraction of
    true faces among detections of the same weight.
    """

    def __init__(self, options: DetectorOptions) -> None:
        """
        Load the cascade.

        :raises ImportError: if OpenCV was installed without its cascades.
        """
        # OpenCV's packages for Python hold the files; those of Linux distributions do not.
        folder = getattr(getattr(cv2, 'data', None), 'haarcascades', '')
        path = Path(folder) / CASCADE
        if not path.is_file():
            raise ImportError(
                f"the detector 'haar' needs {CASCADE}, which this OpenCV {cv2.__version__} does "
                'not contain: install opencv-contrib-python, or set detector.name to mediapipe')
        self._cascade = cv2.CascadeClassifier(str(path))
        self._options = options

    def detect(self, image: Image, scale: float = 1.0) -> list[Detection]:
        """
        Return the faces of the image, in no particular order.

        :param image: (H, W, 3) uint8, BGR.
        :param scale: as in `Detector`.
        """
        options = self._options
        min_size = scale * options.min_size
        smallest = math.ceil(min_size / BOX_SCALE)
        squares, _, weights = self._cascade.detectMultiScale3(
            cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), options.haar.scale_factor,
            options.haar.min_neighbors, minSize=(smallest, smallest), outputRejectLevels=True)
        faces = (
            _detection(square, float(weight))
            for square, weight in zip(squares, np.ravel(weights), strict=True))
        return [
            face for face in faces
            if face.score >= options.min_score and face.box.width >= min_size]

    detect_small = None
    """It searches images of several sizes itself."""

    def close(self) -> None:
        """Do nothing: there is no network to free."""


def _detection(square: Sequence[int], weight: float) -> Detection:
    """Convert a square of the cascade: x, y, width, height."""
    x, y, side, _ = map(float, square)
    edge = BOX_SCALE * side
    margin = (side - edge) / 2
    score = 1 / (1 + math.exp(-SCORE_STEEPNESS * (weight - HALF_SCORE)))
    return Detection(Box(x + margin, y + margin + BOX_SHIFT * side, edge, edge), score)
