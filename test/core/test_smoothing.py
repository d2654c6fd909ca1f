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

"""Smoothing follows the time, not the number of images."""

import math

from fer_ros.core.smoothing import ProbabilitySmoother
from fer_ros.core.values import NS_PER_S
import numpy as np
import pytest

FEAR, HAPPY = np.eye(7, dtype=np.float32)[[2, 3]]


def after_step(rate_hz, seconds, time_constant_s):
    """Return what shows of a step from fear to happiness, so long after it."""
    smoother = ProbabilitySmoother()
    smoother.update(FEAR, 0, time_constant_s)
    for k in range(1, round(rate_hz * seconds) + 1):
        value = smoother.update(HAPPY, round(k / rate_hz * NS_PER_S), time_constant_s)
    return value


@pytest.mark.parametrize('rate_hz', [5, 10, 30, 240])
@pytest.mark.parametrize('time_constant_s', [0.4, 1.0, 3.0])
def test_63_percent_of_a_step_show_after_the_time_constant_at_any_rate(rate_hz, time_constant_s):
    value = after_step(rate_hz, time_constant_s, time_constant_s)
    assert value[3] == pytest.approx(1 - 1 / math.e, abs=1e-4)
    assert value[2] == pytest.approx(1 / math.e, abs=1e-4)


def test_images_at_uneven_times_weigh_by_their_time():
    smoother, random = ProbabilitySmoother(), np.random.default_rng(1)
    smoother.update(FEAR, 0, 0.5)
    for t in [*sorted(random.uniform(0, 1, 40)), 1.0]:
        value = smoother.update(HAPPY, round(t * NS_PER_S), 0.5)
    assert value[3] == pytest.approx(1 - math.exp(-2), abs=1e-4)


def test_the_sum_stays_one():
    smoother, random = ProbabilitySmoother(), np.random.default_rng(2)
    for k in range(5000):
        row = random.dirichlet(np.ones(7)).astype(np.float32)
        value = smoother.update(row, k * NS_PER_S // 30, 0.4)
        assert value.dtype == np.float32
        assert value.min() >= 0
    assert value.sum() == pytest.approx(1, abs=1e-5)


def test_the_first_observation_counts_in_full():
    value = ProbabilitySmoother().update(HAPPY, 5 * NS_PER_S, 60.0)
    np.testing.assert_array_equal(value, HAPPY)


@pytest.mark.parametrize('time_constant_s', [0.0, 1e-9])
def test_without_a_time_constant_nothing_is_smoothed(time_constant_s):
    np.testing.assert_array_equal(after_step(30, 1, time_constant_s), HAPPY)


@pytest.mark.parametrize('back_s', [0, 1, 100])
def test_a_stamp_that_goes_back_changes_nothing_at_once_and_time_goes_on_from_there(back_s):
    smoother, begin = ProbabilitySmoother(), 200 * NS_PER_S
    smoother.update(FEAR, begin, 0.4)
    earlier = begin - back_s * NS_PER_S
    np.testing.assert_array_equal(smoother.update(HAPPY, earlier, 0.4), FEAR)
    value = smoother.update(HAPPY, earlier + round(0.4 * NS_PER_S), 0.4)
    assert value[3] == pytest.approx(1 - 1 / math.e, abs=1e-4)


def test_observations_are_not_changed():
    smoother = ProbabilitySmoother()
    first, second = FEAR.copy(), HAPPY.copy()
    smoother.update(first, 0, 0.4)
    smoother.update(second, NS_PER_S, 0.4)
    np.testing.assert_array_equal([first, second], [FEAR, HAPPY])
