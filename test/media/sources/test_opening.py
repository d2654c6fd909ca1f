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

"""A text opens the source that it names."""

from pathlib import Path

from fer_ros.media.sources import may_appear, open_source, SourceError
from fer_ros.media.sources.camera import device_path
import numpy as np
import pytest
from video_files import read_all, write_video


def test_a_video_is_found_by_its_content_and_by_a_file_address(tmp_path):
    write_video(tmp_path / 'a clip.avi').rename(tmp_path / 'a clip')
    with open_source(f'file://{tmp_path}/a%20clip') as source:
        assert len(read_all(source)) == 20


def test_a_name_with_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    write_video(tmp_path / 'a.avi')
    with open_source('~/a.avi') as source:
        assert Path(source.spec) == tmp_path / 'a.avi'


def test_the_sample_delivers_the_clip(tmp_path):
    with open_source('sample') as source:
        assert (source.width, source.height, source.rate_hz, source.is_live) == (
            640,
            480,
            30,
            False,
        )
        first = source.read()
        second = source.read()
        assert np.array_equal(first, source.clip.frame(0))
        assert np.array_equal(second, source.clip.frame(1))


@pytest.mark.parametrize(
    ('spec', 'path'),
    [('0', '/dev/video0'), ('12', '/dev/video12'), ('/dev/v4l/by-id/x', '/dev/v4l/by-id/x')],
)
def test_cameras_are_named_by_number_or_path(spec, path):
    assert device_path(spec) == path
    assert may_appear(spec)


@pytest.mark.parametrize('spec', ['auto', '', 'rtsp://cam/live', 'HTTP://cam/live'])
def test_auto_and_streams_can_appear_later(spec):
    assert may_appear(spec)


@pytest.mark.parametrize('spec', ['clip.mp4', 'sample', './0', 'file:///a.mp4'])
def test_files_and_the_sample_cannot_appear_later(spec):
    assert not may_appear(spec)


def test_an_unknown_scheme_is_refused():
    with pytest.raises(SourceError, match=r'gopher://.*rtsp://'):
        open_source('gopher://host/video')
