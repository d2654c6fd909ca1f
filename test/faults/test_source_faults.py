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

"""What goes wrong with sources of images, and what then happens."""

from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import itertools
import os
from pathlib import Path
import threading
import time

import cv2
from fer_ros.media import sample_portraits
from fer_ros.media.image_file import read_image
from fer_ros.media.sources import FrameStream, open_source, SourceError, SourceOptions, SourceState
from fer_ros.media.sources.camera import CameraSource
from mjpeg_server import MjpegServer
import numpy as np
from picture_files import heif_start
import pytest

DEADLINE_S = 30
DEVICE = '/dev/null'
NOWHERE = '/dev/fer_ros_no_such_camera'


class FakeCamera:
    """Behaves as `cv2.VideoCapture`; delivers each True as an image, each None damaged."""

    def __init__(self, images, opens=True):
        self.images = iter(images)
        self.opens = opens
        self.image = None

    def isOpened(self):
        return self.opens

    def set(self, key, value):
        return True

    def get(self, key):
        return {
            cv2.CAP_PROP_FRAME_WIDTH: 640,
            cv2.CAP_PROP_FRAME_HEIGHT: 480,
            cv2.CAP_PROP_FPS: 30,
        }[key]

    def grab(self):
        self.image = next(self.images, False)
        return self.image is not False

    def retrieve(self):
        return (True, np.zeros((480, 640, 3), np.uint8)) if self.image else (False, None)

    def release(self):
        self.images = iter(())


class Waits(threading.Event):
    """A stop event that notes the waits asked of it, does not wait, and sets itself in the end."""

    def __init__(self, count):
        super().__init__()
        self.count = count
        self.waits = []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        if len(self.waits) >= self.count:
            self.set()
        return self.is_set()


@pytest.fixture
def server():
    running = MjpegServer()
    yield running
    running.stop()


def fault(spec, **options):
    with pytest.raises(SourceError) as caught:
        open_source(str(spec), SourceOptions(**options))
    assert str(spec) in str(caught.value)
    return caught.value


def write_video(path, fourcc='MJPG', count=60):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), 30, (64, 48))
    random = np.random.RandomState(0)
    for _ in range(count):
        writer.write(random.randint(0, 255, (48, 64, 3)).astype(np.uint8))
    writer.release()
    return path


def cut(path, part):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    return path


def test_no_camera(capfd):
    error = fault(NOWHERE)
    assert 'there is no camera' in str(error)
    assert error.may_return
    assert capfd.readouterr() == ('', '')


def test_no_permission_for_the_camera(monkeypatch):
    monkeypatch.setattr(os, 'access', lambda *_: False)
    assert 'group video' in str(fault(DEVICE))


def test_a_device_that_is_no_camera(capfd):
    error = fault(DEVICE)
    assert 'another program' in str(error)
    assert error.may_return
    assert capfd.readouterr() == ('', '')


def test_a_camera_that_delivers_nothing():
    with pytest.raises(SourceError, match='delivers no image') as caught:
        CameraSource(DEVICE, SourceOptions(), lambda *_: FakeCamera([]))
    assert caught.value.may_return


def test_a_camera_that_delivers_only_damaged_images():
    camera = FakeCamera([True, *[None] * 1000])
    source = CameraSource(DEVICE, SourceOptions(), lambda *_: camera)
    with source, pytest.raises(SourceError, match='could not be decoded') as caught:
        source.read()
    assert caught.value.may_return


def test_a_lost_camera_is_opened_again():
    cameras = iter(
        [
            FakeCamera([True] * 4),
            FakeCamera([], opens=False),
            FakeCamera([]),
            FakeCamera([True] * 6),
        ]
    )
    stop = Waits(count=5)
    states = []
    stream = FrameStream(
        SourceOptions(source=DEVICE),
        stop=stop,
        on_status=states.append,
        opener=partial(open_source, capture=lambda *_: next(cameras, FakeCamera([]))),
    )
    frames = list(stream)
    # One image of each camera is used up to see whether it delivers.
    assert [frame.sequence for frame in frames] == list(range(3 + 5))
    kinds = [kind for kind, _ in itertools.groupby(status.state for status in states)]
    assert kinds == [
        SourceState.RUNNING,
        SourceState.LOST,
        SourceState.RUNNING,
        SourceState.LOST,
        SourceState.ENDED,
    ]
    assert [status.losses for status in states] == [0, 1, 2, 3, 3, 4, 5, 5]
    # Doubles with each failure and begins anew after an image came.
    assert stop.waits == [0.5, 1.0, 2.0, 0.5, 1.0]
    lost = next(status for status in states if status.state is SourceState.LOST)
    assert DEVICE in lost.text
    assert 'trying again in 0.5 s' in lost.text


