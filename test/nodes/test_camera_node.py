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

"""The camera node with files, the sample and a stream; without a camera, as tests must be."""

from unittest.mock import Mock

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fer_ros.media.sources import FrameStream, SampleSource
from fer_ros.nodes import camera_node
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.face_conversion import stamp_ns
from graph import BEST_EFFORT, wait_until
from mjpeg_server import MjpegServer
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from sensor_msgs.msg import CameraInfo, Image
import yaml

S = 10**9


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """Return a video of 20 images at 30 Hz; image k has the grey value 10 k."""
    path = tmp_path_factory.mktemp('video') / 'a.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 30, (64, 48))
    for k in range(20):
        writer.write(np.full((48, 64, 3), 10 * k, np.uint8))
    writer.release()
    return path


def state(node):
    return node._state_machine.current_state[1]


def calibration(path, width=64, height=48):
    path.write_text(
        yaml.safe_dump({
            'image_width': width,
            'image_height': height,
            'camera_name': 'test',
            'camera_matrix': {
                'rows': 3,
                'cols': 3,
                'data': [50.0, 0.0, 31.5, 0.0, 51.0, 23.5, 0.0, 0.0, 1.0],
            },
            'distortion_model': 'plumb_bob',
            'distortion_coefficients': {
                'rows': 1,
                'cols': 5,
                'data': [0.1, -0.2, 0.01, 0.02, 0.3],
            },
            'rectification_matrix': {
                'rows': 3,
                'cols': 3,
                'data': [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0],
            },
            'projection_matrix': {
                'rows': 3,
                'cols': 4,
                'data': [50.0, 0.0, 31.5, 0.0, 0.0, 51.0, 23.5, 0.0, 0.0, 0.0, 1.0, 0.0],
            },
        })
    )
    return str(path)


def test_a_file_is_played_to_its_end_and_again_when_it_is_activated_again(graph, video):
    images = graph.listen(Image, 'image_raw', BEST_EFFORT)
    node = graph.add(CameraNode, source=str(video), frame_id='eye')
    graph.change(node, 'configure')
    for _ in range(2):
        images.clear()
        graph.change(node, 'activate')
        wait_until(lambda: state(node) == 'inactive')
        wait_until(lambda: len(images) == 20)
        values = [int(np.median(m.data)) for m in images]
        assert values == pytest.approx([10 * k for k in range(20)], abs=4)
        assert {m.header.frame_id for m in images} == {'eye'}
        assert (images[0].width, images[0].height, images[0].encoding) == (64, 48, 'bgr8')
        stamps = [stamp_ns(m.header.stamp) for m in images]
        assert stamps == sorted(stamps)
    graph.wait_for_log('ended', 'a.avi')


def test_a_file_that_is_looped_does_not_end(graph, video):
    images = graph.listen(Image, 'image_raw', BEST_EFFORT)
    node = graph.add(CameraNode, source=str(video), loop=True, rate_hz=120.0)
    graph.up(node)
    wait_until(lambda: len(images) > 50)
    assert state(node) == 'active'


def test_stamps_are_the_time_at_which_the_image_was_taken(graph):
    infos = graph.listen(CameraInfo, 'camera_info', BEST_EFFORT)
    images = graph.listen(Image, 'image_raw', BEST_EFFORT)
    node = graph.add(CameraNode, source='sample')
    before = node.get_clock().now().nanoseconds
    graph.up(node)
    wait_until(lambda: len(images) > 5)
    after = node.get_clock().now().nanoseconds
    for message in list(images)[:5]:
        assert before < stamp_ns(message.header.stamp) < after
        assert infos.wait_for_stamp(stamp_ns(message.header.stamp)).header == message.header


class SteppedTime:
    """Clock and stop event of a stream: a wait moves the clock by its length, and is short."""

    def __init__(self, stop):
        self._stop = stop
        self._time_s = 100.0

    def clock(self):
        return self._time_s

    def now_ns(self):
        return round(self._time_s * S)

    def is_set(self):
        return self._stop.is_set()

    def wait(self, timeout):
        self._time_s += timeout
        return self._stop.wait(0.005)


@pytest.mark.parametrize('rate_hz', [10.0, 30.0])
def test_the_rate_is_true_within_two_percent(graph, monkeypatch, rate_hz):
    """Measured by stamps that a busy machine does not change; `fer bench ros` has real ones."""

    def stepped(*args, stop, **kwargs):
        time = SteppedTime(stop)
        return FrameStream(*args, **{
            **kwargs, 'stop': time, 'clock': time.clock, 'now_ns': time.now_ns})

    monkeypatch.setattr(camera_node, 'FrameStream', stepped)
    infos = graph.listen(CameraInfo, 'camera_info', BEST_EFFORT)
    graph.up(graph.add(CameraNode, source='sample', rate_hz=rate_hz))
    count = round(2 * rate_hz) + 1
    wait_until(lambda: len(infos) >= count)
    stamps = np.array([stamp_ns(m.header.stamp) for m in infos[:count]]) / S
    periods = np.diff(stamps) * rate_hz
    # Sensor data may be lost; what comes lies whole periods apart.
    assert periods == pytest.approx(np.round(periods), rel=0.02)
    assert np.median(periods) == pytest.approx(1, rel=0.02)


