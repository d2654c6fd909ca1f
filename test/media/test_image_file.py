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

"""Pictures of all formats are read; what cannot be read is refused in a true sentence."""

from importlib.machinery import ModuleSpec
from io import BytesIO
import sys
from types import ModuleType

import cv2
from fer_ros.media.image_file import read_image
import numpy as np
from picture_files import (
    even,
    exif,
    heif_start,
    jpeg,
    jpeg_with_exif,
    png_with_exif,
    webp,
    webp_with_exif,
)
import PIL.features
import PIL.Image
import PIL.ImageFile
import pytest

QUARTERS = np.zeros((40, 60, 3), np.uint8)
QUARTERS[:20, :30] = (250, 120, 10)
"""A picture, BGR, whose first quarter is bright and of another blue than red."""

needs_avif = pytest.mark.skipif(
    not PIL.features.check('avif'), reason='this Pillow has no decoder of AVIF')


def with_pillow(name, image=QUARTERS, **options):
    """Return the picture as Pillow writes it."""
    file = BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(image[:, :, ::-1])).save(file, name, **options)
    return file.getvalue()


def read(path, data):
    path.write_bytes(data)
    return read_image(path)


def sentence(path, data):
    with pytest.raises(ValueError, match=path.name) as caught:
        read(path, data)
    return str(caught.value)


def assert_like(image, expected, tolerance=4):
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).mean() < tolerance


@needs_avif
def test_an_avif_is_read(tmp_path):
    assert_like(read(tmp_path / 'a.avif', with_pillow('AVIF')), QUARTERS)


