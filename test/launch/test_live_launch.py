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
`ros2 launch fer_ros live.launch.py` for real.

Needs a full ROS 2 with this package built and sourced.
"""

from array import array
from collections.abc import Iterator
import os
from pathlib import Path
import shutil
import signal
import subprocess
import threading
import time

import cv2
from fer_msgs.msg import EmotionArray
from fer_ros.media.sample_clip import SampleClip
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from tiny_models import write_model

pytest.importorskip(
    'launch_ros',
    reason='the launch packages are not installed: they come with a full ROS 2')


def installed() -> bool:
    """Return whether fer_ros is built and sourced, so that `ros2 launch` finds it."""
    return any(
        (Path(prefix) / 'share' / 'fer_ros' / 'launch').is_dir()
        for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep))


pytestmark = [
    pytest.mark.skipif(
        shutil.which('ros2') is None,
        reason='there is no ros2 command: it comes with a full ROS 2'),
    pytest.mark.skipif(
        not installed(),
        reason='fer_ros is not built and sourced: colcon build, . install/setup.bash'),
    pytest.mark.timeout(120),
]


class Listener:
    """Hears /emotions."""

    def __init__(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = Node('listener', context=self.context)
        self.messages: list[EmotionArray] = []
        self.node.create_subscription(EmotionArray, 'robot/emotions', self.messages.append, 10)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.thread = threading.Thread(target=self.executor.spin)
        self.thread.start()

    def wait_for_faces(self, deadline_s: float) -> EmotionArray:
        """Wait for emotions of two faces that come from now on."""
        self.messages.clear()
        deadline = time.monotonic() + deadline_s
        while time.monotonic() < deadline:
            for message in list(self.messages):
                if len(message.emotions) == 2:
                    return message
            time.sleep(0.02)
        raise AssertionError(f'no emotions of two faces within {deadline_s} s')

    def close(self) -> None:
        """Stop listening."""
        self.executor.shutdown()
        self.thread.join()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()
    yield heard
    heard.close()


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    log = tmp_path / 'launch.log'
    with log.open('w', encoding='utf-8') as output:
        process = subprocess.Popen(
            ['ros2', 'launch', 'fer_ros', 'live.launch.py', 'source:=sample', 'namespace:=robot'],
            stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        yield process, log
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def pid_of(log: Path, name: str) -> int:
    """Return the process that a node was started in last, as launch logged it."""
    lines = [line for line in log.read_text(encoding='utf-8').splitlines()
             if f'[{name}-' in line and 'process started with pid' in line]
    return int(lines[-1].rsplit('[', 1)[1].rstrip(']'))


def wait_for_respawn(log: Path, name: str, killed: int, deadline_s: float) -> None:
    """Wait until a node runs in another process than the killed one."""
    deadline = time.monotonic() + deadline_s
    while pid_of(log, name) == killed:
        assert time.monotonic() < deadline, log.read_text(encoding='utf-8')
        time.sleep(0.05)


def test_emotions_come_survive_a_killed_node_and_end_with_ctrl_c(
    listener: Listener, launched: tuple[subprocess.Popen[str], Path],
) -> None:
    process, log = launched
    assert {e.label for e in listener.wait_for_faces(40).emotions} - {''}
    killed = pid_of(log, 'face_node')
    os.kill(killed, signal.SIGKILL)
    wait_for_respawn(log, 'face_node', killed, 60)
    listener.wait_for_faces(60)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0, log.read_text(encoding='utf-8')
    text = log.read_text(encoding='utf-8')
    assert 'Traceback' not in text
    assert text.count('process has finished cleanly') == 4, text


def test_a_node_that_hangs_is_started_again(
    listener: Listener, launched: tuple[subprocess.Popen[str], Path],
) -> None:
    process, log = launched
    first = {e.track_id for e in listener.wait_for_faces(40).emotions}
    stopped = pid_of(log, 'face_node')
    os.kill(stopped, signal.SIGSTOP)
    wait_for_respawn(log, 'face_node', stopped, 90)
    wait_for_text(log, f'The process {stopped} of /robot/face_node hangs: it is killed', 5)
    assert not first & {e.track_id for e in listener.wait_for_faces(60).emotions}
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0, log.read_text(encoding='utf-8')


def test_a_model_that_appears_later_is_used(listener: Listener, tmp_path: Path) -> None:
    folder = tmp_path / 'model'
    with (tmp_path / 'launch.log').open('w', encoding='utf-8') as output:
        process = subprocess.Popen(
            ['ros2', 'launch', 'fer_ros', 'live.launch.py', 'source:=sample', 'namespace:=robot',
             f'model:={folder / "model.yaml"}'],
            stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            wait_for_text(tmp_path / 'launch.log', 'emotion_node cannot be configured', 40)
            folder.mkdir()
            write_model(folder)
            assert listener.wait_for_faces(40).model == 'tiny/0.1.0'
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for_text(log: Path, words: str, deadline_s: float) -> None:
    """Wait until a log contains these words."""
    deadline = time.monotonic() + deadline_s
    while words not in log.read_text(encoding='utf-8'):
        assert time.monotonic() < deadline, log.read_text(encoding='utf-8')
        time.sleep(0.05)


class CompressedDriver:
    """A camera driver of a robot: JPEG of the sample on /head/image/compressed."""

    def __init__(self) -> None:
        clip = SampleClip()
        self._images = [
            array('B', cv2.imencode('.jpg', clip.frame(k))[1].tobytes()) for k in range(30)]
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = Node('driver', context=self.context)
        self._publisher = self.node.create_publisher(
            CompressedImage, '/head/image/compressed', 5)
        self._count = 0
        self.node.create_timer(0.05, self._publish)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin)
        self._thread.start()

    def _publish(self) -> None:
        message = CompressedImage(
            format='bgr8; jpeg compressed bgr8', data=self._images[self._count % 30])
        message.header.stamp = self.node.get_clock().now().to_msg()
        self._count += 1
        self._publisher.publish(message)

    def close(self) -> None:
        """Stop publishing."""
        self._executor.shutdown()
        self._thread.join()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.mark.parametrize('single_process', ['true', 'false'])
@pytest.mark.parametrize('arguments', [
    ('source:=sample',),
    ('image_topic:=/head/image/compressed', 'camera_info_topic:=/head/camera_info'),
], ids=['camera_node', 'driver'])
def test_one_process_or_several_with_any_camera(
    listener: Listener, tmp_path: Path, arguments: tuple[str, ...], single_process: str,
) -> None:
    log = tmp_path / 'launch.log'
    driver = CompressedDriver() if len(arguments) == 2 else None
    with log.open('w', encoding='utf-8') as output:
        process = subprocess.Popen(
            ['ros2', 'launch', 'fer_ros', 'live.launch.py', 'namespace:=robot',
             'model:=fer2013_cnn48', f'single_process:={single_process}', *arguments],
            stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            # The parameters of one node reach it in both ways.
            assert listener.wait_for_faces(60).model.startswith('fer2013_cnn48/')
            started = log.read_text(encoding='utf-8').count('process started with pid')
            assert started == (1 if single_process == 'true' else 4 if driver is None else 3)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            if driver is not None:
                driver.close()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.mark.parametrize(('argument', 'words'), [
    ('image_topic:=/cam-1/image', "'/cam-1/image' is not a valid topic name"),
    ('image_topic:=a//b', "'a//b' is not a valid topic name"),
    ('camera_info_topic:=a//b', "'a//b' is not a valid topic name"),
    ('config:={folder}/broken.yaml', 'broken.yaml is not valid YAML'),
    ('config:={folder}/shallow.yaml', 'has no "ros__parameters:" below it'),
    ('config:=lively', "There is no configuration 'lively'"),
    ('namespace:=1st', "'1st' is not a valid namespace"),
])
def test_what_nodes_would_die_of_is_refused(tmp_path: Path, argument: str, words: str) -> None:
    (tmp_path / 'broken.yaml').write_text('face_node: [1, 2\n')
    (tmp_path / 'shallow.yaml').write_text('face_node:\n  crop_size: 48\n')
    done = subprocess.run(
        ['ros2', 'launch', 'fer_ros', 'live.launch.py', argument.format(folder=tmp_path)],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert words in done.stdout + done.stderr
    assert 'process started' not in done.stdout + done.stderr


@pytest.mark.parametrize('single_process', ['true', 'false'])
def test_a_plain_section_counts_in_a_namespace_and_a_mistyped_one_is_named(
    listener: Listener, tmp_path: Path, single_process: str,
) -> None:
    config, log = tmp_path / 'my.yaml', tmp_path / 'launch.log'
    config.write_text(
        'emotion_node:\n  ros__parameters:\n    model: fer2013_cnn48\n'
        'faces_node:\n  ros__parameters:\n    max_faces: 1\n'
        '/arm/gripper:\n  ros__parameters:\n    force: 3.0\n')
    with log.open('w', encoding='utf-8') as output:
        process = subprocess.Popen(
            ['ros2', 'launch', 'fer_ros', 'live.launch.py', 'namespace:=robot', 'source:=sample',
             f'config:={config}', f'single_process:={single_process}'],
            stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            assert listener.wait_for_faces(60).model.startswith('fer2013_cnn48/')
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    text = log.read_text(encoding='utf-8')
    assert text.count('The section faces_node is ignored') == 1
    assert 'gripper' not in text


def test_the_camera_of_a_launch_has_its_own_frame(
    listener: Listener, tmp_path: Path,
) -> None:
    with (tmp_path / 'launch.log').open('w', encoding='utf-8') as output:
        process = subprocess.Popen(
            ['ros2', 'launch', 'fer_ros', 'live.launch.py', 'source:=sample', 'namespace:=robot',
             'frame_id:=left_camera_optical_frame'],
            stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            frame_id = listener.wait_for_faces(40).header.frame_id
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    assert frame_id == 'left_camera_optical_frame'


def test_the_arguments_are_described() -> None:
    for name in ('live.launch.py', 'replay.launch.py'):
        shown = subprocess.run(
            ['ros2', 'launch', 'fer_ros', name, '--show-args'],
            capture_output=True, text=True, check=True)
        assert 'no description given' not in shown.stdout
        assert "'config':" in shown.stdout