def test_without_a_calibration_camera_info_says_so(graph, video):
    infos = graph.listen(CameraInfo, 'camera_info', BEST_EFFORT)
    graph.up(graph.add(CameraNode, source=str(video), loop=True, wait_for_subscriber_s=0.0))
    message = infos.wait()
    assert (message.width, message.height) == (64, 48)
    assert message.k[0] == 0.0, 'as CameraInfo says "not calibrated"'


@pytest.mark.parametrize('prefix', ['', 'file://'])
def test_the_calibration_is_published(graph, video, tmp_path, prefix):
    infos = graph.listen(CameraInfo, 'camera_info', BEST_EFFORT)
    url = prefix + calibration(tmp_path / 'c.yaml')
    graph.up(
        graph.add(
            CameraNode,
            source=str(video),
            loop=True,
            camera_info_url=url,
            wait_for_subscriber_s=0.0,
        )
    )
    message = infos.wait()
    assert message.distortion_model == 'plumb_bob'
    assert list(message.d) == [0.1, -0.2, 0.01, 0.02, 0.3]
    assert list(message.k) == [50.0, 0.0, 31.5, 0.0, 51.0, 23.5, 0.0, 0.0, 1.0]
    assert list(message.r) == [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0]
    assert list(message.p) == [50.0, 0.0, 31.5, 0.0, 0.0, 51.0, 23.5, 0.0, 0.0, 0.0, 1.0, 0.0]


def test_a_calibration_for_another_size_is_not_published_but_told(graph, video, tmp_path):
    infos = graph.listen(CameraInfo, 'camera_info', BEST_EFFORT)
    diagnostics = graph.listen(DiagnosticArray, '/diagnostics')
    url = calibration(tmp_path / 'c.yaml', 640, 480)
    graph.up(
        graph.add(
            CameraNode,
            source=str(video),
            loop=True,
            camera_info_url=url,
            wait_for_subscriber_s=0.0,
        )
    )
    assert infos.wait().k[0] == 0.0
    assert '64x48' in graph.wait_for_log('c.yaml', '640x480', level=Log.ERROR)
    message = diagnostics.wait(lambda m: m.status[0].level == DiagnosticStatus.WARN)
    assert 'c.yaml' in message.status[0].message


@pytest.mark.parametrize(
    ('parameters', 'words'),
    [
        ({'source': '/nowhere/a.mp4'}, ('/nowhere/a.mp4', 'there is no file')),
        ({'source': 'gopher://x'}, ('gopher',)),
        ({'source': 'sample', 'camera_info_url': '/nowhere/c.yaml'}, ('/nowhere/c.yaml',)),
        ({'source': 'sample', 'fourcc': 'MJPEG'}, ('fourcc', 'four')),
    ],
)
def test_what_cannot_work_fails_at_configuring_and_can_be_corrected(graph, parameters, words):
    node = graph.add(CameraNode, **parameters)
    assert graph.change(node, 'configure') == [False]
    graph.wait_for_log('camera_node cannot be configured', *words, level=Log.ERROR)
    assert graph.set(node, source='sample', camera_info_url='', fourcc='') == ''
    images = graph.listen(Image, 'image_raw', BEST_EFFORT)
    graph.up(node)
    images.wait()


def test_a_file_waits_for_its_first_subscriber(graph, video):
    node = graph.add(CameraNode, source=str(video), wait_for_subscriber_s=60.0)
    infos = graph.listen(CameraInfo, 'camera_info', BEST_EFFORT)
    graph.up(node)
    wait_until(lambda: infos.subscription and node._infos.get_subscription_count())
    assert infos == []
    images = graph.listen(Image, 'image_raw', BEST_EFFORT)
    wait_until(lambda: len(images) == 20)
    assert state(node) == 'inactive' or wait_until(lambda: state(node) == 'inactive')


def test_waiting_for_a_subscriber_can_be_ended(graph, video):
    node = graph.add(CameraNode, source=str(video), wait_for_subscriber_s=600.0)
    graph.up(node)
    assert graph.change(node, 'deactivate', 'cleanup') == [True, True]


