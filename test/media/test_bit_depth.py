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

"""Pictures of any bit depth become pictures of 8 bits that look the same."""

import cv2
from fer_ros.media.bit_depth import stretch_to_eight_bits, to_eight_bits
from fer_ros.media.image_file import read_image
import numpy as np
from photographs import astronaut
import pytest

RAMP = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
"""Every grey level of 8 bits."""


def stored(image, bits):
    """Return what a camera with this bit depth measures: levels from 0 to 2 ** bits - 1."""
    return np.round(image / 255 * (2 ** bits - 1)).astype(np.uint16)


@pytest.mark.parametrize('bits', [8, 10, 12, 14, 16])
@pytest.mark.parametrize('dtype', [np.uint16, np.int32])
def test_the_used_bits_are_found(bits, dtype):
    result = to_eight_bits(stored(RAMP, bits).astype(dtype))
    assert result.dtype == np.uint8
    assert np.abs(result.astype(int) - RAMP).max() <= 1


@pytest.mark.parametrize('kind', ['grey', 'colour'])
@pytest.mark.parametrize('suffix', ['.tif', '.png', '.jp2', '.pnm'])
@pytest.mark.parametrize('bits', [10, 12, 16])
def test_a_photograph_of_more_bits_is_read_like_that_of_8(tmp_path, bits, suffix, kind):
    photograph = astronaut()[:256, 100:400]
    if kind == 'grey':
        photograph = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY)
    # It has white pixels, as most photographs.
    assert photograph.max() == 255
    cv2.imwrite(str(tmp_path / f'a{suffix}'), stored(photograph, bits))
    image = read_image(tmp_path / f'a{suffix}')
    expected = photograph if kind == 'colour' else np.dstack([photograph] * 3)
    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).mean() < (4 if suffix == '.jp2' else 1)


def test_pictures_that_use_all_16_bits_are_read_as_opencv_reads_them(tmp_path):
    noise = np.random.default_rng(1).integers(0, 65536, (40, 50, 3)).astype(np.uint16)
    for name, image in (('a.png', noise), ('b.png', noise[:, :, 0]), ('c.tif', noise[:, :, 0])):
        cv2.imwrite(str(tmp_path / name), image)
        expected = cv2.imread(str(tmp_path / name), cv2.IMREAD_COLOR)
        assert np.array_equal(read_image(tmp_path / name), expected)


def test_a_dim_picture_of_16_bits_is_not_taken_for_one_of_15():
    # 15 bits are no bit depth of a camera: half of the range stays half of it.
    assert to_eight_bits(np.array([[0, 16384, 32767]], np.uint16)).tolist() == [[0, 64, 127]]


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_floating_point_from_0_to_1_keeps_its_brightness(tmp_path, dtype):
    dim = (RAMP / 255 * 0.5).astype(dtype)
    cv2.imwrite(str(tmp_path / 'a.tif'), dim)
    image = read_image(tmp_path / 'a.tif')
    assert image.shape == (*RAMP.shape, 3)
    assert np.abs(image[:, :, 0] - RAMP / 2.0).max() <= 0.51


@pytest.mark.parametrize(('black', 'white'), [(0, 255), (-3, 3), (280, 310), (0, 4095), (0, 1e6)])
def test_floating_point_of_other_ranges_is_stretched(tmp_path, black, white):
    cv2.imwrite(str(tmp_path / 'a.tif'), (black + RAMP / 255 * (white - black)).astype(np.float32))
    image = read_image(tmp_path / 'a.tif')
    assert np.abs(image[:, :, 0].astype(int) - RAMP).max() <= 1


def test_broken_pixels_do_not_darken_the_others():
    levels = np.tile(np.linspace(10, 20, 256), (64, 1))
    levels[0, :4] = np.nan, np.inf, -np.inf, 1e9
    levels[1, 0] = -1e9
    result = to_eight_bits(levels)
    assert np.abs(result[2:].astype(int) - RAMP[:1]).max() <= 1
    assert result[0, :4].tolist() == [0, 0, 0, 255]


def test_negative_and_large_integers_are_stretched():
    assert np.array_equal(to_eight_bits(RAMP.astype(np.int16) * 100 - 9000), RAMP)
    assert np.array_equal(to_eight_bits(RAMP.astype(np.int32) * 5000), RAMP)


@pytest.mark.parametrize('value', [0.0, -7.0, 300.0, np.nan, np.inf])
def test_an_even_picture_is_no_error(value):
    result = to_eight_bits(np.full((4, 4), value, np.float32))
    assert (result == 0).all()


def test_a_bright_scene_of_radiance_hdr_is_read(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.hdr'), np.dstack([RAMP / 255 * 40] * 3).astype(np.float32))
    # The format keeps 8 bits of each value and an exponent.
    assert np.abs(read_image(tmp_path / 'a.hdr')[:, :, 0].astype(int) - RAMP).max() <= 2


def test_colours_are_scaled_together(tmp_path):
    colour = np.full((8, 8, 3), (1000, 500, 250), np.uint16)
    cv2.imwrite(str(tmp_path / 'a.png'), colour)
    assert read_image(tmp_path / 'a.png')[0, 0].tolist() == [250, 125, 62]


def test_the_face_in_a_grey_picture_of_10_bits_is_found(tmp_path):
    from fer_ros import Frame, Pipeline
    grey = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    cv2.imwrite(str(tmp_path / 'a.tif'), stored(grey, 10))
    cv2.imwrite(str(tmp_path / 'b.tif'), np.float32(grey) / 255)
    with Pipeline.from_config('still') as pipeline:
        for name in 'a.tif', 'b.tif':
            (face,) = pipeline.process(Frame(read_image(tmp_path / name), 0))
            # Her face in the photograph, measured by hand.
            assert (face.box.x + face.box.width / 2, face.box.y + face.box.height / 2) == (
                pytest.approx((223, 115), abs=25))


def test_an_infrared_image_is_stretched_and_a_glaring_pixel_does_not_count():
    image = np.round(30000 + 3.0 * np.tile(RAMP, (16, 1))).astype(np.uint16)
    image[100, 100] = 65535
    levels = stretch_to_eight_bits(image)
    assert levels[100, 100] == 255
    levels[100, 100] = RAMP[0, 100]
    # Every fourth column counts, so the brightest three may be cut off.
    assert np.abs(levels.astype(int) - np.tile(RAMP, (16, 1))).max() <= 3
    assert not stretch_to_eight_bits(np.full((9, 9), 700, np.uint16)).any()
