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

"""Faces keep their identities over time, and nothing that is no face gets one."""

import math

from fer_ros.core.tracking import create_tracker
from fer_ros.core.tracking.tracker import TrackerOptions
from fer_ros.core.tracking.untracked import NoTracker
from fer_ros.core.values import Box, Detection, FaceState, NS_PER_S
import numpy as np
import pytest

RATE_HZ = 30
IMAGE = np.zeros((480, 640, 3), np.uint8)  # association looks at boxes alone


def stamp(seconds):
    return round(seconds * NS_PER_S)


def face(x, y, edge=60.0):
    """Return the detection of a face whose centre is (x, y)."""
    return Detection(
        Box(x - edge / 2, y - edge / 2, edge, edge), 0.9, np.full((6, 2), (x, y), np.float32))


def tracker(**options):
    return create_tracker(TrackerOptions(**options))


def identities(tracks):
    return [track.track_id for track in tracks]


def known(tracker, *faces, images=5):
    """Show faces that stand still and return the stamp of the last image."""
    for k in range(images):
        tracks = tracker.update(list(faces), stamp(k / RATE_HZ), IMAGE)
    assert len(tracks) == len(faces)
    return stamp((images - 1) / RATE_HZ)


@pytest.mark.parametrize('count', [0, 1, 20])
def test_faces_that_move_keep_their_identities(count):
    follow = tracker(min_hits=1)
    random = np.random.default_rng(count)
    seen = []
    for k in range(60):
        faces = [
            face(*(100 * n % 1000 + 2 * k, 100 * (n // 10) + 3 * math.sin(k / 5))
                 + random.normal(0, 1, 2)) for n in range(count)]
        tracks = follow.update(faces, stamp(k / RATE_HZ), IMAGE)
        by_box = {track.box: track.track_id for track in tracks}
        seen.append([by_box[d.box] for d in faces])
        assert identities(tracks) == sorted(identities(tracks))
    assert all(row == seen[0] for row in seen)
    assert sorted(seen[0]) == list(range(1, count + 1))


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('dy', [0, 10, 40])
def test_two_faces_that_cross_keep_their_identities(dy, seed):
    follow, random = tracker(), np.random.default_rng(seed)
    owners = {1: set(), 2: set()}
    for k in range(60):
        a = face(*random.normal((100 + 7 * k, 200), 1))
        b = face(*random.normal((513 - 7 * k, 200 + dy), 1))
        faces = [a, b] if k % 2 else [b, a]
        for track in follow.update(faces, stamp(k / RATE_HZ), IMAGE):
            owners[1 if track.box == a.box else 2].add(track.track_id)
    assert [len(owner) for owner in owners.values()] == [1, 1]
    assert owners[1] != owners[2]


@pytest.mark.parametrize(('vx', 'vy', 'growth'), [
    (0, 0, 0), (150, 0, 0), (-60, 90, 0), (20, 0, 15)])
def test_the_place_of_a_missed_face_is_predicted(vx, vy, growth):
    follow, random = tracker(timeout_s=0.7), np.random.default_rng(0)
    for k in range(60):
        t = k / RATE_HZ
        truth = face(320 + vx * t, 240 + vy * t, 60 + growth * t)
        noisy = face(*random.normal(truth.box.center, 1), random.normal(truth.box.width, 1))
        missed = 30 <= k < 45  # half a second
        tracks = follow.update([] if missed else [noisy], stamp(t), IMAGE)
        if k:
            assert identities(tracks) == [1]
            state = FaceState.TRACKED if missed else FaceState.DETECTED
            assert tracks[0].state is state
            assert (tracks[0].key_points is None) is missed
            assert tracks[0].box.iou(truth.box) > 0.4
        if k == 35:
            assert tracks[0].box.iou(truth.box) > 0.75


def test_a_detected_face_has_the_box_of_its_detection():
    follow = tracker(min_hits=1)
    for k in range(10):
        found = face(100 + 5 * k, 200)
        (track,) = follow.update([found], stamp(k / RATE_HZ), IMAGE)
        assert (track.box, track.score) == (found.box, found.score)
        assert track.key_points is found.key_points


@pytest.mark.parametrize('timeout_s', [0.1, 0.3, 0.7, 2.0])
def test_a_missed_face_is_forgotten_after_the_timeout(timeout_s):
    follow = tracker(timeout_s=timeout_s)
    last = known(follow, face(100, 100))
    assert identities(follow.update([], last + stamp(timeout_s), IMAGE)) == [1]
    assert follow.update([], last + stamp(timeout_s) + 1, IMAGE) == []


def test_without_reidentification_a_face_that_comes_back_after_the_timeout_is_new():
    follow = tracker(timeout_s=0.7, min_hits=1, reidentify_s=0.0)
    last = known(follow, face(100, 100))
    assert identities(follow.update([], last + stamp(0.3), IMAGE)) == [1]
    assert identities(follow.update([face(102, 100)], last + stamp(0.69), IMAGE)) == [1]
    assert identities(follow.update([], last + stamp(0.99), IMAGE)) == [1]
    assert identities(follow.update([face(102, 100)], last + stamp(0.69 + 0.71), IMAGE)) == [2]


@pytest.mark.parametrize('timeout_s', [0.0, 0.7])
@pytest.mark.parametrize('rate_hz', [1.4, 1.0, 0.25])
def test_images_further_apart_than_the_timeout_keep_their_faces(timeout_s, rate_hz):
    follow = tracker(timeout_s=timeout_s)
    found = [
        identities(follow.update([face(100, 100)], stamp(k / rate_hz), IMAGE)) for k in range(5)]
    assert found == [[], [1], [1], [1], [1]]


def test_after_a_gap_of_many_seconds_all_faces_are_new():
    follow = tracker(min_hits=1)
    last = known(follow, face(100, 100))
    assert identities(follow.update([face(100, 100)], last + stamp(6.0), IMAGE)) == [2]


def test_images_many_seconds_apart_report_their_faces_at_once():
    follow = tracker(min_hits=2)
    found = [
        identities(follow.update([face(100, 100)], stamp(6.0 * k), IMAGE)) for k in range(4)]
    assert found == [[], [1], [2], [3]]


def test_the_timeout_can_change_while_faces_are_followed():
    follow = tracker(timeout_s=0.3)
    last = known(follow, face(100, 100))
    follow.options = TrackerOptions(timeout_s=1.0)
    assert identities(follow.update([], last + stamp(0.9), IMAGE)) == [1]


@pytest.mark.parametrize('min_hits', [2, 3, 5])
def test_a_face_is_reported_once_it_was_found_often_enough(min_hits):
    follow = tracker(min_hits=min_hits)
    counts = [len(follow.update([face(9, 9)], stamp(k / RATE_HZ), IMAGE)) for k in range(8)]
    assert counts == [0] * (min_hits - 1) + [1] * (9 - min_hits)


def test_with_one_hit_a_face_is_reported_at_once():
    assert identities(tracker(min_hits=1).update([face(9, 9)], 0, IMAGE)) == [1]


def test_a_false_detection_in_a_single_image_is_never_reported():
    follow = tracker(min_hits=2)
    known(follow, face(100, 100))
    for k in range(5, 40):
        found = [face(100, 100)]
        if k % 2:
            found.append(face(400, 300))  # every other image, never twice in a row
        assert identities(follow.update(found, stamp(k / RATE_HZ), IMAGE)) == [1]


def test_a_false_detection_does_not_cost_an_identity():
    follow = tracker(min_hits=2)
    follow.update([face(400, 300)], 0, IMAGE)
    follow.update([], stamp(0.03), IMAGE)
    follow.update([face(100, 100)], stamp(0.06), IMAGE)
    assert identities(follow.update([face(100, 100)], stamp(0.09), IMAGE)) == [1]


@pytest.mark.parametrize('max_distance', [0.3, 0.9, 2.0])
@pytest.mark.parametrize('edge', [20, 60, 400])
def test_a_detection_too_far_from_the_predicted_place_is_another_face(max_distance, edge):
    for ratio, expected in ((0.95, [1]), (1.05, [1, 2])):
        follow = tracker(max_distance=max_distance, min_hits=1)
        last = known(follow, face(1000, 1000, edge))
        jump = max_distance * ratio * edge
        tracks = follow.update([face(1000 + jump, 1000, edge)], last + stamp(1 / RATE_HZ), IMAGE)
        assert identities(tracks) == expected


def test_no_near_pair_is_given_up_to_shorten_a_far_one():
    # Greedy by order or least total distance without a reach would give 2 to the detection at 140.
    follow = tracker(min_hits=1, max_distance=0.9)
    last = known(follow, face(100, 100), face(300, 100))
    found = [face(140, 100), face(1000, 100)]
    tracks = follow.update(found, last + stamp(1 / RATE_HZ), IMAGE)
    assert {t.track_id: t.box for t in tracks if t.state is FaceState.DETECTED} == {
        1: found[0].box, 3: found[1].box}


@pytest.mark.parametrize('seed', range(3))
def test_the_assignment_is_the_best_for_all_faces_together(seed):
    # Faces in a row all move by half of the gap between them: nearest-first would shift by one.
    follow, random = tracker(min_hits=1), np.random.default_rng(seed)
    places = np.arange(6) * 60.0
    known(follow, *(face(x, 50) for x in places))
    order = random.permutation(6)
    moved = {n: face(places[n] + 28, 50) for n in order}
    tracks = follow.update(list(moved.values()), stamp(5 / RATE_HZ), IMAGE)
    assert {t.track_id - 1: t.box for t in tracks} == {n: d.box for n, d in moved.items()}


def test_identities_are_never_used_again_after_a_reset():
    follow = tracker(min_hits=1)
    seen = []
    for round_ in range(4):
        tracks = follow.update([face(100, 100), face(300, 100)], stamp(round_), IMAGE)
        seen += identities(tracks)
        follow.reset()
    assert len(set(seen)) == len(seen) == 8


def test_stamps_that_go_far_back_begin_anew():
    follow = tracker(min_hits=1, timeout_s=0.7)
    last = known(follow, face(100, 100))
    tracks = follow.update([face(100, 100)], last - stamp(0.71), IMAGE)
    assert identities(tracks) == [2]
    assert identities(follow.update([face(101, 100)], last - stamp(0.68), IMAGE)) == [2]


def test_stamps_that_go_a_little_back_do_no_harm():
    follow = tracker(timeout_s=0.7)
    last = known(follow, face(100, 100))
    for back in (0.02, 0.5, 0.01):
        tracks = follow.update([face(101, 100)], last - stamp(back), IMAGE)
        assert identities(tracks) == [1]
        assert tracks[0].state is FaceState.DETECTED


def test_a_missed_face_is_not_called_detected_where_two_images_have_the_same_stamp():
    follow = tracker()
    last = known(follow, face(100, 100))
    (track,) = follow.update([], last, IMAGE)
    assert (track.state, track.key_points) == (FaceState.TRACKED, None)


@pytest.mark.parametrize('box', [Box(9, 9, 0, 5), Box(9, 9, 5, -1), Box(9, 9, math.nan, 5)])
def test_a_detection_without_area_is_no_face(box):
    follow = tracker(min_hits=1)
    assert follow.update([Detection(box, 0.9)], 0, IMAGE) == []


def test_none_takes_every_detection_for_a_new_face():
    follow = create_tracker(TrackerOptions(name='none'))
    assert isinstance(follow, NoTracker)
    first = follow.update([face(1, 1), face(9, 9)], 0, IMAGE)
    follow.reset()
    second = follow.update([face(1, 1)], 0, IMAGE)
    assert identities(first + second) == [1, 2, 3]
    assert all(track.state is FaceState.DETECTED for track in first + second)


def read_tracks(path):
    """Return for each image of LTFT's format the faces in it: identity and box."""
    lines = path.read_text().split('\n')
    for words in (line.split() for line in lines[1:int(lines[0]) + 1]):
        rows = (words[2 + 7 * k:9 + 7 * k] for k in range(int(words[1])))
        faces = [(int(r[0]), Box(*map(float, r[1:5]))) for r in rows if r[5] == '1']
        yield [(identity, box) for identity, box in faces if box.area > 0]


@pytest.mark.parametrize(('name', 'rate_hz', 'lost', 'mixed'), [
    ('choke1', 30, 0.003, 0.002), ('street', 30, 0.005, 0.002),
    ('terminal_1', 30, 0.015, 0.006), ('shibuya', 25, 0.008, 0.006)])
def test_identities_hold_in_crowds_with_one_detection_in_five_missing(
        data_directory, name, rate_hz, lost, mixed):
    random, follow = np.random.default_rng(5), tracker()
    identity_of, person_of, last_seen = {}, {}, {}
    reported = lost_identities = mixed_up = shown = 0
    for k, people in enumerate(read_tracks(data_directory / 'tracks' / f'{name}.txt')):
        person_at = {}
        for person, box in people:
            edge = math.sqrt(box.area)
            dx, dy, dw, dh = random.normal(0, 0.03 * edge, 4)
            if random.random() < 0.8:
                noisy = Box(box.x + dx, box.y + dy, box.width + dw, box.height + dh)
                person_at[noisy] = person
        shown += len(person_at)
        detections = [Detection(box, 0.9) for box in person_at]
        for track in follow.update(detections, stamp(k / rate_hz), IMAGE):
            if track.state is FaceState.TRACKED:
                continue
            person, track_id = person_at[track.box], track.track_id
            reported += 1
            # Whoever was away for longer than the timeout cannot have kept an identity.
            was_here = k - last_seen.get(person, -math.inf) <= 0.7 * rate_hz
            lost_identities += was_here and identity_of[person] != track_id
            mixed_up += person_of.get(track_id, person) != person
            identity_of[person], person_of[track_id], last_seen[person] = track_id, person, k
    assert reported > 0.9 * shown
    assert lost_identities <= lost * reported
    assert mixed_up <= mixed * reported


def test_a_face_that_grows_and_is_then_covered_keeps_its_size_and_identity():
    follow = tracker(min_hits=1)
    follow.update([face(150, 150, 100)], 0, IMAGE)
    follow.update([Detection(Box(60.0, 60.0, 210.0, 210.0), 0.9)], stamp(1 / 30), IMAGE)
    sizes = [
        follow.update([], stamp(k / 30), IMAGE)[0].box.width for k in range(2, 18)]
    assert 100 <= min(sizes) <= max(sizes) <= 210
    back = Detection(Box(60.0, 60.0, 210.0, 210.0), 0.9)
    assert identities(follow.update([back], stamp(18 / 30), IMAGE)) == [1]


@pytest.mark.parametrize('rate_hz', [15, 30])
def test_a_face_that_moves_and_is_then_covered_is_known_where_it_stopped(rate_hz):
    follow = tracker(min_hits=1)
    for k, x in enumerate((100, 115, 130)):
        follow.update([face(x, 100)], stamp(k / rate_hz), IMAGE)
    last = 2 / rate_hz
    hidden = round(0.33 * rate_hz)
    for k in range(1, hidden):
        ghost, = follow.update([], stamp(last + k / rate_hz), IMAGE)
        assert 130 <= ghost.box.center[0] <= 250
    back = follow.update([face(200, 100)], stamp(last + hidden / rate_hz), IMAGE)
    assert identities(back) == [1]
