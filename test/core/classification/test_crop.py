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

"""Crops show what geometry says, wherever the face lies, however large and turned it is."""

import math

from fer_ros.core.classification.crop import (
    FRAME_SCALE,
    FRAME_SHIFT,
    FRAME_SHIFT_OF_BOX,
    upright_crop,
)
from fer_ros.core.values import Box, KeyPoint
import numpy as np
import pytest

SIZE = 96

# A face in units of its box's edge, its middle at the origin.
EYES_AND_MOUTH = {
    KeyPoint.RIGHT_EYE: (-0.2, -0.2), KeyPoint.LEFT_EYE: (0.2, -0.2),
    KeyPoint.MOUTH_CENTER: (0.0, 0.22)}


def pattern(u, v):
    """Return a smooth pattern without symmetry, 0 to 255, around a face."""
    return 127 + 40 * np.sin(7 * u + 2 * v) + 40 * np.sin(9 * v - 3 * u * v) + 40 * np.cos(5 * u)


def placed(points, x, y, edge, angle):
    """Return points of the face in pixels of the image; the angle turns clockwise as seen."""
    c, s = math.cos(angle), math.sin(angle)
    return np.asarray(points) @ np.array([(c, s), (-s, c)]) * edge + (x, y)


def picture(x, y, edge, angle, width=640, height=480, draw=pattern):
    """Return an image of the pattern, the face's box and its key points."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    c, s = math.cos(angle), math.sin(angle)
    u = (c * (columns - x) + s * (rows - y)) / edge
    v = (-s * (columns - x) + c * (rows - y)) / edge
    grey = np.clip(np.rint(draw(u, v)), 0, 255).astype(np.uint8)
    points = np.zeros((6, 2), np.float32)
    for name, place in EYES_AND_MOUTH.items():
        points[name] = placed(place, x, y, edge, angle)
    box = Box(x - edge / 2, y - edge / 2, edge, edge)
    return np.repeat(grey[..., None], 3, axis=2), box, points


def expected_crop(size=SIZE):
    """Return the pattern as the crop's definition frames it, averaged over each pixel."""
    middle = (EYES_AND_MOUTH[KeyPoint.RIGHT_EYE][1] + EYES_AND_MOUTH[KeyPoint.MOUTH_CENTER][1]) / 2
    fine = 8 if size < 100 else 2
    steps = ((np.arange(fine * size) + 0.5) / (fine * size) - 0.5) * FRAME_SCALE
    v, u = np.meshgrid(steps + middle + FRAME_SHIFT, steps, indexing='ij')
    return pattern(u, v).reshape(size, fine, size, fine).mean(axis=(1, 3))


def difference(a, b):
    return np.abs(a.astype(float) - b.astype(float)).mean()


@pytest.mark.parametrize('edge', [40, 83, 150, 250])
@pytest.mark.parametrize('angle', [0, 15, -40, 90, 180, -130])
def test_the_crop_is_the_same_however_the_face_is_turned_and_large(edge, angle):
    image, box, points = picture(317.3, 236.8, edge, math.radians(angle))
    crop = upright_crop(image, box, points, SIZE)
    assert (crop.shape, crop.dtype) == ((SIZE, SIZE), np.uint8)
    # One pixel beside the place, the difference is 3 or more.
    assert difference(crop, expected_crop()) < 1.2
    assert difference(np.roll(crop, 1, axis=0), expected_crop()) > 2
    assert difference(np.roll(crop, 1, axis=1), expected_crop()) > 2


@pytest.mark.parametrize('size', [16, 48, 224, 512])
def test_the_crop_has_the_size_that_is_asked_for(size):
    crop = upright_crop(*picture(320, 240, 200, 0.3), size)
    assert crop.shape == (size, size)
    assert difference(crop, expected_crop(size)) < 1.2


