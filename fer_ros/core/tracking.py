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

"""Following faces over time, so that each keeps its identity."""

from collections.abc import Callable
from dataclasses import dataclass
import math
from typing import Protocol

from fer_ros.core.options import option, Options
from fer_ros.core.values import Box, Detection, FaceState, NS_PER_S, Points
import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TrackerOptions(Options):
    """How faces keep their identities."""

    name: str = option(
        'association',
        'Tracker: association of detections by a motion model, or none (every detection is a '
        'new face).',
        choices=('association', 'none'))
    timeout_s: float = option(
        0.7,
        'A face that is not found for longer is forgotten; until then its place is predicted.',
        unit='s', minimum=0.0, maximum=10.0, dynamic=True)
    min_hits: int = option(
        2, 'A face is reported once it was found in this many images in a row.', unit='images',
        minimum=1, maximum=100, dynamic=True)
    max_distance: float = option(
        0.9, 'A detection further than this from the predicted place is another face.',
        unit="faces' edges", minimum=0.1, maximum=10.0, dynamic=True)


@dataclass(frozen=True)
class Track:
    """
    A face followed over time.

    `key_points` are those of this image, None where `state` is TRACKED.
    """

    track_id: int
    state: FaceState
    box: Box
    score: float
    key_points: Points | None


class Tracker(Protocol):
    """Gives identities to the detections of successive images."""

    options: TrackerOptions

    def update(self, detections: list[Detection], stamp_ns: int) -> list[Track]:
        """
        Return the faces of this image, oldest first.

        It is to be called for images without detections as well.

        :param stamp_ns: stamp of the image. Where it goes back by more than the timeout, all faces
            are forgotten.
        """

    def reset(self) -> None:
        """Forget all faces. Identities are not given again."""


class NoTracker:
    """Takes every detection for a new face, as is right for unrelated pictures."""

    def __init__(self, options: TrackerOptions) -> None:
        self.options = options
        self._last_id = 0

    def update(self, detections: list[Detection], stamp_ns: int) -> list[Track]:
        """Return a new track for each detection."""
        tracks = [
            Track(self._last_id + k, FaceState.DETECTED, d.box, d.score, d.key_points)
            for k, d in enumerate(detections, 1)]
        self._last_id += len(tracks)
        return tracks

    def reset(self) -> None:
        """Do nothing: there is nothing to forget."""


ACCELERATION = 8.0
"""
Spread of a head's acceleration in faces' edges per second squared.

It is that of a face of 15 cm that moves off with 1.2 m/s2.
"""

LONGEST_GAP_S = 5.0
"""
After a longer gap between two images all faces are new.

A slower camera cannot tell who is who by place, and after a camera was lost others may stand
there.
"""

MEASUREMENT = 0.05
"""Spread of a detected centre in faces' edges."""


class _Motion:
    """
    Kalman filter of a face's place: centre x, centre y and logarithm of the size.

    Each has its own constant velocity. All three share one covariance, in faces' edges: the axes
    are independent and equally noisy, so the 6x6 problem is three times the same 2x2 problem.
    """

    def __init__(self, box: Box) -> None:
        self._aspect = box.height / box.width
        self.place = _place(box)
        self.velocity = np.zeros(3)
        # Not known yet: a person who walks past at 1.5 m/s moves 10 faces' edges a second.
        self._p = np.diag([MEASUREMENT ** 2, 10.0 ** 2])

    @property
    def size(self) -> float:
        return math.exp(self.place[2])

    def predict(self, dt: float) -> None:
        scale = np.array([self.size, self.size, 1.0])
        # A lost face does not grow or leave with its last velocity for ever.
        self.velocity *= math.exp(-dt)
        self.place = self.place + self.velocity * scale * dt
        f = np.array([(1.0, dt), (0.0, 1.0)])
        q = ACCELERATION ** 2 * np.array([(dt ** 4 / 4, dt ** 3 / 2), (dt ** 3 / 2, dt ** 2)])
        self._p = f @ self._p @ f.T + q

    def correct(self, box: Box) -> None:
        scale = np.array([self.size, self.size, 1.0])
        gain = self._p[:, 0] / (self._p[0, 0] + MEASUREMENT ** 2)
        innovation = (_place(box) - self.place) / scale
        self.place = self.place + gain[0] * innovation * scale
        self.velocity = self.velocity + gain[1] * innovation
        self._p = self._p - np.outer(gain, self._p[0])
        self._aspect = box.height / box.width

    def distance(self, box: Box) -> float:
        """
        Return how far a box is from the predicted place, in faces' edges.

        A ratio of e between the sizes counts as 1.
        """
        other = _place(box)
        size = math.exp((other[2] + self.place[2]) / 2)
        dx, dy = (other[:2] - self.place[:2]) / size
        return math.sqrt(dx * dx + dy * dy + (other[2] - self.place[2]) ** 2)

    def box(self) -> Box:
        width = self.size / math.sqrt(self._aspect)
        height = width * self._aspect
        return Box(self.place[0] - width / 2, self.place[1] - height / 2, width, height)


