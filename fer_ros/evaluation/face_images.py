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

"""Reads and resizes the images of data sets: square, grey, one size."""

from collections.abc import Sequence
from pathlib import Path

import cv2
from fer_ros.core.values import Image
from fer_ros.evaluation.labelled_faces import Images
from fer_ros.media.image_file import read_image
import numpy as np


def resized(images: Images, size: int) -> Images:
    """
    Resize square images.

    :param images: (N, S, S) uint8.
    :param size: edge of the result in pixels.
    :return: (N, size, size) uint8; the array itself if it has this size.
    """
    if images.shape[1:] == (size, size):
        return images
    interpolation = cv2.INTER_AREA if images.shape[1] > size else cv2.INTER_LINEAR
    result = np.empty((len(images), size, size), np.uint8)
    for place, image in enumerate(images):
        result[place] = cv2.resize(image, (size, size), interpolation=interpolation)
    return result


def read_image_of_face(path: Path, size: int) -> Image:
    """
    Read the image of a face.

    :return: (size, size) uint8, grey.
    :raises ValueError: if the file cannot be read or is not square.
    """
    image = read_image(path)
    height, width = image.shape[:2]
    if height != width:
        raise ValueError(
            f'{path} has {width}x{height} pixels: an image must be square and show one face; '
            'crop the face')
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    return np.asarray(resized(grey[np.newaxis], size)[0], np.uint8)


def read_images_of_faces(paths: Sequence[Path], size: int) -> Images:
    """Read images with `read_image_of_face`, (N, size, size)."""
    images = np.empty((len(paths), size, size), np.uint8)
    for place, path in enumerate(paths):
        images[place] = read_image_of_face(path, size)
    return images
