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

"""Crops become a network's input as the card says."""

from fer_ros.core.classification.preprocessing import Preprocessing, with_contrast
import numpy as np
import pytest

UNCHANGED = Preprocessing(width=48, height=48, scale=1.0, offset=0.0)


def test_scale_and_offset_are_applied_to_grey_values():
    crop = np.arange(48 * 48, dtype=np.uint32).reshape(48, 48).astype(np.uint8)
    batch = Preprocessing(48, 48, scale=1 / 127.5, offset=-1.0).network_input([crop])
    assert batch.shape == (1, 48, 48, 1)
    assert batch.dtype == np.float32
    np.testing.assert_allclose(batch[0, :, :, 0], crop / 127.5 - 1, atol=1e-6)


def test_a_crop_twice_as_large_is_averaged():
    random = np.random.default_rng(3)
    crop = random.integers(0, 256, (96, 96), dtype=np.uint8)
    means = crop.reshape(48, 2, 48, 2).mean(axis=(1, 3))
    batch = UNCHANGED.network_input([crop])
    np.testing.assert_allclose(batch[0, :, :, 0], means, atol=0.5)


def test_a_small_crop_is_interpolated():
    column = np.linspace(0, 240, 16).astype(np.uint8)
    batch = UNCHANGED.network_input([np.tile(column, (16, 1))])
    # Pixel centres of the small picture stand at 1, 4, 7... of the large one.
    np.testing.assert_allclose(batch[0, 20, 1::3, 0], column, atol=0.5)
    assert (np.diff(batch[0, 20, :, 0]) >= 0).all()


def test_crops_of_different_sizes_make_one_batch():
    crops = [np.full((edge, edge), grey, np.uint8) for edge, grey in ((7, 1), (48, 2), (300, 3))]
    batch = UNCHANGED.network_input(crops)
    assert batch.shape == (3, 48, 48, 1)
    assert [np.unique(picture).tolist() for picture in batch] == [[1.0], [2.0], [3.0]]


def test_no_crops_make_an_empty_batch():
    assert UNCHANGED.network_input([]).shape == (0, 48, 48, 1)


def grey_face():
    """Return a picture of many grey values, 20 to 235, as a face has them."""
    random = np.random.default_rng(4)
    return np.clip(random.normal(120, 40, (48, 48)), 20, 235).astype(np.uint8)


def contrast(picture):
    low, high = np.percentile(picture[12:36, 12:36], (2, 98), method='inverted_cdf')
    return int(high) - int(low)


@pytest.mark.parametrize(('share', 'offset'), [(0.1, 0), (0.25, 0), (0.25, 110), (0.1, 220)])
def test_a_dim_or_hazy_crop_gets_the_least_contrast(share, offset):
    face = grey_face()
    dim = np.rint(share * face + offset).astype(np.uint8)
    spread = with_contrast(dim, 120)
    assert abs(contrast(spread) - 120) <= 1
    assert abs(np.median(spread) - 127.5) < abs(np.median(dim) - 127.5) / 2
    # Brighter stays brighter, and the picture is the same but for brightness and contrast.
    assert np.corrcoef(spread.ravel(), dim.ravel())[0, 1] > 0.999


def test_a_bright_window_does_not_hide_that_a_face_is_dark():
    backlit = np.full((48, 48), 250, np.uint8)
    backlit[8:40, 10:38] = (grey_face() // 8)[8:40, 10:38]
    assert abs(contrast(with_contrast(backlit, 120)) - 120) <= 1


def test_a_crop_of_enough_contrast_stays_as_it_is():
    face = grey_face()
    np.testing.assert_array_equal(with_contrast(face, 120), face)
    np.testing.assert_array_equal(with_contrast(face // 8, 0), face // 8)


def test_nothing_jumps_where_contrast_becomes_too_low():
    face = grey_face()
    least = contrast(face) + 1
    difference = with_contrast(face, least).astype(int) - face
    assert np.abs(difference).max() <= 2


def test_a_crop_of_one_grey_value_becomes_no_noise():
    assert np.unique(with_contrast(np.full((48, 48), 30, np.uint8), 120)).size == 1


def test_a_network_gets_the_contrast_that_its_card_states():
    dim = grey_face() // 8
    batch = Preprocessing(48, 48, 1.0, 0.0, least_contrast=120).network_input([dim])
    np.testing.assert_array_equal(batch[0, :, :, 0], with_contrast(dim, 120))


@pytest.mark.parametrize('crop', [
    np.zeros((48, 47), np.uint8), np.zeros((48, 48, 3), np.uint8), np.zeros((48, 48), np.float32),
    np.zeros((0, 0), np.uint8), np.zeros(48, np.uint8),
], ids=['not square', 'colour', 'float', 'empty', 'flat'])
def test_other_pictures_are_refused(crop):
    with pytest.raises(ValueError, match=r'square grey image.*not \(.*\) of (uint8|float32)'):
        UNCHANGED.network_input([crop])
