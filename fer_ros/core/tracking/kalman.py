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

"""A followed face: where it is expected, and for how long that holds."""

import math

from fer_ros.core.values import Box, Detection, FaceState
import numpy as np

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

MEASUREMENT = 0.05
"""Spread of a detected centre in faces' edges."""


def edge(box: Box) -> float:
    """Return the edge of the square that is as large as the box."""
    return math.sqrt(box.area)


class Motion:
    """
    Kalman filter of a face's place, in units of the face's edge.

    The speed follows an Ornstein-Uhlenbeck process: it wanders within `SPEED` and is forgotten
    within `SPEED_LASTS_S`. Both directions are independent and equally noisy, so they share one
    2x2 covariance of place and speed.
    """

    def __init__(self, box: Box) -> None:
        self._aspect = box.height / box.width
        self._center, self.size = np.array(box.center), edge(box)
        self._velocity = np.zeros(2)
        self._p = np.diag([MEASUREMENT ** 2, SPEED ** 2])

    def predict(self, dt: float) -> None:
        """Go on in time by `dt` seconds."""
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
        """Take in where the face is seen."""
        gain = self._p[:, 0] / (self._p[0, 0] + MEASUREMENT ** 2)
        innovation = (np.array(box.center) - self._center) / self.size
        self._center = self._center + gain[0] * innovation * self.size
        self._velocity = self._velocity + gain[1] * innovation
        self._p = self._p - np.outer(gain, self._p[0])
        self.size = self.size ** (1 - SIZE_GAIN) * edge(box) ** SIZE_GAIN
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
        size = edge(box)
        dx, dy = (np.array(box.center) - self._center) / math.sqrt(size * self.size)
        return math.sqrt(dx * dx + dy * dy + math.log(size / self.size) ** 2)

    def box(self) -> Box:
        """Return where the face is expected."""
        width = self.size / math.sqrt(self._aspect)
        height = width * self._aspect
        x, y = self._center
        return Box(x - width / 2, y - height / 2, width, height)


class Followed:
    """
    A face that a tracker follows.

    `detection` is its last one; `seen` is what is seen of it in the newest image: the detection,
    or the detection moved to where a visual tracker sees the face, or None where its place is only
    predicted. `track_id` is 0 until the face is confirmed.
    """

    def __init__(self, detection: Detection, stamp_ns: int) -> None:
        self.motion = Motion(detection.box)
        self.detection = detection
        self.seen: Detection | None = detection
        self.was_seen = False
        """Whether it was seen in the image before."""
        self.state = FaceState.DETECTED
        self.hits = 1
        self.track_id = 0
        self.is_missed = False
        """Whether the detector did not find it when it was asked last."""
        self.known_ns = stamp_ns
        """Stamp of the last image in which nothing spoke against it."""

    def pass_time(self, dt: float) -> None:
        """Go on to the next image, `dt` seconds later, where nothing is seen of it yet."""
        self.motion.predict(dt)
        self.was_seen = self.seen is not None
        self.seen = None
        self.state = FaceState.TRACKED

    def find(self, detection: Detection, stamp_ns: int) -> None:
        """Take in that the detector found it."""
        self.see(detection)
        self.detection = detection
        self.state = FaceState.DETECTED
        self.hits += 1
        self.is_missed = False
        self.known_ns = stamp_ns

    def see(self, seen: Detection) -> None:
        """Take in where it is seen."""
        self.motion.correct(seen.box)
        self.seen = seen

    def miss(self) -> None:
        """Take in that the detector did not find it."""
        self.is_missed = True

    def excuse(self, stamp_ns: int) -> None:
        """Take in that the detector was not asked: that it was not found is no sign yet."""
        if not self.is_missed:
            self.known_ns = stamp_ns

    def missed_ns(self, stamp_ns: int) -> int:
        """
        Return for how long the detector has missed it.

        Where images come far apart, a face was not missed only because time passed.
        """
        return stamp_ns - self.known_ns if self.is_missed else 0
