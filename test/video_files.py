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

"""Small videos whose images are known, and changes to their headers."""

import struct

import cv2
import numpy as np


def write_video(path, fourcc='MJPG', count=20, rate_hz=25.0, size=(64, 48)):
    """Write a video whose nth image is evenly grey with the value 10 n."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), rate_hz, size)
    assert writer.isOpened()
    for number in range(count):
        writer.write(np.full((size[1], size[0], 3), 10 * number, np.uint8))
    writer.release()
    return path


def brightness(images):
    return [float(image.mean()) for image in images]


def read_all(source):
    images = []
    while (image := source.read()) is not None:
        images.append(image)
    return images


def box_content(data, *kinds):
    """Return begin and end of the content of the first box with this path in an MP4 file."""
    begin, end = 0, len(data)
    for kind in kinds:
        while data[begin + 4:begin + 8] != kind:
            begin += int.from_bytes(data[begin:begin + 4], 'big')
            assert begin < end, kind
        begin, end = begin + 8, begin + int.from_bytes(data[begin:begin + 4], 'big')
    return begin, end


def set_matrix(path, a, b, c, d):
    """
    Set the display matrix of an MP4 or MOV file.

    A pixel at (x, y) is then displayed at (a x + c y, b x + d y), apart from an offset.
    """
    data = bytearray(path.read_bytes())
    _, end = box_content(data, b'moov', b'trak', b'tkhd')
    one = 1 << 16
    data[end - 44:end - 8] = struct.pack(
        '>9i', a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def set_pixel_ratio(path, width, height):
    """State the width and height of a pixel in an MP4 or MOV file."""
    data = bytearray(path.read_bytes())
    added = struct.pack('>I4s2I', 16, b'pasp', width, height)
    kinds = [b'moov', b'trak', b'mdia', b'minf', b'stbl', b'stsd']
    for depth in range(len(kinds)):
        begin, end = box_content(data, *kinds[:depth + 1])
        data[begin - 8:begin - 4] = (end - begin + 8 + len(added)).to_bytes(4, 'big')
    # Eight bytes with the number of formats are before the only format. OpenCV writes `moov` at
    # the end of the file, so the positions of the images stay right.
    entry = begin + 8
    size = int.from_bytes(data[entry:entry + 4], 'big')
    data[entry:entry + 4] = (size + len(added)).to_bytes(4, 'big')
    data[entry + size:entry + size] = added
    path.write_bytes(data)
    return path


SEGMENT, TRACKS, TRACK, VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
CHECKSUM, SEEK_HEAD, CUES = 0xBF, 0x114D9B74, 0x1C53BB6B
PROJECTION, PROJECTION_TYPE, PROJECTION_ROLL = 0x7670, 0x7671, 0x7675
DISPLAY_WIDTH, DISPLAY_HEIGHT, DISPLAY_UNIT = 0x54B0, 0x54BA, 0x54B2


def _ebml(identity, content):
    """Return an element of a Matroska file, with its size in eight bytes."""
    name = identity.to_bytes((identity.bit_length() + 7) // 8, 'big')
    return name + (len(content) | 1 << 56).to_bytes(8, 'big') + content


def _ebml_number(data, position):
    """Return a number with its marker, the number without it, and the position behind it."""
    length = 9 - data[position].bit_length()
    marked = int.from_bytes(data[position:position + length], 'big')
    return marked, marked ^ 1 << 7 * length, position + length


def _with_video_elements(data, added):
    result = b''
    position = 0
    while position < len(data):
        identity, _, position = _ebml_number(data, position)
        _, size, position = _ebml_number(data, position)
        content = data[position:position + size]
        position += size
        if identity in (SEGMENT, TRACKS, TRACK, VIDEO):
            content = _with_video_elements(content, added)
        if identity == VIDEO:
            content += added
        # Check sums and positions are optional, and would be wrong now. The unit is "unknown".
        if identity not in (CHECKSUM, SEEK_HEAD, CUES, DISPLAY_UNIT):
            result += _ebml(identity, content)
    return result


def set_roll(path, degrees):
    """Set the angle, counter-clockwise, by which a Matroska file is rotated for display."""
    roll = _ebml(PROJECTION_ROLL, struct.pack('>f', degrees))
    added = _ebml(PROJECTION, _ebml(PROJECTION_TYPE, b'\0') + roll)
    path.write_bytes(_with_video_elements(path.read_bytes(), added))
    return path


def set_display_size(path, width, height):
    """State the size in which a Matroska file is displayed."""
    added = b''.join(
        _ebml(kind, value.to_bytes(2, 'big'))
        for kind, value in ((DISPLAY_WIDTH, width), (DISPLAY_HEIGHT, height)))
    path.write_bytes(_with_video_elements(path.read_bytes(), added))
    return path


def quarters(size=(64, 48)):
    """Return an image whose four quarters differ: dark above, bright at the lower right."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    middle_x, middle_y = size[0] // 2, size[1] // 2
    image[:middle_y, middle_x:] = 60
    image[middle_y:, :middle_x] = 140
    image[middle_y:, middle_x:] = 240
    return image


def write_still_video(path, image, fourcc='mp4v', count=5):
    """Write a video that repeats one image."""
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*fourcc), 25.0, image.shape[1::-1])
    assert writer.isOpened()
    for _ in range(count):
        writer.write(image)
    writer.release()
    return path