def test_after_the_wait_the_file_is_played_without_subscribers(graph, video):
    node = graph.add(CameraNode, source=str(video), wait_for_subscriber_s=0.0)
    graph.up(node)
    wait_until(lambda: state(node) == 'inactive')
    assert node.throughput.snapshot().published == 20


def test_a_file_that_vanished_before_it_is_played_again(graph, video, tmp_path):
    path = tmp_path / 'b.avi'
    path.write_bytes(video.read_bytes())
    node = graph.add(CameraNode, source=str(path), wait_for_subscriber_s=0.0)
    graph.up(node)
    wait_until(lambda: state(node) == 'inactive')
    path.unlink()
    assert graph.change(node, 'activate') == [True]
    graph.wait_for_log('there is no file', 'b.avi', level=Log.ERROR)
    wait_until(lambda: state(node) == 'inactive')


def test_how_a_file_ended_is_not_told_of_the_next_source(graph, video):
    diagnostics = graph.listen(DiagnosticArray, '/diagnostics')
    node = graph.add(CameraNode, source=str(video), wait_for_subscriber_s=0.0)
    graph.up(node)
    diagnostics.wait(lambda m: 'ended' in m.status[0].message)
    graph.change(node, 'cleanup')
    graph.set(node, source='/nowhere.mp4')
    assert graph.change(node, 'configure') == [False]
    diagnostics.wait(lambda m: m.status[0].level == DiagnosticStatus.ERROR
                     and 'nowhere.mp4' in m.status[0].message)


def test_a_source_that_fails_unexpectedly_is_an_error(graph, monkeypatch):
    diagnostics = graph.listen(DiagnosticArray, '/diagnostics')
    node = graph.add(CameraNode, source='sample')
    monkeypatch.setattr(SampleSource, 'retrieve', Mock(side_effect=MemoryError('full')))
    graph.up(node)
    message = diagnostics.wait(lambda m: m.status[0].level == DiagnosticStatus.ERROR)
    assert message.status[0].message == "The source failed: MemoryError('full')"
    assert state(node) == 'inactive'


def test_a_camera_that_is_not_there_is_waited_for(graph):
    diagnostics = graph.listen(DiagnosticArray, '/diagnostics')
    node = graph.add(CameraNode, source='/dev/video987', reopen_delay_s=30.0)
    graph.up(node)
    message = diagnostics.wait(lambda m: m.status[0].level == DiagnosticStatus.ERROR)
    assert '/dev/video987' in message.status[0].message
    assert '/dev/video987' in graph.wait_for_log('trying again', level=Log.WARN)
    assert state(node) == 'active'
    assert graph.change(node, 'deactivate') == [True]


def test_a_camera_that_stays_away_does_not_fill_the_log(graph):
    node = graph.add(
        CameraNode, source='/dev/video987', reopen_delay_s=0.01, reopen_delay_max_s=0.02
    )
    graph.up(node)
    wait_until(lambda: node._stream.status.losses > 50)
    graph.change(node, 'deactivate')
    graph.wait_for_log('stopped')
    assert 1 <= len(graph.log('trying again')) <= 3


def test_every_warning_of_a_source_is_told_once(graph, tmp_path):
    for name in ('1', '2', '3'):
        cv2.imwrite(str(tmp_path / f'{name}.jpg'), np.full((48, 64, 3), 99, np.uint8))
    for name in ('2', '3'):
        path = tmp_path / f'{name}.jpg'
        path.write_bytes(path.read_bytes()[:-200])
    node = graph.add(
        CameraNode, source=str(tmp_path), image_duration_s=0.1, wait_for_subscriber_s=0.0
    )
    graph.up(node)
    wait_until(lambda: state(node) == 'inactive')
    graph.wait_for_log('ended')
    for name in ('2', '3'):
        assert len(graph.log(f'{name}.jpg', Log.WARN)) == 1


def test_a_stream_that_dies_and_returns_heals_without_a_restart(graph):
    server = MjpegServer()
    try:
        diagnostics = graph.listen(DiagnosticArray, '/diagnostics')
        images = graph.listen(Image, 'image_raw', BEST_EFFORT)
        node = graph.add(
            CameraNode,
            source=server.url,
            read_timeout_s=5.0,
            reopen_delay_s=0.05,
            reopen_delay_max_s=0.2,
        )
        graph.up(node)
        images.wait()
        server.stop()
        lost = diagnostics.wait(lambda m: m.status[0].level == DiagnosticStatus.ERROR).status[0]
        assert 'trying again' in lost.message
        rows = {row.key: row.value for row in lost.values}
        assert int(rows['losses']) >= 1
        count = len(images)
        server.start()
        wait_until(lambda: len(images) > count)
        diagnostics.clear()
        diagnostics.wait(lambda m: m.status[0].level == DiagnosticStatus.OK)
        assert state(node) == 'active'
    finally:
        server.stop()
