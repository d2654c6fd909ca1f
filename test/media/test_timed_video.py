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

"""Videos with times: any image can be reached, and is the same as when the file is read."""

import cv2
from fer_ros.media.timed_video import TimedVideo
from fer_ros.media.video_writer import VideoFileWriter
import numpy as np
import pytest

IMAGES, RATE_HZ = 60, 20.0


@pytest.fixture(params=['a.mp4', 'a.mkv', 'a.avi', 'a.mjpeg'])
def path(request, tmp_path):
    """Return a video whose images show their numbers: a white or black block for each bit."""
    path = tmp_path / request.param
    images = []
    for k in range(IMAGES):
        bits = np.array([k >> bit & 1 for bit in range(6)], np.uint8) * 255
        images.append(np.repeat(np.kron(bits, np.ones((48, 16), np.uint8))[..., None], 3, axis=2))
    if path.suffix == '.mjpeg':
        # It has neither an index nor times.
        path.write_bytes(b''.join(cv2.imencode('.jpg', image)[1].tobytes() for image in images))
        return path
    file = VideoFileWriter(path, RATE_HZ)
    for k, image in enumerate(images):
        file.write(image, round(k * 1e9 / RATE_HZ))
    file.close()
    return path


def number_of(image):
    return sum(1 << bit for bit in range(6) if image[24, 16 * bit + 8].mean() > 128)


def test_every_image_can_be_reached_in_any_order(path):
    with TimedVideo(path) as video:
        rate_hz = video.rate_hz
        for number in (30, 5, 6, 59, 0, 58, 1, 31):
            video.seek(number)
            found, time_s = video.take()
            assert found == number_of(video.retrieve()) == number
            assert time_s == pytest.approx(number / rate_hz, abs=0.5 / rate_hz)


def test_reading_goes_on_after_a_jump_and_ends_at_the_end(path):
    with TimedVideo(path) as video:
        images = video.images()
        next(images)
        video.seek(55)
        rest = list(images)
        assert [image.number for image in rest] == [55, 56, 57, 58, 59]
        assert [number_of(image.image) for image in rest] == [55, 56, 57, 58, 59]
        assert np.diff([image.time_s for image in rest]) == pytest.approx(1 / video.rate_hz)
        assert video.faults == []