def test_the_wait_for_a_camera_has_a_limit():
    stop = Waits(count=8)
    stream = FrameStream(SourceOptions(source=NOWHERE, reopen_delay_max_s=8), stop=stop)
    assert list(stream) == []
    assert stop.waits == [0.5, 1, 2, 4, 8, 8, 8, 8]
    assert stream.status.losses == 8


def test_auto_waits_for_the_camera_that_it_had(monkeypatch):
    cameras = iter([FakeCamera([True] * 3)])

    def opener(spec, options):
        if spec == 'auto' or spec == DEVICE:
            return CameraSource(
                DEVICE, options, lambda *_: next(cameras, FakeCamera([], opens=False))
            )
        raise AssertionError(spec)

    stream = FrameStream(SourceOptions(), stop=Waits(count=3), opener=opener)
    assert len(list(stream)) == 2


def test_auto_without_a_camera_shows_the_sample_and_says_so(monkeypatch, capfd):
    def absent(device, options, capture):
        return CameraSource(NOWHERE, options, capture)

    monkeypatch.setattr('fer_ros.media.sources.opening.CameraSource', absent)
    for spec in ('', 'auto'):
        with open_source(spec) as source:
            assert source.spec == 'sample'
            warning, = source.warnings
            assert 'no camera opens: showing the built-in sample clip instead' in warning
            assert NOWHERE in warning
            assert source.read().shape == (480, 640, 3)
    assert capfd.readouterr() == ('', '')


def test_the_sample_without_its_packages(monkeypatch):
    monkeypatch.setattr(sample_portraits.importlib.util, 'find_spec', lambda _: None)
    monkeypatch.setattr(sample_portraits, 'SYSTEM_FILE', Path(NOWHERE))
    with pytest.raises(SourceError, match='matplotlib') as caught:
        open_source('sample')
    assert not caught.value.may_return


def test_a_file_that_does_not_exist(tmp_path):
    error = fault(tmp_path / 'nothing.mp4')
    assert 'there is no file' in str(error)
    assert not error.may_return


def test_a_stream_over_a_missing_file_fails_at_once(tmp_path):
    stream = FrameStream(SourceOptions(source=str(tmp_path / 'nothing.mp4')))
    with pytest.raises(SourceError, match=r'nothing\.mp4'):
        list(stream)
    assert stream.status.state is SourceState.FAILED


def test_an_empty_file(tmp_path):
    (tmp_path / 'empty.mp4').touch()
    assert 'empty' in str(fault(tmp_path / 'empty.mp4'))


@pytest.mark.parametrize(
    'content',
    [b'only text\n' * 500, bytes(20000), np.random.RandomState(0).bytes(50000), b'%PDF-1.4\n'],
)
def test_a_file_that_is_no_video(tmp_path, capfd, content):
    (tmp_path / 'notes.bin').write_bytes(content)
    assert 'not a video' in str(fault(tmp_path / 'notes.bin'))
    assert capfd.readouterr() == ('', '')


def test_a_file_without_permission(tmp_path, monkeypatch):
    path = write_video(tmp_path / 'a.avi')
    monkeypatch.setattr(os, 'access', lambda *_: False)
    assert 'no permission' in str(fault(path))


