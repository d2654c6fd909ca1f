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

"""Finds the cameras of this machine and their names, without taking an image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
import re
import struct
import sys

import cv2
from fer_ros.media.opencv_log import quiet_opencv

_QUERY_CAPABILITY = 0x80685600
"""VIDIOC_QUERYCAP of linux/videodev2.h: reads `struct v4l2_capability`, 104 bytes."""

_VIDEO_CAPTURE = 0x1 | 0x1000
"""V4L2_CAP_VIDEO_CAPTURE and V4L2_CAP_VIDEO_CAPTURE_MPLANE."""

_HAS_DEVICE_CAPABILITIES = 0x80000000
"""V4L2_CAP_DEVICE_CAPS: `device_caps` states what this device file can do."""

MAX_PROBED = 4
"""Where cameras have no device files, this number of them is tried."""


@dataclass(frozen=True)
class Camera:
    """A camera: the text that opens it as a source, and its name."""

    source: str
    name: str


def _query(path: Path) -> bytes:
    import fcntl  # not on Windows
    # Without O_NONBLOCK some drivers wait; no image is taken, so no light goes on.
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        return fcntl.ioctl(descriptor, _QUERY_CAPABILITY, bytes(104))
    finally:
        os.close(descriptor)


def cameras(
    folder: Path = Path('/dev'), query: Callable[[Path], bytes] = _query,
) -> list[Camera]:
    """
    Return the cameras that this program may open.

    On Linux, the device files that deliver images are listed with the names that their drivers
    state, also while another program uses them. Elsewhere the first `MAX_PROBED` cameras are
    opened for a moment, because OpenCV offers no list.
    """
    if not sys.platform.startswith('linux'):
        return _probed()
    found = []
    paths = [path for path in folder.glob('video*') if re.fullmatch(r'video\d+', path.name)]
    for path in sorted(paths, key=lambda path: int(path.name[5:])):
        try:
            answer = query(path)
        except OSError:
            continue
        _, card, _, _, all_bits, own_bits = struct.unpack_from('<16s32s32sIII', answer)
        bits = own_bits if all_bits & _HAS_DEVICE_CAPABILITIES else all_bits
        if bits & _VIDEO_CAPTURE:
            name = card.split(b'\0')[0].decode('utf-8', 'replace').strip()
            found.append(Camera(str(path), name or path.name))
    return found


def _probed() -> list[Camera]:
    found = []
    for number in range(MAX_PROBED):
        with quiet_opencv():
            capture = cv2.VideoCapture(number, cv2.CAP_ANY)
        if capture.isOpened():
            found.append(Camera(str(number), f'Camera {number}'))
        capture.release()
    return found
