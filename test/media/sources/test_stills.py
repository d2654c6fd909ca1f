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

"""Images and folders of images are delivered as they were stored, upright and in order."""

import sys

import cv2
from fer_ros.media.sources import open_source, shows_pictures, SourceError, SourceOptions
import numpy as np
from picture_files import even, exif, h264_stream, heif_start, jpeg, jpeg_with_exif, png
import PIL.Image
import pytest
from video_files import brightness, read_all


def test_an_image_is_repeated_for_its_duration(tmp_path):
    path = tmp_path / 'face.png'
    image = np.random.RandomState(1).randint(0, 255, (20, 30, 3)).astype(np.uint8)
    cv2.imwrite(str(path), image)
    with open_source(str(path), SourceOptions(rate_hz=10, image_duration_s=0.5)) as source:
        assert (source.width, source.height, source.rate_hz, source.frame_count) == (30, 20, 10, 5)
        images = read_all(source)
    assert len(images) == 5
    assert all(np.array_equal(i, image) for i in images)
    with open_source(str(path), SourceOptions(image_duration_s=0)) as source:
        assert len(read_all(source)) == 1


def test_what_is_drawn_on_an_image_does_not_return(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((4, 4, 3), np.uint8))
    with open_source(str(tmp_path / 'a.png')) as source:
        source.read()[:] = 255
        assert source.read().max() == 0


@pytest.mark.parametrize('kind', ['grey', 'alpha', '16 bit', '16 bit grey'])
def test_every_kind_of_image_becomes_bgr_with_8_bits(tmp_path, kind):
    bgr = np.full((8, 6, 3), (10, 120, 250), np.uint8)
    grey = np.full((8, 6), 77, np.uint8)
    picture, expected = {
        'grey': (grey, (77, 77, 77)),
        'alpha': (np.dstack([bgr, np.full((8, 6), 255, np.uint8)]), (10, 120, 250)),
        '16 bit': (bgr.astype(np.uint16) * 257, (10, 120, 250)),
        '16 bit grey': (grey.astype(np.uint16) * 257, (77, 77, 77)),
    }[kind]
    cv2.imwrite(str(tmp_path / 'a.png'), picture)
    with open_source(str(tmp_path / 'a.png')) as source:
        image = source.read()
    assert image.shape == (8, 6, 3)
    assert image.dtype == np.uint8
    assert image[0, 0].tolist() == list(expected)


@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_an_image_is_turned_upright_as_its_exif_says(tmp_path, orientation):
    upright = np.zeros((40, 60, 3), np.uint8)
    upright[:20, :30] = 255
    # How the sensor saw it, by the definition of the EXIF tag: 3 half turn, 6 and 8 a quarter
    # turn.
    stored = {
        1: upright,
        3: cv2.rotate(upright, cv2.ROTATE_180),
        6: cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE),
        8: cv2.rotate(upright, cv2.ROTATE_90_CLOCKWISE),
    }[orientation]
    path = tmp_path / 'turned.jpg'
    path.write_bytes(jpeg_with_exif(stored, exif(orientation)))
    with open_source(str(path)) as source:
        assert (source.width, source.height) == (60, 40)
        assert np.abs(source.read().astype(int) - upright).mean() < 4


def test_a_folder_is_read_in_natural_order(tmp_path):
    for number in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f'face{number}.png'), np.full((4, 4, 3), number, np.uint8))
    (tmp_path / 'labels.csv').write_text('face1,happy\n')
    (tmp_path / '.hidden.png').write_bytes(b'')
    with open_source(str(tmp_path), SourceOptions(image_duration_s=0)) as source:
        assert source.frame_count == 3
        assert brightness(read_all(source)) == [1, 2, 10]
        source.rewind()
        assert brightness(read_all(source)) == [1, 2, 10]
        assert source.warnings == []


def test_a_folder_is_read_by_content_and_what_is_skipped_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pillow_heif', None)
    for name, data in (
            ('1.jfif', jpeg(even(10))), ('2.mpo', jpeg(even(20)) + jpeg(even(90))),
            ('3.JPG.download', jpeg(even(30))), ('4.mp4', png(even(40))),
            ('5.heic', heif_start(b'heic')), ('6.h264', h264_stream([50])),
            ('7.wav', b'RIFF\x24\0\0\0WAVEfmt '), ('8.jpg', b'no image'),
            ('Thumbs.db', b'\xd0\xcf\x11\xe0'), ('1.xmp', b'<?xpacket begin=""?>')):
        (tmp_path / name).write_bytes(data)
    with open_source(str(tmp_path), SourceOptions(image_duration_s=0)) as source:
        assert brightness(read_all(source)) == pytest.approx([10, 20, 30, 40], abs=1)
        warnings = sorted(source.warnings)
    assert len(warnings) == 4
    for warning, (name, words) in zip(warnings, (
            ('5.heic', 'a HEIC picture: install'), ('6.h264', 'is a video'),
            ('7.wav', 'is a sound file'), ('8.jpg', 'not an image')), strict=True):
        assert str(tmp_path / name) in warning
        assert words in warning
        assert 'skipped' in warning


def test_a_folder_of_heic_alone_says_why_it_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pillow_heif', None)
    for number in range(5):
        (tmp_path / f'{number}.heic').write_bytes(heif_start(b'heic'))
    with pytest.raises(SourceError, match='no image that can be read') as caught:
        open_source(str(tmp_path))
    assert 'pip install pillow-heif' in str(caught.value)
    with pytest.raises(SourceError, match=r'0\.heic is a HEIC picture: install'):
        open_source(str(tmp_path / '0.heic'))


def test_a_raw_h264_file_is_a_video(tmp_path):
    (tmp_path / 'a.h264').write_bytes(h264_stream([60, 120, 200]))
    with open_source(str(tmp_path / 'a.h264')) as source:
        # The luma of video, 16 to 235, becomes 0 to 255.
        expected = [(luma - 16) * 255 / 219 for luma in (60, 120, 200)]
        assert brightness(read_all(source)) == pytest.approx(expected, abs=2)


def test_that_only_one_image_of_a_file_is_used_is_said_once(tmp_path):
    assert cv2.imwritemulti(str(tmp_path / '1.tif'), [even(10), even(90)])
    cv2.imwrite(str(tmp_path / '2.png'), even(20))
    with open_source(str(tmp_path), SourceOptions(image_duration_s=0)) as source:
        for _ in range(3):
            assert brightness(read_all(source)) == [10, 20]
            source.rewind()
        (warning,) = source.warnings
    assert f'{tmp_path / "1.tif"} contains 2 images, of which only the first is used' in warning


def test_all_images_of_a_gif_are_read(tmp_path):
    first, *others = (PIL.Image.fromarray(even(level)) for level in (40, 120, 200))
    first.save(tmp_path / 'a.gif', save_all=True, append_images=others, duration=100)
    with open_source(str(tmp_path / 'a.gif')) as source:
        assert brightness(read_all(source)) == pytest.approx([40, 120, 200], abs=2)


def test_pictures_and_folders_of_them_show_pictures(tmp_path):
    picture, video = tmp_path / 'a.png', tmp_path / 'a.mp4'
    assert cv2.imwrite(str(picture), np.zeros((20, 20, 3), np.uint8))
    video.write_bytes(b'\0\0\0\x18ftypmp42')
    assert shows_pictures(str(picture))
    assert shows_pictures(f'file://{picture}')
    assert shows_pictures(str(tmp_path))
    for spec in (
            str(video), str(tmp_path / 'none.png'), 'sample', 'auto', '', '0', '/dev/video0',
            'http://camera.local/a.jpg'):
        assert not shows_pictures(spec)
