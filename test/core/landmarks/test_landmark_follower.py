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

"""Faces are seen where they were seen last, at any roll, and each has its turn."""

from dataclasses import replace
from itertools import count
import math

import cv2
from fer_ros.core.geometry import Region
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.landmarks.landmark_follower import LandmarkFollower
from fer_ros.core.landmarks.mesh import REGION_SCALE
from fer_ros.core.tracking.tracker import Track
from fer_ros.core.values import Box, Detection, FaceState, KeyPoint, NS_PER_S
import numpy as np
from photographs import astronaut
import pytest

FACE = Box(175.6, 75.4, 99.6, 99.6)
"""Where the astronaut's face is."""

EYES = {KeyPoint.RIGHT_EYE: (204.4, 101.2), KeyPoint.LEFT_EYE: (246.0, 103.4)}
"""Measured by hand in the photograph."""


class CountingNetwork(FaceMesh):
    """The landmark network; it notes where it looks."""

    def __init__(self):
        super().__init__()
        self.regions = []
        self.found = []

    def find(self, image, region):
        self.regions.append(region)
        self.found.append(super().find(image, region))
        return self.found[-1]


@pytest.fixture(scope='module')
def loaded():
    return CountingNetwork()


@pytest.fixture
def network(loaded):
    loaded.regions = []
    return loaded


@pytest.fixture(scope='module')
def photograph():
    return astronaut()


@pytest.fixture(scope='module')
def wall(photograph):
    return np.full_like(photograph, 120)


def moved(photograph, x=0.0, y=0.0, angle=0.0, scale=1.0):
    """Return the photograph with its face moved, turned (clockwise, degrees) and scaled."""
    matrix = cv2.getRotationMatrix2D((225, 125), -angle, scale)
    matrix[:, 2] += x, y
    return cv2.warpAffine(photograph, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)


def track(track_id=1, box=FACE, key_points=None, is_seen=True):
    """Return a track that a detector found, or a predicted one."""
    detection = Detection(box, 0.9, key_points) if is_seen else None
    return Track(track_id, FaceState.DETECTED, box, 0.9, detection)


def track_of(detection, track_id=1):
    """Return the track of a face that was found by its landmarks."""
    return Track(track_id, FaceState.DETECTED, detection.box, detection.score, detection)


def crowd(photograph, faces=6):
    """Return an image of several faces in a row, and their boxes."""
    face = photograph[50:200, 150:300]
    return np.hstack([face] * faces), [
        Box(FACE.x - 150 + 150 * k, FACE.y - 50, FACE.width, FACE.height) for k in range(faces)]


def test_a_missed_face_is_found_where_it_was(network, photograph):
    follower = LandmarkFollower(network)
    assert follower.missed(photograph, [], 4) == []
    follower.update(photograph, None, [track()], 4)
    (found,) = follower.missed(moved(photograph, 8, -5), [], 4)
    # The detector's, when it found the face.
    assert found.score == track().score
    assert found.box.iou(Box(FACE.x + 8, FACE.y - 5, FACE.width, FACE.height)) > 0.7
    for point, place in EYES.items():
        assert found.key_points[point] == pytest.approx(np.add(place, (8, -5)), abs=4)


def test_a_detected_face_is_not_found_again(network, photograph):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    before = len(network.regions)
    assert follower.missed(photograph, [Detection(FACE, 0.8)], 4) == []
    assert len(network.regions) == before


@pytest.mark.parametrize('side', [1, -1])
def test_a_head_is_followed_as_it_rolls(network, photograph, side):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    for angle in range(0, 181, 6):
        image = moved(photograph, angle=side * angle)
        (found,) = follower.missed(image, [], 4)
        across = found.key_points[KeyPoint.LEFT_EYE] - found.key_points[KeyPoint.RIGHT_EYE]
        # The eyes of the photograph are 3 degrees from level.
        roll = math.degrees(math.atan2(across[1], across[0])) - 3
        assert abs((roll - side * angle + 180) % 360 - 180) < 5
        assert set(follower.update(image, [found], [track_of(found)], 4)) == {1}


def test_a_missed_face_is_looked_at_once_in_an_image(network, photograph):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    before = len(network.regions)
    (found,) = follower.missed(photograph, [], 4)
    meshes = follower.update(photograph, [found], [track_of(found)], 4)
    assert meshes[1].is_face
    assert len(network.regions) == before + 1


def test_a_face_that_has_gone_is_not_found(network, photograph, wall):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    assert follower.missed(wall, [], 4) == []
    assert follower.update(wall, None, [track()], 4) == {1: None}


