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

"""Smoothing of head poses over time: strong while a head is still, weak while it turns."""

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
"""Time constant of the smoothed angular speed; a cut-off of 1 Hz, as in the filter's paper."""

MAX_GAP_S = 1.0
"""After a longer time without a pose, the filter starts again."""


@dataclass(frozen=True)
class PoseFilterOptions(Options):
    """
    How head poses are smoothed over time.

    The defaults reduce error and jitter of small, noisy faces (docs/benchmarks.md). Slower
    settings lag more behind turning heads.
    """

    time_s: float = option(
        0.2, 'Time constant of the smoothing while the head is still; 0: no smoothing.',
        unit='s', minimum=0.0, maximum=10.0, dynamic=True)
    speed_gain: float = option(
        4.0, 'Increase of the cut-off frequency per angular speed of the head, so that the '
        'smoothing becomes weaker while the head turns.', unit='Hz/(rad/s)', minimum=0.0,
        maximum=1000.0, dynamic=True)


@dataclass(frozen=True)
class HeadPoseOptions(Options):
    """How head poses are smoothed."""

    filter: PoseFilterOptions = PoseFilterOptions()


@dataclass
class _State:
    """Smoothed angles and speeds (roll, pitch, yaw) of a face, and the stamp of the last pose."""

    angles: Angles
    speeds: Angles
    stamp_ns: int


class PoseFilter:
    """
    The One Euro filter for each angle of each face.

    A low-pass filter whose cut-off frequency rises with the speed (G. Casiez, N. Roussel,
    D. Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive
    Systems", CHI 2012). Angles wrap: from 179 to -179 degrees is a step of 2 degrees.
    """

    def __init__(self, options: PoseFilterOptions) -> None:
        self.options = options
        self._states: dict[int, _State] = {}

    def update(self, track_id: int, pose: HeadPose, stamp_ns: int) -> HeadPose:
        """
        Return the smoothed pose of a face.

        An unknown pose stays unknown. The first pose of a face is returned unchanged, and so is a
        pose after a gap of more than `MAX_GAP_S` or with an earlier stamp.
        """
        measured = np.array([pose.roll, pose.pitch, pose.yaw])
        if not np.isfinite(measured).all():
            return pose
        state = self._states.get(track_id)
        dt = (stamp_ns - state.stamp_ns) / NS_PER_S if state else 0.0
        if state is None or not 0 <= dt <= MAX_GAP_S:
            self._states[track_id] = _State(measured, np.zeros(3), stamp_ns)
            return pose
        if dt > 0:
            step = _wrapped(measured - state.angles)
            state.speeds += _gain(dt, SPEED_TIME_S) * (step / dt - state.speeds)
            time_s = self.options.time_s
            if time_s > 0:
                cutoff = 1 / (2 * math.pi * time_s) + self.options.speed_gain * abs(state.speeds)
                step *= _gain(dt, 1 / (2 * math.pi * cutoff))
            state.angles = _wrapped(state.angles + step)
            state.stamp_ns = stamp_ns
        return self.last(track_id)

    def last(self, track_id: int) -> HeadPose:
        """Return the last smoothed pose of a face; unknown if there is none yet."""
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


def _gain(dt: float, time_s: float | Angles) -> float | Angles:
    """Return the gain of a first-order low-pass filter for a step of dt, (0, 1]."""
    return dt / (dt + time_s)


def _wrapped(angles: Angles) -> Angles:
    """Return the angles in [-pi, pi)."""
    return np.asarray((angles + math.pi) % (2 * math.pi) - math.pi, np.float64)
