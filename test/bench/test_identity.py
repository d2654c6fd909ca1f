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
"""The scores of identities, on cases with known answers."""

from fer_ros.bench.identity import read_ltft, score, split_stays, tracked
from fer_ros.core.values import Box, FaceState
import pytest

RATE_HZ = 10.0
FRAMES = 40


def box(person, frame):
    return Box(100.0 * person + frame, 50.0, 40.0, 40.0)


def truth_of(people, frames=range(FRAMES)):
    return [[(k, box(k, frame)) for k in people] if frame in frames else []
            for frame in range(FRAMES)]


def seen(truth, names, state=FaceState.DETECTED):
    """Return tracks that follow the truth exactly; `names(person, frame)` gives their names."""
    return [[(names(person, frame), place, state) for person, place in faces]
            for frame, faces in enumerate(truth)]


@pytest.fixture(autouse=True)
def _motmetrics():
    pytest.importorskip('motmetrics', reason='requirements/bench.txt is not installed')


def test_perfect_tracks_have_the_best_scores():
    truth = truth_of((1, 2, 3))
    result = score(truth, seen(truth, lambda person, _: person + 7), RATE_HZ)
    assert result == {
        'mota': 1, 'idf1': 1, 'idf1_strict': 1, 'switches': 0, 'misses': 0, 'false': 0,
        'people': 3, 'predicted_for_nobody': 0}


def test_a_new_name_halfway_is_a_switch():
    truth = truth_of((1, 2))
    result = score(truth, seen(truth, lambda person, k: person + 10 * (k >= 20)), RATE_HZ)
    assert result['switches'] == 2
    # 80 true and 80 reported faces, of which each name's better half of 20 is the person's own.
    assert result['idf1'] == pytest.approx(2 * 40 / (80 + 80))
    assert result['mota'] == pytest.approx(1 - 2 / 80)


def test_missed_and_false_faces_count():
    truth = truth_of((1,))
    tracks = seen(truth, lambda person, _: person)
    tracks[5:13] = [[]] * 8
    tracks[20].append((9, Box(500, 300, 40, 40), FaceState.DETECTED))
    result = score(truth, tracks, RATE_HZ)
    assert (result['misses'], result['false'], result['switches']) == (8, 1, 0)
    assert result['mota'] == pytest.approx(1 - 9 / 40)


def test_a_place_that_is_only_predicted_is_no_false_face():
    truth = truth_of((1,), range(20))
    tracks = seen(truth, lambda person, _: person)
    for frame in range(20, 25):
        tracks[frame] = [(1, box(1, frame), FaceState.TRACKED)]
    result = score(truth, tracks, RATE_HZ)
    assert (result['false'], result['idf1'], result['predicted_for_nobody']) == (0, 1, 5)
    assert result['idf1_strict'] == pytest.approx(2 * 20 / (20 + 25))
    # But one that says that it was seen is.
    tracks[24] = [(1, box(1, 24), FaceState.DETECTED)]
    assert score(truth, tracks, RATE_HZ)['false'] == 1


@pytest.mark.parametrize(('gap', 'switches', 'people'), [(8, 1, 1), (12, 0, 2)])
def test_only_a_gap_below_a_second_must_not_cost_the_identity(gap, switches, people):
    frames = [*range(10), *range(10 + gap, FRAMES)]
    truth = truth_of((1,), frames)
    kept = score(truth, seen(truth, lambda person, _: person), RATE_HZ)
    renamed = score(truth, seen(truth, lambda _, frame: 1 + (frame >= 10)), RATE_HZ)
    assert (kept['switches'], kept['idf1'], kept['people']) == (0, 1, people)
    assert (renamed['switches'], renamed['people']) == (switches, people)
    assert (renamed['idf1'] == 1) is (people == 2)


def test_stays_are_split_by_gaps():
    place = box(1, 0)
    frames = [[(4, place)], [], [(4, place), (5, place)], [(5, place)], [], [], [(4, place)]]
    names = [[name for name, _ in faces] for faces in split_stays(frames, 3)]
    assert names[2][0] == names[0][0]
    assert len({names[0][0], names[2][1], names[6][0]}) == 3


def test_ltft_is_read_and_followed(tmp_path):
    lines = [f'{k} 2 1 {100 + k} 50 40 40 1 0.9 2 300 50 30 30 0 0.9' for k in range(20)]
    path = tmp_path / 'a.txt'
    path.write_text('\n'.join(['20', *lines]))
    truth = read_ltft(path)
    # The second box is no face, as its flag says.
    assert [[name for name, _ in faces] for faces in truth] == [[1]] * 20
    assert truth[3][0][1] == Box(103, 50, 40, 40)
    first, again = tracked(truth, 30.0), tracked(truth, 30.0)
    assert first == again
    assert {name for found in first for name, _, _ in found} == {1}
