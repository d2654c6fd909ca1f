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

"""Every face has its turn, at a steady rate, and none is passed over."""

from collections import Counter
from itertools import pairwise

from fer_ros.core.classification.schedule import ClassificationSchedule, TimeBudget
from fer_ros.core.values import NS_PER_S
import numpy as np
import pytest


def stamps(rate_hz, seconds, jitter_s=0.0, seed=0):
    random = np.random.default_rng(seed)
    times = np.arange(round(rate_hz * seconds)) / rate_hz
    times += random.uniform(-jitter_s, jitter_s, times.size)
    return [round(t * NS_PER_S) for t in times]


def turns(stamps_ns, tracks, rate_hz, max_batch):
    """Return for each track the stamps of its turns."""
    schedule, taken = ClassificationSchedule(), {track: [] for track in tracks}
    for stamp_ns in stamps_ns:
        batch = schedule.take(tracks, stamp_ns, rate_hz, max_batch)
        assert len(batch) == len(set(batch)) <= max_batch
        for track in batch:
            taken[track].append(stamp_ns)
    return taken


@pytest.mark.parametrize('first_stamp_ns', [0, 1, 1_700_000_000 * NS_PER_S])
def test_new_faces_have_their_turn_at_once(first_stamp_ns):
    taken = ClassificationSchedule().take([5, 3, 9], first_stamp_ns, 10.0, 8)
    assert sorted(taken) == [3, 5, 9]


@pytest.mark.parametrize('image_rate_hz', [15, 29.97, 60])
def test_without_a_rate_every_image_counts(image_rate_hz):
    taken = turns(stamps(image_rate_hz, 3), [1, 2], 0.0, 8)
    assert [len(times) for times in taken.values()] == [round(3 * image_rate_hz)] * 2


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize(('image_rate_hz', 'rate_hz'), [
    (30, 10), (30, 5), (30, 7), (30, 15), (60, 10), (25, 10), (15, 4), (30, 0.5), (30, 0.2)])
def test_the_rate_holds_within_two_percent_where_stamps_jitter(image_rate_hz, rate_hz, seed):
    jitter_s = 0.2 / image_rate_hz
    (times,) = turns(stamps(image_rate_hz, 120, jitter_s, seed), [1], rate_hz, 8).values()
    measured = (len(times) - 1) / (times[-1] - times[0]) * NS_PER_S
    assert measured == pytest.approx(rate_hz, rel=0.02)


def test_every_third_image_is_taken_at_a_third_of_the_rate():
    images = stamps(30, 10, jitter_s=0.003)
    (times,) = turns(images, [1], 10.0, 8).values()
    assert {images.index(b) - images.index(a) for a, b in pairwise(times)} == {3}


@pytest.mark.parametrize(('faces', 'largest'), [(2, 1), (3, 1), (4, 2), (6, 2), (8, 3)])
def test_turns_are_spread_over_the_images_of_a_period(faces, largest):
    schedule = ClassificationSchedule()
    empty, *images = stamps(30, 10)
    schedule.take([], empty, 10.0, 8)
    sizes = [len(schedule.take(range(faces), t, 10.0, 8)) for t in images]
    # All new faces have their first turn at once.
    assert sizes[0] == faces
    assert max(sizes[4:]) == largest
    assert sum(sizes) == pytest.approx(faces * 100, abs=faces)


def test_a_slow_camera_is_used_in_full():
    (times,) = turns(stamps(9.5, 20), [1], 10.0, 8).values()
    assert len(times) == 190


@pytest.mark.parametrize(('faces', 'max_batch', 'image_rate_hz', 'rate_hz'), [
    (20, 3, 30, 10), (20, 3, 30, 0), (20, 3, 1, 10), (20, 1, 5, 10), (50, 3, 15, 10),
    (7, 2, 30, 10), (3, 3, 30, 10)])
def test_where_not_all_fit_all_have_equally_many_turns(faces, max_batch, image_rate_hz, rate_hz):
    images = stamps(image_rate_hz, 600 / image_rate_hz, jitter_s=0.1 / image_rate_hz)
    taken = turns(images, range(1, faces + 1), rate_hz, max_batch)
    counts = [len(times) for times in taken.values()]
    assert max(counts) - min(counts) <= 1
    if faces > max_batch:
        # No face waits longer than a whole round, and an image for what is taken late.
        longest = max(b - a for times in taken.values() for a, b in pairwise(times))
        assert longest <= (faces / max_batch + 2) / image_rate_hz * NS_PER_S


