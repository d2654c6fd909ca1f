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

"""Probabilities smoothed over time."""

import math

from fer_ros.core.values import NS_PER_S, Probabilities


class ProbabilitySmoother:
    """
    Exponential moving average over time, not over the number of observations.

    After a step, 1 - 1/e (63 %) of it shows after the time constant, however fast images come.
    """

    def __init__(self) -> None:
        self._value: Probabilities | None = None
        self._stamp_ns = 0

    def update(
        self, observed: Probabilities, stamp_ns: int, time_constant_s: float,
    ) -> Probabilities:
        """
        Take an observation in and return the average, which sums to 1 as the observations do.

        :param observed: (7,) float32.
        :param stamp_ns: time of the observation.
        :param time_constant_s: 0: no smoothing.
        """
        if self._value is None or time_constant_s <= 0:
            self._value = observed
        else:
            dt = max(stamp_ns - self._stamp_ns, 0) / NS_PER_S
            weight = 1 - math.exp(-dt / time_constant_s)
            self._value = (self._value + weight * (observed - self._value)).astype(observed.dtype)
        self._stamp_ns = stamp_ns
        return self._value
