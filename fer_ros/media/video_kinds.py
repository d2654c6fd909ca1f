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

"""Reads what the headers of a video or sound file say about its content; it decodes no image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import os
from pathlib import Path
import re
import struct
from typing import BinaryIO

_START_SIZE = 1 << 18
"""Number of bytes at the start of a file in which the headers of simple formats are."""

ENCRYPTED = 'encrypted'
"""The codec of a track that is protected against copying (DRM)."""

_CODECS = (
    (r'av01|V_AV1', 'AV1'),
    (r'avc[1-4]|h264|x264|davc|V_MPEG4/ISO/AVC', 'H.264'),
    (r'hvc1|hev1|hevc|dvh1|dvhe|h265|V_MPEGH/ISO/HEVC', 'H.265 (HEVC)'),
    (r'vvc1|vvi1|V_MPEGI/ISO/VVC', 'H.266 (VVC)'),
    (r'vp08|vp80|V_VP8', 'VP8'),
    (r'vp09|vp90|V_VP9', 'VP9'),
    (r'mp4v|xvid|divx|dx50|fmp4|V_MPEG4/ISO/.*', 'MPEG-4'),
    (r'm?jpe?g|mjp[ab]|V_MJPEG', 'Motion JPEG'),
    (r'ap[c4][nhsox]|apch|V_PRORES', 'ProRes'),
    (r'encv|drmi', ENCRYPTED),
)

_SOUND_FORMATS = (
    (rb'ID3[\x02-\x04]|\xff[\xfa\xfb\xf2\xf3][\x10-\xef]', 'MP3'),
    (rb'\xff[\xf0\xf1\xf8\xf9][\x40-\xbf]', 'AAC'),
    (rb'RIFF.{4}WAVE|RF64.{4}WAVE', 'WAV'),
    (rb'fLaC', 'FLAC'),
    (rb'FORM.{4}AIF[FC]', 'AIFF'),
    (rb'caff\0', 'CAF'),
    (rb'#!AMR', 'AMR'),
    (rb'MThd', 'MIDI'),
)

_OGG_SOUND = rb'\x01vorbis|OpusHead|\x7fFLAC|Speex   '
_OGG_VIDEO = rb'\x80theora|BBCD\0|OVP80|\x01video\0\0\0'

# Identifiers of Matroska elements (RFC 8794 and RFC 9559).
_SEGMENT, _CLUSTER, _TRACKS, _TRACK = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE
_TRACK_TYPE, _CODEC = 0x83, 0x86
_TRACK_IS_VIDEO, _TRACK_IS_SOUND = b'\x01', b'\x02'

# Stream types of ASF files, as the GUIDs are stored.
_ASF_VIDEO = bytes.fromhex('c0ef19bc4d5bcf11a8fd00805f5c442b')
_ASF_SOUND = bytes.fromhex('409e69f84d5bcf11a8fd00805f5c442b')


@dataclass(frozen=True)
class VideoKind:
    """
    What a file states about itself.

    `container` is the format of the file, such as MP4; empty if it is unknown. `video` and `sound`
    are true if it has such a track. `codec` names the format of the first video track, such as
    AV1; empty if it is unknown. `has_index` is false for an MP4 file without its index.
    `is_mirrored` is true if the images are to be mirrored, as in recordings of front cameras.
    """

    container: str = ''
    video: bool = False
    sound: bool = False
    codec: str = ''
    has_index: bool = True
    is_mirrored: bool = False

    @property
    def is_sound_only(self) -> bool:
        """Return whether the file has sound but no video; a picture of a cover is no video."""
        return self.sound and not self.video


def kind_of_video(path: Path) -> VideoKind:
    """Return what a file states about itself; an unreadable or unknown file states nothing."""
    try:
        with path.open('rb') as file:
            start = file.read(_START_SIZE)
            for pattern, read in _READERS:
                if re.match(pattern, start, re.DOTALL):
                    return read(file, start)
    except (OSError, struct.error, ValueError):
        pass
    return VideoKind()


def codec_name(identifier: str) -> str:
    """
    Return the usual name of a codec.

    :param identifier: four letters, or the name in a Matroska file.

    >>> codec_name('av01'), codec_name('V_VP9'), codec_name('abcd')
    ('AV1', 'VP9', 'abcd')
    """
    for pattern, name in _CODECS:
        if re.fullmatch(pattern, identifier, re.IGNORECASE):
            return name
    return identifier if identifier.isprintable() else ''


# MP4 and MOV (ISO/IEC 14496-12)


@dataclass(frozen=True)
class _Box:
    """A box of an MP4 file; `begin` and `end` are the positions of its content in the file."""

    kind: bytes
    begin: int
    end: int


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[_Box]:
    """Yield the boxes between two positions of a file; stop at the first impossible one."""
    while begin + 8 <= end:
        file.seek(begin)
        size, kind = struct.unpack('>I4s', file.read(8))
        header = 8
        if size == 1:
            size = int.from_bytes(file.read(8), 'big')
            header = 16
        elif size == 0:
            size = end - begin
        if size < header or begin + size > end:
            return
        yield _Box(kind, begin + header, begin + size)
        begin += size


def _boxes_at(file: BinaryIO, parent: _Box, path: str) -> list[_Box]:
    """Return the boxes in a box whose kinds, separated by slashes, are this path."""
    found = [parent]
    for kind in path.encode().split(b'/'):
        found = [
            box for outer in found for box in _boxes(file, outer.begin, outer.end)
            if box.kind == kind]
    return found


def _bytes_of(file: BinaryIO, box: _Box, begin: int, size: int) -> bytes:
    """Return bytes of the content of a box; a negative `begin` counts from its end."""
    file.seek(box.begin + begin if begin >= 0 else box.end + begin)
    return file.read(size)


def _mp4(file: BinaryIO, start: bytes) -> VideoKind:
    container = 'QuickTime (MOV)' if start[4:8] != b'ftyp' or start[8:12] == b'qt  ' else 'MP4'
    whole = _Box(b'', 0, file.seek(0, os.SEEK_END))
    tracks = _boxes_at(file, whole, 'moov/trak')
    if not tracks:
        if _boxes_at(file, whole, 'meta'):
            return VideoKind('HEIF')  # pictures: ISO/IEC 23008-12
        return VideoKind(container, has_index=bool(_boxes_at(file, whole, 'moov')))
    codecs: list[str] = []
    sound = is_mirrored = False
    for track in tracks:
        handlers = {
            _bytes_of(file, box, 8, 4) for box in _boxes_at(file, track, 'mdia/hdlr')}
        if b'soun' in handlers:
            sound = True
        if b'vide' in handlers:
            if not codecs:
                is_mirrored = _is_mirrored(file, track)
            # The number of formats is before the first format.
            codecs += [
                codec_name(_bytes_of(file, box, 12, 4).decode('latin-1').strip())
                for box in _boxes_at(file, track, 'mdia/minf/stbl/stsd')] or ['']
    return VideoKind(
        container, video=bool(codecs), sound=sound, codec=codecs[0] if codecs else '',
        is_mirrored=is_mirrored)


def _is_mirrored(file: BinaryIO, track: _Box) -> bool:
    """Return whether the display matrix of a track has a negative determinant (8.3.2)."""
    for header in _boxes_at(file, track, 'tkhd'):
        # The matrix and the size are the last fields of both versions of this box.
        a, b, _, c, d = struct.unpack('>5i', _bytes_of(file, header, -44, 20))
        return bool(a * d < b * c)
    return False


# Matroska and WebM


def _matroska(file: BinaryIO, start: bytes) -> VideoKind:
    container = 'WebM' if b'webm' in start[:64] else 'Matroska'
    codecs = []
    sound = False
    for track in _matroska_tracks(file, 0, file.seek(0, os.SEEK_END)):
        if track.get(_TRACK_TYPE) == _TRACK_IS_VIDEO:
            codecs.append(codec_name(track.get(_CODEC, b'').decode('latin-1').strip('\0')))
        elif track.get(_TRACK_TYPE) == _TRACK_IS_SOUND:
            sound = True
    return VideoKind(
        container, video=bool(codecs), sound=sound, codec=codecs[0] if codecs else '')


def _matroska_tracks(file: BinaryIO, begin: int, end: int) -> Iterator[dict[int, bytes]]:
    """Yield the small elements of each track, by identifier; stop at the first images."""
    for identifier, content, content_end in _elements(file, begin, end):
        if identifier == _CLUSTER:
            return
        if identifier in (_SEGMENT, _TRACKS):
            yield from _matroska_tracks(file, content, content_end)
        elif identifier == _TRACK:
            values = {}
            for inner, inner_begin, inner_end in _elements(file, content, content_end):
                if inner in (_TRACK_TYPE, _CODEC):
                    file.seek(inner_begin)
                    values[inner] = file.read(inner_end - inner_begin)
            yield values


def _elements(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield identifier, begin and end of the content of each element between two positions."""
    while begin < end:
        file.seek(begin)
        identifier, _, length = _matroska_number(file.read(8))
        file.seek(begin + length)
        _, size, size_length = _matroska_number(file.read(8))
        content = begin + length + size_length
        # All bits set: the size is unknown, as in a recording that was not completed.
        is_unknown = size == (1 << 7 * size_length) - 1
        content_end = end if is_unknown else min(content + size, end)
        yield identifier, content, content_end
        begin = content_end