def _place(box: Box) -> Vector:
    return np.array([*box.center, math.log(math.sqrt(box.area))])


@dataclass
class _Followed:
    """A face that the tracker follows."""

    motion: _Motion
    last: Detection
    seen_ns: int
    state: FaceState = FaceState.DETECTED
    hits: int = 1
    track_id: int = 0  # 0: not confirmed yet


class AssociationTracker:
    """
    Gives each detection to the followed face whose predicted place is nearest, all faces at once.

    Detection runs on every image and is cheaper than a visual tracker; what is left is to say who
    is who. Places are predicted by a Kalman filter, the assignment of least total distance is
    found by the Hungarian method (A. Bewley et al., "Simple Online and Realtime Tracking", ICIP
    2016, with distance in place of overlap: small faces that move fast do not overlap from one
    image to the next).
    """

    def __init__(self, options: TrackerOptions) -> None:
        # 35 MiB and 0.3 s, which only those who track shall pay.
        from scipy.optimize import linear_sum_assignment
        self._solve = linear_sum_assignment
        self.options = options
        self._followed: list[_Followed] = []
        self._stamp_ns: int | None = None
        self._last_id = 0

    def update(self, detections: list[Detection], stamp_ns: int) -> list[Track]:
        """Return the confirmed faces of this image, oldest first."""
        detections = [d for d in detections if d.box.area > 0]
        timeout_ns = self.options.timeout_s * NS_PER_S
        if self._stamp_ns is not None and stamp_ns < self._stamp_ns - timeout_ns:
            self.reset()
        dt = 0.0 if self._stamp_ns is None else max(stamp_ns - self._stamp_ns, 0) / NS_PER_S
        self._stamp_ns = stamp_ns
        # Where images come further apart than the timeout, a face was not missed only because time
        # passed.
        self._followed = [
            f for f in self._followed if stamp_ns - f.seen_ns <= timeout_ns
            or (f.state is FaceState.DETECTED and dt <= LONGEST_GAP_S)]
        for followed in self._followed:
            followed.motion.predict(dt)
            followed.state = FaceState.TRACKED
        pairs = self._assign(detections)
        for index, detection in pairs.items():
            followed = self._followed[index]
            followed.motion.correct(detection.box)
            followed.last, followed.seen_ns = detection, stamp_ns
            followed.state = FaceState.DETECTED
            followed.hits += 1
        # A face that was never confirmed must be found in successive images.
        self._followed = [
            f for index, f in enumerate(self._followed) if f.track_id or index in pairs]
        taken = {id(detection) for detection in pairs.values()}
        self._followed += [
            _Followed(_Motion(d.box), d, stamp_ns) for d in detections if id(d) not in taken]
        return [self._track(f) for f in self._followed if self._confirm(f)]

    def reset(self) -> None:
        """Forget all faces. Identities are not given again."""
        self._followed = []
        self._stamp_ns = None

    def _assign(self, detections: list[Detection]) -> dict[int, Detection]:
        """Return which detection belongs to which of the followed faces."""
        if not self._followed or not detections:
            return {}
        distance = np.array([
            [followed.motion.distance(d.box) for d in detections] for followed in self._followed])
        # Pairs out of reach cost the same, so that no near pair is given up to shorten a far one.
        reach = self.options.max_distance
        rows, columns = self._solve(np.minimum(distance, reach))
        return {
            int(row): detections[column] for row, column in zip(rows, columns, strict=True)
            if distance[row, column] < reach}

    def _confirm(self, followed: _Followed) -> bool:
        if not followed.track_id and followed.hits >= self.options.min_hits:
            self._last_id += 1
            followed.track_id = self._last_id
        return followed.track_id > 0

    def _track(self, followed: _Followed) -> Track:
        last, state = followed.last, followed.state
        if state is FaceState.DETECTED:
            return Track(followed.track_id, state, last.box, last.score, last.key_points)
        return Track(followed.track_id, state, followed.motion.box(), last.score, None)


_TRACKERS: dict[str, Callable[[TrackerOptions], Tracker]] = {
    'association': AssociationTracker,
    'none': NoTracker,
}


def create_tracker(options: TrackerOptions) -> Tracker:
    """Return the tracker that the options name."""
    return _TRACKERS[options.name](options)
