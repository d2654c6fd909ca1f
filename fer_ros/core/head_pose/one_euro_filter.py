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

"""Head poses over time: steady where a head is still, prompt where it turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import math

from fer_ros.core.options import option, Options
from fer_ros.core.values import HeadPose, NS_PER_S
import numpy as np
import numpy.typing as npt

Angles = npt.NDArray[np.float64]

SPEED_TIME_S = 0.16
"""Time constant with which the speed of turning is smoothed; 1 Hz, as in the filter's paper."""

LONGEST_GAP_S = 1.0
"""After a longer time without a pose a head may look anywhere."""


@dataclass(frozen=True)
class PoseFilterOptions(Options):
    """
    How head poses are smoothed over time.

    The defaults were chosen on five clips in which the faces were made 20 pixels small and noisy:
    against the poses of the large faces, the error fell from 1.9 to 1.5 degrees and the trembling
    from one image to the next from 1.5 to 0.4. Slower settings lag behind turning heads by more.
    """

    time_s: float = option(
        0.2, 'Time constant of the smoothing while the head is still; 0: no smoothing.',
        unit='s', minimum=0.0, maximum=10.0, dynamic=True)
    speed_gain: float = option(
        4.0, 'How much faster the smoothing becomes as the head turns: added to its cut-off '
        'frequency for each radian per second.', unit='Hz/(rad/s)', minimum=0.0, maximum=1000.0,
        dynamic=True)


@dataclass
class _State:
    """Smoothed angles and speeds (roll, pitch, yaw) of a face, and when they were seen last."""

    angles: Angles
    speeds: Angles
    stamp_ns: int


class PoseFilter:
    """
    The One Euro filter for each angle of each face.

    A low-pass filter whose cut-off frequency rises with the speed (G. Casiez, N. Roussel,
    D. Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive
    Systems", CHI 2012). Angles are taken the short way round: from 179 to -179 degrees are two.
    """

    def __init__(self, options: PoseFilterOptions) -> None:
        self.options = options
        self._states: dict[int, _State] = {}

    def update(self, track_id: int, pose: HeadPose, stamp_ns: int) -> HeadPose:
        """
        Return the smoothed pose of a face.

        An unknown pose comes back unknown. The first pose of a face comes back as it is, as does
        one after a longer gap or with a stamp that goes back.
        """
        measured = np.array([pose.roll, pose.pitch, pose.yaw])
        if not np.isfinite(measured).all():
            return pose
        state = self._states.get(track_id)
        dt = (stamp_ns - state.stamp_ns) / NS_PER_S if state else 0.0
        if state is None or not 0 <= dt <= LONGEST_GAP_S:
            self._states[track_id] = _State(measured, np.zeros(3), stamp_ns)
            return pose
        if dt > 0:
            step = _short_way(measured - state.angles)
            state.speeds += _share(dt, SPEED_TIME_S) * (step / dt - state.speeds)
            time_s = self.options.time_s
            if time_s > 0:
                cutoff = 1 / (2 * math.pi * time_s) + self.options.speed_gain * abs(state.speeds)
                step *= _share(dt, 1 / (2 * math.pi * cutoff))
            state.angles = _short_way(state.angles + step)
            state.stamp_ns = stamp_ns
        return self.last(track_id)

    def last(self, track_id: int) -> HeadPose:
        """Return the last pose of a face; unknown where there was none yet."""
        state = self._states.get(track_id)
        if state is None:
            return HeadPose()
        roll, pitch, yaw = state.angles.tolist()
        return HeadPose(roll=roll, pitch=pitch, yaw=yaw)

    def keep(self, track_ids: Iterable[int]) -> None:
        """Forget all faces but these."""
        kept = set(track_ids)
        self._states = {key: state for key, state in self._states.items() if key in kept}

    def reset(self) -> None:
        """Forget all faces."""
        self._states.clear()


def _share(dt: float, time_s: float | Angles) -> float | Angles:
    """Return how much of a step a low-pass filter takes within dt, (0, 1]."""
    return dt / (dt + time_s)


def _short_way(angles: Angles) -> Angles:
    """Return the angles within [-pi, pi)."""
    return np.asarray((angles + math.pi) % (2 * math.pi) - math.pi, np.float64)
