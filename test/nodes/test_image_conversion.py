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

from fer_ros.nodes.image_conversion import CHANNELS, to_bgr, to_crop, to_message
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
    ],
)
def test_colours(encoding, pixels, padding):
    image = to_bgr(image_message(np.ascontiguousarray(pixels), encoding, padding=padding))
    np.testing.assert_array_equal(image, COLOURS[..., ::-1])
    assert image.flags.c_contiguous
    assert image.dtype == np.uint8


@pytest.mark.parametrize('padding', [0, 3])
def test_grey(padding):
    grey = COLOURS[..., 0]
    message = image_message(np.ascontiguousarray(grey), 'mono8', padding=padding)
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


def test_every_encoding_that_is_named_is_tested():
    assert set(CHANNELS) == {
        'bgr8',
        'rgb8',
        'bgra8',
        'rgba8',
        'mono8',
        'yuv422',
        'uyvy',
        'yuv422_yuy2',
        'yuyv',
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