@pytest.mark.parametrize('angle', [0, 25, -60])
def test_the_eyes_lie_level_at_their_place(angle):
    def eyes(u, v):
        return sum(
            250 * np.exp(-((u - x) ** 2 + (v - y) ** 2) / 0.002)
            for x, y in (EYES_AND_MOUTH[KeyPoint.RIGHT_EYE], EYES_AND_MOUTH[KeyPoint.LEFT_EYE]))
    image, box, points = picture(320, 240, 180, math.radians(angle), draw=eyes)
    crop = upright_crop(image, box, points, SIZE).astype(float)
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    for half, x in ((np.s_[:, :SIZE // 2], -0.2), (np.s_[:, SIZE // 2:], 0.2)):
        weight = crop[half] / crop[half].sum()
        assert (weight * columns[half]).sum() == pytest.approx(
            SIZE / 2 + x / FRAME_SCALE * SIZE, abs=0.3)
        # The eyes are 0.21 above the middle between eyes and mouth.
        assert (weight * rows[half]).sum() == pytest.approx(
            SIZE / 2 - (0.21 + FRAME_SHIFT) / FRAME_SCALE * SIZE, abs=0.3)


def test_without_key_points_the_crop_is_framed_by_the_box():
    image, box, _ = picture(320, 240, 150, 0)
    steps = ((np.arange(SIZE) + 0.5) / SIZE - 0.5) * FRAME_SCALE
    v, u = np.meshgrid(steps + FRAME_SHIFT_OF_BOX, steps, indexing='ij')
    assert difference(upright_crop(image, box, None, SIZE), pattern(u, v)) < 1


@pytest.mark.parametrize('missing', list(EYES_AND_MOUTH))
def test_without_an_eye_or_the_mouth_the_crop_is_framed_by_the_box(missing):
    image, box, points = picture(320, 240, 150, 0.4)
    points[missing] = np.nan
    assert np.array_equal(
        upright_crop(image, box, points, SIZE), upright_crop(image, box, None, SIZE))


def test_unknown_ears_and_nose_change_nothing():
    image, box, points = picture(320, 240, 150, 0.4)
    known = upright_crop(image, box, points, SIZE)
    others = [k for k in KeyPoint if k not in EYES_AND_MOUTH]
    points[others] = np.nan
    assert np.array_equal(upright_crop(image, box, points, SIZE), known)


@pytest.mark.parametrize('angle', [0, 0.5, -2])
@pytest.mark.parametrize(('x', 'y'), [
    (0, 240), (640, 240), (320, 0), (320, 480), (3, 2), (637, 478), (-30, 240), (660, 500),
    (-500, 240), (320, 2000)])
def test_the_image_goes_on_beyond_its_edge_with_its_last_pixels(x, y, angle):
    image, _, _ = picture(320, 240, 300, 0)
    box = Box(x - 40, y - 40, 80, 80)
    points = np.zeros((6, 2), np.float32)
    for name, place in EYES_AND_MOUTH.items():
        points[name] = placed(place, x, y, 80, angle)
    margin = 1700
    wide = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode='edge')
    shifted = Box(box.x + margin, box.y + margin, 80, 80)
    crop = upright_crop(image, box, points, SIZE)
    assert difference(crop, upright_crop(wide, shifted, points + np.float32(margin), SIZE)) < 0.5


@pytest.mark.parametrize('points', [True, False])
@pytest.mark.parametrize('angle', [0, 17, 45])
def test_large_faces_are_averaged_and_not_sampled(angle, points):
    board = np.indices((2600, 2600)).sum(axis=0) % 2 * 255
    image = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    key_points = np.zeros((6, 2), np.float32)
    for name, place in EYES_AND_MOUTH.items():
        key_points[name] = placed(place, 1300, 1300, 2000, math.radians(angle))
    crop = upright_crop(image, Box(300, 300, 2000, 2000), key_points if points else None, SIZE)
    assert np.abs(crop.astype(float) - 127.5).max() < 12


@pytest.mark.parametrize('box', [Box(5, 5, 1, 1), Box(0, 0, 1, 1), Box(5.3, 5.6, 0.01, 0.01)])
def test_a_face_of_one_pixel_shows_that_pixel(box):
    image = np.zeros((12, 12, 3), np.uint8)
    image[:] = np.arange(144).reshape(12, 12, 1)
    crop = upright_crop(image, box, None, 16)
    x, y = (int(v) for v in box.center)
    around = image[max(y - 1, 0):y + 2, max(x - 1, 0):x + 2, 0]
    assert around.min() <= crop.min()
    assert crop.max() <= around.max()


def test_an_image_of_one_pixel_gives_a_crop_of_its_color():
    image = np.full((1, 1, 3), 77, np.uint8)
    assert (upright_crop(image, Box(0, 0, 1, 1), None, 16) == 77).all()


def test_grey_is_the_luminance_of_the_color():
    image = np.full((40, 40, 3), (200, 100, 50), np.uint8)
    crop = upright_crop(image, Box(10, 10, 20, 20), None, 16)
    assert np.abs(crop - (0.114 * 200 + 0.587 * 100 + 0.299 * 50)).max() < 1


def test_the_image_is_not_changed():
    image, box, points = picture(320, 240, 100, 0.3)
    before = image.copy()
    upright_crop(image, box, points, SIZE)
    assert np.array_equal(image, before)


@pytest.mark.parametrize('box', [
    Box(5, 5, 0, 9), Box(5, 5, 9, 0), Box(5, 5, -9, -9), Box(5, 5, math.nan, 9),
    Box(5, 5, math.inf, 9)])
def test_a_box_without_a_finite_area_is_refused_in_words(box):
    with pytest.raises(ValueError, match='the box of a face needs an area'):
        upright_crop(np.zeros((20, 20, 3), np.uint8), box, None, SIZE)