def test_an_mp4_that_was_cut_short_does_not_open(tmp_path, capfd):
    path = cut(write_video(tmp_path / 'a.mp4', 'mp4v'), 0.5)
    assert 'cut short' in str(fault(path))
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize('name', ['a.avi', 'a.mkv'])
def test_a_truncated_video_delivers_what_there_is_and_warns(tmp_path, name, capfd):
    path = cut(write_video(tmp_path / name), 0.5)
    stream = FrameStream(SourceOptions(source=str(path)), paced=False)
    frames = list(stream)
    assert 20 <= len(frames) <= 35
    assert stream.status.state is SourceState.ENDED
    (warning,) = stream.status.warnings
    assert f'{len(frames)} of 60' in warning
    assert 'truncated' in warning
    assert str(path) in warning
    assert capfd.readouterr() == ('', '')


def test_a_file_over_http_whose_connection_breaks_warns(tmp_path):
    content = write_video(tmp_path / 'a.avi').read_bytes()

    class Handler(BaseHTTPRequestHandler):

        def do_GET(self):
            self.send_response(200)
            self.send_header('Content-Length', str(len(content)))
            self.end_headers()
            self.wfile.write(content[:len(content) // 2])

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        url = f'http://127.0.0.1:{server.server_address[1]}/a.avi'
        try:
            stream = FrameStream(SourceOptions(source=url, read_timeout_s=5), paced=False)
            frames = list(stream)
        finally:
            server.shutdown()
            thread.join()
    assert 20 <= len(frames) <= 35
    (warning,) = stream.status.warnings
    assert f'{url} ended after {len(frames)} of 60 images' in warning


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp', '.webp'])
def test_a_truncated_image(tmp_path, suffix, capfd):
    path = tmp_path / f'face{suffix}'
    random = np.random.RandomState(0)
    cv2.imwrite(str(path), random.randint(0, 255, (80, 80, 3)).astype(np.uint8))
    fault(cut(path, 0.5))
    assert capfd.readouterr() == ('', '')


def jpeg(image):
    return cv2.imencode('.jpg', image)[1].tobytes()


def test_a_jpeg_may_have_anything_behind_it_and_a_jpeg_within(tmp_path):
    image = np.random.RandomState(0).randint(0, 255, (64, 64, 3)).astype(np.uint8)
    plain = jpeg(image)
    thumbnail = b'Exif\0\0' + jpeg(image[:8, :8])
    segment = b'\xff\xe1' + (len(thumbnail) + 2).to_bytes(2, 'big') + thumbnail
    whole = plain[:2] + segment + plain[2:]
    path = tmp_path / 'motion.jpg'
    path.write_bytes(whole + b'\xff\xda' + bytes(1000))
    assert read_image(path).shape == image.shape
    path.write_bytes(whole[:-200])
    assert 'truncated' in str(fault(path))


def test_an_image_with_an_edge_that_cannot_be_warped(tmp_path):
    cv2.imwrite(str(tmp_path / 'wide.png'), np.zeros((2, 32767, 3), np.uint8))
    assert '32767x2 pixels' in str(fault(tmp_path / 'wide.png'))


@pytest.mark.parametrize(('brand', 'name'), [
    (b'heic', 'HEIC'), (b'mif1', 'HEIF'), (b'avif', 'AVIF'), (b'crx ', 'camera raw')])
def test_a_picture_in_a_box_of_mp4_is_not_called_a_video(tmp_path, capfd, brand, name):
    for path in (tmp_path / 'a.heic', tmp_path / 'a.mp4', tmp_path / 'a'):
        path.write_bytes(heif_start(brand) + bytes(100))
        error = str(fault(path))
        assert f' {name} picture' in error
        assert 'MP4' not in error
        assert 'index' not in error
    assert capfd.readouterr() == ('', '')


def test_an_image_that_is_too_large(tmp_path):
    path = tmp_path / 'huge.pgm'
    path.write_bytes(b'P5 40000 40000 255\n' + bytes(100))
    assert 'smaller' in str(fault(path))


def test_an_image_of_8k_is_read(tmp_path):
    cv2.imwrite(str(tmp_path / 'large.jpg'), np.zeros((4320, 7680, 3), np.uint8))
    with open_source(str(tmp_path / 'large.jpg')) as source:
        assert source.read().shape == (4320, 7680, 3)


def test_a_folder_without_images(tmp_path, capfd):
    assert 'no image' in str(fault(tmp_path))
    (tmp_path / 'notes.txt').write_text('nothing to see')
    error = fault(tmp_path)
    assert 'no image' in str(error)
    assert not error.may_return
    assert capfd.readouterr() == ('', '')


def test_a_folder_with_some_images_that_cannot_be_read(tmp_path):
    for name in ('1.png', '3.png'):
        cv2.imwrite(str(tmp_path / name), np.full((8, 8, 3), int(name[0]), np.uint8))
    (tmp_path / '2.jpg').write_text('no image')
    cv2.imwrite(str(tmp_path / '4.jpg'), np.zeros((80, 80, 3), np.uint8))
    cut(tmp_path / '4.jpg', 0.6)
    stream = FrameStream(
        SourceOptions(source=str(tmp_path), image_duration_s=0, rate_hz=240), paced=False
    )
    assert [int(frame.image[0, 0, 0]) for frame in stream] == [1, 3]
    assert len(stream.status.warnings) == 2
    assert all(
        any(name in w and 'skipped' in w for w in stream.status.warnings)
        for name in ('2.jpg', '4.jpg')
    )


def test_a_folder_whose_images_are_all_damaged(tmp_path):
    cv2.imwrite(str(tmp_path / '1.jpg'), np.zeros((80, 80, 3), np.uint8))
    cut(tmp_path / '1.jpg', 0.6)
    assert 'no image' in str(fault(tmp_path))


def test_a_video_that_is_gone_when_it_should_loop(tmp_path):
    path = write_video(tmp_path / 'a.avi', count=5)
    with open_source(str(path)) as source:
        path.unlink()
        with pytest.raises(SourceError, match=r'a\.avi'):
            source.rewind()


def test_a_stream_that_nobody_sends(server, capfd):
    server.stop()
    error = fault(server.url, read_timeout_s=2)
    assert 'does not open' in str(error)
    assert error.may_return
    assert capfd.readouterr() == ('', '')


def test_the_password_of_a_stream_is_not_told(server):
    server.stop()
    with pytest.raises(SourceError) as caught:
        open_source(
            f'http://user:geheim@127.0.0.1:{server.port}/', SourceOptions(read_timeout_s=2)
        )
    assert 'geheim' not in str(caught.value)
    assert f'127.0.0.1:{server.port}' in str(caught.value)


def test_a_stream_that_dies_and_returns_goes_on(server):
    running, lost, again, stop = (threading.Event() for _ in range(4))

    def note(status):
        if status.state is SourceState.LOST:
            lost.set()

    def iterate():
        for frame in stream:
            numbers.append(frame.sequence)
            shapes.add(frame.image.shape)
            (again if lost.is_set() else running).set()

    numbers, shapes = [], set()
    stream = FrameStream(
        SourceOptions(
            source=server.url, read_timeout_s=5, reopen_delay_s=0.05, reopen_delay_max_s=0.1
        ),
        stop=stop,
        on_status=note,
    )
    thread = threading.Thread(target=iterate)
    thread.start()
    try:
        assert running.wait(DEADLINE_S)
        assert stream.source.is_live
        server.stop()
        assert lost.wait(DEADLINE_S)
        assert not again.is_set()
        server.start()
        assert again.wait(DEADLINE_S)
        assert stream.status.state is SourceState.RUNNING
        assert stream.status.losses >= 1
    finally:
        stop.set()
        thread.join(DEADLINE_S)
    assert not thread.is_alive()
    assert numbers == list(range(len(numbers)))
    assert shapes == {(48, 64, 3)}


def test_stop_interrupts_the_wait_for_a_camera():
    stop, lost = threading.Event(), threading.Event()
    stream = FrameStream(
        SourceOptions(source=NOWHERE, reopen_delay_s=60, reopen_delay_max_s=3600),
        stop=stop,
        on_status=lambda status: lost.set(),
    )
    thread = threading.Thread(target=lambda: list(stream))
    began = time.monotonic()
    thread.start()
    assert lost.wait(DEADLINE_S)
    stop.set()
    thread.join(DEADLINE_S)
    assert not thread.is_alive()
    assert time.monotonic() - began < 60
