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

"""Dark and noisy images are recognised and prepared; others are left to the network."""

import cv2
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.detection.search_view import (
    BRIGHT_LEVEL,
    is_dark_or_noisy,
    noise_level,
    search_view,
)
from fer_ros.core.values import Box
import numpy as np
from photographs import astronaut
import pytest

FACE = Box(175.6, 75.4, 99.6, 99.6)
"""Where the astronaut's face is."""


@pytest.fixture(scope='module')
def photograph():
    return astronaut()


def noisy(image, sigma):
    noise = np.random.default_rng(3).normal(0, sigma, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def dimmed(image, share):
    return noisy(np.rint(image * share).astype(np.uint8), 2)


@pytest.mark.parametrize('sigma', [5.0, 10.0, 20.0, 40.0])
def test_the_noise_of_a_plain_image_is_measured(sigma):
    image = np.full((300, 400, 3), 128, np.uint8)
    # Grey is a weighted mean of three independent channels.
    of_grey = sigma * np.hypot.reduce([0.114, 0.587, 0.299])
    assert noise_level(noisy(image, sigma)) == pytest.approx(of_grey, rel=0.15)


def test_edges_and_texture_are_no_noise(photograph):
    assert noise_level(photograph) < 2.5
    checks = np.kron(np.indices((15, 20)).sum(axis=0) % 2, np.ones((20, 20))) * 255
    assert noise_level(cv2.cvtColor(checks.astype(np.uint8), cv2.COLOR_GRAY2BGR)) == 0


@pytest.mark.parametrize(('change', 'expected'), [
    (lambda image: image, False),
    (lambda image: noisy(image, 3), False),
    (lambda image: noisy(image, 20), True),
    (lambda image: noisy(image, 40), True),
    (lambda image: dimmed(image, 0.7), False),
    (lambda image: dimmed(image, 0.2), True),
    (np.zeros_like, False)])
def test_dark_and_noisy_images_are_recognised(photograph, change, expected):
    assert is_dark_or_noisy(change(photograph)) is expected


def test_small_images_are_no_problem(photograph):
    for size in ((1, 1), (2, 9), (30, 20)):
        image = np.ascontiguousarray(photograph[:size[0], :size[1]])
        is_dark_or_noisy(image)
        assert max(search_view(image, 192).shape[:2]) == 192


@pytest.mark.parametrize(('width', 'height'), [(640, 480), (1921, 1083), (480, 640), (100, 60)])
def test_the_view_has_the_shape_of_the_image(width, height):
    view = search_view(np.full((height, width, 3), 130, np.uint8), 192)
    assert max(view.shape[:2]) == 192
    assert view.shape[1] / view.shape[0] == pytest.approx(width / height, rel=0.02)
    assert np.ptp(view) == 0


def test_things_keep_their_place_in_the_view():
    image = np.full((720, 1280, 3), 120, np.uint8)
    image[300:420, 800:1000] = 255
    view = search_view(image, 192)
    rows, columns = np.nonzero(view[:, :, 0] > 190)
    scale = 1280 / 192
    assert columns.mean() + 0.5 == pytest.approx(900 / scale, abs=0.3)
    assert rows.mean() + 0.5 == pytest.approx(360 / scale, abs=0.3)


def test_a_dark_view_becomes_bright(photograph):
    view = search_view(dimmed(photograph, 0.1), 192)
    assert np.quantile(cv2.cvtColor(view, cv2.COLOR_BGR2GRAY), 0.98) == pytest.approx(
        BRIGHT_LEVEL, abs=15)


@pytest.mark.parametrize('change', [
    lambda image: noisy(image, 40), lambda image: dimmed(image, 0.08)], ids=['noisy', 'dark'])
@pytest.mark.parametrize('name', ['mediapipe', 'mediapipe_full', 'mediapipe_short'])
def test_the_face_is_found_where_it_is(photograph, change, name):
    detector = create_detector(DetectorOptions(name=name))
    faces = detector.detect(change(photograph))
    detector.close()
    best = max(faces, key=lambda face: face.score)
    assert best.box.iou(FACE) > 0.65
    # Alone, the short-range network also takes structures of the noise for faces.
    assert len(faces) == 1 or (name == 'mediapipe_short' and best.score > 0.7)
