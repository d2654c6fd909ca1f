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

"""Makes the faces of an image unrecognisable, for what is shown, saved or recorded."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
from fer_ros.core.values import FaceEmotion, Image
import numpy as np

MARGIN = 0.35
"""How far the blur reaches beyond the box of the face, in edges of the box; hair and ears too."""

CELLS = 6
"""Mosaic cells along the longer edge of a face; with 12 cells, faces can still be recognised."""


def blur_faces(image: Image, faces: Sequence[FaceEmotion]) -> None:
    """
    Replace each face by a smooth mosaic inside an ellipse.

    A face that was not found is not blurred.

    :param image: (H, W, 3) uint8, BGR; changed in place.
    """
    height, width = image.shape[:2]
    for face in faces:
        box = face.box
        margin = MARGIN * max(box.width, box.height)
        left, top = max(round(box.x - margin), 0), max(round(box.y - margin), 0)
        right = min(round(box.x + box.width + margin), width)
        bottom = min(round(box.y + box.height + margin), height)
        if right <= left or bottom <= top:
            continue
        part = image[top:bottom, left:right]
        longer = max(part.shape[:2])
        small = cv2.resize(
            part, (max(round(CELLS * part.shape[1] / longer), 1),
                   max(round(CELLS * part.shape[0] / longer), 1)), interpolation=cv2.INTER_AREA)
        smooth = cv2.resize(small, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_CUBIC)
        mask = np.zeros(part.shape[:2], np.uint8)
        center = round(box.x + box.width / 2) - left, round(box.y + box.height / 2) - top
        axes = round(box.width / 2 + margin), round(box.height / 2 + margin)
        cv2.ellipse(mask, center, axes, 0, 0, 360, (255,), cv2.FILLED)
        cv2.copyTo(smooth, mask, part)
