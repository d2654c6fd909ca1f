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
Decodes pictures that OpenCV cannot read completely, with the library Pillow and its plugins.

Pillow is imported when the first such picture is decoded, because few programs need it.
"""

from __future__ import annotations

import importlib
from io import BytesIO
from pathlib import Path
import struct
import warnings

from fer_ros.core.values import Image
from fer_ros.media.file_kinds import with_article
import numpy as np

HEIF_FORMATS = frozenset(('HEIC', 'HEIF'))
"""Formats that the optional package pillow-heif decodes."""

PILLOW_FORMATS = HEIF_FORMATS | {'AVIF', 'WebP'}
"""Formats by their names in `file_kinds`. OpenCV reads WebP, but not its orientation."""

_FORMATS_OF_SEVERAL_IMAGES = PILLOW_FORMATS | {'PNG', 'TIFF'}


def decode_with_pillow(path: Path, data: bytes, picture_format: str) -> Image:
    """
    Decode the main image of a picture, rotated as the file states.

    :param path: for the messages.
    :param data: the content of the file.
    :param picture_format: one of `PILLOW_FORMATS`.
    :return: (H, W, 3) uint8, BGR; transparency is ignored, more than 8 bits are reduced to 8.
    :raises ValueError: if a package is missing, or the picture is damaged or too large; the text
        states which.
    """
    name = f'{path} is {with_article(picture_format)}'
    with warnings.catch_warnings():
        # Pillow warns about pictures of 90 megapixels or more, and about unknown features.
        warnings.simplefilter('ignore')
        try:
            _load_decoder(picture_format)
        except ImportError as error:
            package = 'pillow-heif' if picture_format in HEIF_FORMATS else '"pillow>=11.3"'
            raise ValueError(
                f'{name}: install the package that reads it (pip install {package}), or convert '
                'it to JPEG') from error
        try:
            rgb = _decode(data)
        except Exception as error:
            # The decoders raise errors of many classes for damaged files.
            raise ValueError(
                f'{name} that is damaged or too large ({error}): copy it again, or convert it to '
                'a smaller JPEG') from error
    return np.ascontiguousarray(rgb[:, :, ::-1])


def count_images(data: bytes, picture_format: str) -> int:
    """Return the number of images of an animation or of pages; 1 if it is unknown."""
    if picture_format not in _FORMATS_OF_SEVERAL_IMAGES:
        return 1
    try:
        from PIL import Image as images
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with images.open(BytesIO(data)) as picture:
                return int(getattr(picture, 'n_frames', 1))
    except Exception:
        # Pillow knows fewer variants of these formats than OpenCV, or it is not installed.
        return 1


def _load_decoder(picture_format: str) -> None:
    """
    Import what decodes the format.

    :raises ImportError: if a package is missing or too old.
    """
    from PIL import features
    if picture_format in HEIF_FORMATS:
        importlib.import_module('pillow_heif').register_heif_opener()
    elif not features.check(picture_format.lower()):
        raise ImportError(f'this version of Pillow has no decoder of {picture_format}')


def _decode(data: bytes) -> Image:
    from PIL import Image as images, ImageOps
    with images.open(BytesIO(data)) as picture:
        try:
            upright = ImageOps.exif_transpose(picture)
        except (SyntaxError, ValueError, struct.error):
            # The EXIF data are damaged, but the picture may not be.
            upright = picture
        return np.asarray(upright.convert('RGB'), np.uint8)
