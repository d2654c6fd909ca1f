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

"""Augmentation moves pictures as geometry says and stays within its ranges."""

from dataclasses import replace
import math

from fer_ros.training.augmentation import Augmentation
import numpy as np

NONE = Augmentation(
    rotation_deg=0, log_scale=0, shift=0, log_contrast=0, brightness=0, coarse_share=0,
    blurred_share=0, noisy_share=0, erased_share=0)


def pictures(count=200, edge=48):
    return np.random.default_rng(4).integers(0, 256, (count, edge, edge), dtype=np.uint8)


def test_without_changes_half_of_the_pictures_are_mirrored():
    images = pictures()
    changed, mirrored = NONE(images, np.random.default_rng(0))
    np.testing.assert_array_equal(changed[~mirrored], images[~mirrored])
    np.testing.assert_array_equal(changed[mirrored], images[mirrored, :, ::-1])
    assert 70 < mirrored.sum() < 130


def test_a_dot_moves_no_further_than_the_shift():
    images = np.zeros((300, 48, 48), np.uint8)
    images[:, 23:25, 23:25] = 200
    changed = replace(NONE, shift=0.1)(images, np.random.default_rng(0))[0].astype(float)
    places = np.arange(48)
    x = (changed.sum(axis=1) @ places) / changed.sum(axis=(1, 2)) - 23.5
    y = (changed.sum(axis=2) @ places) / changed.sum(axis=(1, 2)) - 23.5
    for distance in x, y:
        assert 4.0 < np.abs(distance).max() < 0.1 * 48 + 0.1
        assert abs(distance.mean()) < 0.6


def test_a_line_turns_no_further_than_the_rotation():
    images = np.zeros((300, 48, 48), np.uint8)
    images[:, 23:25, 4:44] = 255
    changed = replace(NONE, rotation_deg=15)(images, np.random.default_rng(0))[0].astype(float)
    rows, columns = np.mgrid[:48, :48] - 23.5
    slope = np.degrees(np.arctan((changed * rows * columns).sum(axis=(1, 2))
                                 / (changed * columns ** 2).sum(axis=(1, 2))))
    assert 12 < slope.max() < 16
    assert -16 < slope.min() < -12


def test_grey_values_change_within_brightness_and_contrast():
    images = np.full((300, 48, 48), 100, np.uint8)
    changed = replace(NONE, brightness=30, log_contrast=0.3)(images, np.random.default_rng(0))[0]
    assert (changed.min(axis=(1, 2)) == changed.max(axis=(1, 2))).all()
    lowest = (100 - 127.5) * math.exp(0.3) + 127.5 - 30
    highest = (100 - 127.5) * math.exp(-0.3) + 127.5 + 30
    assert lowest - 1 <= changed.min() < lowest + 12
    assert highest - 12 < changed.max() <= highest + 1


def test_erased_rectangles_are_smaller_than_half_the_edge():
    images = np.zeros((300, 48, 48), np.uint8)
    changed = replace(NONE, erased_share=1.0)(images, np.random.default_rng(0))[0]
    for picture in changed:
        rows, columns = picture.any(axis=1).sum(), picture.any(axis=0).sum()
        assert rows < 24
        assert columns < 24
        assert np.count_nonzero(picture) == rows * columns
    assert changed.any(axis=(1, 2)).sum() > 280


def test_coarse_pictures_lose_detail_and_keep_their_brightness():
    images = pictures(count=50)
    changed = replace(NONE, coarse_share=1.0)(images, np.random.default_rng(0))[0]
    assert (changed.std(axis=(1, 2)) < 0.8 * images.std(axis=(1, 2))).all()
    np.testing.assert_allclose(changed.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=3)


def test_blurred_pictures_lose_edges_and_keep_their_brightness():
    images = pictures(count=50)
    changed = replace(NONE, blurred_share=1.0)(images, np.random.default_rng(0))[0]
    assert (changed.std(axis=(1, 2)) < 0.95 * images.std(axis=(1, 2))).all()
    np.testing.assert_allclose(changed.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=1)


def test_noise_has_no_direction_and_is_as_strong_as_stated():
    images = np.full((200, 48, 48), 128, np.uint8)
    changed = replace(NONE, noisy_share=1.0)(images, np.random.default_rng(0))[0].astype(float)
    spread = changed.std(axis=(1, 2))
    assert 1.8 < spread.min() < 3
    assert 11 < spread.max() < 12.5
    np.testing.assert_allclose(changed.mean(axis=(1, 2)), 128, atol=1)


def test_strength_multiplies_every_range_and_shares_end_at_one():
    assert Augmentation().times(0.0) == NONE
    assert Augmentation().times(0.5).shift == Augmentation().shift / 2
    assert replace(Augmentation(), erased_share=0.7).times(2.0).erased_share == 1.0


def test_the_same_seed_makes_the_same_pictures():
    images = pictures(count=20)
    first, second, other = (
        Augmentation()(images, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    assert (first.shape, first.dtype) == (images.shape, np.uint8)
