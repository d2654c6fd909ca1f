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

"""Sources deliver the images that were put in, at the rate that was asked for."""

import itertools
import math
from pathlib import Path
import struct
import threading

import cv2
from fer_ros.core.options import OptionError
from fer_ros.media.sources import (
    FrameSource,
    FrameStream,
    may_appear,
    open_source,
    SourceError,
    SourceOptions,
    SourceState,
)
from fer_ros.media.sources.capture import CameraSource, device_path, without_password
from fer_ros.media.sources.stream import Thinning
import numpy as np
import pytest

# Any device that exists will do: the test's capture stands in for the driver.
DEVICE = '/dev/null'


class FakeCamera:
    """Behaves as `cv2.VideoCapture` does for a camera that knows certain sizes and rates."""

    def __init__(self, images=None, size=None, rate_hz=30.0, opens=True):
        self.images = itertools.repeat(True) if images is None else iter(images)
        self.size = size
        self.rate_hz = rate_hz
        self.opens = opens
        self.settings = {}
        self.image = None
        self.is_released = False

    def isOpened(self):
        return self.opens

    def set(self, key, value):
        self.settings[key] = value
        return True

    def get(self, key):
        if key == cv2.CAP_PROP_FPS:
            return self.rate_hz
        return {
            cv2.CAP_PROP_FRAME_WIDTH: self._size()[0],
            cv2.CAP_PROP_FRAME_HEIGHT: self._size()[1],
        }[key]

    def _size(self):
        asked = (
            self.settings.get(cv2.CAP_PROP_FRAME_WIDTH),
            self.settings.get(cv2.CAP_PROP_FRAME_HEIGHT),
        )
        return self.size or (asked if all(asked) else (1280, 720))

    def grab(self):
        """Take the next of: True (an image), None (a damaged one), False (nothing more comes)."""
        self.image = next(self.images, False)
        return self.image is not False

    def retrieve(self):
        width, height = self._size()
        return (True, np.full((height, width, 3), 90, np.uint8)) if self.image else (False, None)

    def release(self):
        self.is_released = True


class SimulatedTime(threading.Event):
    """A stop event whose waits take no time: they move a clock."""

    def __init__(self):
        super().__init__()
        self.time_s = 100.0
        self.waits = []

    def clock(self):
        return self.time_s

    def now_ns(self):
        return round(self.time_s * 1e9)

    def wait(self, timeout=None):
        self.waits.append(timeout)
        self.time_s += timeout
        return self.is_set()


class CountingSource(FrameSource):
    """Delivers images whose pixels are their number; each read takes `read_s`."""

    def __init__(self, time, count=10, rate_hz=20.0, read_s=0.0, is_live=False):
        super().__init__('counting', 'a counting source', 4, 2, rate_hz, count)
        self.is_live = is_live
        self.time = time
        self.read_s = read_s
        self.next = 0
        self.is_closed = False

    def grab(self):
        self.time.time_s += self.read_s
        self.next += 1
        return self.next <= self.frame_count

    def retrieve(self):
        return np.full((2, 4, 3), self.next - 1, np.uint8)

    def rewind(self):
        self.next = 0

    def close(self):
        self.is_closed = True


def stream_of(source, time, **options):
    return FrameStream(
        SourceOptions(**options), source=source, stop=time, clock=time.clock, now_ns=time.now_ns
    )


