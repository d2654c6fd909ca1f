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

"""Compressed images against the pixels that were encoded."""

from array import array
import io

import cv2
from fer_ros.nodes.image_conversion import to_bgr
from fer_ros.nodes.image_encodings import ImageError
from graph import sample
import numpy as np
from PIL import Image as Picture
import pytest
from sensor_msgs.msg import CompressedImage

PICTURE = sample().frame(0)
GREY = PICTURE[..., 1]


def message(suffix, pixels, words):
    """Return a message with pixels as OpenCV encodes them: BGR, grey, 8 or 16 bits."""
    _, data = cv2.imencode(suffix, pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return CompressedImage(format=words, data=array('B', data.tobytes()))


def difference(image, expected):
    return np.abs(image.astype(int) - expected).mean()


@pytest.mark.parametrize('words', [
    'jpeg', 'jpg', '', 'bgr8; jpeg compressed bgr8', 'rgb8; jpeg compressed bgr8',
    'bgra8; jpeg compressed bgr8', 'yuv422_yuy2; jpeg compressed bgr8'])
def test_jpeg(words):
    image = to_bgr(message('.jpg', PICTURE, words))
    assert image.shape == PICTURE.shape
    assert image.flags.c_contiguous
    assert difference(image, PICTURE) < 3
    assert difference(image[..., ::-1], PICTURE) > 3, 'red and blue differ'


@pytest.mark.parametrize(
    'words', ['png', 'bgr8; png compressed bgr8', 'rgb8; png compressed bgr8'])
def test_png(words):
    np.testing.assert_array_equal(to_bgr(message('.png', PICTURE, words)), PICTURE)


def test_an_encoder_that_was_given_rgb():
    sent = message('.png', PICTURE[..., ::-1], 'rgb8; png compressed rgb8')
    np.testing.assert_array_equal(to_bgr(sent), PICTURE)


@pytest.mark.parametrize(('suffix', 'words'), [
    ('.jpg', 'mono8; jpeg compressed '), ('.png', 'mono8; png compressed '), ('.png', 'png')])
def test_grey(suffix, words):
    image = to_bgr(message(suffix, GREY, words))
    assert image.shape == PICTURE.shape
    assert difference(image, np.dstack([GREY] * 3)) < 3


def test_png_with_transparency_and_of_16_bits():
    with_alpha = np.dstack([PICTURE, GREY])
    np.testing.assert_array_equal(to_bgr(message('.png', with_alpha, 'bgra8; png')), PICTURE)
    deep = PICTURE.astype(np.uint16) * 257
    np.testing.assert_array_equal(to_bgr(message('.png', deep, 'rgb16; png')), PICTURE)
    # A camera of 12 bits, and an infrared one.
    twelve = GREY.astype(np.uint16) * 16
    image = to_bgr(message('.png', twelve, 'mono16; png compressed '))
    np.testing.assert_array_equal(image, np.dstack([GREY] * 3))
    ramp = np.tile(np.linspace(9000, 9510, 511), (40, 1)).astype(np.uint16)
    image = to_bgr(message('.png', ramp, '16UC1; png compressed '))
    assert np.abs(image - (np.arange(511) / 2)[None, :, None]).max() <= 2


def test_an_exif_orientation_does_not_turn_the_image_away_from_its_camera_info():
    file = io.BytesIO()
    exif = Picture.Exif()
    exif[0x0112] = 6  # a quarter turn
    Picture.fromarray(PICTURE[..., ::-1]).save(file, 'JPEG', exif=exif)
    image = to_bgr(CompressedImage(format='jpeg', data=array('B', file.getvalue())))
    assert image.shape == PICTURE.shape


WHOLE = message('.jpg', PICTURE, 'jpeg').data.tobytes()
PNG = message('.png', PICTURE, 'png').data.tobytes()


@pytest.mark.parametrize(('data', 'words', 'reason'), [
    (b'', 'jpeg', 'no data'),
    (WHOLE[:len(WHOLE) // 2], 'jpeg', f'missing after {len(WHOLE) // 2} bytes'),
    (PNG[:len(PNG) // 2], 'png', 'missing after'),
    (b'\xff\xd8\xff' + bytes(50) + b'\xff\xd9', 'jpeg', 'damaged'),
    (b'\0\0\0\x01\x67\x42', 'h264', 'neither JPEG nor PNG'),
    (bytes(12) + PNG, '16UC1; compressedDepth png', 'image_transport republish'),
], ids=['empty', 'half a JPEG', 'half a PNG', 'damaged', 'h264', 'depth'])
def test_the_fault_is_told_in_words(data, words, reason):
    with pytest.raises(ImageError, match=reason) as caught:
        to_bgr(CompressedImage(format=words, data=array('B', data)))
    assert repr(words) in str(caught.value)
