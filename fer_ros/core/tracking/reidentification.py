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

"""Giving a lost track's identity back to a face that returns near the place where it was lost."""

from dataclasses import dataclass
import math

from fer_ros.core.geometry import Box

MAX_DISTANCE = 2.0
"""Maximum distance of a returning face from its last place, in edges of the face."""

CROWD_DISTANCE = 6.0
"""
Divided by the number of faces, the maximum distance in a crowd, in edges of the face.

In a crowd another person soon stands where one has left (docs/benchmarks.md).
"""

MAX_SIZE_RATIO = 1.5
"""Maximum ratio of the sizes of a lost and a returning face."""


@dataclass(frozen=True)
class _LostTrack:
    track_id: int
    box: Box
    last_seen_ns: int

    def distance(self, box: Box) -> float:
        """Return the distance of a box in edges of the face; infinite if the sizes differ."""
        ratio = box.edge / self.box.edge
        if not 1 / MAX_SIZE_RATIO <= ratio <= MAX_SIZE_RATIO:
            return math.inf
        return math.dist(self.box.center, box.center) / math.sqrt(box.edge * self.box.edge)


class LostTracks:
    """
    Remembers where tracks were lost, and finds the identities of new faces among them.

    A new face gets the identity of the nearest lost track of about the same size; the nearest pair
    first, each identity once. The more faces there are, the nearer it must be. Appearance is not
    compared.
    """

    def __init__(self) -> None:
        self._lost: list[_LostTrack] = []

    def add(self, track_id: int, box: Box, last_seen_ns: int) -> None:
        """Remember a lost track."""
        self._lost.append(_LostTrack(track_id, box, last_seen_ns))

    def forget_before(self, stamp_ns: float) -> None:
        """Forget the tracks that were seen last before the stamp."""
        self._lost = [lost for lost in self._lost if lost.last_seen_ns >= stamp_ns]

    def identify(self, new_faces: list[Box], other_faces: int) -> dict[int, int]:
        """
        Return the identities of the new faces that are known, by their index in the list.

        :param other_faces: number of the faces that are tracked already.
        """
        reach = min(MAX_DISTANCE, CROWD_DISTANCE / max(other_faces + len(self._lost), 1))
        pairs = sorted(
            (lost.distance(box), index, lost.track_id)
            for index, box in enumerate(new_faces) for lost in self._lost)
        known: dict[int, int] = {}
        for distance, index, track_id in pairs:
            if distance <= reach and index not in known and track_id not in known.values():
                known[index] = track_id
        self._lost = [lost for lost in self._lost if lost.track_id not in known.values()]
        return known
