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

"""Pictures for the tests of the web service, as bytes."""

import struct
import zlib

import cv2
from fer_ros.media.sample_clip import SampleClip


def encoded(kind='.jpg', frame=0):
    """Return an image of the sample clip, which shows two faces."""
    return cv2.imencode(kind, SampleClip().frame(frame))[1].tobytes()


def png_of_size(width, height):
    """Return a PNG of some hundred bytes that states this size; its pixels are missing."""
    def chunk(kind, data):
        return (
            struct.pack('>I', len(data)) + kind + data
            + struct.pack('>I', zlib.crc32(kind + data)))
    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(b'\0' * 100))
        + chunk(b'IEND', b''))