@needs_avif
def test_a_damaged_avif_is_named(tmp_path):
    data = with_pillow('AVIF')
    text = sentence(tmp_path / 'a.avif', data[:len(data) * 2 // 3])
    assert 'a.avif is an AVIF picture that is damaged' in text
    assert 'MP4' not in text


def test_an_avif_without_a_decoder_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(PIL.features, 'check', lambda _: False)
    text = sentence(tmp_path / 'a.avif', heif_start(b'avif', b'mif1'))
    assert 'is an AVIF picture: install' in text
    assert 'pip install "pillow>=11.3"' in text


def test_a_heic_is_read_with_pillow_heif(tmp_path):
    plugin = pytest.importorskip(
        'pillow_heif', reason='the package of requirements/heic.txt is not installed')
    plugin.register_heif_opener()
    data = with_pillow('HEIF', quality=95)
    assert_like(read(tmp_path / 'a.heic', data), QUARTERS)
    # Telephones store the image as the sensor saw it, and how it is to be turned.
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    stored = cv2.rotate(QUARTERS, cv2.ROTATE_90_COUNTERCLOCKWISE)
    data = with_pillow('HEIF', stored, exif=exif.tobytes(), quality=95)
    assert_like(read(tmp_path / 'b.heic', data), QUARTERS)


def test_a_heic_without_pillow_heif_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pillow_heif', None)
    for brand, name in ((b'heic', 'HEIC'), (b'mif1', 'HEIF')):
        text = sentence(tmp_path / 'a.heic', heif_start(brand))
        assert f'a.heic is a {name} picture: install' in text
        assert 'pip install pillow-heif' in text
        assert 'convert it to JPEG' in text


def test_the_package_for_heic_is_asked_to_register_itself(tmp_path, monkeypatch):
    class FakeHeif(PIL.ImageFile.ImageFile):
        format = 'FAKE HEIF'

        def _open(self):
            self._size, self._mode = QUARTERS.shape[1::-1], 'RGB'
            self.tile = [('raw', (0, 0, *self._size), 24, ('BGR', 0, 1))]

    def register_heif_opener():
        PIL.Image.register_open(
            FakeHeif.format, FakeHeif, lambda start: start[4:12] == b'ftypheic')

    monkeypatch.setattr(PIL.Image, 'ID', list(PIL.Image.ID))
    monkeypatch.setattr(PIL.Image, 'OPEN', dict(PIL.Image.OPEN))
    module = ModuleType('pillow_heif')
    module.__spec__ = ModuleSpec('pillow_heif', None)
    module.register_heif_opener = register_heif_opener
    monkeypatch.setitem(sys.modules, 'pillow_heif', module)
    start = heif_start(b'heic', b'mif1')
    assert len(start) == 20
    data = start + bytes(4) + QUARTERS.tobytes()
    assert_like(read(tmp_path / 'a.heic', data), QUARTERS, 0.1)
    assert 'a HEIC picture that is damaged' in sentence(tmp_path / 'b.heic', data[:-100])


@pytest.mark.parametrize(('name', 'start', 'words'), [
    ('a.jxl', b'\xff\x0a\xfa\x1f', 'a.jxl is a JPEG XL picture, which cannot be read: convert'),
    ('a.psd', b'8BPS\0\x01' + bytes(20), 'a.psd is a Photoshop picture, which cannot be read'),
    ('a.svg', b'<svg viewBox="0 0 9 9"></svg>', 'a.svg is an SVG picture, which cannot be read'),
    ('a.ico', b'\0\0\1\0\1\0' + bytes(20), 'a.ico is an icon picture, which cannot be read'),
    ('a.exr', b'\x76\x2f\x31\x01' + bytes(20), 'a.exr is an OpenEXR picture, which cannot be'),
    ('a.CR3', heif_start(b'crx ', b'isom'), 'a.CR3 is a camera raw picture, which cannot be read'),
    ('a.tif', b'II*\0\x08\0\0\0' + bytes(20), 'a.tif is a TIFF picture that is damaged, or of a'),
    ('a.jp2', b'\0\0\0\x0cjP  \r\n\x87\n' + bytes(9), 'a.jp2 is a JPEG 2000 picture that is'),
    ('a.jpg', b'only text', 'a.jpg is damaged or not an image in a known format'),
    # The name is wrong: what counts is the content.
    ('a.heic', b'8BPS\0\x01' + bytes(20), 'a.heic is a Photoshop picture'),
    ('a.avif', b'II*\0\x08\0\0\0' + bytes(20), 'a.avif is a TIFF picture')])
def test_a_picture_that_cannot_be_read_is_called_what_it_is(tmp_path, capfd, name, start, words):
    text = sentence(tmp_path / name, start)
    assert words in text
    assert 'JPEG' in text.split(':')[1]
    assert capfd.readouterr() == ('', '')


def test_a_raw_file_of_a_camera_is_not_taken_for_its_preview(tmp_path):
    preview = cv2.imencode('.tif', even(90))[1].tobytes()
    assert 'a.dng is a camera raw picture' in sentence(tmp_path / 'a.dng', preview)
    assert_like(read(tmp_path / 'a.tif', preview), even(90))


def test_the_first_picture_of_an_mpo_is_read(tmp_path):
    first, second = even(200), even(40, (60, 50))
    assert_like(read(tmp_path / 'a.mpo', jpeg(first) + jpeg(second)), first)


@pytest.mark.parametrize('name', ['a.jfif', 'a.mp4', 'a', 'a.heic'])
def test_the_name_does_not_matter(tmp_path, name):
    assert_like(read(tmp_path / name, jpeg(QUARTERS)), QUARTERS)


def as_stored(upright, orientation):
    """
    Return how a sensor stores a picture that has this orientation.

    By the table of the EXIF standard: the side of the scene that is the first row, and the side
    that is the first column.
    """
    return np.ascontiguousarray({
        1: lambda: upright,  # top, left
        2: lambda: upright[:, ::-1],  # top, right
        3: lambda: upright[::-1, ::-1],  # bottom, right
        4: lambda: upright[::-1],  # bottom, left
        5: lambda: upright.swapaxes(0, 1),  # left, top
        6: lambda: upright[:, ::-1].swapaxes(0, 1),  # right, top
        7: lambda: upright[::-1, ::-1].swapaxes(0, 1),  # right, bottom
        8: lambda: upright[::-1].swapaxes(0, 1),  # left, bottom
    }[orientation]())


def avif_with_exif(image, data):
    return with_pillow('AVIF', image, exif=data, quality=90)


def tiff_with_exif(image, data):
    orientation = PIL.Image.Exif()
    orientation.load(b'Exif\0\0' + data)
    return with_pillow('TIFF', image, tiffinfo={0x0112: orientation[0x0112]})


@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('write', [
    jpeg_with_exif, png_with_exif, webp_with_exif, tiff_with_exif,
    pytest.param(avif_with_exif, marks=needs_avif)])
def test_a_picture_is_turned_upright_in_every_format(tmp_path, write, orientation, order):
    data = write(as_stored(QUARTERS, orientation), exif(orientation, order))
    assert_like(read(tmp_path / 'a', data), QUARTERS)


@pytest.mark.parametrize('data', [b'', b'II', b'nonsense' * 9, exif(6)[:-9], exif(77)])
@pytest.mark.parametrize('write', [jpeg_with_exif, png_with_exif, webp_with_exif])
def test_a_picture_with_damaged_exif_is_read_as_it_is_stored(tmp_path, write, data, capfd):
    assert_like(read(tmp_path / 'a', write(QUARTERS, data)), QUARTERS)
    out, errors = capfd.readouterr()
    # libpng in OpenCV 5 warns past OpenCV's own log.
    unexpected = [line for line in errors.splitlines() if not (
        cv2.__version__ > '5' and line.startswith('libpng warning: eXIf'))]
    assert (out, unexpected) == ('', [])


def test_webp_pictures_of_all_kinds_are_read(tmp_path):
    assert_like(read(tmp_path / 'a.webp', webp(QUARTERS)), QUARTERS, 0.01)
    assert_like(read(tmp_path / 'a.webp', webp(QUARTERS, 95)), QUARTERS)
    transparent = np.dstack([QUARTERS, np.full(QUARTERS.shape[:2], 7, np.uint8)])
    data = webp(transparent)
    # A second implementation.
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert_like(read(tmp_path / 'a.webp', data), expected, 0.01)
    assert 'a.webp is a WebP picture that is damaged' in sentence(
        tmp_path / 'a.webp', webp(QUARTERS, 95)[:-50])


@pytest.mark.parametrize('name', ['PNG', 'WEBP', 'TIFF', pytest.param('AVIF', marks=needs_avif)])
def test_the_first_of_several_images_is_read_and_the_others_are_noted(tmp_path, name):
    others = [PIL.Image.fromarray(even(level)) for level in (60, 120)]
    path = tmp_path / 'several'
    path.write_bytes(with_pillow(name, even(200), save_all=True, append_images=others))
    notes = []
    assert_like(read_image(path, notes.append), even(200))
    (note,) = notes
    assert f'{path} contains 3 images, of which only the first is used' in note
    assert_like(read_image(path), even(200))


def test_the_pages_of_a_tiff_of_opencv_are_counted(tmp_path):
    path = tmp_path / 'pages.tif'
    assert cv2.imwritemulti(str(path), [even(200), even(60)])
    notes = []
    assert_like(read_image(path, notes.append), even(200))
    assert 'contains 2 images' in notes[0]


def test_a_heic_of_several_images_is_noted(tmp_path):
    plugin = pytest.importorskip(
        'pillow_heif', reason='the package of requirements/heic.txt is not installed')
    plugin.register_heif_opener()
    path = tmp_path / 'burst.heic'
    path.write_bytes(with_pillow(
        'HEIF', even(200), save_all=True, append_images=[PIL.Image.fromarray(even(60))]))
    notes = []
    assert_like(read_image(path, notes.append), even(200))
    assert 'contains 2 images, of which only the main one is used' in notes[0]


@pytest.mark.parametrize('name', ['PNG', 'WEBP', 'TIFF', 'JPEG', 'BMP'])
def test_a_single_image_is_not_noted(tmp_path, name):
    path = tmp_path / 'single'
    path.write_bytes(with_pillow(name, even(200)))
    assert_like(read_image(path, pytest.fail), even(200))