def _matroska_number(data: bytes) -> tuple[int, int, int]:
    """
    Return a number with its length marker, without it, and its length in bytes.

    :raises ValueError: if the data do not begin with a number.
    """
    length = 9 - data[0].bit_length() if data else 9
    if length > 8:
        raise ValueError('the file is damaged')
    marked = int.from_bytes(data[:length], 'big')
    return marked, marked & ((1 << 7 * length) - 1), length


# Other formats


def _ogg(_: BinaryIO, start: bytes) -> VideoKind:
    theora = re.search(_OGG_VIDEO, start)
    return VideoKind(
        'Ogg', video=theora is not None, sound=re.search(_OGG_SOUND, start) is not None)


def _avi(_: BinaryIO, start: bytes) -> VideoKind:
    video = re.search(rb'strh.{4}vids(.{4})', start, re.DOTALL)
    codec = codec_name(video[1].decode('latin-1').strip('\0 ')) if video else ''
    return VideoKind(
        'AVI', video=video is not None, sound=b'auds' in start, codec=codec)


def _asf(_: BinaryIO, start: bytes) -> VideoKind:
    return VideoKind('Windows Media', video=_ASF_VIDEO in start, sound=_ASF_SOUND in start)


def _sound(_: BinaryIO, start: bytes) -> VideoKind:
    return next(
        VideoKind(name, sound=True) for pattern, name in _SOUND_FORMATS
        if re.match(pattern, start, re.DOTALL))


_READERS: tuple[tuple[bytes, Callable[[BinaryIO, bytes], VideoKind]], ...] = (
    (rb'\0.{3}(?:ftyp|moov|wide|free|skip|pnot)|.{4}mdat', _mp4),
    (rb'\x1a\x45\xdf\xa3', _matroska),
    (rb'OggS', _ogg),
    (rb'RIFF.{4}AVI ', _avi),
    (rb'\x30\x26\xb2\x75\x8e\x66\xcf\x11', _asf),
    *((pattern, _sound) for pattern, _ in _SOUND_FORMATS),
)
