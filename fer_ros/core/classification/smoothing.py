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

"""Smoothing of probabilities over time, weighted by the quality of each view."""

import math

from fer_ros.core.values import NS_PER_S, Probabilities


class ProbabilitySmoother:
    """
    Exponential moving average over time, in which good views have more weight than poor ones.

    It depends on time, not on the number of observations: after a step, 1 - 1/e (63 %) of it is
    visible after the time constant, whatever the frame rate.

    With q the quality of an observation p that comes dt after the previous one, and
    a = 1 - exp(-dt / time constant), the average s and its weight w become::

        w' = (1 - a) w + a q
        s' = ((1 - a) w s + a q p) / w'

    The weight of an observation is its quality relative to the quality of the last time constants.
    A constant quality therefore gives the same smoothing as a quality of 1, and the first good
    view replaces a poor start. A quality of 0 does not change the average, but older observations
    lose weight.
    """

    def __init__(self) -> None:
        self._value: Probabilities | None = None
        self._weight = self._quality = 0.0
        self._stamp_ns = 0

    @property
    def quality(self) -> float:
        """
        Return the quality of the observations behind the average, [0, 1].

        It is averaged as they are: a poor view among good ones changes it as little as it changes
        the average, and the first good view replaces a poor start. 0 before the first observation.
        """
        return self._quality

    def update(
        self, observed: Probabilities, stamp_ns: int, time_constant_s: float, quality: float = 1.0,
    ) -> Probabilities:
        """
        Add an observation and return the average, which sums to 1 if the observations do.

        The first observation is returned unchanged, whatever its quality.

        :param observed: (7,) float32.
        :param stamp_ns: time of the observation.
        :param time_constant_s: 0: no smoothing, every observation is returned unchanged.
        :param quality: [0, 1].
        """
        if self._value is None or time_constant_s <= 0:
            self._value, self._weight, self._quality = observed, quality, quality
        else:
            dt = max(stamp_ns - self._stamp_ns, 0) / NS_PER_S
            share = 1 - math.exp(-dt / time_constant_s)
            self._weight += share * (quality - self._weight)
            if self._weight > 0:
                gain = share * quality / self._weight
                self._quality += gain * (quality - self._quality)
                self._value = (self._value + gain * (observed - self._value)).astype(
                    observed.dtype)
        self._stamp_ns = stamp_ns
        return self._value
