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
"""The `fer` package from PyPI, to compare with. It is not part of any environment."""

from __future__ import annotations

from fer_ros.core.emotions import LABELS
from fer_ros.core.values import Box, Image
from fer_ros.evaluation.folders import emotion_named
from fer_ros.evaluation.photograph_evaluation import AnsweredFace
import numpy as np


class FerPackage:
    """The `fer` package as in its guide: `FER().detect_emotions(image)`, with a Haar cascade."""

    def __init__(self) -> None:
        """
        Load its networks.

        :raises ImportError: if the package, or something that it imports, is not installed.
        """
        from fer.fer import FER
        self._detector = FER()

    def find_faces(self, image: Image) -> list[AnsweredFace]:
        """Return the faces of an image, (H, W, 3) BGR; each has an answer."""
        faces = []
        for face in self._detector.detect_emotions(image):
            probabilities = np.zeros(len(LABELS), np.float32)
            for name, share in face['emotions'].items():
                emotion = emotion_named(name)
                assert emotion is not None, name
                probabilities[emotion] = share
            faces.append(AnsweredFace(Box(*map(float, face['box'])), probabilities))
        return faces