@pytest.mark.parametrize('change', [{'x': 60}, {'scale': 1.9}], ids=['far away', 'larger'])
def test_a_face_elsewhere_is_another(network, photograph, change):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    assert follower.missed(moved(photograph, **change), [], 4) == []


def test_a_followed_face_keeps_the_framing_of_its_box(network, photograph):
    framed = Box(FACE.x - 9, FACE.y + 6, FACE.width * 1.1, FACE.height * 0.9)
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track(box=framed)], 4)
    for x in range(4, 21, 4):
        image = moved(photograph, x=x)
        (found,) = follower.carried(image, 4)
        assert found.box.iou(Box(framed.x + x, framed.y, framed.width, framed.height)) > 0.93
        assert follower.update(image, [found], [track_of(found)], 4)[1].is_face


def test_faces_are_followed_all_or_not_at_all(network, photograph, wall):
    image, boxes = crowd(photograph)
    tracks = [track(n, box) for n, box in enumerate(boxes)]
    follower = LandmarkFollower(network)
    assert follower.carried(image, 6) == []
    follower.update(image, None, tracks, 6)
    assert len(follower.carried(image, 6)) == 6
    follower.update(image, None, tracks, 6)
    assert follower.carried(image, 5) is None
    assert follower.carried(wall, 6) is None
    # One whose landmarks are not seen cannot be followed.
    nowhere = track(6, Box(0, 0, 20, 20))
    follower.update(image, None, [*tracks, nowhere], 7)
    assert follower.carried(image, 7) is None


def test_a_predicted_face_is_not_looked_at_but_found_where_it_is_expected(network, photograph):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    there = Box(FACE.x + 90, FACE.y, FACE.width, FACE.height)
    assert follower.update(photograph, None, [track(box=there, is_seen=False)], 4) == {}
    (found,) = follower.missed(moved(photograph, x=90), [], 4)
    assert found.box.iou(there) > 0.7


def test_faces_that_are_followed_no_more_are_forgotten(network, photograph):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    follower.update(photograph, None, [], 4)
    assert follower.missed(photograph, [], 4) == []


def test_after_a_reset_no_face_is_known(network, photograph):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    follower.reset()
    assert follower.missed(photograph, [], 4) == []


def test_each_face_has_its_turn(network, photograph):
    image, boxes = crowd(photograph)
    follower, turns = LandmarkFollower(network), {n: [] for n in range(6)}
    tracks = [track(n, box) for n, box in enumerate(boxes)]
    for k in range(12):
        looked = follower.update(image, None, tracks, 2)
        assert len(looked) == 2
        for n in looked:
            turns[n].append(k)
    for images in turns.values():
        assert len(images) == 4
        assert set(np.diff(images)) == {3}


def test_a_new_face_has_its_turn_first(network, photograph):
    image, boxes = crowd(photograph)
    follower = LandmarkFollower(network)
    tracks = [track(n, box) for n, box in enumerate(boxes)]
    for _ in range(5):
        follower.update(image, None, tracks[:5], 2)
    assert 5 in follower.update(image, None, tracks, 2)


def test_of_many_missed_faces_each_has_its_turn(network, photograph):
    image, boxes = crowd(photograph)
    follower = LandmarkFollower(network)
    tracks = [track(n, box) for n, box in enumerate(boxes)]
    follower.update(image, None, tracks, 6)
    seen = set()
    for _ in range(3):
        found = follower.missed(image, [], 2)
        assert len(found) == 2
        now = [n for n, box in enumerate(boxes) if any(box.iou(f.box) > 0.5 for f in found)]
        seen.update(now)
        follower.update(image, found, [
            next((track_of(f, n) for f in found if f.box.iou(box) > 0.5),
                 track(n, box, is_seen=False))
            for n, box in enumerate(boxes)], 2)
    assert seen == set(range(6))


def test_a_doubtful_find_counts_where_there_is_a_face(network, photograph):
    follower = LandmarkFollower(network)
    elsewhere = Box(380, 40, 100, 100)
    image = moved(photograph, angle=60)
    doubtful = [Detection(FACE, 0.6), Detection(elsewhere, 0.9)]
    (found,) = follower.confirmed(image, doubtful, [], math.radians(60))
    assert found.score == 0.6
    assert found.box.iou(FACE) > 0.5
    across = found.key_points[KeyPoint.LEFT_EYE] - found.key_points[KeyPoint.RIGHT_EYE]
    assert math.degrees(math.atan2(across[1], across[0])) == pytest.approx(63, abs=5)


