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

"""Upright grey pictures of faces, framed as the classifiers' training pictures are."""

import math

import cv2
from fer_ros.core.values import Box, Image, KeyPoint, Points
import numpy as np

FRAME_SCALE = 1.16
"""Edge of the crop in units of the box's edge."""

FRAME_SHIFT = -0.09
"""How far the crop's centre lies below the middle of eyes and mouth, in the box's edges."""

FRAME_SHIFT_OF_BOX = -0.06
"""The same below the box's centre, for faces without key points."""

# The three constants are medians over 2,881 and 1,989 pictures of FER-2013 in which MediaPipe's
# short-range and full-range networks found the face: where the picture's frame lies around the
# box. The networks agree within 0.03; other detectors convert their boxes to these.

_FRAMING = [KeyPoint.RIGHT_EYE, KeyPoint.LEFT_EYE, KeyPoint.MOUTH_CENTER]


def upright_crop(image: Image, box: Box, key_points: Points | None, size: int) -> Image:
    """
    Cut a face out of the image, the eyes level, and framed as FER-2013 frames faces.

    :param image: (H, W, 3) uint8, BGR.
    :param box: it may reach over the image's edge, which is then replicated.
    :param key_points: (6, 2), pixels, in the order of `KeyPoint`; where they are None, or an eye
        or the mouth is NaN, the crop is not turned and framed by the box alone.
    :param size: edge of the result in pixels.
    :return: (size, size) uint8, grey.
    :raises ValueError: where the box has no area or its size is not finite.
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
        # The box's centre is steadier across the face, the key points are steadier along it.
        below = (math.cos(angle) * (middle[1] - center_y)
                 - math.sin(angle) * (middle[0] - center_x))
        shift = below + FRAME_SHIFT * side
    cos, sin = math.cos(angle), math.sin(angle)
    center_x, center_y = center_x - sin * shift, center_y + cos * shift
    edge = FRAME_SCALE * side
    left, top, patch = _grey_patch(image, center_x, center_y, edge * (abs(cos) + abs(sin)) / 2 + 2)
    # Large faces are first averaged down: sampled at once, fine texture would turn into noise.
    shrink = max(int(edge / size), 1)
    if shrink > 1:
        rows, columns = (max(n // shrink, 1) for n in patch.shape)
        patch = np.asarray(cv2.resize(
            patch[:rows * shrink, :columns * shrink], (columns, rows),
            interpolation=cv2.INTER_AREA), np.uint8)
    step = edge / size / shrink
    x, y = (center_x - left) / shrink - 0.5, (center_y - top) / shrink - 0.5
    half = (size - 1) / 2
    to_patch = np.array([
        (cos * step, -sin * step, x - (cos - sin) * step * half),
        (sin * step, cos * step, y - (sin + cos) * step * half)])
    crop = cv2.warpAffine(
        patch, to_patch, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def _grey_patch(image: Image, x: float, y: float, reach: float) -> tuple[int, int, Image]:
    """Return left, top and the grey pixels within `reach` of a point, at least one pixel."""
    height, width = image.shape[:2]
    left = min(max(math.floor(x - reach), 0), width - 1)
    top = min(max(math.floor(y - reach), 0), height - 1)
    right = min(max(math.ceil(x + reach), left + 1), width)
    bottom = min(max(math.ceil(y + reach), top + 1), height)
    grey = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    return left, top, np.asarray(grey, np.uint8)
