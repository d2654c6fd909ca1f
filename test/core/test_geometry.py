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

"""Transforms agree with hand-written matrices, and so do images warped by both."""

import math

import cv2
from fer_ros.core.classification.crop import upright_crop
from fer_ros.core.geometry import Box, Region, Similarity
from fer_ros.core.values import KeyPoint
import numpy as np
from photographs import astronaut
import pytest

SIZE = 48
CENTER = SIZE / 2

# OpenCV 4 rounds the matrix of a warp to fractions of a pixel; OpenCV 5 shows its last bit.
GREY_LEVELS = 0 if cv2.__version__ < '5' else 1


@pytest.fixture(scope='module')
def photograph():
    return astronaut()


def centred(scale=1.0, angle=0.0, shift=(0.0, 0.0), mirrored=False):
    """Return a transform about the centre of a square of `SIZE` pixels."""
    return Similarity(
        scale, angle, (CENTER, CENTER), (CENTER + shift[0], CENTER + shift[1]), mirrored)


@pytest.mark.parametrize(('transform', 'pixel', 'expected'), [
    (centred(), (3, 5), (3, 5)),
    (centred(mirrored=True), (3, 5), (44, 5)),
    # A quarter turn clockwise moves the centre of the right edge to that of the bottom edge.
    (centred(angle=math.pi / 2), (47, 23.5), (23.5, 47)),
    (centred(scale=2.0), (33.5, 13.5), (43.5, 3.5)),
    (centred(shift=(2.0, -3.0)), (10, 10), (12, 7)),
    # Mirrored first, then rotated: (47, 23.5) goes to (0, 23.5) and from there to the top.
    (centred(angle=math.pi / 2, mirrored=True), (47, 23.5), (23.5, 0)),
])
def test_the_matrix_moves_pixel_centres_where_geometry_says(transform, pixel, expected):
    moved = transform.warp_matrix() @ np.array([*pixel, 1.0])
    assert moved == pytest.approx(expected, abs=1e-9)
    # The same points counted from the corner of the first pixel.
    (point,) = transform.points(np.array([pixel]) + 0.5)
    assert point == pytest.approx(np.add(expected, 0.5), abs=1e-9)


@pytest.mark.parametrize('mirrored', [False, True])
def test_the_inverse_takes_points_back(mirrored):
    points = np.random.default_rng(1).uniform(-50, 600, (40, 2))
    transform = Similarity(0.37, 2.1, (31.0, -7.5), (250.5, 99.0), mirrored)
    back = transform.inverse().points(transform.points(points))
    np.testing.assert_allclose(back, points, atol=1e-9)


def test_source_goes_to_target():
    transform = Similarity(1.7, -0.6, (31.0, -7.5), (250.5, 99.0))
    assert transform.points(np.array([(31.0, -7.5)]))[0] == pytest.approx((250.5, 99.0))


@pytest.mark.parametrize('roll', [-2.5, -0.3, 0.0, 0.3, 1.57])
@pytest.mark.parametrize('edge', [40.0, 150.7, 480.0])
def test_the_view_of_a_region_is_the_hand_written_one(photograph, roll, edge):
    center_x, center_y, size = 225.3, 124.6, 192
    cos, sin = edge / size * math.cos(roll), edge / size * math.sin(roll)
    half = (size - 1) / 2
    by_hand = np.array([
        (cos, -sin, center_x - 0.5 - (cos - sin) * half),
        (sin, cos, center_y - 0.5 - (sin + cos) * half)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    ours = Region(center_x, center_y, edge, roll).from_view(size).warp_matrix()
    views = [cv2.warpAffine(photograph, m, (size, size), flags=flags) for m in (by_hand, ours)]
    assert cv2.absdiff(*views).max() <= GREY_LEVELS


def crop_by_hand(image, box, points, size):
    """Return the crop as it was computed before transforms were shared, for boxes inside."""
    side = (box.width + box.height) / 2
    right, left, mouth = points[[KeyPoint.RIGHT_EYE, KeyPoint.LEFT_EYE, KeyPoint.MOUTH_CENTER]]
    angle = math.atan2(left[1] - right[1], left[0] - right[0])
    middle = ((right + left) / 2 + mouth) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = box.center
    shift = cos * (middle[1] - y) - sin * (middle[0] - x) - 0.09 * side
    x, y, edge = x - sin * shift, y + cos * shift, 1.16 * side
    reach = edge * (abs(cos) + abs(sin)) / 2 + 2
    x0, y0 = max(math.floor(x - reach), 0), max(math.floor(y - reach), 0)
    patch = cv2.cvtColor(
        image[y0:math.ceil(y + reach), x0:math.ceil(x + reach)], cv2.COLOR_BGR2GRAY)
    shrink = max(int(edge / size), 1)
    if shrink > 1:
        rows, columns = (n // shrink for n in patch.shape)
        patch = cv2.resize(
            patch[:rows * shrink, :columns * shrink], (columns, rows),
            interpolation=cv2.INTER_AREA)
    step, half = edge / size / shrink, (size - 1) / 2
    x, y = (x - x0) / shrink - 0.5, (y - y0) / shrink - 0.5
    matrix = np.array([
        (cos * step, -sin * step, x - (cos - sin) * step * half),
        (sin * step, cos * step, y - (sin + cos) * step * half)])
    return cv2.warpAffine(
        patch, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize('size', [48, 72, 96, 224])
@pytest.mark.parametrize('scale', [0.4, 1.0, 1.3])
@pytest.mark.parametrize('roll', [-1.2, 0.0, 0.05, 0.7])
def test_crops_are_the_hand_written_ones(photograph, size, scale, roll):
    box = Box(175.6, 75.4, 99.6, 99.6).scaled(scale)
    points = np.full((6, 2), np.nan, np.float32)
    turn = Similarity(scale, roll, (225.0, 125.0), (225.4, 125.2))
    points[[KeyPoint.RIGHT_EYE, KeyPoint.LEFT_EYE, KeyPoint.MOUTH_CENTER]] = turn.points(
        np.array([(204.4, 101.2), (246.0, 103.4), (224.0, 152.0)]))
    crop = upright_crop(photograph, box, points, size)
    assert crop.std() > 10
    by_hand = crop_by_hand(photograph, box, points, size)
    assert cv2.absdiff(crop, by_hand).max() <= GREY_LEVELS


def test_boxes_that_share_most_of_the_smaller_one():
    large = Box(0, 0, 100, 100)
    assert large.covers_most_of(Box(50, 50, 20, 20))
    assert Box(50, 50, 20, 20).covers_most_of(large)
    assert large.covers_most_of(Box(91, 0, 20, 20)) is False
    assert large.edge == 100
    assert Box(0, 0, 25, 4).edge == 10