def test_a_full_batch_is_taken_while_more_faces_are_due():
    schedule = ClassificationSchedule()
    sizes = [len(schedule.take(range(20), t, 10.0, 3)) for t in stamps(30, 10)]
    assert sizes == [3] * 300


def test_a_new_face_goes_before_those_that_have_just_become_due():
    schedule = ClassificationSchedule()
    for t in stamps(30, 2):
        schedule.take([1, 2, 3], t, 10.0, 1)
    assert schedule.take([1, 2, 3, 4], 2 * NS_PER_S, 10.0, 1) == [4]


def test_faces_that_come_all_the_time_do_not_keep_others_waiting_for_ever():
    schedule, taken = ClassificationSchedule(), Counter()
    for k, t in enumerate(stamps(30, 60)):
        # A new face in every second image, each stays for a second.
        passing = range(100 + (k - 30) // 2, 100 + k // 2)
        taken.update(n for n in schedule.take([1, 2, 3, *passing], t, 10.0, 1) if n < 4)
    assert min(taken[n] for n in (1, 2, 3)) > 30


def test_a_pause_is_not_made_up_for():
    schedule = ClassificationSchedule()
    schedule.take([1], 0, 10.0, 8)
    later = [10 * NS_PER_S + t for t in stamps(30, 1)]
    assert sum(len(schedule.take([1], t, 10.0, 8)) for t in later) == 10


def test_a_rate_that_was_raised_counts_at_once():
    schedule = ClassificationSchedule()
    assert schedule.take([1], 0, 0.1, 8) == [1]
    times = [t for t in stamps(30, 2) if t and schedule.take([1], t, 10.0, 8)]
    assert times[0] <= 0.15 * NS_PER_S
    assert len(times) == pytest.approx(20, abs=1)


@pytest.mark.parametrize('rate_hz', [0.0, 10.0])
def test_stamps_that_go_back_keep_no_face_waiting(rate_hz):
    schedule = ClassificationSchedule()
    later = 100 * NS_PER_S
    assert schedule.take([1], later, rate_hz, 8) == [1]
    back = [later - 3 * NS_PER_S + t for t in stamps(30, 1)]
    turns_back = [t for t in back if schedule.take([1], t, rate_hz, 8)]
    assert turns_back[0] <= back[0] + 0.15 * NS_PER_S
    assert len(turns_back) >= (30 if rate_hz == 0 else 9)


def test_a_face_that_was_forgotten_is_new_again():
    schedule = ClassificationSchedule()
    schedule.take([1, 2], 0, 1.0, 8)
    schedule.keep([2])
    assert schedule.take([1, 2], NS_PER_S // 10, 1.0, 8) == [1]


def test_no_faces_are_no_turns():
    assert ClassificationSchedule().take([], 0, 10.0, 8) == []


def budget(*ms_per_face):
    made = TimeBudget()
    for ms in ms_per_face:
        made.add(4, 4 * ms / 1000)
    return made


@pytest.mark.parametrize(('ms_per_face', 'budget_ms', 'expected'), [
    (3.0, 10.0, 3), (3.0, 30.5, 10), (2.0, 1.0, 1), (100.0, 10.0, 1), (0.5, 10.0, 12),
    (0.0, 10.0, 12), (3.0, 0.0, 12)])
def test_as_many_faces_as_fit_into_the_budget(ms_per_face, budget_ms, expected):
    assert budget(ms_per_face).max_faces(budget_ms, 12) == expected


def test_before_anything_was_measured_all_fit():
    assert TimeBudget().max_faces(10.0, 8) == 8


def test_a_single_slow_call_says_nothing_about_the_next():
    assert budget(2, 2, 2, 2, 500).max_faces(10.0, 8) == 5


def test_a_classifier_that_became_slower_is_known_for_it_after_three_calls():
    assert budget(2, 2, 2, 2, 2, 5, 5, 5).max_faces(10.0, 8) == 2


def test_a_classifier_that_became_faster_again_is_known_for_it_after_three_calls():
    assert budget(5, 5, 5, 5, 5, 2, 2, 2).max_faces(10.0, 8) == 5
