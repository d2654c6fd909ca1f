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

"""Following faces by their landmarks from one image to the next, at any roll."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fer_ros.core.change import Appearance
from fer_ros.core.geometry import Box, Region
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.landmarks.mesh import mesh_from_landmarks, region_differences, region_of_face
from fer_ros.core.tracking.tracker import Track
from fer_ros.core.values import Detection, Image, Mesh, NS_PER_S
import numpy as np

MAX_DISTANCE = 0.33
"""Distance, in edges of the region, from which a mesh belongs to another face."""

SURE_SCORE = 0.65
"""Score of a detection from which the landmarks need not support it (docs/benchmarks.md)."""

NO_FACE_PRESENCE = 0.2
"""Presence below which the network is sure that there is no face (docs/benchmarks.md)."""

DOUBTFUL_PRESENCE = 0.1
"""Presence from which a small detection deserves a second look (docs/benchmarks.md)."""

SECOND_LOOK_SCALES = 1.0, 1.25
"""Edges of the regions of a second look, in edges of the usual one (docs/benchmarks.md)."""

MAX_AVERAGED = 5
"""Number of runs of the network over which landmarks of an unchanged face are averaged."""

MAX_SIZE_RATIO = 1.5
"""Ratio of the sizes from which a mesh belongs to another face."""


@dataclass(frozen=True)
class _Framing:
    """
    The box of a face relative to the box of its mesh, in edges of the latter.

    A detector's box of a face differs by some percent from the box of its mesh. A box that is
    carried on by landmarks keeps the detector's framing, so that it does not jump at the next
    detection (docs/benchmarks.md).
    """

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of(cls, box: Box, mesh: Mesh) -> _Framing:
        """Return how `box` frames the face of a mesh."""
        return cls(
            (box.x - mesh.box.x) / mesh.box.width, (box.y - mesh.box.y) / mesh.box.height,
            box.width / mesh.box.width, box.height / mesh.box.height)

    def box(self, mesh: Mesh) -> Box:
        """Return the box that frames the face of another mesh in the same way."""
        return Box(
            mesh.box.x + self.x * mesh.box.width, mesh.box.y + self.y * mesh.box.height,
            self.width * mesh.box.width, self.height * mesh.box.height)


@dataclass(frozen=True)
class _Place:
    """
    Where to look for a face in the next image.

    `score` is that of the detector when it found the face last. `appearance` is what the face
    looked like when the network computed `mesh`; None if that is not known. The landmarks of a
    face that does not change are the mean of `runs` runs of the network, which differ by noise.
    """

    box: Box
    score: float
    framing: _Framing
    region: Region
    mesh: Mesh
    computed_ns: int
    appearance: Appearance | None = None
    runs: int = 1

    @classmethod
    def of(cls, box: Box, score: float, mesh: Mesh, computed_ns: int) -> _Place:
        """Return the place of a face with this box and these landmarks."""
        return cls(box, score, _Framing.of(box, mesh), mesh.region, mesh, computed_ns)

    def moved_to(self, box: Box) -> _Place:
        """Return the place with its region moved and scaled as the box was."""
        (x, y), (old_x, old_y) = box.center, self.box.center
        scale = box.edge / self.box.edge
        return replace(self, box=box, region=Region(
            x + scale * (self.region.center_x - old_x), y + scale * (self.region.center_y - old_y),
            scale * self.region.edge, self.region.roll))


@dataclass(frozen=True, eq=False)
class _Unfitted:
    """A detection in which the network found no face, and what it looked like."""

    detection: Detection
    appearance: Appearance
    computed_ns: int


@dataclass
class _Followed:
    """
    What is remembered of a track: its place, and the turn in which the network saw it last.

    Without a place, `unfitted` is the detection in which the network found no face.
    """

    place: _Place | None = None
    last_turn: int = 0
    unfitted: _Unfitted | None = None


class LandmarkFollower:
    """
    Finds faces of the last image again by their landmarks, each in the region in which it was.

    A head is followed through any roll, where a detector for upright faces loses it. Landmarks are
    also steadier in these regions than in regions from a detector's key points.

    `begin` compares the faces with a new image: those that have not changed keep their landmarks,
    and the network does not run for them. `carried`, `missed`, `confirmed`, `supported` and
    `verified` find faces in the new image and change nothing here; a detection that they return
    carries its mesh. `update` ends the image: it takes the tracks that became of the detections,
    and returns their meshes.
    """

    def __init__(self, network: FaceMesh) -> None:
        self._network = network
        self._followed: dict[int, _Followed] = {}
        self._unconfirmed: list[_Place] = []
        self._unchanged: set[int] = set()
        self._aged: set[int] = set()
        self._stamp_ns = 0
        self._keeps_meshes = False
        self._turn = 0

    def begin(self, image: Image, stamp_ns: int, max_age_s: float) -> bool:
        """
        Compare the faces of the last image with a new one.

        :param stamp_ns: stamp of the image.
        :param max_age_s: age from which landmarks are computed again in any case; 0: always.
        :return: whether a face has changed.
        """
        self._stamp_ns = stamp_ns
        self._keeps_meshes = max_age_s > 0
        # `_Place.moved_to` makes new places, but their mesh stays the same object.
        self._unchanged, self._aged = set(), set()
        if not self._keeps_meshes:
            return False
        has_changed = False
        for followed in self._followed.values():
            known = followed.place or followed.unfitted
            if known is None or known.appearance is None:
                continue
            what = known.mesh if isinstance(known, _Place) else known
            if known.appearance.is_changed_in(image):
                has_changed = True
            elif 0 <= stamp_ns - known.computed_ns < max_age_s * NS_PER_S:
                self._unchanged.add(id(what))
            else:
                self._aged.add(id(what))
        return has_changed

    def carried(self, image: Image, max_faces: int) -> list[Detection] | None:
        """
        Return all faces of the last image, at a fraction of a detector's cost.

        :param max_faces: faces for which the network may run.
        :return: None if a face is not found again, or if more than `max_faces` have changed; then
            a detector must search the image.
        """
        places = list(self._unconfirmed)
        unfitted = []
        for followed in self._followed.values():
            if followed.place is not None:
                places.append(followed.place)
            elif id(followed.unfitted) in self._unchanged and followed.unfitted is not None:
                unfitted.append(followed.unfitted.detection)
            else:
                return None
        if sum(not self._is_unchanged(place) for place in places) > max_faces:
            return None
        found = self.missed(image, [], max_faces)
        return found + unfitted if len(found) == len(places) else None

    def missed(
        self, image: Image, detections: Sequence[Detection], max_faces: int,
    ) -> list[Detection]:
        """
        Return the faces of the last image that the detector missed in this one.

        :param detections: what the detector found.
        :param max_faces: faces for which the network may run, least recently processed first.
        """
        waiting = sorted(self._followed.values(), key=lambda followed: followed.last_turn)
        places = [followed.place for followed in waiting if followed.place is not None]
        candidates = [
            place for place in [*places, *self._unconfirmed]
            if not _is_among(place.box, detections)]
        found: list[Detection] = []
        runs = 0
        for place in candidates:
            mesh: Mesh | None = place.mesh
            if not self._is_unchanged(place):
                if runs == max_faces:
                    continue
                runs += 1
                mesh = self._found_at(image, place)
            if mesh is not None:
                box = place.framing.box(mesh)
                if not _is_among(box, [*detections, *found]):
                    found.append(Detection(box, place.score, mesh.key_points, mesh))
        return found

    def confirmed(
        self, image: Image, candidates: Sequence[Detection], detections: Sequence[Detection],
        roll: float,
    ) -> list[Detection]:
        """
        Return the detections together with those candidates that are other faces.

        A candidate is another face if the network finds a face there. It then replaces a detection
        at the same place in which the network finds none: detectors sometimes report a leaning
        face as an upright one, with a wrong box.

        :param candidates: detections of the rotated search.
        :param detections: all other detections of this image.
        :param roll: roll of the candidates in radians, used if their eyes are unknown.
        """
        kept = list(detections)
        for candidate in candidates:
            same = [found for found in kept if candidate.box.covers_most_of(found.box)]
            if any(self._is_face(image, found) for found in same):
                continue
            mesh = self._network.refine(
                image, region_of_face(candidate.box, candidate.key_points, roll))
            others = [found for found in kept if found not in same]
            if mesh.is_face and not _is_among(mesh.box, others):
                kept = [*others, Detection(mesh.box, candidate.score, mesh.key_points, mesh)]
        return kept

    def supported(self, image: Image, detections: Sequence[Detection]) -> list[Detection]:
        """
        Return the detections without those of low score in which the network sees no face.

        :param detections: those of a detector; faces that the network does not see well are kept.
        """
        return [
            found for found in detections
            if found.score >= SURE_SCORE or self._network.refine(
                image, region_of_face(found.box, found.key_points)).presence >= NO_FACE_PRESENCE]

    def verified(
        self, image: Image, candidates: Sequence[Detection], sure_score: float,
        look_again: Callable[[Detection], Detection | None],
    ) -> list[Detection]:
        """
        Return those candidates in which the network finds a face, with their meshes.

        :param candidates: detections that are often false, such as those of small faces.
        :param sure_score: score from which the network alone decides. Candidates with a lower
            score, or in which it hardly sees a face, need a second detection.
        :param look_again: returns the second detection, None if there is none.
        """
        faces = []
        for candidate in candidates:
            mesh = self._network.refine(
                image, region_of_face(candidate.box, candidate.key_points))
            if candidate.score >= sure_score and mesh.is_face:
                faces.append(replace(candidate, key_points=mesh.key_points, mesh=mesh))
            elif mesh.presence >= DOUBTFUL_PRESENCE and (again := look_again(candidate)):
                second = self._second_look(image, (candidate, again))
                if second is not None:
                    faces.append(replace(again, key_points=second.key_points, mesh=second))
        return faces

    def _second_look(self, image: Image, detections: Sequence[Detection]) -> Mesh | None:
        """Return the mesh of the first region around a face in which the network finds it."""
        for found in detections:
            region = region_of_face(found.box, found.key_points)
            for scale in SECOND_LOOK_SCALES:
                mesh = self._network.find(image, replace(region, edge=scale * region.edge))
                if mesh.is_face:
                    return mesh
        return None

    def update(
        self, image: Image, detections: Sequence[Detection] | None, tracks: Sequence[Track],
        max_faces: int,
    ) -> dict[int, Mesh | None]:
        """
        Take the tracks of this image, and return the meshes of those for which the network ran.

        The mesh of a detection that was found by its landmarks is used as it is.

        :param detections: all detections of this image; None if the detector did not run.
        :param tracks: the faces of this image. All other faces are forgotten, except detections
            with a mesh that the tracker has not confirmed yet.
        :param max_faces: faces whose mesh is computed, least recently processed first; predicted
            faces have none.
        :return: by `track_id`; None if the network found no face.
        """
        self._turn += 1
        known = self._followed
        self._followed = {
            track.track_id: known.get(track.track_id, _Followed()) for track in tracks}
        for track in tracks:
            followed = self._followed[track.track_id]
            if followed.place is not None:
                followed.place = followed.place.moved_to(track.box)
        seen = [track for track in tracks if track.is_seen]
        seen.sort(key=lambda track: self._followed[track.track_id].last_turn)
        meshes = {}
        runs = 0
        for track in seen:
            followed = self._followed[track.track_id]
            mesh = self._kept_mesh(track, followed.place)
            if mesh is None and not self._is_still_unfitted(track, followed.unfitted):
                if runs == max_faces:
                    continue
                runs += 1
                mesh = self._mesh(image, track, followed.place)
            followed.last_turn = self._turn
            followed.unfitted = self._unfitted(image, track, mesh, followed.unfitted)
            followed.place = self._place(image, track, mesh, followed.place)
            meshes[track.track_id] = mesh
        if detections is not None:
            taken = {id(track.detection) for track in tracks}
            # The tracker wants to find them again in the next image before it confirms them.
            self._unconfirmed = [
                _Place.of(found.box, found.score, found.mesh, self._stamp_ns)
                for found in detections
                if found.mesh is not None and id(found) not in taken]
        return meshes

    def reset(self) -> None:
        """Forget all faces."""
        self._followed, self._unconfirmed = {}, []
        self._unchanged, self._aged = set(), set()

    def _is_unchanged(self, place: _Place) -> bool:
        return id(place.mesh) in self._unchanged

    def _kept_mesh(self, track: Track, place: _Place | None) -> Mesh | None:
        """Return the mesh that a face has kept; None if the network must run, or has run."""
        assert track.detection is not None
        if place is None or not self._is_unchanged(place):
            return None
        if track.detection.mesh not in (None, place.mesh):
            return None
        # The track may have been given to another face.
        return place.mesh if track.box.covers_most_of(place.mesh.box) else None

    def _is_still_unfitted(self, track: Track, unfitted: _Unfitted | None) -> bool:
        return (
            unfitted is not None and id(unfitted) in self._unchanged
            and track.box.covers_most_of(unfitted.detection.box))

    def _unfitted(
        self, image: Image, track: Track, mesh: Mesh | None, last: _Unfitted | None,
    ) -> _Unfitted | None:
        if mesh is not None or not self._keeps_meshes:
            return None
        if self._is_still_unfitted(track, last):
            return last
        appearance = Appearance.of(image, track.box)
        if appearance is None or track.detection is None:
            return None
        return _Unfitted(track.detection, appearance, self._stamp_ns)

    def _place(
        self, image: Image, track: Track, mesh: Mesh | None, last: _Place | None,
    ) -> _Place | None:
        """Return where to look for a face in the next image, and what it looks like."""
        if mesh is None:
            return None
        place = _Place.of(track.box, track.score, mesh, self._stamp_ns)
        if last is not None and mesh is last.mesh:
            return replace(
                place, computed_ns=last.computed_ns, appearance=last.appearance, runs=last.runs)
        if last is not None and id(last.mesh) in self._aged:
            # Compared with what it looked like at first, a slow change adds up.
            return replace(
                place, appearance=last.appearance, runs=min(last.runs + 1, MAX_AVERAGED))
        if self._keeps_meshes:
            place = replace(place, appearance=Appearance.of(image, mesh.box))
        return place

    def _is_face(self, image: Image, detection: Detection) -> bool:
        """Return whether the network finds a face there, in this image or in the last one."""
        places = (followed.place for followed in self._followed.values())
        if any(place is not None and place.box.covers_most_of(detection.box) for place in places):
            return True
        region = region_of_face(detection.box, detection.key_points)
        return self._network.refine(image, region).is_face

    def _mesh(self, image: Image, track: Track, place: _Place | None) -> Mesh | None:
        assert track.detection is not None
        if track.detection.mesh is not None:
            return track.detection.mesh
        mesh = self._found_at(image, place) if place is not None else None
        if mesh is None:
            mesh = self._network.refine(image, region_of_face(track.box, track.key_points))
        return mesh if mesh.is_face else None

    def _found_at(self, image: Image, place: _Place) -> Mesh | None:
        """Return the mesh of a face at its place; of one that has not changed, the mean mesh."""
        mesh = self._found_again(image, place.region)
        if mesh is None or id(place.mesh) not in self._aged:
            return mesh
        share = np.float32(1 / min(place.runs + 1, MAX_AVERAGED))
        before = place.mesh
        mean = mesh_from_landmarks(
            before.landmarks + share * (mesh.landmarks - before.landmarks), mesh.presence)
        if before.features is None or mesh.features is None:
            return mean
        return replace(mean, features=before.features + share * (mesh.features - before.features))

    def _found_again(self, image: Image, expected: Region) -> Mesh | None:
        """Return the mesh of a face that is expected in a region, None if it is not there."""
        for scale in SECOND_LOOK_SCALES:
            mesh = self._network.refine(image, replace(expected, edge=scale * expected.edge))
            distance, ratio, _ = region_differences(mesh.region, expected)
            if mesh.is_face and distance < MAX_DISTANCE and ratio < MAX_SIZE_RATIO:
                return mesh
        return None


def _is_among(box: Box, detections: Sequence[Detection]) -> bool:
    return any(box.covers_most_of(found.box) for found in detections)
