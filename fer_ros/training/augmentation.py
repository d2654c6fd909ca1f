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

"""Random changes to training images that do not change the emotion."""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
from fer_ros.core.geometry import Similarity
from fer_ros.core.values import Image
import numpy as np
import numpy.typing as npt

_BLUR = 0.5, 1.2
"""Range of the blur's sigma in pixels of an image of 48x48."""


@dataclass(frozen=True)
class Augmentation:
    """
    Random changes to training images.

    Each change is drawn uniformly from minus to plus its range. The ranges of rotation, scale and
    shift cover the variation of the framing in FER-2013 and in crops of the detectors.

    :param shift: range in units of the image's edge.
    :param brightness: range in grey levels.
    :param coarse_share: share of images that lose detail, as faces far from the camera do.
    :param blurred_share: share of images that are blurred, as moving faces are.
    :param noisy_share: share of images with added noise, as in dim light.
    :param erased_share: share of images in which a rectangle is erased.
    """

    rotation_deg: float = 15.0
    log_scale: float = 0.18
    shift: float = 0.09
    log_contrast: float = 0.35
    brightness: float = 35.0
    coarse_share: float = 0.15
    blurred_share: float = 0.1
    noisy_share: float = 0.1
    erased_share: float = 0.3

    def times(self, strength: float) -> Augmentation:
        """Return the augmentation with all ranges and shares multiplied; shares are at most 1."""
        return Augmentation(**{
            name: min(strength * value, 1.0) if name.endswith('_share') else strength * value
            for name, value in vars(self).items()})

    def __call__(
        self, images: npt.NDArray[np.uint8], random: np.random.Generator,
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """
        Return changed copies.

        :param images: (N, S, S) uint8 grey.
        :return: images of the same shape and type, and which of them are mirrored, (N,).
        """
        changed = [self._changed(image, random) for image in images]
        return np.stack([image for image, _ in changed]), np.array([side for _, side in changed])

    def _changed(self, image: Image, random: np.random.Generator) -> tuple[Image, bool]:
        middle = image.shape[0] / 2
        angle = math.radians(random.uniform(-self.rotation_deg, self.rotation_deg))
        scale = math.exp(random.uniform(-self.log_scale, self.log_scale))
        shift_x, shift_y = random.uniform(-self.shift, self.shift, 2) * image.shape[0]
        mirrored = bool(random.random() < 0.5)
        matrix = Similarity(
            scale, angle, (middle, middle), (middle + shift_x, middle + shift_y),
            mirrored=mirrored).warp_matrix()
        changed = cv2.warpAffine(
            image, matrix, image.shape[::-1], flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE)
        if random.random() < self.coarse_share:
            edge = int(image.shape[0] * random.uniform(0.4, 0.8))
            small = cv2.resize(changed, (edge, edge), interpolation=cv2.INTER_AREA)
            changed = cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
        if random.random() < self.blurred_share:
            sigma = random.uniform(*_BLUR) * image.shape[0] / 48
            changed = cv2.GaussianBlur(changed, (0, 0), sigma)
        gain = math.exp(random.uniform(-self.log_contrast, self.log_contrast))
        brightness = random.uniform(-self.brightness, self.brightness)
        grey = (changed - 127.5) * gain + 127.5 + brightness
        if random.random() < self.noisy_share:
            grey += random.normal(0, random.uniform(2, 12), grey.shape)
        if random.random() < self.erased_share:
            self._erase(grey, random)
        return np.asarray(np.clip(np.rint(grey), 0, 255), np.uint8), mirrored

    @staticmethod
    def _erase(grey: npt.NDArray[np.float64], random: np.random.Generator) -> None:
        edge = grey.shape[0]
        height, width = random.integers(edge // 8, edge // 2, 2)
        top, left = random.integers(0, edge - height), random.integers(0, edge - width)
        grey[top:top + height, left:left + width] = random.uniform(0, 255)
