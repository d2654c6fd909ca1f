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

"""A Kalman filter for the box of one face. It knows no identities and no detections."""

import math

from fer_ros.core.geometry import Box
import numpy as np

SPEED_STD = 2.0
"""
Standard deviation of a head's speed in each direction, in edges of the face per second.

A face is about 15 cm wide: people who walk past a robot reach 10 edges per second, seated people
1. This constant and the next one gave the fewest identity switches on four crowd videos of LTFT
(docs/benchmarks.md).
"""

SPEED_DECAY_S = 1.0
"""
Time constant with which the estimated speed decays while the face is not seen.

Without decay, a face that is occluded while it moves would be predicted further and further away.
"""

SIZE_GAIN = 0.5
"""Weight of a measured size against the old one. Sizes change slowly, so they have no speed."""

MAX_POSITION_STD = 1.0
"""Limit of `position_std`, in edges of the face."""

MEASUREMENT_STD = 0.05
"""Standard deviation of a detected centre, in edges of the face."""


class KalmanBoxFilter:
    """
    Kalman filter of a face's position, in units of the face's edge.

    The speed follows an Ornstein-Uhlenbeck process with the standard deviation `SPEED_STD` and the
    time constant `SPEED_DECAY_S`. Both directions are independent and have equal noise, so they
    share one 2x2 covariance of position and speed.
    """

    def __init__(self, box: Box) -> None:
        self._aspect = box.height / box.width
        self._center, self.size = np.array(box.center), box.edge
        self._velocity = np.zeros(2)
        self._p = np.diag([MEASUREMENT_STD ** 2, SPEED_STD ** 2])

    def predict(self, dt: float) -> None:
        """Advance the state by `dt` seconds."""
        kept = math.exp(-dt / SPEED_DECAY_S)
        travel_s = SPEED_DECAY_S * (1 - kept)
        self._center = self._center + self._velocity * self.size * travel_s
        self._velocity = self._velocity * kept
        f = np.array([(1.0, travel_s), (0.0, kept)])
        # Exact for the speed; for the position, as if the speed had this noise all the time.
        q = SPEED_STD ** 2 * (1 - kept ** 2)
        noise = q * np.array([(travel_s ** 2 / 3, travel_s / 2), (travel_s / 2, 1.0)])
        self._p = f @ self._p @ f.T + noise

    def correct(self, box: Box) -> None:
        """Update the state with a measured box."""
        gain = self._p[:, 0] / (self._p[0, 0] + MEASUREMENT_STD ** 2)
        innovation = (np.array(box.center) - self._center) / self.size
        self._center = self._center + gain[0] * innovation * self.size
        self._velocity = self._velocity + gain[1] * innovation
        self._p = self._p - np.outer(gain, self._p[0])
        self.size = self.size ** (1 - SIZE_GAIN) * box.edge ** SIZE_GAIN
        self._aspect = box.height / box.width

    @property
    def position_std(self) -> float:
        """Return the standard deviation of the position in edges of the face, limited."""
        return min(math.sqrt(self._p[0, 0]), MAX_POSITION_STD)

    def distance(self, box: Box) -> float:
        """
        Return the distance of a box from the predicted one, in edges of the face.

        A ratio of e between the sizes counts as a distance of 1.
        """
        size = box.edge
        dx, dy = (np.array(box.center) - self._center) / math.sqrt(size * self.size)
        return math.sqrt(dx * dx + dy * dy + math.log(size / self.size) ** 2)

    def box(self) -> Box:
        """Return the predicted box."""
        width = self.size / math.sqrt(self._aspect)
        height = width * self._aspect
        x, y = self._center
        return Box(x - width / 2, y - height / 2, width, height)
