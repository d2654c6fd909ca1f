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

"""From crops of faces to the input of a network; shared by training and the pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
from fer_ros.core.values import Image
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Preprocessing:
    """
    Size and normalisation of a network's input.

    The input is `grey * scale + offset`, where `grey` is the value of the crop, 0 to 255, after
    `with_contrast`.

    :param least_contrast: minimum contrast, see `with_contrast`; 0 changes no crop.
    """

    width: int
    height: int
    scale: float
    offset: float
    least_contrast: int = 0

    def network_input(self, crops: Sequence[Image]) -> npt.NDArray[np.float32]:
        """
        Resize and normalise crops.

        :param crops: square (S, S) uint8 grey images, each of any size.
        :return: (N, height, width, 1) float32; N may be 0.
        :raises ValueError: if a crop is not a square grey image of uint8.
        """
        batch = np.empty((len(crops), self.height, self.width, 1), np.float32)
        for place, crop in enumerate(crops):
            batch[place, :, :, 0] = with_contrast(self._resized(crop), self.least_contrast)
        batch *= np.float32(self.scale)
        batch += np.float32(self.offset)
        return batch

    def _resized(self, crop: Image) -> Image:
        is_square = crop.ndim == 2 and crop.shape[0] == crop.shape[1] > 0
        if crop.dtype != np.uint8 or not is_square:
            raise ValueError(
                'a crop must be a square grey image, an array of shape (S, S) and type uint8, '
                f'not {crop.shape} of {crop.dtype}')
        if crop.shape == (self.height, self.width):
            return crop
        shrinks = crop.shape[0] > self.height or crop.shape[1] > self.width
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        resized = cv2.resize(crop, (self.width, self.height), interpolation=interpolation)
        return np.asarray(resized, np.uint8)


def with_contrast(image: Image, least: int) -> Image:
    """
    Increase the contrast of a dim or hazy image; other images are returned unchanged.

    The contrast is the distance from the 2nd to the 98th percentile of the grey values in the
    middle half of the image, which shows nothing but the face: a bright window behind a dark face
    must not count. If the contrast is below the minimum, the values are spread around their median
    until the contrast is reached, and the median moves towards the middle of the range; the more
    they are spread, the further it moves. The result is continuous, so that nothing jumps when the
    light changes.

    :param image: (H, W) uint8 grey.
    :param least: minimum contrast in grey values, 0 to 255.
    :return: (H, W) uint8.
    """
    rows, columns = (slice(n // 4, n - n // 4) for n in image.shape)
    middle = image[rows, columns]
    shares = cv2.calcHist([middle], [0], None, [256], [0, 256]).cumsum() / middle.size
    low, median, high = np.searchsorted(shares, (0.02, 0.5, 0.98))
    if high - low >= least:
        return image
    spread = least / max(high - low, 1)
    moved = median + (127.5 - median) * (1 - 1 / spread)
    table = np.clip(np.rint((np.arange(256) - median) * spread + moved), 0, 255)
    return np.asarray(cv2.LUT(image, table.astype(np.uint8)), np.uint8)
