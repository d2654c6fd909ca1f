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

"""Cutting upright grey crops of faces, framed like the classifiers' training images."""

import math

import cv2
from fer_ros.core.geometry import Box, Region
from fer_ros.core.values import Image, KeyPoint, Points
import numpy as np

FRAME_SCALE = 1.16
"""Edge of the crop in edges of the box."""

FRAME_SHIFT = -0.09
"""Distance of the crop's centre below the midpoint of eyes and mouth, in edges of the box."""

FRAME_SHIFT_OF_BOX = -0.06
"""Distance of the crop's centre below the centre of the box, for faces without key points."""

# The three constants are medians over images of FER-2013: where the image's frame lies around
# MediaPipe's box (docs/benchmarks.md). The other detectors convert their boxes to MediaPipe's.

_FRAMING = [KeyPoint.RIGHT_EYE, KeyPoint.LEFT_EYE, KeyPoint.MOUTH_CENTER]


def upright_crop(image: Image, box: Box, key_points: Points | None, size: int) -> Image:
    """
    Cut a face out of the image with level eyes, framed like the faces of FER-2013.

    Boxes and key points are in pixels of the image, counted as `fer_ros.core.geometry` states.

    :param image: (H, W, 3) uint8, BGR.
    :param box: it may extend beyond the image; the image's border is then replicated.
    :param key_points: (6, 2), pixels, in the order of `KeyPoint`. Where they are None, or an eye
        or the mouth is NaN, the crop is not rotated, and the box alone frames it.
    :param size: edge of the result in pixels.
    :return: (size, size) uint8, grey.
    :raises ValueError: if the box has no area or its size is not finite.
    """
    side = (box.width + box.height) / 2
    if not (box.area > 0 and math.isfinite(side)):
        raise ValueError(f'the box of a face needs an area, but is {box}')
    center_x, center_y = box.center
    if key_points is None or not np.isfinite(key_points[_FRAMING]).all():
        angle, shift = 0.0, FRAME_SHIFT_OF_BOX * side
    else:
        right_eye, left_eye, mouth = key_points[_FRAMING]
        angle = math.atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
        middle = ((right_eye + left_eye) / 2 + mouth) / 2
        # Across the face, the centre of the box is steadier; along it, the key points are.
        below = (math.cos(angle) * (middle[1] - center_y)
                 - math.sin(angle) * (middle[0] - center_x))
        shift = below + FRAME_SHIFT * side
    cos, sin = math.cos(angle), math.sin(angle)
    center_x, center_y = center_x - sin * shift, center_y + cos * shift
    edge = FRAME_SCALE * side
    left, top, patch = _grey_patch(image, center_x, center_y, edge * (abs(cos) + abs(sin)) / 2 + 2)
    # Large faces are averaged down first; otherwise fine texture would alias.
    shrink = max(int(edge / size), 1)
    if shrink > 1:
        rows, columns = (max(n // shrink, 1) for n in patch.shape)
        patch = np.asarray(cv2.resize(
            patch[:rows * shrink, :columns * shrink], (columns, rows),
            interpolation=cv2.INTER_AREA), np.uint8)
    view = Region((center_x - left) / shrink, (center_y - top) / shrink, edge / shrink, angle)
    crop = cv2.warpAffine(
        patch, view.from_view(size).warp_matrix(), (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def _grey_patch(image: Image, x: float, y: float, distance: float) -> tuple[int, int, Image]:
    """Return left, top and the grey pixels within a distance of a point, at least one pixel."""
    height, width = image.shape[:2]
    left = min(max(math.floor(x - distance), 0), width - 1)
    top = min(max(math.floor(y - distance), 0), height - 1)
    right = min(max(math.ceil(x + distance), left + 1), width)
    bottom = min(max(math.ceil(y + distance), top + 1), height)
    grey = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    return left, top, np.asarray(grey, np.uint8)
