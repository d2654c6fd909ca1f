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

"""Image messages against arrays computed by hand."""

from array import array

from fer_ros.nodes.image_conversion import to_bgr, to_crop, to_message
from fer_ros.nodes.image_encodings import ENCODINGS
from graph import header, image_message
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

RANDOM = np.random.default_rng(3)
HEIGHT, WIDTH = 6, 8
COLOURS = RANDOM.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)  # red, green, blue


def rgb_of_yuv(y, u, v):
    """Return ITU-R BT.601 with video range, as webcams deliver it, (H, W, 3) float."""
    y, u, v = (1.164 * (y.astype(float) - 16), u.astype(float) - 128, v.astype(float) - 128)
    rgb = np.stack([y + 1.596 * v, y - 0.813 * v - 0.391 * u, y + 2.018 * u], axis=-1)
    return np.clip(rgb, 0, 255)


def yuv_planes():
    y = RANDOM.integers(16, 236, (HEIGHT, WIDTH)).astype(np.uint8)
    u, v = (RANDOM.integers(90, 170, (HEIGHT, WIDTH // 2)).astype(np.uint8) for _ in range(2))
    return y, u, v


def packed(y, u, v, order):
    """Interleave planes: `order` names the bytes of two pixels."""
    planes = {'Y0': y[:, 0::2], 'Y1': y[:, 1::2], 'U': u, 'V': v}
    return np.stack([planes[name] for name in order], axis=-1).reshape(HEIGHT, WIDTH, 2)


def with_alpha(pixels):
    return np.dstack([pixels, RANDOM.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)])


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize(
    ('encoding', 'pixels'),
    [
        ('bgr8', COLOURS[..., ::-1]),
        ('rgb8', COLOURS),
        ('bgra8', with_alpha(COLOURS[..., ::-1])),
        ('rgba8', with_alpha(COLOURS)),
        ('8UC3', COLOURS[..., ::-1]),
        ('8UC4', with_alpha(COLOURS[..., ::-1])),
    ],
)
def test_colours(encoding, pixels, padding):
    image = to_bgr(image_message(np.ascontiguousarray(pixels), encoding, padding=padding))
    np.testing.assert_array_equal(image, COLOURS[..., ::-1])
    assert image.flags.c_contiguous
    assert image.dtype == np.uint8


@pytest.mark.parametrize('padding', [0, 3])
@pytest.mark.parametrize('encoding', ['mono8', '8UC1'])
def test_grey(encoding, padding):
    grey = COLOURS[..., 0]
    message = image_message(np.ascontiguousarray(grey), encoding, padding=padding)
    np.testing.assert_array_equal(to_bgr(message), np.dstack([grey] * 3))
    square = image_message(np.ascontiguousarray(grey[:4, :4]), 'mono8', padding=padding)
    np.testing.assert_array_equal(to_crop(square), grey[:4, :4])


@pytest.mark.parametrize('padding', [0, 4])
@pytest.mark.parametrize(
    ('encoding', 'order'),
    [
        ('yuv422', ('U', 'Y0', 'V', 'Y1')),
        ('uyvy', ('U', 'Y0', 'V', 'Y1')),
        ('yuv422_yuy2', ('Y0', 'U', 'Y1', 'V')),
        ('yuyv', ('Y0', 'U', 'Y1', 'V')),
    ],
)
def test_yuv(encoding, order, padding):
    y, u, v = yuv_planes()
    expected = rgb_of_yuv(y, u.repeat(2, axis=1), v.repeat(2, axis=1))[..., ::-1]
    image = to_bgr(image_message(packed(y, u, v, order), encoding, padding=padding))
    assert np.abs(image - expected).max() <= 2


def deep_message(values, encoding, *, is_bigendian, padding):
    """Return a message of values of 16 bits; the padding is in bytes."""
    height, width = values.shape[:2]
    data = np.ascontiguousarray(values).astype('>u2' if is_bigendian else '<u2').view(np.uint8)
    message = image_message(data.reshape(height, -1), encoding, padding=padding)
    message.width = width
    message.is_bigendian = int(is_bigendian)
    return message


@pytest.mark.parametrize('padding', [0, 2, 5])
@pytest.mark.parametrize('is_bigendian', [False, True])
@pytest.mark.parametrize('bits', [10, 12, 16])
@pytest.mark.parametrize('encoding', ['bgr16', 'rgb16', 'mono16'])
def test_the_bits_that_a_deep_camera_uses_are_kept(encoding, bits, is_bigendian, padding):
    colours = COLOURS.copy()
    colours[0, 0] = 255  # the brightest value tells how many bits are used
    expected = colours[..., ::-1] if encoding != 'mono16' else np.dstack([colours[..., 1]] * 3)
    lower_bits = RANDOM.integers(0, 2 ** (bits - 8), colours.shape)
    values = (colours.astype(np.uint16) << (bits - 8)) + lower_bits
    values = {'bgr16': values[..., ::-1], 'rgb16': values, 'mono16': values[..., 1]}[encoding]
    message = deep_message(values, encoding, is_bigendian=is_bigendian, padding=padding)
    np.testing.assert_array_equal(to_bgr(message), expected)


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('is_bigendian', [False, True])
def test_infrared_is_stretched_from_black_to_white(is_bigendian, padding):
    # A thermal camera: 51 degrees above 0 °C in hundredths of a kelvin.
    ramp = np.tile(np.linspace(27315, 27315 + 5100, 511), (40, 1)).astype(np.uint16)
    message = deep_message(ramp, '16UC1', is_bigendian=is_bigendian, padding=padding)
    image = to_bgr(message).astype(int)
    assert np.abs(image - (np.arange(511) / 2)[None, :, None]).max() <= 2
    flat = deep_message(np.full((8, 8), 300), '16UC1', is_bigendian=False, padding=0)
    assert not to_bgr(flat).any()


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('bits', [8, 16])
@pytest.mark.parametrize('order', ['rggb', 'bggr', 'gbrg', 'grbg'])
def test_bayer(order, bits, padding):
    colour = {'r': 255, 'g': 120, 'b': 30}
    mosaic = np.tile(
        np.array([colour[letter] for letter in order], np.uint8).reshape(2, 2), (6, 5))
    encoding = f'bayer_{order}{bits}'
    message = (
        image_message(mosaic, encoding, padding=padding) if bits == 8
        else deep_message(mosaic * 257.0, encoding, is_bigendian=True, padding=padding))
    np.testing.assert_array_equal(to_bgr(message), np.full((12, 10, 3), (30, 120, 255)))


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('encoding', ['nv12', 'nv21', 'nv24'])
def test_planes_of_luma_and_chroma(encoding, padding):
    y = RANDOM.integers(16, 236, (HEIGHT, WIDTH)).astype(np.uint8)
    shape = (HEIGHT, WIDTH) if encoding == 'nv24' else (HEIGHT // 2, WIDTH // 2)
    u, v = (RANDOM.integers(90, 170, shape).astype(np.uint8) for _ in range(2))
    chroma = np.dstack([v, u] if encoding == 'nv21' else [u, v]).reshape(len(u), -1)
    if padding:
        unused = np.full((HEIGHT, padding), 0xAA, np.uint8)
        y_rows = np.hstack([y, unused])
        unused = np.full((len(u), padding * (2 if encoding == 'nv24' else 1)), 0xAA, np.uint8)
        chroma = np.hstack([chroma, unused])
    else:
        y_rows = y
    message = image_message(y_rows, encoding)
    message.width = WIDTH
    message.data.frombytes(chroma.tobytes())
    if encoding != 'nv24':
        u, v = (np.kron(plane, np.ones((2, 2))) for plane in (u, v))
    assert np.abs(to_bgr(message) - rgb_of_yuv(y, u, v)[..., ::-1]).max() <= 2


def test_every_encoding_that_is_named_is_tested():
    assert set(ENCODINGS) == {
        'bgr8', 'rgb8', 'bgra8', 'rgba8', 'mono8', '8UC1', '8UC3', '8UC4',
        'bgr16', 'rgb16', 'mono16', '16UC1',
        'bayer_rggb8', 'bayer_bggr8', 'bayer_gbrg8', 'bayer_grbg8',
        'bayer_rggb16', 'bayer_bggr16', 'bayer_gbrg16', 'bayer_grbg16',
        'yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv', 'nv12', 'nv21', 'nv24',
    }


@pytest.mark.parametrize(('pixels', 'encoding'), [(COLOURS, 'bgr8'), (COLOURS[..., 1], 'mono8')])
def test_there_and_back(pixels, encoding):
    message = to_message(pixels, header(5))
    assert message.header == header(5)
    assert (message.width, message.height, message.encoding) == (WIDTH, HEIGHT, encoding)
    assert message.step == WIDTH * (3 if encoding == 'bgr8' else 1)
    assert message.is_bigendian == 0
    # The middleware reads the same bytes as those of an array, which is what messages hold.
    received = deserialize_message(serialize_message(message), Image)
    assert isinstance(received.data, array)
    assert bytes(received.data) == np.ascontiguousarray(pixels).tobytes()
    np.testing.assert_array_equal(to_bgr(received)[..., 1], COLOURS[..., 1])
    np.testing.assert_array_equal(to_bgr(message)[..., 1], COLOURS[..., 1])


def test_a_message_shares_the_memory_of_its_image():
    image = COLOURS.copy()
    assert np.shares_memory(to_bgr(to_message(image, header(1))), image)


def test_a_slice_of_an_image_can_be_sent():
    message = to_message(COLOURS[1:4, 2:5], header(1))
    np.testing.assert_array_equal(to_bgr(message), COLOURS[1:4, 2:5])


def test_more_data_than_needed_does_no_harm():
    message = image_message(COLOURS, 'rgb8')
    message.data.extend([1, 2, 3])
    np.testing.assert_array_equal(to_bgr(message), COLOURS[..., ::-1])