def write_video(path, fourcc='MJPG', count=20, rate_hz=25.0, size=(64, 48)):
    """Write a video whose nth image is evenly grey with the value 10 n."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), rate_hz, size)
    assert writer.isOpened()
    for number in range(count):
        writer.write(np.full((size[1], size[0], 3), 10 * number, np.uint8))
    writer.release()
    return path


def brightness(images):
    return [float(image.mean()) for image in images]


def read_all(source):
    images = []
    while (image := source.read()) is not None:
        images.append(image)
    return images


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


def test_a_video_is_found_by_its_content_and_by_a_file_address(tmp_path):
    write_video(tmp_path / 'a clip.avi').rename(tmp_path / 'a clip')
    with open_source(f'file://{tmp_path}/a%20clip') as source:
        assert len(read_all(source)) == 20


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
    jpeg = cv2.imencode('.jpg', stored)[1].tobytes()
    tiff = b'II*\0' + struct.pack('<IHHHIHHI', 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b'Exif\0\0' + tiff
    path = tmp_path / 'turned.jpg'
    path.write_bytes(jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + jpeg[2:])
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


def test_a_camera_is_asked_for_what_the_options_say():
    camera = FakeCamera()
    options = SourceOptions(width=800, height=600, rate_hz=15, fourcc='MJPG')
    with CameraSource(DEVICE, options, lambda *_: camera) as source:
        assert source.is_live
        assert (source.width, source.height, source.rate_hz) == (800, 600, 15)
        assert source.read().shape == (600, 800, 3)
        assert source.warnings == []
    assert camera.settings[cv2.CAP_PROP_FOURCC] == int.from_bytes(b'MJPG', 'little')
    assert camera.is_released


def test_a_camera_keeps_its_own_settings_where_none_are_asked():
    camera = FakeCamera(rate_hz=50)
    with CameraSource(DEVICE, SourceOptions(width=0, height=0), lambda *_: camera) as source:
        assert (source.width, source.height, source.rate_hz) == (1280, 720, 50)
    assert set(camera.settings) == {cv2.CAP_PROP_BUFFERSIZE}


def test_a_camera_that_gives_something_else_says_so():
    camera = FakeCamera(size=(320, 240), rate_hz=10)
    with CameraSource(DEVICE, SourceOptions(rate_hz=30), lambda *_: camera) as source:
        size, rate = source.warnings
        assert (source.width, source.height, source.rate_hz) == (320, 240, 10)
    assert '640x480' in size
    assert '320x240' in size
    assert '30 Hz' in rate
    assert '10 Hz' in rate


def test_a_damaged_image_of_a_camera_is_passed_over():
    camera = FakeCamera(images=[None, True, True, None, True])
    with CameraSource(DEVICE, SourceOptions(), lambda *_: camera) as source:
        assert source.read() is not None
        assert source.read() is not None


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


@pytest.mark.parametrize(
    ('url', 'shown'),
    [
        ('rtsp://me:se@cret@cam:554/live?x=1', 'rtsp://***@cam:554/live?x=1'),
        ('http://cam/a@b', 'http://cam/a@b'),
    ],
)
def test_passwords_are_not_shown(url, shown):
    assert without_password(url) == shown


@pytest.mark.parametrize(
    'values',
    [
        {'rate_hz': -1.0},
        {'rate_hz': 241.0},
        {'rate_hz': math.nan},
        {'width': -1},
        {'fourcc': 'MJP'},
        {'source': True},
    ],
)
def test_options_out_of_range_are_refused(values):
    with pytest.raises(OptionError, match=next(iter(values))):
        SourceOptions.from_mapping(values)


def test_a_file_keeps_its_rate_without_drift():
    time = SimulatedTime()
    source = CountingSource(time, count=200, rate_hz=30, read_s=0.007)
    frames = list(stream_of(source, time))
    stamps = [frame.stamp_ns / 1e9 for frame in frames]
    assert [frame.sequence for frame in frames] == list(range(200))
    assert [int(frame.image[0, 0, 0]) for frame in frames] == list(range(200))
    # All but the first image are read before their time.
    assert stamps[0] == pytest.approx(100.007, abs=1e-6)
    assert stamps[1:] == pytest.approx([100 + n / 30 for n in range(1, 200)], abs=1e-6)
    assert source.is_closed


def test_the_rate_that_is_asked_replaces_that_of_the_file(tmp_path):
    time = SimulatedTime()
    path = write_video(tmp_path / 'a.avi', rate_hz=25)
    stream = FrameStream(
        SourceOptions(source=str(path), rate_hz=50),
        stop=time,
        clock=time.clock,
        now_ns=time.now_ns,
    )
    stamps = [frame.stamp_ns for frame in stream]
    assert np.diff(stamps) == pytest.approx(20e6, abs=10)


def test_a_stream_that_was_held_up_does_not_catch_up():
    time = SimulatedTime()
    stamps = []
    for frame in stream_of(CountingSource(time, count=6, rate_hz=10), time):
        stamps.append(frame.stamp_ns / 1e9 - 100)
        if frame.sequence == 2:
            time.time_s += 0.75
    assert stamps == pytest.approx([0, 0.1, 0.2, 0.95, 1.05, 1.15])


def test_a_small_delay_is_made_up_for():
    time = SimulatedTime()
    stamps = []
    for frame in stream_of(CountingSource(time, count=5, rate_hz=10), time):
        stamps.append(frame.stamp_ns / 1e9 - 100)
        if frame.sequence == 1:
            time.time_s += 0.15
    assert stamps == pytest.approx([0, 0.1, 0.25, 0.3, 0.4])


def test_without_pacing_nothing_waits():
    time = SimulatedTime()
    stream = FrameStream(
        SourceOptions(),
        source=CountingSource(time),
        stop=time,
        clock=time.clock,
        now_ns=time.now_ns,
        paced=False,
    )
    assert len(list(stream)) == 10
    assert time.waits == []


def test_a_loop_goes_on_counting_at_the_same_rate():
    time = SimulatedTime()
    frames = list(
        itertools.islice(stream_of(CountingSource(time, count=3, rate_hz=10), time, loop=True), 8)
    )
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert [frame.sequence for frame in frames] == list(range(8))
    assert np.diff([frame.stamp_ns for frame in frames]) == pytest.approx(0.1e9, abs=10)


def test_a_loop_over_nothing_ends():
    time = SimulatedTime()
    assert list(stream_of(CountingSource(time, count=0), time, loop=True)) == []


def test_frames_carry_the_frame_id_and_the_stamp_of_the_callers_clock():
    stamps = iter(range(5000, 9000))
    time = SimulatedTime()
    stream = FrameStream(
        SourceOptions(),
        source=CountingSource(time, count=2),
        stop=time,
        clock=time.clock,
        now_ns=lambda: next(stamps),
        frame_id='camera_optical',
    )
    assert [(f.stamp_ns, f.frame_id) for f in stream] == [
        (5000, 'camera_optical'),
        (5001, 'camera_optical'),
    ]


def test_stop_interrupts_a_wait_and_closes_the_source(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((4, 4, 3), np.uint8))
    stop = threading.Event()
    first = threading.Event()
    stream = FrameStream(
        SourceOptions(source=str(tmp_path / 'a.png'), rate_hz=0.001, loop=True), stop=stop
    )

    def iterate():
        for _ in stream:
            first.set()

    thread = threading.Thread(target=iterate)
    thread.start()
    assert first.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert stream.source is None
    assert stream.status.state is SourceState.ENDED
    assert 'stopped' in stream.status.text


def test_a_consumer_that_leaves_closes_the_source():
    time = SimulatedTime()
    source = CountingSource(time)
    frames = iter(stream_of(source, time))
    next(frames)
    frames.close()
    assert source.is_closed


def test_the_end_of_a_file_is_reported(tmp_path):
    path = write_video(tmp_path / 'a.avi')
    states = []
    stream = FrameStream(SourceOptions(source=str(path)), paced=False, on_status=states.append)
    assert len(list(stream)) == 20
    assert [status.state for status in states] == [SourceState.RUNNING, SourceState.ENDED]
    assert stream.status == states[-1]


def test_a_live_source_is_not_waited_for():
    time = SimulatedTime()
    source = CountingSource(time, count=10, read_s=0.04, is_live=True)
    assert len(list(stream_of(source, time))) == 10
    assert time.waits == []


@pytest.mark.parametrize(
    ('camera_hz', 'asked_hz', 'expected_hz'),
    [
        (30, 30, 30),
        (30.02, 30, 30),
        (29.97, 30, 29.97),
        (30, 15, 15),
        (30, 20, 20),
        (60, 25, 25),
        (30, 10, 10),
        (15, 30, 15),
        (30, 0, 30),
        (120, 7, 7),
        (30, 29, 29),
    ],
)
@pytest.mark.parametrize('jitter', [0.0, 0.3])
def test_thinning_keeps_the_asked_rate_within_two_percent(
    camera_hz, asked_hz, expected_hz, jitter
):
    random = np.random.RandomState(3)
    # Arrivals scatter around an exact schedule, as those of a camera do.
    times = (
        np.arange(round(60 * camera_hz)) + random.uniform(-jitter, jitter, round(60 * camera_hz))
    ) / camera_hz
    thinning = Thinning(asked_hz)
    chosen = [t for t in times if thinning.is_due(t)]
    assert len(chosen) / 60 == pytest.approx(expected_hz, rel=0.02)


def test_thinning_goes_on_after_a_gap():
    thinning = Thinning(10)
    times = [*np.arange(0, 1, 1 / 30), *np.arange(20, 21, 1 / 30)]
    chosen = [t for t in times if thinning.is_due(t)]
    assert len([t for t in chosen if t >= 20]) == 10


def test_an_unknown_scheme_is_refused():
    with pytest.raises(SourceError, match=r'gopher://.*rtsp://'):
        open_source('gopher://host/video')


def test_a_name_with_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    write_video(tmp_path / 'a.avi')
    with open_source('~/a.avi') as source:
        assert Path(source.spec) == tmp_path / 'a.avi'
