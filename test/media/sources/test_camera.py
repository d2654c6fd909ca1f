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

"""A camera is asked for what the options say, and what it then does is told."""

import itertools

import cv2
from fer_ros.media.sources import SourceOptions
from fer_ros.media.sources.camera import CameraSource
import numpy as np

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


def test_a_camera_without_a_path_is_opened_by_its_number():
    asked = []

    def capture(*arguments):
        asked.append(arguments)
        return FakeCamera()
    with CameraSource('1', SourceOptions(), capture) as source:
        assert source.description.startswith('camera 1, 640x480')
    assert asked == [(1, cv2.CAP_ANY)]
