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

"""Pictures of faces as data sets hold them: square, grey, of one size."""

from collections.abc import Sequence
from pathlib import Path

import cv2
from fer_ros.core.values import Image
from fer_ros.evaluation.labelled_faces import Images
from fer_ros.media.image_file import read_image
import numpy as np


def resized(images: Images, size: int) -> Images:
    """
    Bring square pictures to a size.

    :param images: (N, S, S) uint8.
    :param size: edge of the result in pixels.
    :return: (N, size, size) uint8; the array itself where it has that size.
    """
    if images.shape[1:] == (size, size):
        return images
    interpolation = cv2.INTER_AREA if images.shape[1] > size else cv2.INTER_LINEAR
    result = np.empty((len(images), size, size), np.uint8)
    for place, image in enumerate(images):
        result[place] = cv2.resize(image, (size, size), interpolation=interpolation)
    return result


def read_picture(path: Path, size: int) -> Image:
    """
    Read the picture of a face.

    :return: (size, size) uint8, grey.
    :raises ValueError: where the file cannot be read or is not square.
    """
    image = read_image(path)
    height, width = image.shape[:2]
    if height != width:
        raise ValueError(
            f'{path} has {width}x{height} pixels: a picture must be square and show one face; '
            'cut the face out')
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    return np.asarray(resized(grey[np.newaxis], size)[0], np.uint8)


def read_pictures(paths: Sequence[Path], size: int) -> Images:
    """Return pictures as `read_picture` does, (N, size, size)."""
    images = np.empty((len(paths), size, size), np.uint8)
    for place, path in enumerate(paths):
        images[place] = read_picture(path, size)
    return images
