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

"""A screen without a monitor for the tests with windows, and what all desktop tests share."""

from contextlib import closing
import importlib.util
import os
import shutil
import subprocess
import time

import cv2
from fer_ros.apps.desktop.model.player import Player
from fer_ros.apps.desktop.model.settings import Settings
from fer_ros.media.sample_clip import SampleClip
from fer_ros.media.video_writer import VideoFileWriter
import pytest

DEADLINE_S = 100.0


def wait_for(condition, work=lambda: time.sleep(0.005)):
    """Do some work until a condition holds, and return its value; fail after the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not (value := condition()):
        assert time.monotonic() < deadline, 'it did not happen in time'
        work()
    return value


@pytest.fixture
def wait():
    """Return `wait_for`."""
    return wait_for


@pytest.fixture(scope='session')
def screen():
    """Start an X server without a monitor, and return its name for DISPLAY."""
    if importlib.util.find_spec('_tkinter') is None or shutil.which('Xvfb') is None:
        pytest.skip('Tk or Xvfb is not installed: tools/setup.sh test-windows installs them')
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ['Xvfb', '-displayfd', str(writer), '-screen', '0', '2480x1700x24', '-nolisten', 'tcp'],
        pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as answer:
        number = answer.readline().strip()
    assert number, 'Xvfb does not start'
    yield f':{number}'
    server.terminate()
    server.wait()


@pytest.fixture(scope='session')
def clip_images():
    """Return 45 images of the sample clip: two persons who move."""
    clip = SampleClip()
    return [clip.frame(k) for k in range(45)]


@pytest.fixture(scope='session')
def clip(tmp_path_factory, clip_images):
    """Return a video of `clip_images` at 15 images/s."""
    path = tmp_path_factory.mktemp('clip') / 'clip.mp4'
    file = VideoFileWriter(path, 15.0)
    for k, image in enumerate(clip_images):
        file.write(image, round(k * 1e9 / 15))
    file.close()
    return path


@pytest.fixture(scope='session')
def folder(tmp_path_factory, clip_images):
    """Return a folder with three pictures, of which the last has no face, and a text."""
    path = tmp_path_factory.mktemp('pictures')
    for name, image in (
            ('1.jpg', clip_images[0]), ('2.jpg', clip_images[20]),
            ('10.jpg', clip_images[0] * 0 + 128)):
        cv2.imwrite(str(path / name), image)
    (path / 'notes.txt').write_text('no picture')
    return path


@pytest.fixture
def player():
    """Return a player whose settings are not kept; it is closed after the test."""
    with closing(Player(Settings())) as made:
        yield made
