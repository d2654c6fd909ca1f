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

"""Recognizes picture, video and sound files by their first bytes or suffix; decodes nothing."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
import re

START_SIZE = 512
"""Number of bytes at the start of a file that are enough to recognize it."""


class Medium(Enum):
    """What a file contains. A GIF counts as a video, because it is usually animated."""

    PICTURE = 'picture'
    VIDEO = 'video'
    SOUND = 'sound'


RAW_FORMAT = 'camera raw'
"""All formats that hold the values of a camera's sensor."""

_PICTURE_FORMATS = (
    (rb'\xff\xd8\xff', 'JPEG'),
    (rb'\x89PNG\r\n\x1a\n', 'PNG'),
    (rb'RIFF.{4}WEBP', 'WebP'),
    (rb'II\*\0.{4}CR|II(?:U\0|RO|RS)|MMOR|FUJIFILMCCD-RAW|.{4}ftypcrx ', RAW_FORMAT),
    (rb'II\*\0|MM\0\*|II\+\0\x08\0|MM\0\+\0\x08', 'TIFF'),
    (rb'BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0', 'BMP'),
    (rb'\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51', 'JPEG 2000'),
    (rb'\0\0\0\x0cJXL \r\n\x87\n|\xff\x0a', 'JPEG XL'),
    (rb'#\?(?:RADIANCE|RGBE)\n', 'Radiance HDR'),
    (rb'P[1-6]\s+(?:#[^\n]*\n\s*)*\d+\s+\d+\s|P7\n', 'PNM'),
    (rb'P[Ff]\r?\n', 'PFM'),
    (rb'\x59\xa6\x6a\x95', 'Sun raster'),
    (rb'\x76\x2f\x31\x01', 'OpenEXR'),
    (rb'8BPS\0[\x01\x02]', 'Photoshop'),
    (rb'\0\0\x01\0[^\0]\0', 'icon'),
    (rb'\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]', 'SVG'),
)

# The brands of ISO/IEC 23008-12 (HEIF) and of the AVIF specification, from AOMedia.
_HEIC_BRANDS = {b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'hevm', b'hevs'}
_AVIF_BRANDS = {b'avif', b'avis'}
_HEIF_BRANDS = {b'mif1', b'mif2', b'msf1', b'miaf'}

_OTHER_MEDIA = (
    (rb'GIF8[79]a', Medium.VIDEO),
    (rb'\0.{3}ftypM4[ABP] ', Medium.SOUND),
    # MP4, MOV and 3GP; old MOV files have no ftyp.
    (rb'\0.{3}(?:ftyp|moov|mdat|wide)', Medium.VIDEO),
    (rb'\x1a\x45\xdf\xa3', Medium.VIDEO),  # Matroska, WebM
    (rb'RIFF.{4}AVI ', Medium.VIDEO),
    (rb'FLV\x01|DKIF\0\0|YUV4MPEG2 ', Medium.VIDEO),
    (rb'\x30\x26\xb2\x75\x8e\x66\xcf\x11', Medium.VIDEO),  # ASF, WMV
    (rb'\x06\x0e\x2b\x34\x02\x05\x01\x01', Medium.VIDEO),  # MXF
    (rb'\0\0\x01[\xb0\xb3\xba]', Medium.VIDEO),  # MPEG-1, MPEG-2 and MPEG-4 streams
    (rb'(?:\x47.{187}){2}\x47|.{4}(?:\x47.{191}){2}\x47', Medium.VIDEO),  # MPEG transport stream
    # H.264 and H.265 streams (Annex B), such as Raspberry Pi cameras write: a start code, then
    # the unit of a parameter set or an access unit delimiter.
    (rb'\0?\0\0\x01(?:[\x27\x47\x67]|\x09[\x10-\xf0])', Medium.VIDEO),
    (rb'\0?\0\0\x01[\x40\x42\x46]\x01', Medium.VIDEO),
    (rb'OggS.{24}(?:OpusHead|\x01vorbis|\x7fFLAC|Speex)', Medium.SOUND),
    (rb'OggS', Medium.VIDEO),
    (rb'ID3[\x02-\x04]|fLaC|RIFF.{4}WAVE|FORM.{4}AIF[FC]|#!AMR', Medium.SOUND),
)

