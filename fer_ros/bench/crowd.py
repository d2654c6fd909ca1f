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
"""Synthetic clips with any number of faces and known boxes and identities, in any size."""

from __future__ import annotations

from dataclasses import replace
import math
from pathlib import Path

from fer_ros.media.sample_clip import cut_out, Place, SampleClip, STORED_FACE_SIZE, wall
from fer_ros.media.sample_portraits import PORTRAITS

FRAME_COUNT = 48

_SHARE_OF_CELL = 0.5
_SHARE_OF_HEIGHT = 0.28
"""Edge of a face in units of its cell and of the image's height; the smaller one is used."""

_AMPLITUDE = 0.3
"""Amplitude of the movement in units of the face's edge: at most 1.2 edges per second."""


class CrowdClip(SampleClip):
    """
    The two heads of the sample clip in a grid; each head moves and rolls in its own cell.

    The clip is a loop. Each face has its own identity.

    >>> clip = CrowdClip(4, 640, 480)
    >>> clip.frame(0).shape, len(clip.truth(0))
    ((480, 640, 3), 4)
    """

    frame_count = FRAME_COUNT

    def __init__(self, faces: int, width: int, height: int, first: int = 0) -> None:
        """
        Cut out the heads.

        :param faces: number of faces, 1 or more.
        :param width: width of the images in pixels.
        :param height: height of the images in pixels.
        :param first: index of the head that comes first, 0 or 1.
        :raises FileNotFoundError: if a package with one of the photographs is not installed.
        """
        self.width, self.height = width, height
        self._columns = max(
            range(1, faces + 1), key=lambda n: min(width / n, height / math.ceil(faces / n)))
        self._rows = math.ceil(faces / self._columns)
        self._size = min(
            _SHARE_OF_CELL * min(width / self._columns, height / self._rows),
            _SHARE_OF_HEIGHT * height)
        # The heads are stored in their final size, so that they are scaled only once.
        self._scale = self._size / STORED_FACE_SIZE
        self._heads = [
            cut_out(
                replace(PORTRAITS[(first + k) % len(PORTRAITS)], identity=k + 1), self._scale)
            for k in range(faces)]
        self._wall = wall(width, height)

    def _places(self, index: int) -> list[Place]:  # type: ignore[override]
        cell_width, cell_height = self.width / self._columns, self.height / self._rows
        places = []
        for number in range(len(self._heads)):
            # Neighbours have a phase difference of a third of a turn, so that they move
            # differently.
            phase = 2 * math.pi * (index / FRAME_COUNT + number / 3)
            row, column = divmod(number, self._columns)
            places.append(Place(
                (column + 0.5) * cell_width + _AMPLITUDE * self._size * math.cos(phase),
                (row + 0.5) * cell_height + _AMPLITUDE * self._size * math.sin(phase) / 2,
                self._size, math.radians(10) * math.sin(phase)))
        return places

    def write(self, path: Path) -> None:
        """Write all frames as raw data without a header: (N, H, W, 3) uint8."""
        with path.open('wb') as file:
            for index in range(FRAME_COUNT):
                file.write(self.frame(index).data)
