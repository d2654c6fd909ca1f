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

"""The content of a video or sound file is recognized, and the error of opening it says so."""

import struct
import wave

import cv2
from fer_ros.media.sources import open_source, SourceError, SourceOptions
from fer_ros.media.video_kinds import codec_name, ENCRYPTED, kind_of_video, VideoKind
from file_server import FileServer
import numpy as np
import pytest
from video_files import quarters, read_all, set_matrix, write_still_video


def fault(path):
    with pytest.raises(SourceError) as caught:
        open_source(str(path))
    assert str(path) in str(caught.value)
    assert not caught.value.may_return
    return str(caught.value)


def replaced(path, *pairs):
    """Replace bytes of a file by as many others."""
    data = path.read_bytes()
    for old, new in pairs:
        assert len(old) == len(new)
        assert old in data
        data = data.replace(old, new)
    path.write_bytes(data)
    return path


def video_with_codec(path, letters):
    """Write an MP4 or Matroska file that states a codec that it does not have."""
    write_still_video(path, quarters())
    if path.suffix == '.mkv':
        return replaced(path, (b'V_MPEG4/ISO/ASP', letters.ljust(15, b'\0')))
    # The box `esds` states the codec a second time.
    return replaced(path, (b'mp4v\0\0\0\0', letters + bytes(4)), (b'esds', b'free'))


def mp3_with_a_cover(path):
    """Write silence with a picture of a cover (ID3v2.3, frame APIC)."""
    picture = cv2.imencode('.jpg', quarters())[1].tobytes()
    content = b'\0image/jpeg\0\x03\0' + picture
    frame = b'APIC' + struct.pack('>I2x', len(content)) + content
    size = bytes(len(frame) >> shift & 127 for shift in (21, 14, 7, 0))
    # MPEG-1 layer 3 with 128 kbit/s and 44.1 kHz: 417 bytes for each frame.
    silence = (b'\xff\xfb\x90\x64' + bytes(413)) * 50
    path.write_bytes(b'ID3\x03\0\0' + size + frame + silence)
    return path


def wav(path):
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    return path


def m4a(path):
    write_still_video(path, quarters())
    return replaced(path, (b'mp4v\0\0\0\0', b'mp4a\0\0\0\0'), (b'vide', b'soun'))


def ogg(path):
    # One page with the header of Opus (RFC 7845).
    head = b'OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0'
    page = b'OggS\0\x02' + bytes(8) + b'abcd' + bytes(8) + bytes((1, len(head)))
    path.write_bytes(page + head)
    return path


def mka(path):
    write_still_video(path, quarters())
    # The track's type, then its length and value: 1 is video, 2 is sound.
    return replaced(path, (b'\x83\x81\x01', b'\x83\x81\x02'))


@pytest.mark.parametrize(
    ('name', 'fourcc', 'expected'),
    [
        ('a.mp4', 'mp4v', VideoKind('MP4', video=True, codec='MPEG-4')),
        ('a.mov', 'MJPG', VideoKind('QuickTime (MOV)', video=True, codec='Motion JPEG')),
        ('a.mkv', 'MJPG', VideoKind('Matroska', video=True, codec='Motion JPEG')),
        ('a.avi', 'MJPG', VideoKind('AVI', video=True, codec='Motion JPEG')),
        ('a.avi', 'XVID', VideoKind('AVI', video=True, codec='MPEG-4')),
        ('a.webm', 'VP80', VideoKind('WebM', video=True, codec='VP8')),
        ('a.webm', 'VP90', VideoKind('WebM', video=True, codec='VP9')),
        ('a.wmv', 'WMV2', VideoKind('Windows Media', video=True)),
    ],
)
def test_the_headers_of_videos_are_read(tmp_path, name, fourcc, expected):
    path = write_still_video(tmp_path / name, quarters(), fourcc)
    path = path.rename(tmp_path / 'without_ending')
    assert kind_of_video(path) == expected
    with open_source(str(path)) as source:
        assert len(read_all(source)) == 5


def test_a_mirrored_video_is_recognized(tmp_path):
    path = write_still_video(tmp_path / 'a.mp4', quarters())
    assert not kind_of_video(set_matrix(path, 0, 1, -1, 0)).is_mirrored
    assert kind_of_video(set_matrix(path, -1, 0, 0, 1)).is_mirrored


@pytest.mark.parametrize('name', ['it is mine.mp4', 'a.mkv'])
@pytest.mark.parametrize('codec', ['AV1', 'H.266 (VVC)'])
def test_a_video_without_a_decoder_is_named_with_the_command_that_converts_it(
    tmp_path, name, codec, capfd
):
    letters = {
        ('AV1', '.mp4'): b'av01', ('AV1', '.mkv'): b'V_AV1',
        ('H.266 (VVC)', '.mp4'): b'vvc1', ('H.266 (VVC)', '.mkv'): b'V_MPEGI/ISO/VVC',
    }[codec, (tmp_path / name).suffix]
    path = video_with_codec(tmp_path / name, letters)
    text = fault(path)
    assert f'with {codec} video, which OpenCV cannot decode' in text
    quoted = f"'{path}'" if ' ' in name else str(path)
    assert f'`ffmpeg -i {quoted} -c:v libx264 ' in text
    assert capfd.readouterr() == ('', '')


