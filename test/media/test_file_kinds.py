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

"""Files are recognized by their first bytes, and by their suffix only if the bytes are unknown."""

import os

import cv2
from fer_ros.media.file_kinds import Medium, medium_of, picture_format
import numpy as np
from picture_files import even, h264_stream, heif_start, jpeg, png, webp
import pytest
from video_files import write_video

WRITTEN = {
    '.jpg': 'JPEG', '.png': 'PNG', '.webp': 'WebP', '.bmp': 'BMP', '.tif': 'TIFF',
    '.jp2': 'JPEG 2000', '.ppm': 'PNM', '.pam': 'PNM', '.ras': 'Sun raster',
    '.hdr': 'Radiance HDR', '.pfm': 'PFM'}


@pytest.mark.parametrize(('suffix', 'name'), WRITTEN.items())
def test_every_format_that_opencv_writes_is_recognized(tmp_path, suffix, name):
    levels = np.float32(0.5) if suffix in ('.hdr', '.pfm') else np.uint8(9)
    data = cv2.imencode(suffix, np.full((64, 64, 3), levels))[1].tobytes()
    assert picture_format(data) == name
    path = tmp_path / 'without_suffix'
    path.write_bytes(data)
    assert medium_of(path) is Medium.PICTURE
    # A second implementation: OpenCV's own check of the first bytes.
    assert cv2.haveImageReader(str(path))


@pytest.mark.parametrize(('start', 'name'), [
    (heif_start(b'heic', b'mif1', b'heic'), 'HEIC'),
    (heif_start(b'mif1', b'heic', b'miaf'), 'HEIC'),
    (heif_start(b'hevc', b'msf1'), 'HEIC'),
    (heif_start(b'mif1', b'miaf'), 'HEIF'),
    (heif_start(b'avif', b'mif1', b'miaf'), 'AVIF'),
    (heif_start(b'avis', b'msf1'), 'AVIF'),
    (heif_start(b'mif1', b'avif'), 'AVIF'),
    (heif_start(b'isom', b'mp42'), None),
    (heif_start(b'qt  '), None),
    (b'\0\0\0\x0cJXL \r\n\x87\n', 'JPEG XL'),
    (b'8BPS\0\x01' + bytes(20), 'Photoshop'),
    (b'\x76\x2f\x31\x01' + bytes(20), 'OpenEXR'),
    (b'II*\0\x10\0\0\0CR\x02\0', 'camera raw'),
    (heif_start(b'crx ', b'isom'), 'camera raw'),
    (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', 'SVG'),
    (b'<?xml version="1.0"?>\n<note/>', None),
    (b'P1 2024 report', None),
    (b'BMW and other cars, all of 2024', None),
    (b'', None)])
def test_formats_that_opencv_does_not_write(start, name):
    assert picture_format(start) == name


def test_a_camera_raw_file_is_a_tiff_file_by_its_first_bytes():
    start = cv2.imencode('.tif', even(9))[1].tobytes()
    assert picture_format(start, '.tif') == 'TIFF'
    assert picture_format(start, '.NEF') == 'camera raw'


@pytest.mark.parametrize('suffix', ['.avi', '.mkv', '.mp4', '.mov', '.wmv', '.flv', '.ts', '.mpg'])
def test_videos_are_recognized_without_their_suffix(tmp_path, suffix):
    fourcc = {'.mpg': 'mpg1', '.flv': 'FLV1', '.avi': 'MJPG'}.get(suffix, 'mp4v')
    path = write_video(tmp_path / f'a{suffix}', fourcc, size=(176, 144))
    assert medium_of(path.rename(tmp_path / 'a.jpg')) is Medium.VIDEO


@pytest.mark.parametrize(('start', 'medium'), [
    (h264_stream([50]), Medium.VIDEO),
    (b'\0\0\x01\x09\xf0\0\0\x01\x67\x42', Medium.VIDEO),
    (b'\0\0\0\x01\x40\x01\x0c\x01\xff\xff', Medium.VIDEO),
    (b'GIF89a' + bytes(20), Medium.VIDEO),
    (heif_start(b'M4A ', b'isom'), Medium.SOUND),
    (b'RIFF\x24\0\0\0WAVEfmt ', Medium.SOUND),
    (b'OggS\0\x02' + bytes(22) + b'\x01vorbis', Medium.SOUND),
    (b'OggS\0\x02' + bytes(22) + b'\x80theora', Medium.VIDEO),
    (b'ID3\x04\0\0\0\0\0\0', Medium.SOUND)])
def test_videos_and_sounds_by_their_first_bytes(tmp_path, start, medium):
    (tmp_path / 'a.png').write_bytes(start)
    assert medium_of(tmp_path / 'a.png') is medium


@pytest.mark.parametrize(('name', 'content'), [
    ('Thumbs.db', b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + bytes(100)),
    ('desktop.ini', b'[.ShellClassInfo]\r\n'),
    ('IMG_1.xmp', b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"/>'),
    ('IMG_1.jpg.json', b'{"title": "IMG_1.jpg"}'),
    ('labels.csv', b'face1,happy\n'),
    ('notes.txt', b'The wide street. The moov atom.'),
    ('paper.pdf', b'%PDF-1.4\n'),
    ('archive.zip', b'PK\3\4' + bytes(100)),
    ('font.ttf', b'\0\x01\0\0\0\x12' + bytes(100)),
    ('empty', b'')])
def test_other_files_are_neither_picture_nor_video_nor_sound(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert medium_of(tmp_path / name) is None


@pytest.mark.parametrize(('name', 'medium'), [
    ('a.JPG', Medium.PICTURE), ('a.heic', Medium.PICTURE), ('a.jfif', Medium.PICTURE),
    ('a.mp4', Medium.VIDEO), ('a.h264', Medium.VIDEO), ('a.m4a', Medium.SOUND)])
def test_the_suffix_decides_where_the_bytes_are_unknown(tmp_path, name, medium):
    (tmp_path / name).write_bytes(b'')
    assert medium_of(tmp_path / name) is medium


def test_the_content_counts_more_than_the_suffix(tmp_path):
    for name, write in (('a.mp4', png), ('b.txt', webp), ('c.mov', jpeg)):
        (tmp_path / name).write_bytes(write(even(9)))
        assert medium_of(tmp_path / name) is Medium.PICTURE
    # A raw MJPEG video begins like a JPEG picture.
    (tmp_path / 'd.mjpeg').write_bytes(jpeg(even(9)) * 3)
    assert medium_of(tmp_path / 'd.mjpeg') is Medium.VIDEO


@pytest.mark.timeout(20)
def test_a_pipe_is_not_read(tmp_path):
    os.mkfifo(tmp_path / 'a.png')
    # Reading it would wait for a writer.
    assert medium_of(tmp_path / 'a.png') is Medium.PICTURE
