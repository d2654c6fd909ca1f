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

"""A video file delivers the images that were put in."""

from fer_ros.media.sources import open_source, SourceOptions
from fer_ros.media.timed_video import TimedVideo
from file_server import FileServer
import numpy as np
import pytest
from video_files import (
    brightness,
    quarters,
    read_all,
    set_display_size,
    set_matrix,
    set_pixel_ratio,
    set_roll,
    write_still_video,
    write_video,
)

# In the order of the file: a, b, c, d.
ROTATIONS = {
    'upright': (1, 0, 0, 1),
    'clockwise': (0, 1, -1, 0),
    'upside down': (-1, 0, 0, -1),
    'counter-clockwise': (0, -1, 1, 0),
}
MIRRORED = {
    'left and right': (-1, 0, 0, 1),
    'above and below': (1, 0, 0, -1),
    'diagonal': (0, 1, 1, 0),
    'other diagonal': (0, -1, -1, 0),
}


def displayed(image, a, b, c, d):
    """Move each pixel to the place that the matrix names."""
    y, x = np.indices(image.shape[:2])
    to_x, to_y = a * x + c * y, b * x + d * y
    to_x, to_y = to_x - to_x.min(), to_y - to_y.min()
    result = np.zeros((to_y.max() + 1, to_x.max() + 1, 3), np.uint8)
    result[to_y, to_x] = image
    return result


def assert_shows(source, expected):
    """Check that each image of the source, and its stated size, are as expected."""
    assert (source.width, source.height) == expected.shape[1::-1]
    images = read_all(source)
    assert len(images) == 5
    for image in images:
        assert image.shape == expected.shape
        assert image.flags.c_contiguous
        # Compression blurs the edges.
        assert np.abs(image.astype(float) - expected).mean() < 6


@pytest.mark.parametrize(
    ('name', 'fourcc'), [('a.avi', 'MJPG'), ('a.mkv', 'MJPG'), ('a.mp4', 'mp4v')]
)
def test_a_video_delivers_every_image_in_order_and_again_after_rewind(tmp_path, name, fourcc):
    path = write_video(tmp_path / name, fourcc)
    with open_source(str(path)) as source:
        assert (source.width, source.height, source.rate_hz) == (64, 48, 25.0)
        assert source.frame_count == 20
        assert not source.is_live
        first = read_all(source)
        source.rewind()
        second = read_all(source)
    assert brightness(first) == pytest.approx([10 * n for n in range(20)], abs=4)
    assert brightness(second) == brightness(first)
    assert source.warnings == []
    assert all(
        i.dtype == np.uint8 and i.shape == (48, 64, 3) and i.flags.c_contiguous for i in first
    )


def test_a_moving_gif_is_a_video(tmp_path):
    pillow = pytest.importorskip('PIL.Image')
    frames = [pillow.new('RGB', (32, 24), (80 * n, 0, 0)) for n in range(3)]
    path = tmp_path / 'moving.gif'
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    with open_source(str(path)) as source:
        assert [int(image[..., 2].mean()) for image in read_all(source)] == pytest.approx(
            [0, 80, 160], abs=3
        )
        assert source.rate_hz == pytest.approx(10)


def test_a_video_with_an_impossible_rate_is_shown_at_30_with_a_warning(tmp_path):
    path = write_video(tmp_path / 'fast.avi', rate_hz=500)
    with open_source(str(path)) as source:
        assert source.rate_hz == 30
        assert [w for w in source.warnings if 'rate_hz' in w and str(path) in w]
    with open_source(str(path), SourceOptions(rate_hz=12.5)) as source:
        assert source.rate_hz == 12.5
        assert source.warnings == []


@pytest.mark.parametrize('suffix', ['.mp4', '.mov'])
@pytest.mark.parametrize('matrix', [*ROTATIONS.values(), *MIRRORED.values()], ids=str)
def test_a_video_is_rotated_and_mirrored_as_its_matrix_states(tmp_path, suffix, matrix):
    path = set_matrix(write_still_video(tmp_path / f'phone{suffix}', quarters()), *matrix)
    expected = displayed(quarters(), *matrix)
    with open_source(str(path)) as source:
        assert_shows(source, expected)
        assert f'{expected.shape[1]}x{expected.shape[0]}' in source.description
        source.rewind()
        assert_shows(source, expected)