def test_an_undecodable_video_of_a_usual_codec_is_called_damaged(tmp_path):
    text = fault(video_with_codec(tmp_path / 'a.mp4', b'hvc1'))
    assert 'H.265 (HEVC)' in text
    assert 'damaged' in text


def test_a_protected_video_is_named(tmp_path):
    path = video_with_codec(tmp_path / 'a.mp4', b'encv')
    assert kind_of_video(path).codec == ENCRYPTED
    assert 'DRM' in fault(path)


@pytest.mark.parametrize(
    ('name', 'write', 'form'),
    [
        ('a.wav', wav, 'WAV'),
        ('a.m4a', m4a, 'MP4'),
        ('a.mp4', m4a, 'MP4'),
        ('a.ogg', ogg, 'Ogg'),
        ('a.mp3', mp3_with_a_cover, 'MP3'),
        ('a.mka', mka, 'Matroska'),
    ],
)
def test_sound_files_are_called_sound_files(tmp_path, name, write, form, capfd):
    if write in (m4a, mka):
        path = write(tmp_path / f'a{".mkv" if write is mka else ".mp4"}').rename(tmp_path / name)
    else:
        path = write(tmp_path / name)
    assert kind_of_video(path).is_sound_only
    text = fault(path)
    assert f'sound file ({form})' in text
    assert 'index' not in text
    assert capfd.readouterr() == ('', '')


def test_opencv_alone_takes_the_cover_of_a_sound_file_for_a_video(tmp_path):
    capture = cv2.VideoCapture(str(mp3_with_a_cover(tmp_path / 'a.mp3')), cv2.CAP_FFMPEG)
    assert capture.read()[0]
    capture.release()


@pytest.mark.parametrize(
    'start',
    [b'fLaC', b'FORM\0\0\0\0AIFF', b'#!AMR\n', b'\xff\xfb\x90\x64', b'\xff\xf1\x50\x80',
     b'MThd'])
def test_other_sound_formats_are_recognized_by_their_first_bytes(tmp_path, start):
    (tmp_path / 'sound').write_bytes(start + bytes(1000))
    assert kind_of_video(tmp_path / 'sound').is_sound_only


def test_a_file_of_pictures_is_no_mp4_that_was_cut_short(tmp_path):
    path = tmp_path / 'a.bin'
    path.write_bytes(
        struct.pack('>I4s4sI4sI4s', 20, b'ftyp', b'xxxx', 0, b'mif1', 8, b'meta'))
    assert 'cut short' not in fault(path)
    assert 'HEIF' in fault(path)


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.avi', '.wmv'])
def test_files_that_end_anywhere_or_have_wrong_bytes_raise_nothing_else(tmp_path, suffix):
    video = write_still_video(
        tmp_path / f'a{suffix}', quarters(), 'WMV2' if suffix == '.wmv' else 'MJPG')
    whole, container = video.read_bytes(), kind_of_video(video).container
    random = np.random.RandomState(0)
    path = tmp_path / 'a'
    for end in random.randint(0, len(whole), 100):
        path.write_bytes(whole[:end])
        assert kind_of_video(path).container in (container, '')
    for _ in range(100):
        changed = np.frombuffer(whole, np.uint8).copy()
        changed[random.randint(0, len(whole), 20)] = random.randint(0, 256, 20)
        path.write_bytes(changed.tobytes())
        kind_of_video(path)


@pytest.mark.parametrize(
    'content', [b'only text\n' * 500, b'feelfree to read\n', b'%PDF-1.4\n', b''])
def test_other_files_state_nothing(tmp_path, content):
    (tmp_path / 'a').write_bytes(content)
    assert kind_of_video(tmp_path / 'a') == VideoKind()
    assert kind_of_video(tmp_path / 'nothing') == VideoKind()


@pytest.mark.parametrize(
    ('identifier', 'name'),
    [('avc1', 'H.264'), ('hev1', 'H.265 (HEVC)'), ('V_MPEGH/ISO/HEVC', 'H.265 (HEVC)'),
     ('AV01', 'AV1'), ('WMV2', 'WMV2'), ('\1\0\0\0', '')])
def test_codecs_have_their_usual_names(identifier, name):
    assert codec_name(identifier) == name


def test_a_stream_without_a_decoder_is_named(tmp_path):
    content = video_with_codec(tmp_path / 'a.mkv', b'V_AV1').read_bytes()
    with FileServer(content) as server, pytest.raises(SourceError) as caught:
        open_source(server.url, SourceOptions(read_timeout_s=5))
    assert 'video format: AV1' in str(caught.value)
    assert server.url in str(caught.value)


def test_files_of_people_are_named(data_directory):
    cases = data_directory / 'cases'
    assert 'MP4 file with AV1 video' in fault(cases / 'av1.mp4')
    assert 'sound file' in fault(cases / 'voice.m4a')
