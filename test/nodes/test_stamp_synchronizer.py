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

"""Two streams find together by their stamps, and what finds no partner does not stay."""

from fer_ros.nodes.stamp_synchronizer import StampSynchronizer
import numpy as np
import pytest

WAIT = 500


def feed(pairs, arrivals):
    """Take in (side, stamp) pairs and return the stamps of the pairs that came out."""
    found = []
    for side, stamp in arrivals:
        add = pairs.add_first if side == 'image' else pairs.add_second
        pair = add(stamp, (side, stamp))
        if pair is not None:
            assert pair == (('image', stamp), ('faces', stamp))
            found.append(stamp)
    return found


@pytest.mark.parametrize('arrivals', [
    [('image', 7), ('faces', 7)],
    [('faces', 7), ('image', 7)],
    [('image', 6), ('image', 7), ('image', 8), ('faces', 7)],
    [('faces', 6), ('faces', 7), ('image', 7), ('faces', 8)],
])
def test_the_same_stamps_find_together_whichever_comes_first(arrivals):
    assert feed(StampSynchronizer(WAIT), arrivals) == [7]


@pytest.mark.parametrize('seed', range(5))
def test_every_pair_comes_out_once_where_streams_are_delayed_differently(seed):
    random = np.random.default_rng(seed)
    stamps = range(0, 20_000, 33)
    arrivals = sorted(
        (stamp + random.uniform(0, 0.9 * WAIT / 2), side, stamp)
        for stamp in stamps for side in ('image', 'faces'))
    pairs = StampSynchronizer(WAIT)
    assert sorted(feed(pairs, [row[1:] for row in arrivals])) == list(stamps)
    assert (pairs.unmatched, pairs.waiting) == (0, 0)


def test_a_pair_is_given_out_only_once():
    pairs = StampSynchronizer(WAIT)
    assert feed(pairs, [('image', 7), ('faces', 7), ('faces', 7)]) == [7]


def test_what_waited_too_long_is_given_up_and_counted():
    pairs = StampSynchronizer(WAIT)
    assert feed(pairs, [('image', 0), ('image', WAIT), ('faces', WAIT + 1), ('faces', 0)]) == []
    assert (pairs.unmatched, pairs.waiting) == (1, 1)


def test_only_the_first_kind_is_counted():
    pairs = StampSynchronizer(WAIT)
    feed(pairs, [('faces', 0), ('faces', 10 * WAIT), ('image', 20 * WAIT)])
    assert pairs.unmatched == 0


@pytest.mark.parametrize('side', ['image', 'faces'])
@pytest.mark.parametrize('step', [0, 1, WAIT])
def test_a_stream_without_partner_does_not_fill_the_memory(side, step):
    pairs = StampSynchronizer(WAIT, limit=10)
    feed(pairs, [(side, 3 + k * step) for k in range(1000)])
    add_partner = pairs.add_second if side == 'image' else pairs.add_first
    kept = [add_partner(3 + k * step, None) is not None for k in reversed(range(1000))]
    assert kept[0]
    assert sum(kept) <= 10


def test_a_clock_that_jumps_back_leaves_nothing_behind():
    pairs = StampSynchronizer(WAIT)
    feed(pairs, [('image', 10_000), ('image', 10_100)])
    assert feed(pairs, [('image', 0), ('faces', 0)]) == [0]
    assert (pairs.unmatched, pairs.waiting) == (2, 0)


def test_the_wait_can_change():
    pairs = StampSynchronizer(WAIT)
    pairs.max_wait_ns = 5
    assert feed(pairs, [('image', 0), ('faces', 6), ('faces', 0)]) == []
    assert pairs.unmatched == 1
