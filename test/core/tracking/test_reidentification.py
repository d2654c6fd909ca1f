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

"""Who leaves and comes back is known again, where place, size and time allow."""

import math

from fer_ros.core.tracking import create_tracker
from fer_ros.core.tracking.reidentification import LostTracks
from fer_ros.core.tracking.tracker import TrackerOptions
from fer_ros.core.values import Box, Detection, NS_PER_S
import numpy as np
import pytest

IMAGE = np.zeros((480, 640, 3), np.uint8)  # association looks at boxes alone
RATE_HZ = 30


def stamp(seconds):
    return round(seconds * NS_PER_S)


def box(x, y=200.0, edge=60.0):
    return Box(x - edge / 2, y - edge / 2, edge, edge)


def shown(follow, begin_s, end_s, *boxes):
    """Show faces that stand still; return the identities of the last image."""
    for index in range(round(begin_s * RATE_HZ), round(end_s * RATE_HZ)):
        found = [Detection(place, 0.9) for place in boxes]
        tracks = follow.update(found, stamp(index / RATE_HZ), IMAGE)
        identities = [track.track_id for track in tracks]
        assert len(set(identities)) == len(identities)
    return identities


def came_back(seconds, *boxes, **options):
    """Show a face for a second, nobody for some, then faces; return their identities."""
    follow = create_tracker(TrackerOptions(**options))
    assert shown(follow, 0, 1, box(100)) == [1]
    assert shown(follow, 1, 1 + seconds) == []
    return shown(follow, 1 + seconds, 1.2 + seconds, *boxes)


@pytest.mark.parametrize('seconds', [1.5, 5, 9])
def test_who_comes_back_to_the_same_place_in_time_is_known(seconds):
    assert came_back(seconds, box(110)) == [1]


@pytest.mark.parametrize(('reidentify_s', 'seconds', 'expected'), [
    (10.0, 9.5, 1), (10.0, 10.5, 2), (2.0, 1.5, 1), (2.0, 2.5, 2), (0.0, 1.5, 2), (60.0, 40, 1)])
def test_it_counts_for_as_long_as_the_option_says(reidentify_s, seconds, expected):
    assert came_back(seconds, box(100), reidentify_s=reidentify_s) == [expected]


@pytest.mark.parametrize(('place', 'expected'), [
    (box(100 + 1.8 * 60), 1), (box(100 + 2.5 * 60), 2), (box(100, 200 + 2.5 * 60), 2),
    (box(100, edge=80), 1), (box(100, edge=120), 2), (box(100, edge=30), 2)])
def test_it_must_be_near_and_about_as_large(place, expected):
    assert came_back(3, place) == [expected]


def test_an_identity_is_given_back_once_to_the_nearest():
    assert came_back(3, box(160), box(90)) == [1, 2]
    follow = create_tracker(TrackerOptions())
    shown(follow, 0, 1, box(100))
    shown(follow, 1, 4)
    tracks = []
    for index in range(120, 124):
        found = [Detection(place, 0.9) for place in (box(160), box(90))]
        tracks = follow.update(found, stamp(index / RATE_HZ), IMAGE)
    assert {track.track_id: track.box for track in tracks} == {1: box(90), 2: box(160)}


def test_who_stays_keeps_the_identity_while_another_comes_near():
    follow = create_tracker(TrackerOptions())
    assert shown(follow, 0, 1, box(100), box(400)) == [1, 2]
    assert shown(follow, 1, 3, box(100)) == [1]
    assert shown(follow, 3, 3.2, box(100), box(180)) == [1, 3]
    assert shown(follow, 3.2, 3.4, box(100), box(180), box(410)) == [1, 2, 3]


def test_a_crowd_allows_less_distance():
    others = [box(1000 + 200 * k) for k in range(9)]
    for company, expected in (((), 1), (others, 11)):
        follow = create_tracker(TrackerOptions())
        shown(follow, 0, 1, box(100), *company)
        shown(follow, 1, 4, *company)
        known = set(shown(follow, 4, 4.2, box(100 + 1.5 * 60), *company))
        assert expected in known


def test_after_a_reset_nobody_is_known_again():
    follow = create_tracker(TrackerOptions())
    assert shown(follow, 0, 1, box(100)) == [1]
    follow.reset()
    assert shown(follow, 2, 2.2, box(100)) == [2]


def test_the_time_can_change_while_faces_are_away():
    follow = create_tracker(TrackerOptions())
    shown(follow, 0, 1, box(100))
    shown(follow, 1, 4)
    follow.options = TrackerOptions(reidentify_s=1.0)
    assert shown(follow, 4, 4.2, box(100)) == [2]


@pytest.mark.parametrize('hidden_s', [0.5, 0.8, 0.95])
def test_who_walks_on_hidden_is_known_where_the_walk_leads(hidden_s):
    follow = create_tracker(TrackerOptions(timeout_s=0.7))
    edges_per_s = 3.0

    def at(index):
        return Detection(box(100 + edges_per_s * 60 * index / RATE_HZ), 0.9)

    hidden = range(30, 30 + round(hidden_s * RATE_HZ))
    for index in range(hidden.stop + 2):
        found = [] if index in hidden else [at(index)]
        tracks = follow.update(found, stamp(index / RATE_HZ), IMAGE)
        # Hidden for longer than the timeout, it is not reported.
        is_away = index in hidden and (index - 29) / RATE_HZ > 0.7
        assert [track.track_id for track in tracks] == [1] * (index > 0 and not is_away)


def test_with_a_visual_tracker_it_is_the_same():
    follow = create_tracker(TrackerOptions(name='mosse'))
    assert shown(follow, 0, 1, box(100)) == [1]
    shown(follow, 1, 3)
    assert shown(follow, 3, 3.2, box(110)) == [1]


def test_the_nearest_pair_of_all_comes_first():
    absent = LostTracks()
    absent.add(1, box(100), 0)
    absent.add(2, box(160), 0)
    # Both stand nearer to 2, the second one nearest.
    assert absent.identify([box(140), box(155)], other_faces=0) == {1: 2, 0: 1}
    assert absent.identify([box(140)], other_faces=0) == {}


def test_faces_seen_before_a_stamp_are_forgotten():
    absent = LostTracks()
    absent.add(1, box(100), 5)
    absent.add(2, box(400), 6)
    absent.forget_before(5.5)
    assert absent.identify([box(100), box(400)], other_faces=0) == {1: 2}


def test_distance_counts_in_the_faces_own_size():
    for edge in (20.0, 60.0, 400.0):
        for edges, expected in ((1.9, {0: 1}), (2.1, {})):
            absent = LostTracks()
            absent.add(1, box(0, 0, edge), 0)
            off = edges * edge / math.sqrt(2)
            assert absent.identify([box(off, off, edge)], other_faces=0) == expected
