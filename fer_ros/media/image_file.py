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

"""Reads image files, and states in a sentence why a file cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
from fer_ros.core.values import Image
from fer_ros.media.bit_depth import to_eight_bits
from fer_ros.media.file_kinds import picture_format, START_SIZE, UNREADABLE_FORMATS, with_article
from fer_ros.media.opencv_log import quiet_opencv
from fer_ros.media.pillow_decoder import (
    count_images,
    decode_with_pillow,
    HEIF_FORMATS,
    PILLOW_FORMATS,
)
import numpy as np

MAX_EDGE = 32766
"""Longest edge of an image that OpenCV can warp."""

# Grey or BGR without transparency, with the bits of the file, turned upright. IMREAD_COLOR would
# refuse floating point.
_FLAGS = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH

JPEG_SIGNATURE, PNG_SIGNATURE = b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n'


def read_image(path: Path, note: Callable[[str], None] | None = None) -> Image:
    """
    Read an image file, rotated as its EXIF orientation states.

    Of an animation or a file of several pages, the first image is read; of a HEIC file, the main
    image.

    :param note: receives a sentence if the file contains more images than the one that is read.
    :return: (H, W, 3) uint8, BGR; grey and transparent images are converted, and images of more
        than 8 bits by the range of their values (`to_eight_bits`).
    :raises ValueError: if the file cannot be read, is truncated, damaged or too large; the text
        states which.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f'{path} cannot be read: {error.strerror}') from error
    return decode_image(path, data, note)


def decode_image(
    path: Path, data: bytes, note: Callable[[str], None] | None = None,
) -> Image:
    """
    Decode the content of an image file, as `read_image`.

    :param path: name for the messages; its suffix tells camera raw files.
    :param data: the content of the file.
    """
    if not data:
        raise ValueError(f'{path} is empty (0 bytes): copy it again')
    if is_truncated(data):
        raise ValueError(f'{path} is truncated: copy it again')
    kind = picture_format(data[:START_SIZE], path.suffix)
    if kind in UNREADABLE_FORMATS:
        raise ValueError(
            f'{path} is {with_article(kind)}, which cannot be read: convert it to JPEG or PNG')
    if kind in PILLOW_FORMATS:
        image = decode_with_pillow(path, data, kind)
    else:
        image = _decode_with_opencv(path, data, kind)
    if max(image.shape[:2]) > MAX_EDGE:
        raise ValueError(
            f'{path} is {image.shape[1]}x{image.shape[0]} pixels, but the longest permitted edge '
            f'is {MAX_EDGE} pixels: make it smaller')
    count = count_images(data, kind) if note is not None and kind is not None else 1
    if note is not None and count > 1:
        place = 'main one' if kind in HEIF_FORMATS else 'first'
        note(
            f'{path} contains {count} images, of which only the {place} is used: to use all, '
            'convert it to a video or to one file for each image')
    return np.ascontiguousarray(image, np.uint8)


def _decode_with_opencv(path: Path, data: bytes, kind: str | None) -> Image:
    if data.startswith(PNG_SIGNATURE):
        data = _without_chunks_that_print(data)
    try:
        with quiet_opencv():
            image = cv2.imdecode(np.frombuffer(data, np.uint8), _FLAGS)
    except cv2.error as error:
        raise ValueError(
            f'{path} cannot be decoded: it is damaged, or too large for OpenCV ({error.err}). '
            'Make it smaller or copy it again') from error
    if image is None:
        raise ValueError(
            f'{path} is {_undecodable(kind)}: check that other programs open it; if they do, '
            'convert it to JPEG, or else copy it again')
    image = to_eight_bits(image)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image)


def _undecodable(kind: str | None) -> str:
    if kind is None:
        return 'damaged or not an image in a known format'
    return f'{with_article(kind)} that is damaged, or of a variant that cannot be read'


def is_truncated(data: bytes) -> bool:
    """Return whether the end of a JPEG or PNG picture is missing; False for other formats."""
    # The decoder fills the missing part of a JPEG with grey and reports no error, so search for
    # the end marker. Start after the headers, which can contain a thumbnail with a marker of its
    # own. Any data can follow the marker.
    if data.startswith(JPEG_SIGNATURE):
        return data.find(b'\xff\xd9', _begin_of_pixels(data)) < 0
    if data.startswith(PNG_SIGNATURE):
        return b'IEND' not in data
    return False


def _begin_of_pixels(jpeg: bytes) -> int:
    """Return the position of the start-of-scan marker (FF DA), or the end of the markers."""
    position = 2
    while jpeg[position:position + 1] == b'\xff' and jpeg[position + 1:position + 2] != b'\xda':
        is_filling = jpeg[position + 1:position + 2] == b'\xff'
        length = int.from_bytes(jpeg[position + 2:position + 4], 'big')
        position += 1 if is_filling else 2 + length
    return position


def _without_chunks_that_print(png: bytes) -> bytes:
    """
    Remove what libpng prints warnings about: the color profile and damaged EXIF data of a PNG.

    OpenCV uses neither of them.
    """
    parts = [PNG_SIGNATURE]
    position = len(PNG_SIGNATURE)
    while position < len(png):
        end = position + 12 + int.from_bytes(png[position:position + 4], 'big')
        kind = png[position + 4:position + 8]
        has_no_order = kind == b'eXIf' and png[position + 8:min(position + 10, end - 4)] not in (
            b'II', b'MM')
        if kind != b'iCCP' and not has_no_order:
            parts.append(png[position:end])
        position = end
    return b''.join(parts)
