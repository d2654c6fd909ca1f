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

"""Noise and exposure are no change; a face that moves, an eye that closes and a person are."""

import cv2
from fer_ros.core.change import Appearance, cells, is_changed, SceneWatch
from fer_ros.core.values import Box, NS_PER_S
import numpy as np
from photographs import astronaut
import pytest

EYE = slice(92, 112), slice(190, 220)
MOUTH = slice(140, 160), slice(205, 250)
"""Rows and columns of the astronaut's right eye and mouth."""


@pytest.fixture(scope='module')
def photograph():
    # Less bright, so that no exposure of these tests is too long.
    return (astronaut() * 0.8).astype(np.uint8)


def face_at(size):
    """Return the astronaut's face in the photograph scaled by `size`."""
    return Box(175.6 * size, 75.4 * size, 99.6 * size, 99.6 * size)


def scaled(image, factor):
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def as_seen(image, sigma=0.0, gain=1.0, offset=0.0, seed=1):
    """Return what a camera sees that has noise (in grey levels) and another exposure."""
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape[:2])[..., None]
    return np.clip(np.rint(image * gain + offset + noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(('gain', 'offset'), [(1, 0), (0.9, 0), (1, 8), (0.8, 10)])
@pytest.mark.parametrize('sigma', [0, 3, 6])
@pytest.mark.parametrize('size', [0.5, 1, 2])
def test_noise_and_exposure_are_no_change(photograph, sigma, gain, offset, size):
    image = scaled(photograph, size)
    before = Appearance.of(as_seen(image, sigma), face_at(size))
    assert not any(
        before.is_changed_in(as_seen(image, sigma, gain, offset, seed)) for seed in range(2, 6))


@pytest.mark.parametrize('light', [1, 0.3])
@pytest.mark.parametrize('sigma', [0, 6])
@pytest.mark.parametrize('change', [
    lambda image: np.roll(image, 2, 1), lambda image: np.roll(image, -2, 0),
    lambda image: scaled(image, 1.03), lambda image: without(image, EYE),
    lambda image: without(image, MOUTH), lambda image: np.full_like(image, 120),
    lambda image: np.full_like(image, image.mean())],
    ids=['aside', 'up', 'nearer', 'eye', 'mouth', 'wall', 'dark wall'])
def test_a_change_of_the_face_is_a_change(photograph, change, sigma, light):
    before = Appearance.of(as_seen(photograph, sigma * light, light), face_at(1))
    changed = change(photograph)
    assert before.is_changed_in(as_seen(changed, sigma * light, light, seed=2))


def without(image, part):
    """Return the image with an even skin where an eye or the mouth was."""
    image = image.copy()
    image[part] = np.median(image[100:150, 190:250], axis=(0, 1))
    return image


def test_a_small_face_that_changes_is_seen(photograph):
    small = scaled(photograph, 0.3)
    before = Appearance.of(small, face_at(0.3))
    assert before.is_changed_in(scaled(without(photograph, MOUTH), 0.3))


@pytest.mark.parametrize('box', [
    Box(-90, 10, 95, 95), Box(10, 510, 80, 80), Box(100, 100, 5, 5), Box(900, 900, 80, 80)])
def test_what_is_hardly_in_the_image_has_no_appearance(photograph, box):
    assert Appearance.of(photograph, box) is None


def test_an_image_of_another_size_has_changed(photograph):
    assert Appearance.of(photograph, face_at(1)).is_changed_in(photograph[:100])


def test_cells_are_the_means_of_their_pixels():
    image = np.random.default_rng(4).integers(0, 256, (102, 99), np.uint8)
    found = cells(image)
    assert found.shape == (20, 19)
    np.testing.assert_allclose(
        found, image[:100, :95].reshape(20, 5, 19, 5).mean(axis=(1, 3)), atol=1e-3)
    assert not is_changed(found, found)


def watched(images, rate_hz=10):
    """Return in which of the images the scene is calm."""
    watch = SceneWatch()
    calm = []
    for k, image in enumerate(images):
        watch.look(image, k * NS_PER_S // rate_hz)
        calm.append(watch.is_calm(k * NS_PER_S // rate_hz))
    return calm


@pytest.mark.parametrize('sigma', [0, 3, 6])
def test_a_scene_is_calm_two_seconds_after_the_last_motion(photograph, sigma):
    other = photograph.copy()
    other[300:340, 20:60] = 10
    images = [photograph] * 30 + [other] * 30
    seen = [
        as_seen(image, sigma, 1 + 0.1 * np.sin(k / 15), seed=k) for k, image in enumerate(images)]
    assert watched(seen) == [False] * 20 + [True] * 10 + [False] * 20 + [True] * 10


@pytest.mark.parametrize('width', [640, 1920])
def test_a_small_face_that_appears_is_motion(photograph, width):
    wall = np.full((width * 3 // 4, width, 3), 150, np.uint8)
    edge = width // 30
    appeared = wall.copy()
    face = photograph[75:175, 175:275]
    appeared[90:90 + edge, 70:70 + edge] = cv2.resize(
        face, (edge, edge), interpolation=cv2.INTER_AREA)
    assert watched([wall] * 25 + [appeared])[-2:] == [True, False]


def test_slow_motion_counts(photograph):
    assert not any(watched([np.roll(photograph, k // 4, 1) for k in range(60)]))


def test_a_scene_that_was_forgotten_or_has_another_size_is_not_calm(photograph):
    watch = SceneWatch()
    for stamp_s in (0, 1, 2):
        watch.look(photograph, stamp_s * NS_PER_S)
    assert watch.is_calm(2 * NS_PER_S)
    watch.look(photograph[:400], 3 * NS_PER_S)
    assert not watch.is_calm(3 * NS_PER_S)
    watch.reset()
    assert not watch.is_calm(9 * NS_PER_S)
