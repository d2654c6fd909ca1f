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

"""A network stream hides its password, and a snapshot is requested again and again."""

import cv2
from fer_ros.media.sources import FrameStream, open_source, SourceError, SourceOptions, SourceState
from fer_ros.media.sources.network_stream import without_password
from file_server import FileServer
from mjpeg_server import MjpegServer
import numpy as np
import pytest
from simulated_time import SimulatedTime
from video_files import read_all

NAMES = ['snapshot.jpg', 'cgi-bin/snapshot.cgi?camera=1', 'picture.png']


def picture(value, name='.jpg'):
    """Return a picture file with this mean; noise makes it as large as a photograph."""
    image = np.random.RandomState(0).normal(value, 10, (48, 64, 3)).clip(0, 255)
    image = np.round(image + value - image.mean())
    suffix = '.png' if name.endswith('.png') else '.jpg'
    return cv2.imencode(suffix, image.clip(0, 255).astype(np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ('url', 'shown'),
    [
        ('rtsp://me:se@cret@cam:554/live?x=1', 'rtsp://***@cam:554/live?x=1'),
        ('http://cam/a@b', 'http://cam/a@b'),
    ],
)
def test_passwords_are_not_shown(url, shown):
    assert without_password(url) == shown


@pytest.mark.parametrize('name', NAMES)
def test_a_snapshot_is_requested_for_each_image(name):
    with FileServer(picture(60, name), name=name) as server, open_source(server.url) as source:
        seen = []
        for value in (60, 90, 120, 180):
            server.content = picture(value, name)
            image = source.read()
            assert image.shape == (48, 64, 3)
            seen.append(image.mean())
        assert seen == pytest.approx([60, 90, 120, 180], abs=2)
        assert server.requests == 4
        assert source.is_live
        assert source.frame_count is None
        assert source.description == f'snapshots of {server.url}, 64x48 at 2 Hz'


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize(('rate_hz', 'period_s'), [(0, 0.5), (5, 0.2), (0.1, 10)])
def test_a_snapshot_is_requested_at_the_rate(name, rate_hz, period_s):
    time = SimulatedTime()
    with FileServer(picture(80, name), name=name) as server:
        stream = FrameStream(
            SourceOptions(source=server.url, rate_hz=rate_hz), stop=time, clock=time.clock,
            now_ns=time.now_ns)
        stamps = []
        for frame in stream:
            stamps.append(frame.stamp_ns / 1e9)
            if len(stamps) == 6:
                time.set()
    # FFmpeg states that it is one image only if the name ends in .jpg. Otherwise this is known at
    # the end of the answer, and the second request follows at once.
    if not name.endswith('.jpg'):
        del stamps[0]
    assert np.diff(stamps) == pytest.approx(period_s)


def test_a_snapshot_that_fails_is_lost_and_opened_again():
    time = SimulatedTime()
    states = []

    def note(status):
        states.append(status.state)
        if status.state is SourceState.LOST:
            assert 'does not open' in status.text
            server.content = picture(200)

    with FileServer(picture(80), name='snapshot.cgi') as server:
        stream = FrameStream(
            SourceOptions(source=server.url, read_timeout_s=5), stop=time, clock=time.clock,
            now_ns=time.now_ns, on_status=note)
        seen = []
        for frame in stream:
            seen.append(frame.image.mean())
            if len(seen) == 3:
                server.content = None
            if len(seen) == 5:
                time.set()
    assert seen == pytest.approx([80, 80, 80, 200, 200], abs=2)
    assert states.count(SourceState.LOST) == 1
    assert [frame for frame in states if frame is SourceState.FAILED] == []


def test_a_snapshot_that_fails_at_first_may_return():
    with FileServer(None, name='snapshot.jpg') as server:
        with pytest.raises(SourceError, match='does not open') as caught:
            open_source(server.url, SourceOptions(read_timeout_s=5))
        assert caught.value.may_return


def test_a_stream_of_many_images_is_no_snapshot():
    server = MjpegServer()
    try:
        with open_source(server.url) as source:
            for _ in range(5):
                assert source.read().shape == (48, 64, 3)
            assert source.request_rate_hz == 0
            assert source.description.startswith('stream ')
    finally:
        server.stop()


def test_a_stream_that_stops_is_no_snapshot():
    server = MjpegServer(images=3)
    try:
        with open_source(server.url, SourceOptions(read_timeout_s=1)) as source:
            with pytest.raises(SourceError, match='stopped delivering') as caught:
                read_all(source)
            assert caught.value.may_return
    finally:
        server.stop()
