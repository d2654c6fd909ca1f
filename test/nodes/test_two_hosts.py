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

"""
Robots and computers that are connected by a network: a network namespace is a computer.

`FER_ROS_NETWORK_SECONDS=60 python -m pytest -s test/nodes/test_two_hosts.py` runs for longer and
prints figures. Network namespaces need root.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, ExitStack
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

from checkout import ROOT
from fer_ros.bench.jpeg_camera import write_jpegs
from fer_ros.bench.prepared_camera import write_sample
from fer_ros.nodes import socket_buffers
from fer_ros.nodes.socket_buffers import NEEDED_BYTES
from graph import DEADLINE_S, wait_until
import numpy as np
import pytest

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get('FER_ROS_NETWORK_SECONDS', '3'))

PIPELINE = 'from fer_ros.nodes.main import pipeline; raise SystemExit(pipeline())'

LISTENER = """
import sys
import time
from fer_msgs.msg import EmotionArray
import rclpy
from sensor_msgs.msg import CameraInfo
kind, topic = {'camera_info': CameraInfo, 'emotions': EmotionArray}[sys.argv[1]], sys.argv[2]
def tell(message):
    stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
    print(stamp, time.time_ns() - stamp, flush=True)
rclpy.init()
node = rclpy.create_node('listener')
subscription = node.create_subscription(kind, topic, tell, 1000)
rclpy.spin(node)
"""
"""Prints stamp and age of each message of a topic, in nanoseconds."""


def ip(*words: str) -> None:
    """Run `ip`; raise CalledProcessError if it is not permitted."""
    subprocess.run(('ip', *words), check=True, capture_output=True)


@contextmanager
def network(computers: int) -> Iterator[list[str]]:
    """Make network namespaces that are connected by a switch, and yield their names."""
    switch, *names = (f'fer{os.getpid()}x{number}' for number in range(computers + 1))
    try:
        ip('netns', 'add', switch)
        ip('-n', switch, 'link', 'add', 'switch', 'type', 'bridge')
        ip('-n', switch, 'link', 'set', 'switch', 'up')
        for number, name in enumerate(names, 1):
            port = f'port{number}'
            ip('netns', 'add', name)
            ip('-n', switch, 'link', 'add', 'name', port, 'type', 'veth', 'peer', 'name', 'cable',
               'netns', name)
            ip('-n', switch, 'link', 'set', port, 'master', 'switch', 'up')
            ip('-n', name, 'addr', 'add', f'10.213.7.{number}/24', 'dev', 'cable')
            ip('-n', name, 'link', 'set', 'lo', 'up')
            ip('-n', name, 'link', 'set', 'cable', 'up')
            ip('-n', name, 'route', 'add', '224.0.0.0/4', 'dev', 'cable')
        yield names
    finally:
        for name in (switch, *names):
            subprocess.run(('ip', 'netns', 'del', name), check=False, capture_output=True)


@pytest.fixture
def computers() -> Iterator[list[str]]:
    """Return the names of four computers; skip where namespaces are not permitted."""
    if shutil.which('ip') is None:
        pytest.skip('the program `ip` is not installed')
    with ExitStack() as stack:
        try:
            names = stack.enter_context(network(4))
        except subprocess.CalledProcessError as error:
            pytest.skip(f'network namespaces are not permitted: {error.stderr.decode().strip()}')
        yield names


@pytest.fixture
def start(tmp_path) -> Iterator:
    """Return a function that starts a Python program on a computer; they end with the test."""
    processes: list[subprocess.Popen] = []
    log = (tmp_path / 'log').open('w')

    def start_on(computer: str, *command: str, **options) -> subprocess.Popen:
        processes.append(subprocess.Popen(
            ('ip', 'netns', 'exec', computer, sys.executable, *command), text=True,
            env={**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}, stderr=log, **options))
        return processes[-1]

    yield start_on
    for process in processes:
        process.send_signal(signal.SIGINT)
    for process in processes:
        process.wait(DEADLINE_S)
    log.close()


@pytest.fixture(scope='module')
def cameras(tmp_path_factory) -> dict[str, tuple[str, ...]]:
    """Return the commands of cameras with raw and with JPEG images that were drawn before."""
    folder = tmp_path_factory.mktemp('sample')
    write_sample(folder / 'sample.raw')
    write_jpegs(folder / 'jpeg')
    return {
        kind: ('-m', f'fer_ros.bench.{module}', '--ros-args', '-p', f'source:={folder / file}')
        for kind, module, file in (
            ('raw', 'prepared_camera', 'sample.raw'), ('jpeg', 'jpeg_camera', 'jpeg'))}


class Listener:
    """Collects stamps and ages of the messages of a topic on a computer."""

    def __init__(self, start, computer: str, name: str, namespace: str) -> None:
        self.ages_ns: dict[int, int] = {}
        self._process = start(
            computer, '-c', LISTENER, name, f'{namespace}/{name}', stdout=subprocess.PIPE)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with self._process.stdout as lines:
            for line in lines:
                stamp, age = line.split()
                self.ages_ns[int(stamp)] = int(age)


class Robot:
    """A camera on one computer, and listeners to what the camera and the nodes publish."""

    def __init__(self, start, near: str, far: str, namespace: str, camera) -> None:
        self.published = Listener(start, near, 'camera_info', namespace)
        self.answered = Listener(start, far, 'emotions', namespace)
        self.camera = start(
            near, *camera, '-p', 'rate_hz:=30.0', '-p', 'autostart:=true', '-r',
            f'__ns:={namespace}')

    def missing(self) -> list[int]:
        """Return the stamps of the images that were published and not answered."""
        answers = self.answered.ages_ns
        first = min(answers)
        return [s for s in self.published.ages_ns if s >= first and s not in answers]


def nodes_in(namespace: str) -> tuple[str, ...]:
    """
    Return the last arguments of nodes.

    They answer every image, and work little: on a busy machine, too, the network shall decide.
    """
    settings = {
        'autostart': 'true', 'input.policy': 'all', 'landmarks.name': 'none',
        'tracker.name': 'medianflow', 'detector.interval': '100',
        'detector.min_face_fraction': '0.0', 'model': 'fer2013_cnn48', 'rate_hz': '1.0'}
    return (
        *(word for name, value in settings.items() for word in ('-p', f'{name}:={value}')),
        '-r', f'__ns:={namespace}')


@pytest.mark.timeout(6 * DEADLINE_S + 3 * SECONDS)
@pytest.mark.parametrize(('robots', 'far_nodes', 'images'), [
    (1, ['emotion_node'], 'raw'), (1, ['emotion_node', 'face_node'], 'raw'),
    (1, ['emotion_node', 'face_node'], 'jpeg'), (2, ['emotion_node'], 'raw'),
    (2, ['emotion_node', 'face_node'], 'jpeg')], ids=[
    'faces', 'raw images', 'JPEG', 'faces of two robots', 'JPEG of two robots'])
def test_every_image_is_answered_by_the_other_computer(
    computers, start, cameras, tmp_path, robots, far_nodes, images, request,
):
    made = []
    for number in range(robots):
        near, far = computers[2 * number:2 * number + 2]
        namespace = f'/robot{number + 1}'
        for name in ('emotion_node', 'face_node'):
            start(far if name in far_nodes else near, '-c', PIPELINE, name, '--ros-args',
                  *nodes_in(namespace))
        made.append(Robot(start, near, far, namespace, cameras[images]))
    wait_until(
        lambda: all(r.answered.ages_ns for r in made), lambda: (tmp_path / 'log').read_text(),
        3 * DEADLINE_S)
    end = time.monotonic() + SECONDS
    wait_until(lambda: time.monotonic() > end, deadline_s=SECONDS + DEADLINE_S)
    for robot in made:
        robot.camera.send_signal(signal.SIGINT)
        robot.camera.wait(DEADLINE_S)
    for robot in made:
        wait_until(lambda robot=robot: not robot.missing(), lambda robot=robot: (
            f'{len(robot.missing())} of {len(robot.published.ages_ns)} images were lost'),
            SECONDS + DEADLINE_S)
        assert len(robot.answered.ages_ns) > 20 * SECONDS
        ages_ms = np.array(list(robot.answered.ages_ns.values())) / 1e6
        print(f'\n{request.node.callspec.id}: {len(ages_ms)} images, 0 lost; latency p50 '
              f'{np.percentile(ages_ms, 50):.1f}, p95 {np.percentile(ages_ms, 95):.1f} ms')
    # Each robot hears only itself.
    stamps = [set(robot.answered.ages_ns) for robot in made]
    assert not set.intersection(*stamps) or robots == 1


SMALL_BUFFERS = """
from pathlib import Path
import sys
from fer_ros.nodes import socket_buffers
socket_buffers.LIMIT_FILE = Path(sys.argv[1])
from fer_ros.nodes.main import pipeline
sys.argv[1:2] = []
raise SystemExit(pipeline())
"""


def test_only_images_from_another_computer_need_large_buffers(
    computers, start, cameras, tmp_path,
):
    (tmp_path / 'limit').write_text('212992')
    near, far = computers[:2]
    answers = []
    for computer in (near, far):
        start(computer, '-c', SMALL_BUFFERS, str(tmp_path / 'limit'), 'face_node', 'emotion_node',
              '--ros-args', *nodes_in(f'/{computer}'), '-r', 'image_raw:=/image_raw')
        answers.append(Listener(start, computer, 'emotions', f'/{computer}'))
    start(near, *cameras['jpeg'], '-p', 'autostart:=true')
    wait_until(lambda: all(a.ages_ns for a in answers), deadline_s=3 * DEADLINE_S)
    warning = f'{far}.face_node]: /image_raw comes from another computer'
    wait_until(lambda: warning in (tmp_path / 'log').read_text())
    assert (tmp_path / 'log').read_text().count('comes from another computer') == 1


def test_the_shipped_profile_asks_for_the_buffers_that_are_checked():
    profile = (ROOT / 'config' / 'fastdds.xml').read_text()
    assert f'<receiveBufferSize>{NEEDED_BYTES}</receiveBufferSize>' in profile
    assert str(socket_buffers.LIMIT_FILE) == '/proc/sys/net/core/rmem_max'
