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

"""A frame stream delivers the images of a source at their time."""

import itertools
import threading

import cv2
from fer_ros.media.sources import FrameSource, FrameStream, SourceOptions, SourceState
import numpy as np
import pytest
from simulated_time import SimulatedTime
from video_files import write_video


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
