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

import cv2
from fer_ros.apps.recording import OverlayRecorder, VideoFile
from graph import BEST_EFFORT, image_message, wait_until
import numpy as np
import pytest
from sensor_msgs.msg import Image

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
    file = VideoFile(path, RATE)
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
    moments = [(10 * k, k + shift) for k, shift in enumerate(shifts)]
    assert record(tmp_path / 'a.avi', moments) == list(range(10))


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
    values = record(tmp_path / 'a.avi', [(k, k / 10) for k in range(100)])
    assert len(values) in (10, 11), 'nearly ten periods'
    assert values == sorted(values)


def test_a_long_gap_is_left_out(tmp_path):
    values = record(tmp_path / 'a.avi', [(0, 0), (50, 1), (100, 10_000), (150, 10_001)])
    assert values == [0, 5, 10, 15]


@pytest.mark.parametrize('back', [2, 50, 10_000])
def test_a_clock_that_jumps_back(tmp_path, back):
    begin = 20_000
    moments = [(0, begin), (50, begin + 1), (100, begin + 1 - back), (150, begin + 2 - back)]
    assert record(tmp_path / 'a.avi', moments) == [0, 5, 10, 15]


def test_images_of_another_size_are_scaled_to_the_first(tmp_path):
    file = VideoFile(tmp_path / 'a.avi', RATE)
    for k, size in enumerate([(48, 64), (96, 128), (20, 30)]):
        file.write(image(100, size), S + k * PERIOD)
    file.close()
    values, _, size = read(tmp_path / 'a.avi')
    assert len(values) == 3
    assert size == (64, 48)


def test_nothing_is_written_before_the_first_image(tmp_path):
    VideoFile(tmp_path / 'a.mp4', RATE).close()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_cannot_be_recorded(tmp_path):
    with pytest.raises(ValueError, match=r'a\.gif cannot be recorded.*\.mp4'):
        VideoFile(tmp_path / 'a.gif', RATE)
    with pytest.raises(ValueError, match='there is no folder'):
        VideoFile(tmp_path / 'nowhere' / 'a.mp4', RATE)


def test_a_file_that_cannot_be_written(tmp_path, capfd):
    path = tmp_path / 'a.mp4'
    path.mkdir()
    with pytest.raises(OSError, match=r'a\.mp4 cannot be written'):
        VideoFile(path, RATE).write(image(1), S)


def test_the_overlay_is_recorded(graph, tmp_path):
    path = tmp_path / 'a.avi'
    recorder = graph.do(OverlayRecorder, graph.probe, path, RATE)
    overlay = graph.speaker(Image, 'emotions/overlay', BEST_EFFORT)
    wait_until(overlay.get_subscription_count)
    for k in range(30):
        overlay.publish(image_message(image(5 * k), stamp_ns=S + k * PERIOD))
        wait_until(lambda: recorder._file.images == k + 1)  # noqa: B023
    assert recorder.close() == f'Recorded 30 images in {path}.'
    assert len(read(path)[0]) == 30


def test_a_recording_without_images_says_so(graph, tmp_path):
    recorder = graph.do(OverlayRecorder, graph.probe, tmp_path / 'a.mp4', RATE)
    assert 'Nothing was recorded' in recorder.close()


def test_a_recording_that_fails_says_why_and_the_program_goes_on(graph, tmp_path, capfd):
    path = tmp_path / 'a.mp4'
    recorder = graph.do(OverlayRecorder, graph.probe, path, RATE)
    Path(path).mkdir()
    overlay = graph.speaker(Image, 'emotions/overlay', BEST_EFFORT)
    wait_until(overlay.get_subscription_count)

    def publish():
        overlay.publish(image_message(image(1), stamp_ns=S))
        return recorder.fault

    wait_until(publish)
    publish()
    assert 'cannot be written' in recorder.close()
