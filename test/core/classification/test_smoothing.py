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

"""The emotion of a face over time."""

from itertools import pairwise, product
import math

from fer_ros.core.classification.smoothing import EmotionFilter
from fer_ros.core.values import NS_PER_S
import numpy as np
import pytest

FEAR, HAPPY = 2, 3


def sure_of(emotion, confidence=0.9):
    row = np.full(7, (1 - confidence) / 6, np.float32)
    row[emotion] = confidence
    return row


def after(times, rows, smoothing_s=0.15, duration_s=1.5, qualities=None):
    """Return the probabilities after all observations."""
    emotions = EmotionFilter()
    for t, row, quality in zip(times, rows, qualities or [1.0] * len(times), strict=True):
        value = emotions.update(row, round(t * NS_PER_S), smoothing_s, duration_s, quality)
    return value


def test_it_is_the_sum_over_all_sequences_of_emotions():
    # A second implementation: every sequence that a face may go through, one after the other.
    random = np.random.default_rng(1)
    times, qualities = [0.0, 0.1, 0.35, 0.4], [0.9, 0.3, 1.0, 0.6]
    rows = random.dirichlet(np.ones(7), 4).astype(np.float32)
    weights = [qualities[0], *(
        quality * (1 - math.exp(-(now - before) / 0.15))
        for quality, (before, now) in zip(qualities[1:], pairwise(times), strict=True))]
    expected = np.zeros(7)
    for path in product(range(7), repeat=4):
        chance = 1.0
        for k, emotion in enumerate(path):
            if k:
                kept = math.exp(-(times[k] - times[k - 1]) / 1.5)
                chance *= (1 - kept) / 7 + kept * (emotion == path[k - 1])
            chance *= float(rows[k][emotion]) ** weights[k]
        expected[path[-1]] += chance
    np.testing.assert_allclose(
        after(times, rows, qualities=qualities), expected / expected.sum(), atol=1e-6)


@pytest.mark.parametrize('duration_s', [0.5, 1.5, 10.0])
def test_the_result_hardly_depends_on_the_rate(duration_s):
    def step(rate_hz):
        times = np.arange(round(2 * rate_hz) + 1) / rate_hz
        rows = [sure_of(FEAR if t < 1 else HAPPY, 0.8) for t in times]
        # At the end of the step's first 0.4 s.
        count = round(1.4 * rate_hz) + 1
        return after(times[:count], rows[:count], duration_s=duration_s)[HAPPY]

    assert step(10) == pytest.approx(step(60), abs=0.12)
    assert step(30) == pytest.approx(step(240), abs=0.05)


