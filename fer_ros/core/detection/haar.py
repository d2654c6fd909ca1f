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

"""Faces by OpenCV's Haar cascade: no network, upright frontal faces only."""

from __future__ import annotations

from collections.abc import Sequence
import math
from pathlib import Path

import cv2
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.values import Box, Detection, Image
import numpy as np

CASCADE = 'haarcascade_frontalface_default.xml'
"""
Of OpenCV's cascades the one that misses least.

In 103 photographs and images of clips it found 51 of the 86 faces that MediaPipe finds, with 14
false detections, `alt2` 49 and 12. An equalised image gave either no more faces.
"""

BOX_SCALE = 0.88
"""Edge of a MediaPipe box, which others expect, in units of the cascade's edge."""

BOX_SHIFT = 0.10
"""How far the centre of a MediaPipe box lies below that of the cascade's, likewise."""

# Both are medians over 436 pictures of FER-2013 in which both found the face.

HALF_SCORE = 2.4
"""Weight of the cascade's last stage at which half of the detections are faces."""

SCORE_STEEPNESS = 0.51

# Both are the logistic regression over the detections of the images above.


class HaarDetector:
    """
    OpenCV's Haar cascade (P. Viola and M. Jones, 2001), the floor of what is fast and free.

    It gives no key points, so that faces are not turned upright. A face's score is the share of
    right detections among those with its weight.
    """

    def __init__(self, options: DetectorOptions) -> None:
        """
        Load the cascade.

        :raises ImportError: where OpenCV came without its cascades.
        """
        # OpenCV's packages for Python hold the files; those of Linux distributions do not.
        folder = getattr(getattr(cv2, 'data', None), 'haarcascades', '')
        path = Path(folder) / CASCADE
        if not path.is_file():
            raise ImportError(
                f"the detector 'haar' needs {CASCADE}, which OpenCV {cv2.__version__} here came "
                'without: install opencv-contrib-python, or set detector.name to mediapipe')
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

    def close(self) -> None:
        """Do nothing: there is no network to free."""


def _detection(square: Sequence[int], weight: float) -> Detection:
    """Convert a square of the cascade: x, y, width, height."""
    x, y, side, _ = map(float, square)
    edge = BOX_SCALE * side
    margin = (side - edge) / 2
    score = 1 / (1 + math.exp(-SCORE_STEEPNESS * (weight - HALF_SCORE)))
    return Detection(Box(x + margin, y + margin + BOX_SHIFT * side, edge, edge), score)
