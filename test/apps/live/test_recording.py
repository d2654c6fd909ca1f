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

"""Recording: a video of constant rate from images that come as they like."""

from pathlib import Path
import subprocess
import sys

import cv2
from fer_ros.apps.live.recording import OverlayRecorder
from fer_ros.media.video_writer import usual_rate_hz, VideoFileWriter
from graph import image_message, RELIABLE, wait_until
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

S = 10**9
RATE = 10.0
PERIOD = S // 10


def image(value, size=(48, 64)):
    return np.full((*size, 3), value, np.uint8)


def read(path):
    """Return the mean grey values of a video's images, its rate and its size."""
    capture = cv2.VideoCapture(str(path))
    values = []
    while True:
        ok, frame = capture.read()
        if not ok:
            break
        values.append(float(frame.mean()))
    rate, width, height = (
        capture.get(k)
        for k in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    capture.release()
    return values, rate, (int(width), int(height))


def record(path, moments):
    """Write images of these values at these times in periods."""
    file = VideoFileWriter(path)
    for value, time in moments:
        file.write(image(value), S + round(time * PERIOD))
    file.close()
    return [round(value / 10) for value in read(path)[0]]


@pytest.mark.parametrize('name', ['a.mp4', 'a.mkv', 'a.avi', 'A.MP4'])
def test_a_steady_stream_is_written_as_it_is(tmp_path, name):
    path = tmp_path / name
    assert record(path, [(10 * k, k) for k in range(20)]) == list(range(20))
    assert read(path)[1:] == (pytest.approx(RATE), (64, 48))


def test_jitter_does_not_show(tmp_path):
    shifts = [0, 0.3, -0.3, 0.2, -0.2, 0.4, 0.1, -0.4, 0, 0.3]
    steady = [(0, k) for k in range(15)]
    moments = [(10 * k, 15 + k + shift) for k, shift in enumerate(shifts)]
    assert record(tmp_path / 'a.avi', [*steady, *moments])[15:] == list(range(10))


def test_a_gap_is_filled_with_the_image_before_it(tmp_path):
    assert record(tmp_path / 'a.avi', [(0, 0), (50, 1), (100, 5), (150, 6)]) == [
        0,
        5,
        5,
        5,
        5,
        10,
        15,
    ]


def test_too_many_images_are_thinned(tmp_path):
    steady = [(0, k) for k in range(15)]
    values = record(tmp_path / 'a.avi', [*steady, *((k, 15 + k / 10) for k in range(100))])
    assert len(values) - 15 in (10, 11), 'nearly ten periods'
    assert values == sorted(values)


@pytest.mark.parametrize(
    ('interval_s', 'rate'),
    [(0.1, 10), (1 / 25, 25), (1 / 29.97, 30), (1 / 7.5, 7.5), (2.0, 1), (0.001, 240)],
)
def test_the_rate_is_that_of_the_first_images(tmp_path, interval_s, rate):
    path = tmp_path / 'a.avi'
    file = VideoFileWriter(path)
    for k in range(20):
        jitter = (0.01, -0.01, 0, 0.01)[k % 4]
        # A pause changes nothing.
        file.write(image(100), S + round((k + jitter + (k > 8)) * interval_s * S))
    file.close()
    assert read(path)[1] == pytest.approx(rate)


def test_jitter_does_not_change_the_rate():
    """Each of these images came up to 9 ms late."""
    late_ms = np.random.default_rng(1).uniform(0, 9, 30)
    assert usual_rate_hz([round(k * S / 30 + late_ms[k] * 1e6) for k in range(30)]) == 30


def test_images_that_are_late_by_nearly_a_period_do_not_change_the_rate():
    late = {3: 0.9, 7: 0.85, 8: 0.2, 12: 0.95, 20: 0.9}
    assert usual_rate_hz([round((k + late.get(k, 0)) * PERIOD) for k in range(25)]) == RATE


def test_the_rate_is_that_of_the_source_where_some_images_are_left_out(tmp_path):
    source = []
    file = VideoFileWriter(tmp_path / 'a.avi', source_times_ns=source)
    for k in range(40):
        source.append(S + k * PERIOD)
        if k % 2 == 0:
            file.write(image(6 * k), source[-1])
    file.close()
    values, rate, _ = read(tmp_path / 'a.avi')
    assert (len(values), rate) == (39, pytest.approx(RATE))


def test_stamps_that_stand_still_or_jump_do_not_change_the_rate():
    assert usual_rate_hz([S + k * PERIOD for k in (0, 1, 1, 2, 9, 3, 4)]) == 10


@pytest.mark.parametrize(('number', 'rate'), [(1, 30), (2, 5), (3, 5)])
def test_a_short_run_has_the_rate_of_what_there_is(tmp_path, number, rate):
    file = VideoFileWriter(tmp_path / 'a.avi')
    for k in range(number):
        file.write(image(100), S + k * S // 5)
    assert list(tmp_path.iterdir()) == []
    file.close()
    values, read_rate, _ = read(tmp_path / 'a.avi')
    assert (len(values), read_rate) == (number, pytest.approx(rate))


def test_a_long_gap_is_left_out(tmp_path):
    values = record(tmp_path / 'a.avi', [(0, 0), (50, 1), (100, 10_000), (150, 10_001)])
    assert values == [0, 5, 10, 15]


@pytest.mark.parametrize('back', [2, 50, 10_000])
def test_a_clock_that_jumps_back(tmp_path, back):
    begin = 20_000
    moments = [(0, begin), (50, begin + 1), (100, begin + 1 - back), (150, begin + 2 - back)]
    assert record(tmp_path / 'a.avi', moments) == [0, 5, 10, 15]


def test_images_of_another_shape_get_borders(tmp_path):
    file = VideoFileWriter(tmp_path / 'a.avi')
    for k, size in enumerate([(48, 64), (96, 128), (60, 20)]):
        file.write(image(200, size), S + k * PERIOD)
    file.close()
    capture = cv2.VideoCapture(str(tmp_path / 'a.avi'))
    images = [capture.read()[1] for _ in range(3)]
    capture.release()
    assert {picture.shape for picture in images} == {(48, 64, 3)}
    assert images[1].min() > 180, 'the same shape fills it'
    # 20 x 60 becomes 16 x 48, in the middle; MJPG smears over its blocks of 16.
    assert images[2][:, 28:36].min() > 180
    assert images[2][:, :8].max() < 20
    assert images[2][:, -8:].max() < 20


@pytest.mark.parametrize('name', ['a.mkv', 'a.avi'])
def test_what_was_recorded_survives_a_kill(tmp_path, name):
    """Noise, which does not compress: 60 images are more than what waits to be written."""
    path = tmp_path / name
    program = f"""
import os, sys
from pathlib import Path
from fer_ros.media.video_writer import VideoFileWriter
import numpy as np
random = np.random.default_rng(1)
file = VideoFileWriter(Path({str(path)!r}))
for k in range(60):
    file.write(random.integers(0, 256, (240, 320, 3), np.uint8), k * {PERIOD})
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, '-c', program], check=False).returncode == -9
    assert len(read(path)[0]) > 20


@pytest.mark.parametrize('name', ['a.mp4', 'a.mkv', 'a.avi'])
def test_a_full_disk_is_told_of(tmp_path, name):
    """A limit of the file's size stands for the disk."""
    program = f"""
import resource
from pathlib import Path
from fer_ros.media.video_writer import VideoFileWriter
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
random = np.random.default_rng(1)
file = VideoFileWriter(Path({str(tmp_path / name)!r}))
for k in range(60):
    file.write(random.integers(0, 256, (240, 320, 3), np.uint8), k * {PERIOD})
try:
    file.close()
except OSError as error:
    print('said:', error)
"""
    run = subprocess.run(
        [sys.executable, '-c', program], check=True, capture_output=True, text=True
    )
    assert f'said: {tmp_path / name} is damaged: of 60 images' in run.stdout
    assert 'space on the disk' in run.stdout


def test_nothing_is_written_before_the_first_image(tmp_path):
    VideoFileWriter(tmp_path / 'a.mp4').close()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_cannot_be_recorded(tmp_path):
    with pytest.raises(ValueError, match=r'a\.gif cannot be recorded.*\.mp4'):
        VideoFileWriter(tmp_path / 'a.gif')
    with pytest.raises(ValueError, match='there is no folder'):
        VideoFileWriter(tmp_path / 'nowhere' / 'a.mp4')


def test_a_file_that_cannot_be_written(tmp_path, capfd):
    path = tmp_path / 'a.mp4'
    path.mkdir()
    file = VideoFileWriter(path)
    file.write(image(1), S)
    with pytest.raises(OSError, match=r'a\.mp4 cannot be written'):
        file.close()


def test_the_overlay_is_recorded(graph, tmp_path):
    path = tmp_path / 'a.avi'
    recorder = graph.do(OverlayRecorder, graph.probe, path)
    overlay = graph.speaker(Image, 'emotions/overlay', RELIABLE)
    wait_until(overlay.get_subscription_count)
    for k in range(30):
        overlay.publish(image_message(image(5 * k), stamp_ns=S + k * PERIOD))
        wait_until(lambda: recorder.images == k + 1)  # noqa: B023
    assert recorder.close() == f'Recorded 30 images in {path}.'
    assert len(read(path)[0]) == 30


def test_an_overlay_that_leaves_images_out_is_recorded_at_the_rate_of_the_camera(graph, tmp_path):
    path = tmp_path / 'a.avi'
    recorder = graph.do(OverlayRecorder, graph.probe, path)
    overlay = graph.speaker(Image, 'emotions/overlay', RELIABLE)
    camera = graph.speaker(CameraInfo, 'camera_info', RELIABLE)
    wait_until(lambda: overlay.get_subscription_count() and camera.get_subscription_count())
    for k in range(30):
        message = image_message(image(5 * k), stamp_ns=S + k * PERIOD)
        camera.publish(CameraInfo(header=message.header))
        wait_until(lambda: len(recorder._camera_times_ns) == k + 1)  # noqa: B023
        if k % 3 == 0:
            overlay.publish(message)
            wait_until(lambda: recorder.images == k // 3 + 1)  # noqa: B023
    assert recorder.close() == f'Recorded 10 images in {path}.'
    values, rate, _ = read(path)
    assert (len(values), rate) == (28, pytest.approx(RATE))


def test_a_recording_without_images_says_so(graph, tmp_path):
    recorder = graph.do(OverlayRecorder, graph.probe, tmp_path / 'a.mp4')
    assert 'Nothing was recorded' in recorder.close()


def test_a_recording_that_fails_says_why_and_the_program_goes_on(graph, tmp_path, capfd):
    path = tmp_path / 'a.mp4'
    recorder = graph.do(OverlayRecorder, graph.probe, path)
    Path(path).mkdir()
    overlay = graph.speaker(Image, 'emotions/overlay', RELIABLE)
    wait_until(overlay.get_subscription_count)

    def publish():
        overlay.publish(image_message(image(1), stamp_ns=S))
        return recorder.fault

    wait_until(publish)
    publish()
    assert 'cannot be written' in recorder.close()
