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

"""Picture and video files of formats that OpenCV does not write, made from their bytes."""

import struct
import zlib

import cv2
import numpy as np

H264_SIZE = (128, 96)


def h264_stream(levels):
    """
    Return a raw H.264 stream whose nth image is evenly grey, 128x96.

    Its macroblocks are not compressed (I_PCM); the headers are those of Ben Mesander's "world's
    smallest H.264 encoder".

    :param levels: luma of each image, 1 to 255 (0 would need emulation prevention).
    """
    parameters = bytes.fromhex('0000000167 42000af841a2 0000000168 ce3880')
    chroma = bytes([128]) * 128
    count = H264_SIZE[0] * H264_SIZE[1] // 256
    images = [
        b'\0\0\0\x01\x05\x88\x84\x21\xa0'
        + b'\x0d\0'.join([bytes([level]) * 256 + chroma] * count) + b'\x80' for level in levels]
    return b''.join(parameters + image for image in images)


def jpeg(image):
    return cv2.imencode('.jpg', image)[1].tobytes()


def png(image):
    return cv2.imencode('.png', image)[1].tobytes()


def webp(image, quality=101):
    """Return a WebP picture, without loss unless the quality is 100 or less."""
    return cv2.imencode('.webp', image, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()


def exif(orientation, order='<'):
    """Return EXIF data that state only an orientation, in either order of bytes."""
    return {'<': b'II*\0', '>': b'MM\0*'}[order] + struct.pack(
        order + 'IHHHIHHI', 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def jpeg_with_exif(image, data):
    plain = jpeg(image)
    content = b'Exif\0\0' + data
    return plain[:2] + b'\xff\xe1' + struct.pack('>H', len(content) + 2) + content + plain[2:]


def png_with_exif(image, data):
    plain = png(image)
    chunk = b'eXIf' + data
    return plain[:33] + struct.pack('>I', len(data)) + chunk + struct.pack(
        '>I', zlib.crc32(chunk)) + plain[33:]


def webp_with_exif(image, data):
    """Return a picture in the extended format: a header that announces EXIF, image and EXIF."""
    height, width = image.shape[:2]
    header = b'\x08\0\0\0' + (width - 1).to_bytes(3, 'little') + (height - 1).to_bytes(3, 'little')
    chunks = (
        b'VP8X' + struct.pack('<I', len(header)) + header + webp(image)[12:]
        + b'EXIF' + struct.pack('<I', len(data)) + data + bytes(len(data) % 2))
    return b'RIFF' + struct.pack('<I', 4 + len(chunks)) + b'WEBP' + chunks


def heif_start(*brands):
    """Return the first box of a HEIF, AVIF or MP4 file: the main brand, then the others."""
    content = brands[0] + bytes(4) + b''.join(brands[1:])
    return struct.pack('>I', 8 + len(content)) + b'ftyp' + content


def even(level, size=(40, 30)):
    """Return an evenly grey picture, BGR."""
    return np.full((size[1], size[0], 3), level, np.uint8)
