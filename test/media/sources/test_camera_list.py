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

"""The list of cameras; the kernel's answers are those of linux/videodev2.h, made by hand."""

import struct
import sys

from fer_ros.media.sources.camera import device_path
from fer_ros.media.sources.camera_list import Camera, cameras
import pytest

CAPTURE, METADATA, OUTPUT, OWN = 0x1, 0x0080_0000, 0x2, 0x8000_0000


def answer(name, all_bits, own_bits=0):
    """Return a `struct v4l2_capability`."""
    return struct.pack(
        '<16s32s32sIII12x', b'uvcvideo', name.encode(), b'usb-1', 0x60100, all_bits, own_bits)


def test_only_devices_that_deliver_images_are_cameras(tmp_path):
    answers = {
        'video0': answer('HD Webcam', CAPTURE | METADATA | OWN, CAPTURE),
        'video1': answer('HD Webcam', CAPTURE | METADATA | OWN, METADATA),
        'video2': answer('Loopback', CAPTURE | OUTPUT), 'video3': answer('Screen', OUTPUT),
        'video10': answer('', CAPTURE | OWN, 0x1000), 'video11': None}
    for name in (*answers, 'video-codec'):
        (tmp_path / name).touch()

    def query(path):
        if answers[path.name] is None:
            raise PermissionError(13, 'Permission denied')
        assert len(answers[path.name]) == 104
        return answers[path.name]
    assert cameras(tmp_path, query) == [
        Camera(f'{tmp_path}/video0', 'HD Webcam'), Camera(f'{tmp_path}/video2', 'Loopback'),
        Camera(f'{tmp_path}/video10', 'video10')]


def test_a_file_that_is_no_device_is_no_camera(tmp_path):
    (tmp_path / 'video0').touch()
    assert cameras(tmp_path) == []


def test_elsewhere_the_cameras_are_tried(monkeypatch):
    class Capture:
        def __init__(self, number, backend):
            self.number = number

        def isOpened(self):
            return self.number in (0, 2)

        def release(self):
            pass
    monkeypatch.setattr(sys, 'platform', 'win32')
    monkeypatch.setattr('cv2.VideoCapture', Capture)
    assert [camera.source for camera in cameras()] == ['0', '2']


@pytest.mark.parametrize(('platform', 'path'), [('linux', '/dev/video1'), ('darwin', '1')])
def test_a_number_is_a_path_only_where_cameras_have_paths(monkeypatch, platform, path):
    monkeypatch.setattr(sys, 'platform', platform)
    assert device_path('1') == path
    assert device_path('/dev/video7') == '/dev/video7'
