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

from fer_ros.core.classification.smoothing import ProbabilitySmoother
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


@pytest.mark.parametrize('quality', [0.01, 0.5, 1.0])
def test_where_all_views_are_alike_their_quality_does_not_matter(quality):
    plain, weighed = ProbabilitySmoother(), ProbabilitySmoother()
    random = np.random.default_rng(3)
    for t in np.cumsum(random.exponential(0.1, 200)):
        row = random.dirichlet(np.ones(7)).astype(np.float32)
        expected = plain.update(row, round(t * NS_PER_S), 0.4)
        value = weighed.update(row, round(t * NS_PER_S), 0.4, quality)
        np.testing.assert_allclose(value, expected, atol=1e-5)


def test_the_average_is_that_of_all_views_weighed_by_time_and_quality():
    random, time_constant_s = np.random.default_rng(4), 0.7
    times = np.cumsum(random.exponential(0.1, 50))
    qualities = random.uniform(0, 1, 50)
    rows = random.dirichlet(np.ones(7), 50).astype(np.float32)
    smoother = ProbabilitySmoother()
    for row, t, quality in zip(rows, times, qualities, strict=True):
        value = smoother.update(row, round(t * NS_PER_S), time_constant_s, quality)
    # Each view stands for the time since the one before it, the first for all that was before.
    begins = np.exp(-(times[-1] - np.array([-np.inf, *times[:-1]])) / time_constant_s)
    ends = np.exp(-(times[-1] - times) / time_constant_s)
    np.testing.assert_allclose(
        value, np.average(rows, axis=0, weights=qualities * (ends - begins)), atol=1e-5)


def test_a_poor_view_moves_a_good_average_little():
    smoother = ProbabilitySmoother()
    smoother.update(FEAR, 0, 0.4)
    for k in range(1, 4):
        value = smoother.update(HAPPY, k * NS_PER_S // 10, 0.4, quality=0.1)
    assert value[3] < 0.15
    assert after_step(10, 0.3, 0.4)[3] > 0.5


def test_views_of_quality_0_change_nothing_for_however_long():
    smoother = ProbabilitySmoother()
    smoother.update(FEAR, 0, 0.4, 0.5)
    for k in range(1, 100):
        np.testing.assert_array_equal(smoother.update(HAPPY, k * NS_PER_S, 0.4, 0.0), FEAR)
    assert smoother.update(HAPPY, 100 * NS_PER_S, 0.4, 0.1)[3] > 0.99


@pytest.mark.parametrize('quality', [0.0, 0.02])
def test_a_poor_first_view_is_taken_and_overruled_by_the_first_good_one(quality):
    smoother = ProbabilitySmoother()
    np.testing.assert_array_equal(smoother.update(FEAR, 0, 0.4, quality), FEAR)
    assert smoother.update(HAPPY, NS_PER_S // 10, 0.4, 1.0)[3] > 0.9


def test_two_views_of_no_quality_at_one_time_leave_the_first():
    smoother = ProbabilitySmoother()
    smoother.update(FEAR, 0, 0.4, 0.0)
    np.testing.assert_array_equal(smoother.update(HAPPY, 0, 0.4, 0.0), FEAR)
    np.testing.assert_array_equal(smoother.update(HAPPY, 0, 0.4, 1.0), FEAR)


def test_the_sum_stays_one_whatever_the_qualities():
    smoother, random = ProbabilitySmoother(), np.random.default_rng(5)
    for k in range(5000):
        row = random.dirichlet(np.ones(7)).astype(np.float32)
        value = smoother.update(row, k * NS_PER_S // 30, 0.4, random.choice([0, 1e-9, 0.3, 1]))
        assert value.min() >= -1e-6
    assert value.sum() == pytest.approx(1, abs=1e-5)


def test_observations_are_not_changed():
    smoother = ProbabilitySmoother()
    first, second = FEAR.copy(), HAPPY.copy()
    smoother.update(first, 0, 0.4)
    smoother.update(second, NS_PER_S, 0.4)
    np.testing.assert_array_equal([first, second], [FEAR, HAPPY])
