"""Upright grey pictures of faces, framed as the classifiers' training pictures are."""

import math

import cv2
import numpy as np

from fer_ros.core.values import Box, Image, KeyPoint, Points

FRAME_SCALE = 1.16
"""Edge of the crop in units of the box's edge."""

FRAME_SHIFT = -0.09
"""How far the crop's centre lies below the middle between eyes and mouth, in units of the box's edge."""

FRAME_SHIFT_OF_BOX = -0.06
"""The same below the box's centre, for faces without key points."""

# The three constants are medians over 2,881 and 1,989 pictures of FER-2013 in which MediaPipe's short-range and full-range
# networks found the face: where the picture's frame lies around the box. The networks agree within 0.03.


def upright_crop(image: Image, box: Box, key_points: Points | None, size: int) -> Image:
    """
    Cut a face out of the image, turned so that the eyes are level, and framed as FER-2013 frames faces.

    :param image: (H, W, 3) uint8, BGR.
    :param box: it may reach over the image's edge, which is then replicated.
    :param key_points: (6, 2), pixels, in the order of `KeyPoint`; None: the crop is not turned.
    :param size: edge of the result in pixels.
    :return: (size, size) uint8, grey.
    :raises ValueError: where the box has no area or its size is not finite.
    """
    side = (box.width + box.height) / 2
    if not (box.area > 0 and math.isfinite(side)):
        raise ValueError(f'the box of a face needs an area, but is {box}')
    center_x, center_y = box.center
    if key_points is None:
        angle, shift = 0.0, FRAME_SHIFT_OF_BOX * side
    else:
        right_eye, left_eye = key_points[KeyPoint.RIGHT_EYE], key_points[KeyPoint.LEFT_EYE]
        angle = math.atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
        middle = ((right_eye + left_eye) / 2 + key_points[KeyPoint.MOUTH_CENTER]) / 2
        # The box's centre is steadier across the face, the key points are steadier along it.
        below = (math.cos(angle) * (middle[1] - center_y)
                 - math.sin(angle) * (middle[0] - center_x))
        shift = below + FRAME_SHIFT * side
    cos, sin = math.cos(angle), math.sin(angle)
    center_x, center_y = center_x - sin * shift, center_y + cos * shift
    edge = FRAME_SCALE * side
    left, top, patch = _grey_patch(image, center_x, center_y, edge * (abs(cos) + abs(sin)) / 2 + 2)
    # Large faces are first averaged down: sampling them at once would turn fine texture into noise.
    shrink = max(int(edge / size), 1)
    if shrink > 1:
        rows, columns = (max(n // shrink, 1) for n in patch.shape)
        patch = cv2.resize(
            patch[:rows * shrink, :columns * shrink], (columns, rows), interpolation=cv2.INTER_AREA)
    step = edge / size / shrink
    x, y = (center_x - left) / shrink - 0.5, (center_y - top) / shrink - 0.5
    half = (size - 1) / 2
    to_patch = np.array([
        (cos * step, -sin * step, x - (cos - sin) * step * half),
        (sin * step, cos * step, y - (sin + cos) * step * half)])
    return cv2.warpAffine(
        patch, to_patch, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE)


def _grey_patch(image: Image, x: float, y: float, reach: float) -> tuple[int, int, Image]:
    """Return left, top and the grey pixels of the image within `reach` of a point, at least one pixel."""
    height, width = image.shape[:2]
    left = min(max(math.floor(x - reach), 0), width - 1)
    top = min(max(math.floor(y - reach), 0), height - 1)
    right = min(max(math.ceil(x + reach), left + 1), width)
    bottom = min(max(math.ceil(y + reach), top + 1), height)
    return left, top, cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