@pytest.mark.parametrize(
    ('degrees', 'rotation'),
    [(-90, 'clockwise'), (180, 'upside down'), (90, 'counter-clockwise')],
)
def test_a_matroska_video_is_rotated_as_it_states(tmp_path, degrees, rotation):
    path = set_roll(write_still_video(tmp_path / 'phone.mkv', quarters()), degrees)
    with open_source(str(path)) as source:
        expected = displayed(quarters(), *ROTATIONS[rotation])
        assert_shows(source, expected)
        source.rewind()
        assert_shows(source, expected)


def test_a_video_over_http_is_rotated(tmp_path):
    path = set_roll(write_still_video(tmp_path / 'phone.mkv', quarters()), -90)
    expected = displayed(quarters(), *ROTATIONS['clockwise'])
    with FileServer(path.read_bytes()) as server, open_source(server.url) as source:
        assert not source.is_live
        assert_shows(source, expected)
        source.rewind()
        assert_shows(source, expected)


def test_the_images_that_are_analysed_are_upright(tmp_path):
    matrix = ROTATIONS['clockwise']
    path = set_matrix(write_still_video(tmp_path / 'phone.mp4', quarters()), *matrix)
    with TimedVideo(path) as video:
        for timed in video.images():
            assert np.abs(timed.image.astype(float) - displayed(quarters(), *matrix)).mean() < 6
        assert timed.number == 4


@pytest.mark.parametrize('suffix', ['.mp4', '.mov'])
@pytest.mark.parametrize(
    ('pixel', 'size'), [((2, 1), (128, 48)), ((4, 3), (85, 48)), ((3, 4), (64, 64)),
                        ((1, 2), (64, 96)), ((5, 5), (64, 48))])
def test_pixels_that_are_not_square_are_enlarged(tmp_path, suffix, pixel, size):
    path = write_still_video(tmp_path / f'wide{suffix}', quarters())
    with open_source(str(set_pixel_ratio(path, *pixel))) as source:
        assert_shows(source, quarters(size))
        source.rewind()
        assert_shows(source, quarters(size))
        assert source.warnings == []


def test_the_display_size_of_a_matroska_video_is_honoured_also_over_http(tmp_path):
    path = set_display_size(write_still_video(tmp_path / 'a.mkv', quarters()), 640, 360)
    with open_source(str(path)) as source:
        assert_shows(source, quarters((85, 48)))
    with FileServer(path.read_bytes()) as server, open_source(server.url) as source:
        assert_shows(source, quarters((85, 48)))


@pytest.mark.parametrize('matrix', [*ROTATIONS.values(), *MIRRORED.values()], ids=str)
def test_the_shape_of_pixels_is_that_before_the_rotation(tmp_path, matrix):
    path = set_matrix(write_still_video(tmp_path / 'a.mp4', quarters()), *matrix)
    with open_source(str(set_pixel_ratio(path, 2, 1))) as source:
        assert_shows(source, displayed(quarters((128, 48)), *matrix))


def test_impossible_pixels_are_taken_as_square_with_a_warning(tmp_path):
    path = set_pixel_ratio(write_still_video(tmp_path / 'a.mp4', quarters()), 50, 1)
    with open_source(str(path)) as source:
        assert_shows(source, quarters())
        assert [w for w in source.warnings if str(path) in w and '50x1' in w]
    with TimedVideo(path) as video:
        assert len(list(video.images())) == 5
        assert [w for w in video.faults if '50x1' in w]


def test_impossible_pixels_of_a_video_over_http_are_taken_as_square_with_a_warning(tmp_path):
    path = set_display_size(write_still_video(tmp_path / 'a.mkv', quarters()), 640, 10)
    with FileServer(path.read_bytes()) as server, open_source(server.url) as source:
        assert_shows(source, quarters())
        assert [w for w in source.warnings if server.url in w and '48x1' in w]


def test_an_anamorphic_video_looks_like_the_one_with_square_pixels(data_directory):
    cases = data_directory / 'cases'
    with open_source(str(cases / 'upright.mp4')) as source:
        expected = source.read()
    with open_source(str(cases / 'anamorphic_2_1.mp4')) as source:
        assert (source.width, source.height) == (640, 480)
        assert np.abs(source.read().astype(float) - expected).mean() < 4


@pytest.mark.parametrize('name', ['phone_90.mp4', 'phone_180.mp4'])
def test_videos_of_phones_look_like_the_upright_one(data_directory, name):
    cases = data_directory / 'cases'
    with open_source(str(cases / 'upright.mp4')) as upright:
        expected = upright.read()
    with open_source(str(cases / name)) as source:
        image = source.read()
    assert image.shape == expected.shape
    assert np.abs(image.astype(float) - expected).mean() < 4
