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

"""Windows show every small face whole, and live they are all searched in time."""

import cv2
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.detection.window_search import (
    find_in_window,
    found_again,
    INPUT_SIZE_PX,
    MAX_WINDOWS_PER_IMAGE,
    merged,
    MIN_FACE_PX,
    QUIET_WINDOWS_PER_S,
    search_windows,
    SECOND_LOOK_SCALE,
    SWEEP_S,
    WindowSchedule,
    with_small_faces,
)
from fer_ros.core.values import Box, Detection, NS_PER_S
import numpy as np
from photographs import astronaut
import pytest

SIZES = [(640, 480), (1280, 720), (1920, 1080), (480, 640), (4000, 3000), (2000, 300)]
FRACTION = 1 / 60


def is_inside(face, window):
    return (
        window.x <= face.x and face.x + face.width <= window.x + window.width
        and window.y <= face.y and face.y + face.height <= window.y + window.height)


@pytest.mark.parametrize(('width', 'height'), SIZES)
def test_every_face_is_whole_and_large_enough_in_a_window_or_in_the_image(width, height):
    random = np.random.default_rng(1)
    longer = max(width, height)
    views = [*search_windows(width, height, FRACTION), Box(0, 0, width, height)]
    # Smaller faces are found too, but less reliably; no window is enlarged for them.
    smallest = max(FRACTION * longer, MIN_FACE_PX)
    for edge in np.geomspace(smallest, min(height, width), 40):
        for _ in range(50):
            x, y = random.uniform(0, 1, 2) * (width - edge, height - edge)
            face = Box(x, y, edge, edge)
            reduced = [
                edge * INPUT_SIZE_PX / max(view.width, view.height)
                for view in views if is_inside(face, view)]
            assert max(reduced) > 0.99 * MIN_FACE_PX, face


@pytest.mark.parametrize(('width', 'height'), SIZES)
def test_windows_lie_inside_the_image(width, height):
    windows = search_windows(width, height, FRACTION)
    assert windows
    for window in windows:
        assert window.clipped(width, height) == window
        assert float(window.x).is_integer()
        assert float(window.width).is_integer()


def test_there_are_none_if_none_are_asked_for_or_the_image_is_small():
    assert search_windows(1920, 1080, 0.0) == []
    assert search_windows(1920, 1080, 0.1) == []
    assert search_windows(160, 120, FRACTION) == []


def found(x, y, width, height, score=0.9):
    return Detection(Box(x, y, width, height), score, np.full((6, 2), x, np.float32))


def test_places_in_a_window_become_places_in_the_image():
    image = np.zeros((400, 600, 3), np.uint8)
    image[150:160, 220:240] = 255

    def detect(part):
        rows, columns = np.nonzero(part[:, :, 0])
        return [found(
            float(columns.min()), float(rows.min()), float(np.ptp(columns) + 1),
            float(np.ptp(rows) + 1))]

    (face,) = find_in_window(image, Box(200, 100, 192, 192), detect)
    assert face.box == Box(220, 150, 20, 10)
    assert face.key_points[0].tolist() == [20 + 200, 20 + 100]


@pytest.mark.parametrize(('window', 'box', 'is_kept'), [
    (Box(100, 100, 200, 200), Box(0, 50, 40, 40), False),
    (Box(100, 100, 200, 200), Box(50, 0, 40, 40), False),
    (Box(100, 100, 200, 200), Box(160, 50, 40, 40), False),
    (Box(100, 100, 200, 200), Box(50, 160, 40, 40), False),
    (Box(100, 100, 200, 200), Box(50, 50, 40, 40), True),
    # At an edge of the image there is no other window in which it would be whole.
    (Box(0, 0, 200, 200), Box(-5, -5, 40, 40), True),
    (Box(400, 200, 200, 200), Box(165, 165, 40, 40), True),
])
def test_faces_that_the_edge_of_a_window_cuts_are_left_to_another_window(window, box, is_kept):
    image = np.zeros((400, 600, 3), np.uint8)
    kept = find_in_window(image, window, lambda _: [Detection(box, 0.9)])
    assert bool(kept) is is_kept


