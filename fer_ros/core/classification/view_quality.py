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

"""
The quality of one view of a face: how much it says about the face's emotion.

The quality is the share of the accuracy above chance (1/7) that the classifier keeps on views like
this one, compared with good views. The factors below were fitted to measured shares
(docs/benchmarks.md). Darkness itself costs little, because the network's input has a minimum
contrast (see `preprocessing`); the noise of a camera in the dark costs more.

The product of the factors is too high for views that are both blurred and noisy. An overexposed
face has a lower quality only if it has lost contrast.
"""

import math

import cv2
from fer_ros.core.values import Box, HeadPose, Image
import numpy as np
import numpy.typing as npt

_Matrix = npt.NDArray[np.float32]

_EDGE = 48
"""Edge to which crops are resized, in pixels: that of the images of the measurement."""

_MIDDLE = slice(_EDGE // 6, _EDGE - _EDGE // 6)
"""The face without the background: a bright window must not hide that the face is dark."""

_SHARPNESS = 0.086, 2.1
_SIZE_PX = 9.2, 3.0
_CONTRAST = 0.355, 2.63
_GRAIN = 0.79, -5.2
"""
For each measure, the value at which the share is 0.5, and the steepness (see `_fraction`), fitted
by least squares (docs/benchmarks.md).
"""

_RATIO_LIMIT = 0.5
_POWER_OF_RATIO = 4
"""
Motion along a diagonal: if the ratio of the fine detail along both diagonals is below the limit,
the sharpness is multiplied by a power of ratio / limit (docs/benchmarks.md).
"""

_POWER_OF_COSINE = 0.28
"""
Power of the cosine of the angle between this view and a frontal one (docs/benchmarks.md).
"""


def _blur(sigma: float) -> _Matrix:
    """Return the matrix whose product with an image is the image blurred along its columns."""
    size = 2 * math.ceil(4 * sigma) + 1
    return np.asarray(cv2.GaussianBlur(
        np.eye(_EDGE, dtype=np.float32), (1, size), sigmaX=1.0, sigmaY=sigma,
        borderType=cv2.BORDER_REPLICATE), np.float32)


_SMOOTH = _blur(1)
_FINE = _blur(1) - _blur(2)
_COARSE = _blur(2) - _blur(4)

_TURN = cv2.getRotationMatrix2D(((_EDGE - 1) / 2, (_EDGE - 1) / 2), 45, 1)


def view_quality(crop: Image, box: Box, pose: HeadPose) -> float:
    """
    Return the quality of a view of a face, [0, 1]; 1 is a sharp, bright, frontal view.

    :param crop: (S, S) uint8, grey, as `upright_crop` returns it.
    :param box: the face in the image; its size is the number of pixels behind the crop.
    :param pose: NaN counts as frontal.
    """
    image = crop
    if crop.shape[0] != _EDGE:
        shrinks = crop.shape[0] > _EDGE
        image = np.asarray(cv2.resize(
            crop, (_EDGE, _EDGE),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), np.uint8)
    grey = image.astype(np.float32)
    middle = grey[_MIDDLE, _MIDDLE]
    contrast = float(middle.std())
    if contrast == 0:
        return 0.0
    # Blur and a small size are the same lack of detail; it must not count twice.
    detail = min(
        _fraction(_sharpness(grey), *_SHARPNESS),
        _fraction((box.width + box.height) / 2, *_SIZE_PX))
    return (
        detail * _fraction(contrast, *_CONTRAST) * _fraction(_noise(middle) / contrast, *_GRAIN)
        * _fraction_of_pose(pose))


def _fraction(measure: float, half: float, steepness: float) -> float:
    """
    Return 1 / (1 + (half / measure)^steepness): 0.5 at `half`.

    It increases with the measure, or decreases if the steepness is negative.
    """
    if measure <= 0:
        return 0.0 if steepness > 0 else 1.0
    return float(1 / (1 + (half / measure) ** steepness))


def _fraction_of_pose(pose: HeadPose) -> float:
    cosine = math.cos(pose.yaw) * math.cos(pose.pitch)
    if math.isnan(cosine):
        return 1.0
    return float(max(cosine, 0.0) ** _POWER_OF_COSINE)


def _sharpness(grey: _Matrix) -> float:
    """
    Return the energy of fine detail divided by that of coarse detail.

    Fine detail is the difference of blurs of 1 and 2 px, coarse detail that of 2 and 4 px. The
    ratio does not depend on contrast, and varies less among people than the usual energy of the
    Laplacian. Motion blurs in one direction: the fine detail of the blurrier direction counts.
    The coarse detail is the geometric mean of both directions, because motion takes coarse detail
    away too, but only along its own direction. Motion along a diagonal takes detail from both
    directions alike, so the two diagonals are compared with each other (docs/benchmarks.md).
    """
    turned = np.asarray(
        cv2.warpAffine(grey, _TURN, grey.shape, borderMode=cv2.BORDER_REFLECT_101), np.float32)
    down, coarse_down = _energies(grey, _FINE, _COARSE)
    across, coarse_across = _energies(grey.T, _FINE, _COARSE)
    diagonals = _energies(turned, _FINE) + _energies(turned.T, _FINE)
    coarse = math.sqrt(coarse_down * coarse_across)
    if coarse == 0 or max(diagonals) == 0:
        return 0.0
    ratio = min(diagonals) / max(diagonals)
    return min(down, across) / coarse * min(1.0, ratio / _RATIO_LIMIT) ** _POWER_OF_RATIO


def _energies(grey: _Matrix, *bands: _Matrix) -> list[float]:
    """Return the energy of the detail along the columns in each band."""
    # Averaging across the direction keeps noise from counting as detail.
    averaged = grey @ _SMOOTH.T
    return [float(np.vdot(detail, detail)) for detail in (band @ averaged for band in bands)]


def _noise(grey: _Matrix) -> float:
    """
    Return the standard deviation of white noise in an image, in grey levels.

    J. Immerkaer, "Fast Noise Variance Estimation", CVIU 1996: faces have small second differences
    in both directions.
    """
    differences = np.diff(np.diff(grey, 2, axis=0), 2, axis=1)
    return math.sqrt(math.pi / 2) / 6 * float(np.abs(differences).mean())
