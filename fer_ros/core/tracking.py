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
        0.9, 'A detection further than this from the predicted place is another face; where a '
        'face was missed, the uncertainty of the prediction is added.',
        unit="faces' edges", minimum=0.1, maximum=10.0, dynamic=True)


@dataclass(frozen=True, eq=False)
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


SPEED = 2.0
"""
Spread of a head's speed in faces' edges per second, in each direction.

A face is about 15 cm wide: people who walk past a robot reach 10 edges a second, seated ones 1.
This and the next constant were chosen for the fewest changes of identity in four crowd videos
(LTFT's tracks, with a fifth of the detections left out).
"""

SPEED_LASTS_S = 1.0
"""
Time constant with which a speed is forgotten that is not seen any more.

Without it a face that is covered while it moves would be expected ever further away.
"""

SIZE_GAIN = 0.5
"""How much a new size counts against the old one. Sizes change slowly, so no speed is kept."""

WIDEST_DOUBT = 1.0
"""How much uncertainty about a place widens the search for its face at most, in faces' edges."""

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
    Kalman filter of a face's place, in units of the face's edge.

    The speed follows an Ornstein-Uhlenbeck process: it wanders within `SPEED` and is forgotten
    within `SPEED_LASTS_S`. Both directions are independent and equally noisy, so they share one
    2x2 covariance of place and speed.
    """

    def __init__(self, box: Box) -> None:
        self._aspect = box.height / box.width
        self._center, self.size = np.array(box.center), _edge(box)
        self._velocity = np.zeros(2)
        self._p = np.diag([MEASUREMENT ** 2, SPEED ** 2])

    def predict(self, dt: float) -> None:
        kept = math.exp(-dt / SPEED_LASTS_S)
        reach_s = SPEED_LASTS_S * (1 - kept)
        self._center = self._center + self._velocity * self.size * reach_s
        self._velocity = self._velocity * kept
        f = np.array([(1.0, reach_s), (0.0, kept)])
        # Exact for the speed; for the place, that of a speed which is that uncertain all along.
        q = SPEED ** 2 * (1 - kept ** 2)
        noise = q * np.array([(reach_s ** 2 / 3, reach_s / 2), (reach_s / 2, 1.0)])
        self._p = f @ self._p @ f.T + noise

    def correct(self, box: Box) -> None:
        gain = self._p[:, 0] / (self._p[0, 0] + MEASUREMENT ** 2)
        innovation = (np.array(box.center) - self._center) / self.size
        self._center = self._center + gain[0] * innovation * self.size
        self._velocity = self._velocity + gain[1] * innovation
        self._p = self._p - np.outer(gain, self._p[0])
        self.size = self.size ** (1 - SIZE_GAIN) * _edge(box) ** SIZE_GAIN
        self._aspect = box.height / box.width

    @property
    def doubt(self) -> float:
        """Spread of the predicted place in faces' edges, limited."""
        return min(math.sqrt(self._p[0, 0]), WIDEST_DOUBT)

    def distance(self, box: Box) -> float:
        """
        Return how far a box is from the predicted place, in faces' edges.

        A ratio of e between the sizes counts as 1.
        """
        edge = _edge(box)
        dx, dy = (np.array(box.center) - self._center) / math.sqrt(edge * self.size)
        return math.sqrt(dx * dx + dy * dy + math.log(edge / self.size) ** 2)

    def box(self) -> Box:
        width = self.size / math.sqrt(self._aspect)
        height = width * self._aspect
        x, y = self._center
        return Box(x - width / 2, y - height / 2, width, height)


def _edge(box: Box) -> float:
    return math.sqrt(box.area)


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
        pairs = self._assign(detections)
        for index, followed in enumerate(self._followed):
            detection = pairs.get(index)
            if detection is None:
                followed.state = FaceState.TRACKED
                continue
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
        # Pairs out of reach cost the same, so that no near pair is given up for a far one.
        reach = np.array([
            [self.options.max_distance + (f.motion.doubt if f.state is FaceState.TRACKED else 0.0)]
            for f in self._followed])
        rows, columns = self._solve(np.minimum(distance, reach))
        return {
            int(row): detections[column] for row, column in zip(rows, columns, strict=True)
            if distance[row, column] < reach[row, 0]}

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