def test_of_duplicates_the_best_is_kept():
    faces = [found(10, 10, 40, 40, 0.7), found(14, 12, 40, 40, 0.9), found(80, 10, 40, 40, 0.6)]
    assert merged(faces) == [faces[1], faces[2]]


@pytest.mark.parametrize(('center', 'edge'), [
    ((600, 300), 32), ((600, 300), 100), ((5, 715), 40), ((640, 360), 400)])
def test_the_second_look_has_the_face_in_the_middle_of_a_window_inside_the_image(center, edge):
    image, (x, y) = np.zeros((720, 1280, 3), np.uint8), center
    face = Detection(Box(x - edge / 2, y - edge / 2, edge, edge), 0.55)
    views = []

    def detect(view):
        views.append(view)
        offset = view.__array_interface__['data'][0] - image.__array_interface__['data'][0]
        top, left = divmod(offset // 3, 1280)
        middle = x - left, y - top
        # A face in the middle, one that is not sure, and another face.
        return [
            Detection(Box(*(c - edge / 2 for c in middle), edge, edge), 0.7),
            Detection(Box(*(c - edge / 2 for c in middle), edge, edge), 0.58),
            Detection(Box(2, 2, 20, 20), 0.9)]
    again = found_again(image, face, detect)
    assert again.score == 0.7
    assert again.box.iou(face.box) > 0.99
    (view,) = views
    size = min(max(SECOND_LOOK_SCALE * edge, INPUT_SIZE_PX), 720)
    assert view.shape[:2] == (size, size)


@pytest.mark.parametrize('found', [
    [], [Detection(Box(80, 80, 32, 32), 0.59)], [Detection(Box(20, 20, 32, 32), 0.9)]])
def test_a_second_look_without_a_sure_face_at_the_same_place_finds_nothing(found):
    image = np.zeros((192, 192, 3), np.uint8)
    assert found_again(image, Detection(Box(80, 80, 32, 32), 0.55), lambda _: found) is None


def test_large_faces_come_from_the_whole_image_and_small_ones_from_where_they_score_best():
    large = found(0, 0, 300, 300, 0.6)
    vague, sure = found(500, 0, 60, 60, 0.7), found(900, 0, 60, 60)
    part, better, worse, new = (
        found(50, 60, 120, 120, 0.95), found(505, 2, 50, 50, 0.8), found(902, 0, 60, 60, 0.65),
        found(700, 500, 40, 40, 0.7))
    faces = with_small_faces([large, vague, sure], [part, better, worse, new], 1920)
    assert {id(face) for face in faces} == {id(face) for face in (large, better, sure, new)}


def still(width=1280, height=720):
    return np.full((height, width, 3), 90, np.uint8)


def test_all_windows_are_searched_within_a_sweep():
    schedule, rate_hz = WindowSchedule(FRACTION), 30
    image, seen = still(), []
    # The first image starts the clock.
    for k in range(round(SWEEP_S * rate_hz) + 1):
        windows = schedule.take(image, k * NS_PER_S // rate_hz)
        assert len(windows) <= MAX_WINDOWS_PER_IMAGE
        seen += windows
    wanted = search_windows(1280, 720, FRACTION)
    assert len(seen) == pytest.approx(len(wanted), abs=1)
    # None comes twice before all were searched once.
    assert len(set(seen)) == len(seen)


def test_a_slow_camera_is_not_overloaded():
    schedule = WindowSchedule(FRACTION)
    counts = [len(schedule.take(still(), k * NS_PER_S)) for k in range(5)]
    assert counts == [0] + [MAX_WINDOWS_PER_IMAGE] * 4


def searched(images, rate_hz=30):
    """Return how often each window of a schedule is searched, after the first sweep."""
    schedule, counts = WindowSchedule(FRACTION), {}
    for k, image in enumerate(images):
        for window in schedule.take(image, k * NS_PER_S // rate_hz):
            if k > SWEEP_S * rate_hz:
                counts[window] = counts.get(window, 0) + 1
    return counts


def test_windows_in_which_something_changes_are_searched_each_second_the_others_more_rarely():
    windows = search_windows(1280, 720, FRACTION)
    place = Box(1000, 600, 60, 60)
    moving = still()
    moving[600:660, 1000:1060] = 255
    seconds = 2 * len(windows) / QUIET_WINDOWS_PER_S + 1
    images = [moving if k % 2 else still() for k in range(round(30 * seconds))]
    counts = searched(images)
    for window in windows:
        if is_inside(place, window):
            assert counts[window] == pytest.approx((seconds - 1) / SWEEP_S, abs=1)
        elif window.intersection(place).area == 0:
            assert counts[window] == pytest.approx(2, abs=1)


def test_what_moves_with_a_known_person_is_no_change():
    """The head of a followed face, and the hand before the chest; but not what is beside them."""
    face = Box(600, 100, 100, 100)
    hand, other = (slice(400, 450), slice(620, 670)), (slice(600, 660), slice(100, 160))
    for place, is_change in ((hand, False), (other, True)):
        moving = still()
        moving[place] = 255
        schedule, count = WindowSchedule(FRACTION), 0
        for k in range(90):
            windows = schedule.take(
                moving if k % 2 else still(), k * NS_PER_S // 30, known=[face])
            if k > SWEEP_S * 30 + 2:
                count += len(windows)
        # The turn of the quiet windows comes later.
        assert len(search_windows(1280, 720, FRACTION)) / QUIET_WINDOWS_PER_S > 3
        assert (count > 0) == is_change


def test_noise_of_a_usual_camera_is_no_change_but_a_person_far_away_is():
    random = np.random.default_rng(2)
    noise = [random.normal(0, 3, (720, 1280, 3)) for _ in range(5)]
    noisy = [np.clip(still() + noise[k % 5], 0, 255).astype(np.uint8) for k in range(120)]
    before = sum(searched(noisy).values())
    for k, image in enumerate(noisy):
        # 32 px wide head, 3 px per image, as in slow walking.
        left = 200 + 3 * k
        image[300:332, left:left + 32] = 170
        image[332:540, left - 16:left + 48] = 40
    counts = searched(noisy)
    assert sum(counts.values()) > before
    passed = [
        window for window in search_windows(1280, 720, FRACTION)
        if is_inside(Box(300, 300, 32, 32), window) or is_inside(Box(400, 300, 32, 32), window)]
    assert passed
    assert min(counts[window] for window in passed) >= 2


def test_a_moving_camera_is_searched_in_turn_within_the_limit():
    random = np.random.default_rng(3)
    images = [random.integers(0, 255, (720, 1280, 3)).astype(np.uint8) for _ in range(4)]
    counts = searched([images[k % 4] for k in range(90)])
    windows = search_windows(1280, 720, FRACTION)
    assert sum(counts.values()) == pytest.approx(len(windows) * 2 / SWEEP_S, rel=0.1)
    assert min(counts[window] for window in windows) >= 1


def test_another_size_of_the_images_starts_again():
    schedule = WindowSchedule(FRACTION)
    schedule.take(still(), 0)
    assert schedule.take(still(640, 480), NS_PER_S // 30) == []
    assert set(schedule.take(still(640, 480), NS_PER_S)) <= set(
        search_windows(640, 480, FRACTION))


def test_a_distant_face_is_found_in_a_window_and_not_in_the_whole_image():
    detector = create_detector(DetectorOptions())
    image = still(1920, 1080)
    small = cv2.resize(astronaut(), (150, 150), interpolation=cv2.INTER_AREA)
    image[400:550, 1200:1350] = small
    # The face of the photograph, reduced and moved.
    truth = Box(1200 + 175.6 * 150 / 512, 400 + 75.4 * 150 / 512, 29.2, 29.2)
    assert detector.detect(image) == []
    faces = merged([
        face for window in search_windows(1920, 1080, 1 / 80)
        for face in find_in_window(image, window, detector.detect_small)])
    assert len(faces) == 1
    assert faces[0].box.iou(truth) > 0.6
    detector.close()