def test_a_doubtful_find_of_a_face_that_was_found_otherwise_does_not_count(network, photograph):
    found, follower = [Detection(FACE, 0.7)], LandmarkFollower(network)
    assert follower.confirmed(photograph, [Detection(FACE, 0.9)], found, 0.0) == found


def test_a_face_that_is_tracked_is_not_looked_at_again_for_a_doubtful_find(network, photograph):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    before = len(network.regions)
    found = [Detection(FACE, 0.7)]
    assert follower.confirmed(photograph, [Detection(FACE, 0.9)], found, 0.0) == found
    assert len(network.regions) == before


def test_a_leaning_face_that_was_taken_for_an_upright_one_is_put_right(network, photograph):
    image = moved(photograph, angle=120)
    wrong, other = Detection(FACE, 0.7), Detection(Box(380, 40, 100, 100), 0.9)
    found = LandmarkFollower(network).confirmed(
        image, [Detection(FACE, 0.6)], [wrong, other], math.radians(120))
    assert wrong not in found
    assert other in found
    (right,) = [face for face in found if face is not other]
    across = right.key_points[KeyPoint.LEFT_EYE] - right.key_points[KeyPoint.RIGHT_EYE]
    assert math.degrees(math.atan2(across[1], across[0])) == pytest.approx(123, abs=5)


def test_two_doubtful_finds_of_one_face_are_one(network, photograph):
    follower = LandmarkFollower(network)
    doubtful = [Detection(FACE, 0.6), Detection(Box(185, 80, 95, 95), 0.6)]
    assert len(follower.confirmed(photograph, doubtful, [], 0.0)) == 1


def test_a_face_that_only_the_network_found_is_found_again_until_the_tracker_takes_it(
        network, photograph):
    follower = LandmarkFollower(network)
    image = moved(photograph, angle=70)
    doubtful, numbers = [Detection(FACE, 0.6)], count()
    found = follower.confirmed(image, doubtful, [], math.radians(70))
    while next(numbers) < 3:
        # Not confirmed yet: the tracker says nothing of it.
        assert follower.update(image, found, [], 4) == {}
        found = follower.carried(image, 4)
        assert len(found) == 1
    assert follower.update(image, found, [track_of(found[0])], 4)[1].is_face


@pytest.mark.parametrize('points', [None, np.full((6, 2), np.nan, np.float32)])
def test_upright_faces_without_key_points_are_seen_as_well(network, photograph, points):
    mesh = LandmarkFollower(network).update(photograph, None, [track(key_points=points)], 4)[1]
    assert network.regions[0] == Region(*FACE.center, 1.5 * FACE.width, 0.0)
    assert mesh.is_face


