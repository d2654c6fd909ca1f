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
How much one view of a face tells about its emotion.

A quality is a share: so much of the accuracy above chance (1/7) that the classifier reaches on
good views is left on views like this one. Each factor below was fitted to that share. Measured
with `default` on 1,200 pictures of FER-2013's PublicTest with FER+ majority labels, each degraded;
0.855 of them are classified right as they are.

===================================  =====================================================
degradation of the 48 x 48 picture   share of the accuracy above chance that is left
===================================  =====================================================
Gaussian blur, sigma 1, 2, 3, 4 px   0.96, 0.79, 0.54, 0.37
motion blur over 5, 9, 13 px         across 0.85, 0.63, 0.43; down 0.80, 0.50, 0.30
shrunk to 24, 16, 12, 8 px           0.94, 0.84, 0.68, 0.42
dimmed to 0.1, 0.06, 0.03, 0.015     0.98, 0.99, 0.96, 0.86
contrast cut to 0.1, 0.05, 0.015     0.99, 0.97, 0.83
noise, sigma 10, 20, 30, 45          0.99, 0.91, 0.81, 0.63
===================================  =====================================================

Darkness by itself costs little, as the network's input is given the contrast that it needs (see
`preprocessing`); the noise that a camera adds in the dark does.

The product of the factors is too kind to views that are both blurred and noisy, and to motion
blur along a diagonal; an overexposed face is only recognised where its contrast is gone.
"""

import math

import cv2
from fer_ros.core.values import Box, HeadPose, Image
import numpy as np
import numpy.typing as npt

_Matrix = npt.NDArray[np.float32]

_EDGE = 48
"""Edge to which crops are brought, in pixels: that of the pictures measured on."""

_MIDDLE = slice(_EDGE // 6, _EDGE - _EDGE // 6)
"""The face without what is behind it: a bright window must not make up for a dark face."""

_SHARPNESS = 0.148, 3.5
_SIZE_PX = 9.2, 3.0
_CONTRAST = 0.355, 2.63
_GRAIN = 0.79, -5.2
"""
Half and steepness of each measure, see `_share`.

Fitted by least squares, but for the half of sharpness, which is a little lower to be right within
0.1 for blur without motion. The errors against the shares above (root mean square) are 0.11 for
sharpness over both kinds of blur, and 0.01 for the size of the box, contrast and grain.
"""

_POWER_OF_COSINE = 0.28
"""
Power of the cosine of the angle between the view and the frontal one, which is what is left.

Maximum likelihood for the 3,060 pictures of PublicTest in which the pipeline finds a face and its
pose: the accuracy is 0.91 at 0.15 rad, 0.89 at 0.25, 0.87 at 0.5, 0.83 at 0.7; only 34 pictures
lie beyond 0.9 rad.
"""


def _blur(sigma: float) -> _Matrix:
    """Return the matrix whose product with a picture is the picture blurred along its columns."""
    size = 2 * math.ceil(4 * sigma) + 1
    return np.asarray(cv2.GaussianBlur(
        np.eye(_EDGE, dtype=np.float32), (1, size), sigmaX=1.0, sigmaY=sigma,
        borderType=cv2.BORDER_REPLICATE), np.float32)


_SMOOTH = _blur(1)
_FINE = _blur(1) - _blur(2)
_COARSE = _blur(2) - _blur(4)


def observation_quality(crop: Image, box: Box, pose: HeadPose) -> float:
    """
    Return how much a view of a face is worth, [0, 1]; 1 is a sharp, bright, frontal view.

    Takes less than 0.1 ms.

    :param crop: (S, S) uint8, grey, as `upright_crop` makes them.
    :param box: the face in the image, which says how many pixels the crop was made from.
    :param pose: NaN counts as frontal.
    """
    picture = crop
    if crop.shape[0] != _EDGE:
        shrinks = crop.shape[0] > _EDGE
        picture = np.asarray(cv2.resize(
            crop, (_EDGE, _EDGE),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), np.uint8)
    grey = picture.astype(np.float32)
    middle = grey[_MIDDLE, _MIDDLE]
    contrast = float(middle.std())
    if contrast == 0:
        return 0.0
    # Blur and few pixels are the same lack of detail, seen twice.
    detail = min(
        _share(_sharpness(grey), *_SHARPNESS),
        _share((box.width + box.height) / 2, *_SIZE_PX))
    return (
        detail * _share(contrast, *_CONTRAST) * _share(_noise(middle) / contrast, *_GRAIN)
        * _share_of_pose(pose))


def _share(measure: float, half: float, steepness: float) -> float:
    """
    Return 1 / (1 + (half / measure)^steepness): 0.5 at `half`.

    It grows with the measure, and falls where the steepness is negative.
    """
    if measure <= 0:
        return 0.0 if steepness > 0 else 1.0
    return float(1 / (1 + (half / measure) ** steepness))


def _share_of_pose(pose: HeadPose) -> float:
    cosine = math.cos(pose.yaw) * math.cos(pose.pitch)
    if math.isnan(cosine):
        return 1.0
    return float(max(cosine, 0.0) ** _POWER_OF_COSINE)


def _sharpness(grey: _Matrix) -> float:
    """
    Return the energy of fine detail in units of that of coarse detail.

    Fine is what lies between blurs of 1 and 2 px, coarse between 2 and 4 px: their ratio does not
    depend on contrast, and little on the person (of sharp pictures 0.38 to 0.58, of the same
    blurred by 2 px 0.17 to 0.22: 10th and 90th percentile). The Laplacian's energy over the
    variance, the usual measure, varies threefold among sharp pictures, and noise of 10 grey levels
    doubles it. Motion blurs in one direction: the blurrier of the two counts.
    """
    return min(_detail_of_columns(grey), _detail_of_columns(grey.T))


def _detail_of_columns(grey: _Matrix) -> float:
    # Averaged across, noise does not pass for detail.
    averaged = grey @ _SMOOTH.T
    coarse = _COARSE @ averaged
    energy = float(np.vdot(coarse, coarse))
    fine = _FINE @ averaged
    return float(np.vdot(fine, fine)) / energy if energy > 0 else 0.0


def _noise(grey: _Matrix) -> float:
    """
    Return the standard deviation of white noise in a picture, in its grey levels.

    J. Immerkaer, "Fast Noise Variance Estimation", CVIU 1996: second differences in both
    directions, which faces have little of.
    """
    differences = np.diff(np.diff(grey, 2, axis=0), 2, axis=1)
    return math.sqrt(math.pi / 2) / 6 * float(np.abs(differences).mean())