_RAW_SUFFIXES = frozenset((
    '.arw', '.cr2', '.cr3', '.dng', '.nef', '.nrw', '.orf', '.pef', '.raf', '.rw2', '.srw'))

PICTURE_SUFFIXES = _RAW_SUFFIXES | frozenset((
    '.apng', '.avif', '.bmp', '.dib', '.exr', '.hdr', '.heic', '.heif', '.hif', '.ico', '.j2k',
    '.jfif', '.jif', '.jp2', '.jpe', '.jpeg', '.jpg', '.jps', '.jxl', '.mpo', '.pam', '.pbm',
    '.pfm', '.pgm', '.png', '.pnm', '.ppm', '.psd', '.ras', '.svg', '.tif', '.tiff', '.webp'))

# A JPEG with one of these suffixes is the first image of a video.
_JPEG_VIDEO_SUFFIXES = frozenset(('.mjpeg', '.mjpg'))

VIDEO_SUFFIXES = _JPEG_VIDEO_SUFFIXES | frozenset((
    '.264', '.265', '.3g2', '.3gp', '.asf', '.avc', '.avi', '.f4v', '.flv', '.gif', '.h264',
    '.h265', '.hevc', '.ivf', '.m1v', '.m2ts', '.m2v', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg',
    '.mpg', '.mts', '.mxf', '.ogv', '.ts', '.vob', '.webm', '.wmv', '.y4m'))

SOUND_SUFFIXES = frozenset((
    '.aac', '.aif', '.aiff', '.amr', '.flac', '.m4a', '.mka', '.mp3', '.oga', '.ogg', '.opus',
    '.wav', '.wma'))


UNREADABLE_FORMATS = frozenset((
    RAW_FORMAT, 'icon', 'JPEG XL', 'OpenEXR', 'Photoshop', 'SVG'))
"""Pictures that nothing in this project decodes."""


def with_article(picture_format: str) -> str:
    """Return words such as "an AVIF picture"."""
    # Abbreviations that are spoken letter by letter.
    is_vowel = picture_format[0] in 'AEIOUaeiou' or picture_format.startswith('SVG')
    return f'{"an" if is_vowel else "a"} {picture_format} picture'


def picture_format(start: bytes, suffix: str = '') -> str | None:
    """
    Return the format of a picture by its first bytes; None if they are of no known picture.

    :param start: at least `START_SIZE` bytes, fewer if the file is shorter.
    :param suffix: of the file's name. Most camera raw files are TIFF files that hold a small
        preview, so that only their suffix makes the difference.
    """
    if start[4:8] == b'ftyp':
        # The size of the box, its kind, the main brand, a version, and further brands.
        size = min(int.from_bytes(start[:4], 'big'), len(start))
        brands = {start[at:at + 4] for at in (8, *range(16, size - 3, 4))}
        if start[8:12] in _HEIC_BRANDS | _AVIF_BRANDS | _HEIF_BRANDS:
            if brands & _AVIF_BRANDS and not brands & _HEIC_BRANDS:
                return 'AVIF'
            return 'HEIC' if brands & _HEIC_BRANDS else 'HEIF'
    for pattern, name in _PICTURE_FORMATS:
        if re.match(pattern, start, re.DOTALL):
            return RAW_FORMAT if name == 'TIFF' and suffix.lower() in _RAW_SUFFIXES else name
    return None


def medium_of(path: Path) -> Medium | None:
    """
    Return what a file contains: by its first bytes; if they are unknown, by its suffix.

    :return: None for other files, such as texts.
    """
    suffix = path.suffix.lower()
    start = _start_of(path)
    if picture_format(start) is not None:
        return Medium.VIDEO if suffix in _JPEG_VIDEO_SUFFIXES else Medium.PICTURE
    for pattern, medium in _OTHER_MEDIA:
        if re.match(pattern, start, re.DOTALL):
            return medium
    for suffixes, medium in (
            (PICTURE_SUFFIXES, Medium.PICTURE), (VIDEO_SUFFIXES, Medium.VIDEO),
            (SOUND_SUFFIXES, Medium.SOUND)):
        if suffix in suffixes:
            return medium
    return None


def _start_of(path: Path) -> bytes:
    """Return the first bytes of a file; none if it cannot be read, or is a pipe or device."""
    try:
        if not path.is_file():
            return b''
        with path.open('rb') as file:
            return file.read(START_SIZE)
    except OSError:
        return b''
