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

"""Faces that left and may come back."""

from dataclasses import dataclass
import math

from fer_ros.core.tracking.kalman import edge
from fer_ros.core.values import Box

FURTHEST = 2.0
"""How far from its last place a face may return at most, in faces' edges."""

ROOM = 6.0
"""
This over the number of faces about is how far from its last place one may return, likewise.

In a crowd another person soon stands where one has left. In four crowd videos (LTFT's tracks, each
twice, with a fifth of the detections left out) 23 of 87 faces that returned after a second were
recognised and 2 mistaken where people stand about (`street`), and 2 to 5 mistaken a video where
they walk; with `FURTHEST` alone 44 and 22 were, and 13 to 109.
"""

LARGEST_RATIO = 1.5
"""Ratio of the larger to the smaller size up to which both can be the same face."""


@dataclass(frozen=True)
class _Absent:
    track_id: int
    box: Box
    last_seen_ns: int

    def distance(self, box: Box) -> float:
        """Return how far a box is from the last place, in faces' edges; infinite by its size."""
        ratio = edge(box) / edge(self.box)
        if not 1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO:
            return math.inf
        return math.dist(self.box.center, box.center) / math.sqrt(edge(self.box) * edge(box))


class AbsentFaces:
    """
    Remembers the places of faces that left, and tells who a newcomer is.

    An identity is given back, once, where a newcomer stands near its last place and is about as
    large; the nearest pair first. The more faces are about, the nearer it must be. There is no
    look at the faces themselves.
    """

    def __init__(self) -> None:
        self._absent: list[_Absent] = []

    def add(self, track_id: int, box: Box, last_seen_ns: int) -> None:
        """Remember a face that left."""
        self._absent.append(_Absent(track_id, box, last_seen_ns))

    def forget_before(self, stamp_ns: float) -> None:
        """Forget the faces that were seen last before the stamp."""
        self._absent = [a for a in self._absent if a.last_seen_ns >= stamp_ns]

    def recognise(self, newcomers: list[Box], present: int) -> dict[int, int]:
        """
        Return the identities of the newcomers that are known, by their index in the list.

        :param present: how many other faces are followed.
        """
        reach = min(FURTHEST, ROOM / max(present + len(self._absent), 1))
        pairs = sorted(
            (absent.distance(box), index, absent.track_id)
            for index, box in enumerate(newcomers) for absent in self._absent)
        known: dict[int, int] = {}
        for distance, index, track_id in pairs:
            if distance <= reach and index not in known and track_id not in known.values():
                known[index] = track_id
        self._absent = [a for a in self._absent if a.track_id not in known.values()]
        return known