def noisy(image, seed):
    noise = np.random.default_rng(seed).normal(0, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def followed(network, images, max_age_s=1.0, rate_hz=10):
    """Follow a face through images; return what was found, and how often the network ran."""
    follower = LandmarkFollower(network)
    meshes, runs = [], []
    for k, image in enumerate(images):
        network.regions = []
        follower.begin(image, k * NS_PER_S // rate_hz, max_age_s)
        detections = follower.carried(image, 4) if k else None
        tracks = [track_of(*detections)] if detections else [track()]
        meshes.append(follower.update(image, detections, tracks, 4)[1])
        runs.append(len(network.regions))
    return meshes, runs


def test_the_network_does_not_run_for_a_face_that_has_not_changed(network, photograph):
    meshes, runs = followed(network, [noisy(photograph, k) for k in range(8)])
    assert runs[1:] == [0] * 7
    assert all(mesh is meshes[0] for mesh in meshes)


def test_a_face_that_changes_is_looked_at_at_once(network, photograph):
    images = [photograph] * 3 + [moved(photograph, 4, 3)] * 3
    meshes, runs = followed(network, images)
    assert [count > 0 for count in runs] == [True, False, False, True, False, False]
    np.testing.assert_allclose(
        np.subtract(meshes[-1].box.center, meshes[0].box.center), (4, 3), atol=1)


def test_an_unchanged_face_is_looked_at_again_at_an_age_and_its_landmarks_are_averaged(
        network, photograph):
    network.found = []
    meshes, runs = followed(network, [noisy(photograph, k) for k in range(40)])
    assert [k for k, count in enumerate(runs) if count] == [0, 10, 20, 30]
    alone = [mesh.landmarks for mesh in network.found[runs[0] - 1:]]
    for times, mesh in enumerate(meshes[::10], 1):
        np.testing.assert_allclose(mesh.landmarks, np.mean(alone[:times], axis=0), atol=1e-3)


def test_a_face_is_looked_at_in_every_image_if_no_age_is_allowed(network, photograph):
    _, runs = followed(network, [photograph] * 4, max_age_s=0.0)
    assert min(runs) == 1


def test_any_number_of_unchanged_faces_is_carried(network, photograph):
    image, boxes = crowd(photograph)
    follower = LandmarkFollower(network)
    follower.begin(image, 0, 1.0)
    tracks = [track(k, box) for k, box in enumerate(boxes)]
    follower.update(image, None, tracks, len(boxes))
    network.regions = []
    assert not follower.begin(image, NS_PER_S // 10, 1.0)
    found = follower.carried(image, 1)
    assert len(found) == len(boxes)
    meshes = follower.update(
        image, found, [track_of(face, k) for k, face in enumerate(found)], 1)
    assert sorted(meshes) == list(range(len(boxes)))
    assert network.regions == []


def test_of_many_faces_only_those_that_change_count(network, photograph):
    image, boxes = crowd(photograph, 3)
    follower = LandmarkFollower(network)
    follower.begin(image, 0, 1.0)
    follower.update(image, None, [track(k, box) for k, box in enumerate(boxes)], 3)
    changed = image.copy()
    changed[:, :300] = np.roll(image[:, :300], 3, axis=0)
    assert follower.begin(changed, NS_PER_S // 10, 1.0)
    assert follower.carried(changed, 1) is None
    assert len(follower.carried(changed, 2)) == 3


def test_a_detection_without_a_face_is_carried_while_it_does_not_change(network, wall):
    textured = noisy(wall, 1)
    textured[100:150, 200:250] = 60
    follower = LandmarkFollower(network)
    carried = []
    for k in range(3):
        image = noisy(textured, 1 + k) if k < 2 else np.roll(textured, 20, axis=0)
        network.regions = []
        follower.begin(image, k * NS_PER_S // 10, 1.0)
        carried.append(follower.carried(image, 4))
        detections = carried[-1] if k == 1 else None
        tracks = [track_of(*detections)] if detections else [track()]
        assert follower.update(image, detections, tracks, 4)[1] is None
        assert bool(network.regions) == (k != 1)
    assert [face and face[0].box for face in carried] == [[], FACE, None]


class DoubtfulNetwork(FaceMesh):
    """The landmark network; it reports a presence that the test states for each size of region."""

    def __init__(self, presence):
        super().__init__()
        self.presence = presence

    def find(self, image, region):
        presence = self.presence(region.edge / (REGION_SCALE * FACE.width))
        return replace(super().find(image, region), presence=presence, is_face=presence >= 0.9)


SEEN = replace(track().detection, score=0.8)


@pytest.mark.parametrize(('score', 'presence', 'again', 'is_found', 'is_second'), [
    # The first look is enough.
    (0.7, lambda edge: 1.0, None, True, False),
    (0.7, lambda edge: 0.5, None, False, True),
    # The landmarks see it in the larger region only.
    (0.7, lambda edge: 0.95 if edge > 1.2 else 0.5, SEEN, True, True),
    (0.7, lambda edge: 0.5, SEEN, False, True),
    # The detector has to see a face of low score twice.
    (0.55, lambda edge: 1.0, None, False, True),
    (0.55, lambda edge: 1.0, SEEN, True, True),
    # What does not look like a face at all costs no second look.
    (0.7, lambda edge: 0.05 if edge < 1.2 else 1.0, SEEN, False, False)])
def test_a_doubtful_small_face_gets_a_second_look(
        photograph, score, presence, again, is_found, is_second):
    follower = LandmarkFollower(DoubtfulNetwork(presence))
    candidate = replace(track().detection, score=score)
    looks = []

    def look_again(face):
        looks.append(face)
        return again
    faces = follower.verified(photograph, [candidate], 0.6, look_again)
    assert len(faces) == is_found
    assert looks == [candidate] * is_second
    for face in faces:
        assert face.mesh is not None
        assert face.score == (0.8 if is_second else score)


def test_a_followed_face_that_is_hardly_seen_is_looked_at_in_a_larger_region(
        network, photograph, monkeypatch):
    follower = LandmarkFollower(network)
    follower.update(photograph, None, [track()], 4)
    expected = follower.missed(photograph, [], 4)[0].mesh.region
    find = network.find

    def hardly(image, region):
        mesh = find(image, region)
        presence = mesh.presence if region.edge > 1.1 * expected.edge else 0.5
        return replace(mesh, presence=presence, is_face=presence >= 0.9)
    monkeypatch.setattr(network, 'find', hardly)
    (face,) = follower.missed(photograph, [], 4)
    assert face.box.iou(FACE) > 0.7
