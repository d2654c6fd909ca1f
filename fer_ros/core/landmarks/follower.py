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

"""Following faces by their landmarks, at any roll."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

from fer_ros.core.landmarks.face_mesh import (
    differences,
    FaceMesh,
    Mesh,
    Region,
    region_of_face,
    region_of_mesh,
)
from fer_ros.core.tracking.tracker import Track
from fer_ros.core.values import Box, Detection, Image

FURTHEST = 0.33
"""A face found again further from its expected place, in edges of its region, is another."""

SAME_SIZE = 1.5
"""A face found again larger or smaller by more than this ratio is another."""

SAME_FACE_OVERLAP = 0.5
"""Two finds are one face where they share more than this part of the smaller one."""


@dataclass(frozen=True)
class _Framing:
    """
    How the box of a face lies about the box that its landmarks give, in edges of the latter.

    A detector frames the same face some percent otherwise than its landmarks do. A box that is
    carried on by the landmarks keeps the detector's framing, and does not jump when the detector
    looks again: in six clips, with a search in every third image, boxes jump by 0.02 of their
    edge from one image to the next, as with a search in each, instead of 0.04.
    """

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of(cls, box: Box, seen: Box) -> _Framing:
        """Return how `box` frames the face whose landmarks give the box `seen`."""
        return cls(
            (box.x - seen.x) / seen.width, (box.y - seen.y) / seen.height,
            box.width / seen.width, box.height / seen.height)

    def box(self, seen: Box) -> Box:
        """Return the box that frames the face in the same way."""
        return Box(
            seen.x + self.x * seen.width, seen.y + self.y * seen.height,
            self.width * seen.width, self.height * seen.height)


@dataclass(frozen=True)
class _Place:
    """
    Where a face is: its box, how that frames it, and the region to see it upright in.

    `score` is the detector's of the last time that it found the face.
    """

    box: Box
    score: float
    framing: _Framing
    region: Region

    @classmethod
    def of(cls, box: Box, score: float, mesh: Mesh) -> _Place:
        """Return the place of a face with this box and these landmarks."""
        framing = _Framing.of(box, mesh.detection.box)
        return cls(box, score, framing, region_of_mesh(mesh))


class FaceFollower:
    """
    Looks at faces with the landmark network, each where it was seen last, turned as it was then.

    So a head is seen on as it rolls, where a detector for upright faces loses it, and its
    landmarks are steadier than in regions that follow a detector's key points.
    """

    def __init__(self, network: FaceMesh) -> None:
        self._network = network
        self._places: dict[int, _Place] = {}
        self._turns: dict[int, int] = {}
        self._turn = self._tracked = 0
        # Of this image: faces that the detector missed, and what the network saw of others.
        self._finds: dict[Box, tuple[Detection, Mesh]] = {}
        self._views: dict[Box, Mesh] = {}
        self._unconfirmed: list[_Place] = []

    def follow(self, image: Image, most: int) -> list[Detection] | None:
        """
        Return all the faces of the last image, at a fraction of a detector's cost.

        None where the network does not see each of them, or where they are more than `most`: then
        a detector has to look.
        """
        count, unconfirmed = len(self._places) + len(self._unconfirmed), self._unconfirmed
        if count > most or len(self._places) < self._tracked:
            return None
        found = self.find_missed(image, [], most)
        if len(found) == count:
            return found
        self._unconfirmed = unconfirmed
        return None

    def find_missed(
        self, image: Image, detections: Sequence[Detection], most: int,
    ) -> list[Detection]:
        """
        Return the known faces that the detector missed in this image but the network sees.

        :param detections: what the detector found.
        :param most: so many faces are looked at, at most; those first for which it is longest ago.
        """
        self._finds, self._views = {}, {}
        places = [self._places[key] for key in sorted(self._places, key=self._last_turn)]
        places, self._unconfirmed = places + self._unconfirmed, []
        missed = [
            place for place in places
            if not any(_is_same(place.box, found.box) for found in detections)]
        found: list[Detection] = []
        for place in missed[:most]:
            mesh = self._found_again(image, place.region)
            if mesh is not None:
                carried = replace(
                    mesh.detection, score=place.score,
                    box=place.framing.box(mesh.detection.box))
                found += self._new(carried, mesh, [*detections, *found])
        return found

    def confirm(
        self, image: Image, doubtful: Sequence[Detection], detections: Sequence[Detection],
        roll: float,
    ) -> list[Detection]:
        """
        Return the detections with those doubtful finds in which the network sees another face.

        A detection in which it sees none gives way: a detector takes some leaning faces for
        upright ones.

        :param detections: what was found otherwise.
        :param roll: how far those lean, in radians, whose eyes are not known.
        """
        kept = list(detections)
        for candidate in doubtful:
            same = [found for found in kept if _is_same(candidate.box, found.box)]
            if any(self._is_seen(image, found) for found in same):
                continue
            mesh = self._network.settle(
                image, region_of_face(candidate.box, candidate.key_points, roll))
            if mesh.is_face:
                others = [found for found in kept if found not in same]
                confirmed = replace(mesh.detection, score=candidate.score)
                new = self._new(confirmed, mesh, others)
                kept = [*others, *new] if new else kept
        return kept

    def _is_seen(self, image: Image, detection: Detection) -> bool:
        """Return whether the network sees the face, now or in the last image."""
        if any(_is_same(place.box, detection.box) for place in self._places.values()):
            return True
        if detection.box not in self._views:
            self._views[detection.box] = self._network.settle(
                image, region_of_face(detection.box, detection.key_points))
        return self._views[detection.box].is_face

    def look(self, image: Image, tracks: Sequence[Track], most: int) -> dict[int, Mesh | None]:
        """
        Return the meshes of the faces that were looked at in this image, by their `track_id`.

        None stands for those in which the network sees no face.

        :param tracks: the faces of this image; all others are forgotten.
        :param most: as for `find_missed`; only faces that are seen are looked at.
        """
        boxes = {track.track_id: track.box for track in tracks}
        self._places = {
            key: _moved(place, boxes[key])
            for key, place in self._places.items() if key in boxes}
        self._turns = {key: turn for key, turn in self._turns.items() if key in boxes}
        self._turn += 1
        self._tracked = len(boxes)
        seen = [track for track in tracks if track.is_seen]
        seen.sort(key=lambda track: self._last_turn(track.track_id))
        meshes: dict[int, Mesh | None] = {}
        for track in seen[:most]:
            found = self._finds.pop(track.box, None)
            mesh = found[1] if found else self._mesh(image, track)
            meshes[track.track_id] = mesh
            self._turns[track.track_id] = self._turn
            if mesh is not None:
                self._places[track.track_id] = _Place.of(track.box, track.score, mesh)
            else:
                self._places.pop(track.track_id, None)
        # The tracker wants to see them in the next image as well.
        self._unconfirmed += [
            _Place.of(box, find.score, mesh) for box, (find, mesh) in self._finds.items()
            if box not in boxes.values()]
        self._finds = {}
        return meshes

    def reset(self) -> None:
        """Forget all faces."""
        self._places, self._turns, self._finds, self._views = {}, {}, {}, {}
        self._unconfirmed = []
        self._tracked = 0

    def _new(
        self, detection: Detection, mesh: Mesh, known: Sequence[Detection],
    ) -> list[Detection]:
        if any(_is_same(detection.box, other.box) for other in known):
            return []
        self._finds[detection.box] = detection, mesh
        return [detection]

    def _last_turn(self, track_id: int) -> int:
        """Return when it was this face's turn to be looked at; 0: never."""
        return self._turns.get(track_id, 0)

    def _mesh(self, image: Image, track: Track) -> Mesh | None:
        place = self._places.get(track.track_id)
        known = self._found_again(image, place.region) if place else None
        if known is not None:
            return known
        mesh = self._views.get(track.box) or self._network.settle(
            image, region_of_face(track.box, track.key_points))
        return mesh if mesh.is_face else None

    def _found_again(self, image: Image, expected: Region) -> Mesh | None:
        """Return what the network sees of a face that was expected there."""
        mesh = self._network.settle(image, expected)
        if not mesh.is_face:
            return None
        distance, ratio, _ = differences(region_of_mesh(mesh), expected)
        return mesh if distance < FURTHEST and ratio < SAME_SIZE else None


def _is_same(a: Box, b: Box) -> bool:
    return a.intersection(b).area > SAME_FACE_OVERLAP * min(a.area, b.area)


def _moved(place: _Place, box: Box) -> _Place:
    """Return the place with its region moved and scaled as the box."""
    (x, y), (old_x, old_y) = box.center, place.box.center
    scale = math.sqrt(box.area / place.box.area)
    region = place.region
    return replace(place, box=box, region=Region(
        x + scale * (region.center_x - old_x), y + scale * (region.center_y - old_y),
        scale * region.edge, region.roll))
