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
Preparing dark and noisy images for a face detector: brighter, smoother, without aliasing.

A view is what the network sees of the image. Coordinates are not converted here.
"""

from __future__ import annotations

import math

import cv2
from fer_ros.core.values import Image
import numpy as np

DARK_LEVEL = 110
"""Grey level; a view whose brightest parts are darker is brightened (docs/benchmarks.md)."""

BRIGHT_LEVEL = 200
"""Grey level that the brightest parts of a dark view get."""

BRIGHT_QUANTILE = 0.98
"""Quantile of the grey levels that counts as the brightest parts."""

NOISE_LEVEL = 4.0
"""Standard deviation of noise in grey levels from which an image counts as noisy."""

VIEW_NOISE_LEVEL = 3.0
"""The same for its view, which has less noise; from here on the view is smoothed."""

SMOOTHED_NOISE = 2.0
"""Standard deviation of the noise that the smoothing leaves over."""

_SECOND_DIFFERENCES = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)

_NOISE_GAIN = 6.0
"""Standard deviation of `_SECOND_DIFFERENCES` applied to white noise of unit variance."""

_NOISE_QUANTILE = 0.25
_NORMAL_QUANTILE = 0.3186
"""25 % of the absolute values of a normal distribution are below this standard deviation."""


_PATCH_PX = 64
"""Edge of the five parts of an image in which its noise is estimated."""

_DARK_STEP = 8
"""Step between the pixels whose grey levels are counted, along both axes."""


def is_dark_or_noisy(image: Image) -> bool:
    """
    Return whether a detector finds more faces in a `search_view` of the image.

    Takes less than 0.1 ms.

    :param image: (H, W, 3) uint8, BGR.
    """
    sampled = np.ascontiguousarray(image[::_DARK_STEP, ::_DARK_STEP])
    if 0 < _bright_level(sampled) < DARK_LEVEL:
        return True
    height, width = image.shape[:2]
    places = [(0.5, 0.5), (0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]
    levels = []
    for y, x in places:
        top, left = (max(int(place * size) - _PATCH_PX // 2, 0)
                     for place, size in ((y, height), (x, width)))
        levels.append(noise_level(image[top:top + _PATCH_PX, left:left + _PATCH_PX]))
    # The median ignores parts that are textured, and parts that are plain because they are
    # overexposed.
    return sorted(levels)[len(levels) // 2] > NOISE_LEVEL


def search_view(image: Image, edge: int) -> Image:
    """
    Return the image, resized so that its longer edge has `edge` pixels.

    Area averaging keeps noise and fine texture from aliasing. The view of a dark image is
    brightened, and that of a noisy image is smoothed, both only as far as needed.

    :param image: (H, W, 3) uint8, BGR.
    :return: (h, w, 3) uint8, BGR.
    """
    height, width = image.shape[:2]
    scale = edge / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    view = image
    # OpenCV halves an image several times faster than it averages areas of other sizes.
    while max(view.shape[:2]) >= 2 * edge:
        half = max(view.shape[1] // 2, 1), max(view.shape[0] // 2, 1)
        view = np.asarray(cv2.resize(view, half, interpolation=cv2.INTER_AREA), np.uint8)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    view = np.asarray(cv2.resize(view, size, interpolation=interpolation), np.uint8)
    return _smoothed(_brightened(view))


def _bright_level(image: Image) -> int:
    """Return the grey level of the brightest parts of an image."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).cumsum()
    return int(np.searchsorted(counts, BRIGHT_QUANTILE * counts[-1]))


def _brightened(view: Image) -> Image:
    bright = _bright_level(view)
    if bright >= DARK_LEVEL or bright == 0:
        return view
    return np.asarray(cv2.convertScaleAbs(view, alpha=BRIGHT_LEVEL / bright), np.uint8)


def _smoothed(view: Image) -> Image:
    noise = noise_level(view)
    if noise < VIEW_NOISE_LEVEL:
        return view
    # A Gaussian of this sigma divides the deviation of white noise by 2 sqrt(pi) sigma.
    sigma = noise / SMOOTHED_NOISE / (2 * math.sqrt(math.pi))
    return np.asarray(cv2.GaussianBlur(view, (0, 0), sigma), np.uint8)


def noise_level(image: Image) -> float:
    """
    Return the standard deviation of white noise in an image, in grey levels.

    As in J. Immerkaer, "Fast Noise Variance Estimation", CVIU 1996, but from a quantile instead of
    the mean of the second differences: texture and edges fill less than three quarters of most
    images, so they hardly count.

    :param image: (H, W, 3) uint8, BGR.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if min(grey.shape) < 3:
        return 0.0
    differences = cv2.filter2D(grey, cv2.CV_16S, _SECOND_DIFFERENCES)[1:-1, 1:-1]
    # Every third pixel is enough, and takes a ninth of the time.
    sizes = np.abs(differences[::3, ::3]).ravel()
    index = int(_NOISE_QUANTILE * (len(sizes) - 1))
    return float(np.partition(sizes, index)[index]) / _NORMAL_QUANTILE / _NOISE_GAIN
