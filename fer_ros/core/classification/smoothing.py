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

"""The emotion of a face over time: a filter that weighs each view by its quality."""

import math

from fer_ros.core.values import NS_PER_S, Probabilities
import numpy as np

QUALITY_TIME_S = 0.4
"""Time constant of the mean quality of the views."""

_LEAST = 1e-6
"""Least probability of an observation: none excludes an emotion for ever."""


class EmotionFilter:
    """
    Forward algorithm of a hidden Markov model whose states are the seven emotions.

    A face keeps its emotion, or changes to any of the seven alike, in a random moment; the mean
    time until then is the duration d. With a view of quality q and probabilities p that comes dt
    after the previous one, the probabilities s of the emotions become, apart from their sum::

        k  = exp(-dt / d)
        s' = (k s + (1 - k) / 7) p^w    with w = q (1 - exp(-dt / t))

    The views of one face are not independent: those of the time t together count as about one, so
    the result hardly depends on the rate of the classifications. A poor view says less: quality 0
    says nothing. Without views, s fades to equal probabilities.

    L. R. Rabiner, "A tutorial on hidden Markov models", Proc. IEEE 1989, equation 20. As the
    classifier's answers are to be trusted alike for all emotions, they are used as likelihoods
    (docs/benchmarks.md).
    """

    def __init__(self) -> None:
        self._value: Probabilities | None = None
        self._weight = self._quality = 0.0
        self._stamp_ns = 0

    @property
    def quality(self) -> float:
        """
        Return the mean quality of the last views, [0, 1], in which good ones have more weight.

        A poor view among good ones changes it little, and the first good view replaces a poor
        start. 0 before the first observation.
        """
        return self._quality

    def update(
        self, observed: Probabilities, stamp_ns: int, smoothing_s: float, duration_s: float,
        quality: float = 1.0,
    ) -> Probabilities:
        """
        Add an observation and return the probabilities of the emotions, which sum to 1.

        The first observation counts as one whole view: it is returned as it is if its quality is
        1, and less sure the poorer it is.

        :param observed: (7,) float32, sums to 1.
        :param stamp_ns: time of the observation.
        :param smoothing_s: time whose views count as one; 0: every observation is returned
            unchanged.
        :param duration_s: mean time until a face changes its emotion, above 0.
        :param quality: [0, 1].
        """
        dt = max(stamp_ns - self._stamp_ns, 0) / NS_PER_S
        self._stamp_ns = stamp_ns
        if smoothing_s <= 0:
            self._value, self._weight, self._quality = observed, quality, quality
            return observed
        if self._value is None:
            self._weight = self._quality = weight = quality
            expected = np.full(len(observed), 1 / len(observed))
        else:
            self._average_quality(quality, dt)
            weight = quality * (1 - math.exp(-dt / smoothing_s))
            kept = math.exp(-dt / duration_s)
            expected = kept * self._value.astype(np.float64) + (1 - kept) / len(observed)
        product = expected * np.maximum(observed, _LEAST) ** weight
        self._value = (product / product.sum()).astype(observed.dtype)
        return self._value

    def _average_quality(self, quality: float, dt: float) -> None:
        share = 1 - math.exp(-dt / QUALITY_TIME_S)
        self._weight += share * (quality - self._weight)
        if self._weight > 0:
            self._quality += share * quality / self._weight * (quality - self._quality)
