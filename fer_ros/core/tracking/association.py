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

"""Tracking by motion prediction and the best assignment of detections to faces."""

from collections.abc import Iterator

from fer_ros.core.tracking.reidentification import LostTracks
from fer_ros.core.tracking.tracked_face import TrackedFace
from fer_ros.core.tracking.tracker import Track, TrackerOptions
from fer_ros.core.values import Detection, Image, NS_PER_S
import numpy as np

MAX_GAP_S = 5.0
"""
After a longer gap between two images, all faces are new, and are confirmed at once.

A slower camera cannot identify people by their place, and after a camera was lost, other people
may stand there.
"""

MOTION_MEMORY_S = 1.0
"""
Time for which a face that is not found is recognised by its predicted motion.

Later it is recognised by its last place alone. It is not reported any more after
`tracker.timeout_s`. docs/benchmarks.md states the gain.
"""


class AssociationTracker:
    """
    Assigns the detections to the tracked faces with the nearest predicted places, all at once.

    A Kalman filter predicts the places; the Hungarian method finds the assignment with the least
    total distance (A. Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016, with
    distance instead of overlap: small, fast faces do not overlap from one image to the next).
    """

    keeps_identities = True
    is_visual = False

    def __init__(self, options: TrackerOptions, ids: Iterator[int]) -> None:
        # SciPy takes 35 MiB and 0.3 s; it is imported only if a tracker is used.
        from scipy.optimize import linear_sum_assignment
        self._solve = linear_sum_assignment
        self.options = options
        self._tracked: list[TrackedFace] = []
        self._lost = LostTracks()
        self._stamp_ns: int | None = None
        self._is_after_gap = False
        self._ids = ids

    @property
    def wants_detection(self) -> bool:
        """Return whether a face was not found in this image, or is not confirmed yet."""
        return any(
            not face.track_id or self._is_lost(face)
            for face in self._tracked if self._is_present(face))

    def update(
        self, detections: list[Detection] | None, stamp_ns: int, image: Image,
    ) -> list[Track]:
        """Return the confirmed faces of this image, oldest first; see `Tracker.update`."""
        self._predict(stamp_ns)
        if detections is None:
            for face in self._tracked:
                face.on_skipped(stamp_ns)
        else:
            self._end_lost_tracks(stamp_ns)
            self._assign([d for d in detections if d.box.area > 0], stamp_ns)
        self._confirm(stamp_ns)
        self._see(image)
        confirmed = sorted(
            (face for face in self._tracked if face.track_id and self._is_present(face)),
            key=lambda face: face.track_id)
        return [_track(face) for face in confirmed]

    def reset(self) -> None:
        """Forget all faces. Identities are not used again."""
        self._tracked = []
        self._lost = LostTracks()
        self._stamp_ns = None

    def _predict(self, stamp_ns: int) -> None:
        last_ns = stamp_ns if self._stamp_ns is None else self._stamp_ns
        gap_s = (stamp_ns - last_ns) / NS_PER_S
        self._is_after_gap = gap_s > MAX_GAP_S
        if not -self.options.timeout_s <= gap_s <= MAX_GAP_S:
            self.reset()
        self._stamp_ns = stamp_ns
        for face in self._tracked:
            face.predict(max(stamp_ns - last_ns, 0) / NS_PER_S)

    def _is_present(self, face: TrackedFace) -> bool:
        return face.missed_ns(self._stamp_ns or 0) <= self.options.timeout_s * NS_PER_S

    def _end_lost_tracks(self, stamp_ns: int) -> None:
        limit_s = max(self.options.timeout_s, min(self.options.reidentify_s, MOTION_MEMORY_S))
        kept = []
        for face in self._tracked:
            if face.missed_ns(stamp_ns) <= limit_s * NS_PER_S:
                kept.append(face)
            else:
                self._lost.add(face.track_id, face.detection.box, face.present_ns)
        self._tracked = kept

    def _assign(self, detections: list[Detection], stamp_ns: int) -> None:
        pairs = self._pairs(detections)
        for index, face in enumerate(self._tracked):
            if index in pairs:
                face.on_detected(pairs[index], stamp_ns)
            else:
                face.on_missed()
        # An unconfirmed face must be found each time that the detector runs.
        self._tracked = [face for face in self._tracked if face.track_id or not face.is_missed]
        taken = {id(detection) for detection in pairs.values()}
        self._tracked += [TrackedFace(d, stamp_ns) for d in detections if id(d) not in taken]

    def _pairs(self, detections: list[Detection]) -> dict[int, Detection]:
        """Return the detections of the tracked faces, by the index of the face."""
        if not self._tracked or not detections:
            return {}
        distance = np.array([
            [face.filter.distance(d.box) for d in detections] for face in self._tracked])
        # All pairs beyond the limit cost the same, so that no near pair is given up for a far one.
        limit = np.array([
            [self.options.max_distance + (0.0 if face.was_seen else face.filter.position_std)]
            for face in self._tracked])
        rows, columns = self._solve(np.minimum(distance, limit))
        return {
            int(row): detections[column] for row, column in zip(rows, columns, strict=True)
            if distance[row, column] < limit[row, 0]}

    def _see(self, image: Image) -> None:
        """Find the faces in this image that were not detected; this tracker cannot do so."""

    def _is_lost(self, face: TrackedFace) -> bool:
        """Return whether the face was not found, so that the next image must be searched."""
        return face.is_missed

    def _confirm(self, stamp_ns: int) -> None:
        """Give identities to the faces that were found often enough, known ones if possible."""
        min_hits = 1 if self._is_after_gap else self.options.min_hits
        new = [face for face in self._tracked if not face.track_id and face.hits >= min_hits]
        self._lost.forget_before(stamp_ns - self.options.reidentify_s * NS_PER_S)
        known = self._lost.identify(
            [face.detection.box for face in new], sum(face.track_id > 0 for face in self._tracked))
        for index, face in enumerate(new):
            if index in known:
                face.track_id = known[index]
            else:
                face.track_id = next(self._ids)


def _track(face: TrackedFace) -> Track:
    box = face.filter.box() if face.seen is None else face.seen.box
    return Track(face.track_id, face.state, box, face.detection.score, face.seen)