def time_of_step(confidence, smoothing_s=0.15, duration_s=1.5, quality=1.0):
    """Return the time after which a change from fear to happiness shows in the label."""
    emotions = EmotionFilter()
    for k in range(300):
        row = sure_of(FEAR if k < 30 else HAPPY, confidence)
        value = emotions.update(row, k * NS_PER_S // 30, smoothing_s, duration_s, quality)
        if value.argmax() == HAPPY:
            return (k - 30) / 30
    return math.inf


def test_clear_changes_show_sooner_than_unclear_ones():
    assert time_of_step(0.95) < time_of_step(0.6) < time_of_step(0.4) < 2
    assert time_of_step(0.95) < 0.3


def test_longer_times_and_poorer_views_make_it_later():
    assert time_of_step(0.7) < time_of_step(0.7, smoothing_s=0.5)
    assert time_of_step(0.7) < time_of_step(0.7, duration_s=60.0)
    assert time_of_step(0.7) < time_of_step(0.7, quality=0.4)


def test_a_doubtful_view_between_sure_ones_does_not_change_the_label():
    times = np.arange(20) / 10
    rows = [sure_of(FEAR, 0.5) if k % 4 == 3 else sure_of(HAPPY) for k in range(20)]
    emotions = EmotionFilter()
    labels = [
        emotions.update(row, round(t * NS_PER_S), 0.15, 1.5).argmax()
        for t, row in zip(times, rows, strict=True)]
    assert set(labels) == {HAPPY}


def test_the_sum_stays_one_and_nothing_is_excluded_for_ever():
    emotions, random = EmotionFilter(), np.random.default_rng(2)
    for k in range(2000):
        row = np.eye(7, dtype=np.float32)[random.integers(7)]
        quality = random.choice([0, 1e-9, 0.3, 1])
        value = emotions.update(row, k * NS_PER_S // 30, 0.15, 1.5, quality)
        assert value.dtype == np.float32
        assert value.min() > 0
        assert value.sum() == pytest.approx(1, abs=1e-5)
    assert after([0, 1], [np.eye(7, dtype=np.float32)[n] for n in (FEAR, HAPPY)],
                 duration_s=3600.0)[HAPPY] > 0.3


def test_the_first_good_view_is_taken_as_it_is():
    np.testing.assert_allclose(after([5], [sure_of(HAPPY, 0.7)]), sure_of(HAPPY, 0.7), atol=1e-6)


def test_a_poor_first_view_is_doubted_and_overruled_by_the_first_good_one():
    poor = after([0], [sure_of(FEAR)], qualities=[0.1])
    assert poor.argmax() == FEAR
    assert poor.max() < 0.25
    value = after([0, 0.1], [sure_of(FEAR), sure_of(HAPPY)], qualities=[0.1, 1.0])
    assert value.argmax() == HAPPY


def test_views_without_quality_let_the_emotion_fade():
    emotions = EmotionFilter()
    emotions.update(sure_of(FEAR), 0, 0.15, 1.5)
    confidences = [
        emotions.update(sure_of(HAPPY), k * NS_PER_S // 10, 0.15, 1.5, 0.0)[FEAR]
        for k in range(1, 100)]
    assert confidences == sorted(confidences, reverse=True)
    # After the mean duration, 1/e of what was more than chance is left.
    assert confidences[14] == pytest.approx(1 / 7 + (0.9 - 1 / 7) / math.e, abs=1e-3)
    assert confidences[-1] == pytest.approx(1 / 7, abs=2e-3)


@pytest.mark.parametrize('quality', [0.0, 0.5, 1.0])
def test_without_a_smoothing_time_nothing_is_smoothed(quality):
    rows = [sure_of(FEAR), sure_of(HAPPY)]
    value = after([0, 0.1], rows, smoothing_s=0.0, qualities=[quality, quality])
    np.testing.assert_array_equal(value, rows[1])


@pytest.mark.parametrize('back_s', [0, 1, 100])
def test_a_stamp_that_goes_back_changes_nothing_at_once_and_time_goes_on_from_there(back_s):
    emotions, begin = EmotionFilter(), 200 * NS_PER_S
    first = emotions.update(sure_of(FEAR), begin, 0.15, 1.5)
    earlier = begin - back_s * NS_PER_S
    np.testing.assert_allclose(emotions.update(sure_of(HAPPY), earlier, 0.15, 1.5), first)
    value = emotions.update(sure_of(HAPPY), earlier + NS_PER_S // 2, 0.15, 1.5)
    np.testing.assert_allclose(value, after([0, 0.5], [sure_of(FEAR), sure_of(HAPPY)]), atol=1e-6)


def test_the_quality_is_that_of_the_last_views_and_good_ones_count_more():
    emotions = EmotionFilter()
    assert emotions.quality == 0
    emotions.update(sure_of(FEAR), 0, 0.15, 1.5, 0.02)
    emotions.update(sure_of(FEAR), NS_PER_S // 10, 0.15, 1.5, 1.0)
    assert emotions.quality > 0.9
    emotions.update(sure_of(FEAR), NS_PER_S // 5, 0.15, 1.5, 0.02)
    assert emotions.quality > 0.9


def test_observations_are_not_changed():
    first, second = sure_of(FEAR), sure_of(HAPPY)
    after([0, 1], [first, second])
    np.testing.assert_array_equal([first, second], [sure_of(FEAR), sure_of(HAPPY)])
