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

"""Reads what a video or sound file states in its headers; it decodes no image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import os
from pathlib import Path
import struct
from typing import BinaryIO


@dataclass(frozen=True)
class Box:
    """
    A box of an MP4 or MOV file (ISO/IEC 14496-12, 4.2).

    `begin` and `end` are the positions of its content in the file, in bytes.
    """

    kind: bytes
    begin: int
    end: int


def boxes(file: BinaryIO, begin: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two positions of a file; stop at the first impossible one."""
    while begin + 8 <= end:
        file.seek(begin)
        size, kind = struct.unpack('>I4s', file.read(8))
        header = 8
        if size == 1:
            size = int.from_bytes(file.read(8), 'big')
            header = 16
        elif size == 0:
            size = end - begin
        if size < header or begin + size > end:
            return
        yield Box(kind, begin + header, begin + size)
        begin += size


def boxes_at(file: BinaryIO, path: str) -> list[Box]:
    """
    Return the boxes of an MP4 or MOV file with this path.

    :param path: the kinds of the boxes, separated by slashes, such as moov/trak/tkhd.
    """
    found = [Box(b'', 0, file.seek(0, os.SEEK_END))]
    for kind in path.encode().split(b'/'):
        found = [
            box for parent in found for box in boxes(file, parent.begin, parent.end)
            if box.kind == kind]
    return found


def is_mirrored(path: Path) -> bool:
    """
    Return whether an MP4 or MOV file states that its images are to be mirrored.

    Applications that record the front camera do this. The matrix of the first video track has a
    negative determinant then (ISO/IEC 14496-12, 8.3.2). False for other and unreadable files.
    """
    try:
        with path.open('rb') as file:
            for header in boxes_at(file, 'moov/trak/tkhd'):
                # The matrix and the size are the last fields of both versions of this box.
                file.seek(header.end - 44)
                a, b, _, c, d, _, _, _, _, width, height = struct.unpack('>9i2I', file.read(44))
                if width and height:
                    return bool(a * d - b * c < 0)
    except (OSError, struct.error, ValueError):
        pass
    return False
