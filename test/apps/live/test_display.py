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

"""What `fer live` prints."""

import io
import math
import os
import time
from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fer_msgs.msg import Emotion, EmotionArray
from fer_ros.apps.live import display, monitor as monitor_module
from fer_ros.apps.live.monitor import Figures, Monitor
from fer_ros.core.values import NS_PER_S
from graph import header, wait_until
from lifecycle_msgs.msg import State, TransitionEvent
import pytest
from rich.console import Console
from sensor_msgs.msg import CameraInfo


def diagnostics(*rows):
    return DiagnosticArray(
        status=[
            DiagnosticStatus(name=name, level=level, message=message)
            for name, level, message in rows
        ]
    )


PROBABILITIES = [0.02, 0.02, 0.02, 0.8, 0.05, 0.05, 0.04]


def emotions(stamp_ns, faces=1):
    message = EmotionArray(
        header=header(stamp_ns), model='test/1.2', image_width=640, image_height=480
    )
    for k in range(1, faces + 1):
        emotion = Emotion(
            track_id=k,
            state=1,
            emotion=Emotion.HAPPY,
            label='happiness',
            confidence=0.8,
            probabilities=PROBABILITIES,
            classified_at=header(max(stamp_ns - NS_PER_S // 2, 0)).stamp,
        )
        emotion.head_pose.yaw = 0.5236
        message.emotions.append(emotion)
    return message


@pytest.fixture
def monitor(graph):
    made = Monitor()
    graph.nodes.append(made)
    graph.executor.add_node(made)
    return made


def printed(thing):
    console = Console(file=io.StringIO(), width=100, force_terminal=False, color_system=None)
    console.print(thing)
    return console.file.getvalue()


def test_an_empty_table(monitor):
    text = printed(display.faces_table(monitor))
    assert 'no image yet' in text
    assert 'no face' not in text
    assert '- images/s' in text
    assert 'latency p50 -' in text
    line = display.faces_line(monitor.moment, monitor.figures(), 0.0, 1.0)
    assert 'no image yet' in line


def test_a_table_with_faces_figures_and_warnings(monitor):
    monitor._receive_emotions(emotions(monitor.get_clock().now().nanoseconds, 2))
    monitor._receive_diagnostics(
        diagnostics(
            ('camera_node', DiagnosticStatus.ERROR, 'The camera is gone.'),
            ('face_node', DiagnosticStatus.OK, 'Works.'),
        )
    )
    lines = printed(display.faces_table(monitor)).splitlines()
    for name in ('face', 'emotion', 'confidence', 'yaw', 'age'):
        assert any(name in line for line in lines)
    rows = [line for line in lines if 'happiness' in line]
    assert len(rows) == 2
    assert '80%' in rows[0]
    assert '█' * 16 in rows[0]
    assert '█' * 17 not in rows[0]
    assert '+30°' in rows[0]
    assert '0.5 s' in rows[0]
    assert any('camera_node: The camera is gone.' in line for line in lines)
    assert not any('Works.' in line for line in lines)
    assert any('images/s' in line and 'lost 0' in line for line in lines)


def test_a_face_that_is_not_classified_yet(monitor):
    message = emotions(NS_PER_S)
    message.emotions[0] = Emotion(track_id=4, state=2, emotion=Emotion.UNKNOWN, label='unknown')
    message.emotions[0].head_pose.yaw = float('nan')
    monitor._receive_emotions(message)
    (row,) = [
        line for line in printed(display.faces_table(monitor)).splitlines() if 'unknown' in line
    ]
    assert '█' not in row
    assert '%' not in row
    assert '°' not in row
    line = display.faces_line(
        monitor.moment, monitor.figures(), time.monotonic(), time.monotonic()
    )
    assert '4 unknown 0% yaw - age -' in line


def test_a_plain_line(monitor):
    monitor._receive_emotions(emotions(monitor.get_clock().now().nanoseconds, 2))
    now = monitor.moment.arrived_s
    line = display.faces_line(monitor.moment, monitor.figures(), now - 12.34, now)
    assert line.startswith('  12.3 s')
    assert '1 happiness 80% yaw +30° age 0.5 s | 2 happiness' in line
    assert '\n' not in line


@pytest.fixture
def clock(monkeypatch):
    """Return the monotonic clock of the display and the monitor, which stands still."""
    fake = SimpleNamespace(now=1000.0)
    fake.monotonic = lambda: fake.now
    monkeypatch.setattr(display, 'time', fake)
    monkeypatch.setattr(monitor_module, 'time', fake)
    return fake


def test_faces_that_were_seen_before_are_not_shown_as_those_of_now(graph, clock):
    monitor = Monitor()
    graph.nodes.append(monitor)
    clock.now += 7.0
    monitor._receive_emotions(emotions(5 * NS_PER_S))
    clock.now += 0.3
    assert '0.8 s' in printed(display.faces_table(monitor)), 'half a second when it came'
    clock.now += 2.9
    text = printed(display.faces_table(monitor))
    assert 'no image for 3.2 s' in text
    assert 'happiness' not in text
    line = display.faces_line(monitor.moment, monitor.figures(), 1000.0, clock.now)
    assert line.startswith('  10.2 s  no image for 3.2 s   ')
    monitor._receive_emotions(emotions(9 * NS_PER_S))
    assert 'happiness' in printed(display.faces_table(monitor)), 'it is back'


def test_images_that_come_slowly_are_not_missing(graph, clock):
    monitor = Monitor()
    graph.nodes.append(monitor)
    for k in range(3):
        clock.now += 4.0
        monitor._receive_emotions(emotions((k + 1) * NS_PER_S))
    clock.now += 7.9
    assert 'happiness' in printed(display.faces_table(monitor))
    clock.now += 0.2
    assert 'no image for 8.1 s' in printed(display.faces_table(monitor))


def test_the_rate_is_that_of_the_intervals(graph, clock):
    monitor = Monitor(started_s=990.0)
    graph.nodes.append(monitor)
    assert math.isnan(monitor.figures().rate_hz)
    monitor._receive_emotions(emotions(NS_PER_S))
    clock.now += 0.001
    assert math.isnan(monitor.figures().rate_hz), 'one image has no rate'
    assert monitor.figures().first_emotion_s == 10.0
    for k in range(1, 11):
        clock.now = 1000.0 + k / 10
        monitor._receive_emotions(emotions(NS_PER_S + k))
    assert monitor.figures().rate_hz == pytest.approx(10)
    clock.now += 20
    assert monitor.figures().rate_hz == 0


def run_lines(graph, clock, times, end, every_image=False):
    """Return the elapsed times of the lines for images at these times after the begin."""
    printed_lines = []
    lines = display.PlainLines(printed_lines.append, every_image)
    monitor = Monitor(lines.add)
    graph.nodes.append(monitor)
    begin = clock.now
    for tick in range(round(end * 50) + 1):
        clock.now = begin + tick / 50
        while times and begin + times[0] <= clock.now:
            monitor._receive_emotions(emotions(round((times.pop(0) + 1) * NS_PER_S)))
        lines.update(monitor)
    lines.close(monitor)
    return [
        (float(line.split()[0]), 'happiness' in line) for line in printed_lines
    ]


def test_a_fast_stream_has_a_line_a_second_and_one_at_the_end(graph, clock):
    lines = run_lines(graph, clock, [k / 10 for k in range(36)], 3.6)
    assert [round(elapsed) for elapsed, _ in lines] == [1, 2, 3, 4]
    assert lines[-1] == (3.5, True)


def test_a_slow_stream_has_a_line_for_each_image(graph, clock):
    lines = run_lines(graph, clock, [1.5, 3.0, 4.5, 6.0], 6.02)
    assert [line for line in lines if line[1]] == [
        (1.5, True), (3.0, True), (4.5, True), (6.0, True)]


def test_a_short_run_has_a_line_for_each_image(graph, clock):
    assert run_lines(graph, clock, [0.1, 0.2, 0.3], 0.4) == [
        (0.1, True), (0.2, True), (0.3, True)]


def test_pictures_that_come_once_have_a_line_each(graph, clock):
    times = [0.1 * k for k in range(1, 31)]
    lines = run_lines(graph, clock, list(times), 5, every_image=True)
    faces = [elapsed for elapsed, has_faces in lines if has_faces]
    assert faces == pytest.approx(times, abs=0.051)


def test_where_nothing_comes_the_lines_say_so(graph, clock):
    assert [elapsed for elapsed, _ in run_lines(graph, clock, [], 3.1)] == [1.0, 2.0, 3.0]


def test_the_summary():
    figures = Figures(
        published=120,
        answered=117,
        lost=2,
        rate_hz=30.0,
        latency_p50_ms=4.25,
        latency_p95_ms=9.0,
        latency_p99_ms=float('nan'),
        model='test/1.2',
        first_emotion_s=None,
    )
    console = Console(file=io.StringIO(), width=100)
    memory = {'face_node': (100.4, 101.6), 'camera_node': (None, 90.2)}
    display.print_summary(console, figures, 4.0, memory)
    rows = [
        [cell.strip() for cell in line.strip('│┃ ').replace('┃', '│').split('│')]
        for line in console.file.getvalue().splitlines()
        if '│' in line
    ]
    values = dict(row for row in rows if len(row) == 2)
    assert values['images published'] == '120'
    assert values['images with emotions'] == '117'
    assert values['lost'] == '3'
    assert values['p95'] == '9.0 ms'
    assert values['p99'] == '-'
    assert values['first emotion after'] == '-'
    assert values['memory of face_node'] == '100 → 102 MiB'
    assert values['memory of camera_node'] == '90 MiB', 'a short run has nothing to compare'


def test_the_live_table_ends_and_gives_standard_error_back(monitor, capfd):
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    with display.native_output_through(console):
        os.write(2, b'native words\n')
        wait_until(lambda: 'native words' in console.file.getvalue())
        assert 'images/s' not in console.file.getvalue(), 'the table comes later'
        with display.live_table(console, monitor):
            os.write(2, b'more of them\n')
            wait_until(lambda: 'more of them' in console.file.getvalue())
    os.write(2, b'after the table\n')
    assert 'after the table' in capfd.readouterr().err
    assert 'no image yet' in console.file.getvalue()


def test_the_monitor_counts_what_is_published_and_answered(graph, monitor):
    infos = graph.speaker(CameraInfo, 'camera_info')
    answers = graph.speaker(EmotionArray, 'emotions')
    wait_until(lambda: infos.get_subscription_count() and answers.get_subscription_count())
    begin = monitor.get_clock().now().nanoseconds
    for k in range(20):
        infos.publish(CameraInfo(header=header(begin + k)))
        if k % 4:
            answers.publish(emotions(begin + k, faces=k % 3))
    wait_until(lambda: (monitor.figures().published, monitor.figures().answered) == (20, 15))
    figures = monitor.figures()
    assert figures.model == 'test/1.2'
    assert 0 < figures.latency_p50_ms <= figures.latency_p95_ms <= figures.latency_p99_ms
    assert figures.first_emotion_s > 0
    assert figures.lost == 0
    # What is not answered within two seconds of the stamps is lost.
    infos.publish(CameraInfo(header=header(begin + 3 * NS_PER_S)))
    wait_until(lambda: monitor.figures().lost == 5)


def transition(start, goal):
    event = TransitionEvent()
    event.start_state.id, event.goal_state.id = start, goal
    return event


UP = transition(State.TRANSITION_STATE_ACTIVATING, State.PRIMARY_STATE_ACTIVE)
DOWN = transition(State.TRANSITION_STATE_DEACTIVATING, State.PRIMARY_STATE_INACTIVE)
OK, ERROR = DiagnosticStatus.OK, DiagnosticStatus.ERROR
RUNNING, ENDED = (OK, 'video file a.mp4'), (OK, 'ended: video file a.mp4')
FAILED, BY_HAND = (ERROR, 'the disk is gone: mount it'), (OK, 'Inactive.')


@pytest.mark.parametrize(
    ('events', 'ended', 'fault'),
    [
        ([UP, RUNNING], False, ''),
        ([UP, RUNNING, DOWN], False, ''),
        ([UP, RUNNING, DOWN, ENDED], True, ''),
        ([UP, RUNNING, ENDED, DOWN], True, ''),
        ([UP, RUNNING, DOWN, RUNNING, ENDED], True, ''),
        ([UP, RUNNING, DOWN, FAILED], True, FAILED[1]),
        ([UP, RUNNING, FAILED, DOWN, FAILED], True, FAILED[1]),
        ([UP, (ERROR, 'lost'), DOWN, BY_HAND], False, ''),
        ([UP, RUNNING, DOWN, BY_HAND, UP, RUNNING], False, ''),
        ([UP, RUNNING, DOWN, BY_HAND, UP, RUNNING, DOWN, ENDED], True, ''),
    ],
)
def test_the_monitor_tells_the_end_of_the_camera(monitor, events, ended, fault):
    for event in events:
        if isinstance(event, TransitionEvent):
            monitor._receive_transition(event)
        else:
            monitor._receive_diagnostics(diagnostics(('camera_node', *event)))
    assert (monitor.camera_has_ended(), monitor.camera_fault) == (ended, fault)


def test_a_camera_that_left_without_a_word_has_ended(graph, clock):
    monitor = Monitor()
    graph.nodes.append(monitor)
    monitor._receive_transition(DOWN)
    assert not monitor.camera_has_ended()
    clock.now += monitor_module.END_TIMEOUT_S + 0.1
    assert monitor.camera_has_ended()


def test_the_monitor_hears_the_nodes_of_its_namespace(graph):
    monitor = Monitor(namespace='/robot')
    graph.nodes.append(monitor)
    graph.executor.add_node(monitor)
    answers = graph.speaker(EmotionArray, '/robot/emotions')
    events = graph.speaker(TransitionEvent, '/robot/camera_node/transition_event')
    speaker = graph.speaker(DiagnosticArray, '/diagnostics')
    for publisher in (answers, events, speaker):
        wait_until(publisher.get_subscription_count)
    answers.publish(emotions(NS_PER_S))
    events.publish(DOWN)
    speaker.publish(diagnostics(('camera_node', *FAILED), ('robot/camera_node', *ENDED)))
    wait_until(monitor.camera_has_ended)
    wait_until(lambda: monitor.moment.faces)
    assert monitor.camera_fault == ''
    assert monitor.warning() == ''


def test_only_the_warning_of_the_first_node_in_the_pipeline_is_shown(graph, clock):
    monitor = Monitor()
    graph.nodes.append(monitor)
    late = (DiagnosticStatus.STALE, 'Nothing comes.')
    monitor._receive_diagnostics(
        diagnostics(('wheels', ERROR, 'Flat.'), ('/camera_node', ERROR, 'Not ours.'),
                    ('robot/camera_node', ERROR, 'Not ours.')))
    assert monitor.warning() == ''
    monitor._receive_diagnostics(diagnostics(('overlay_node', *late), ('emotion_node', *late)))
    assert monitor.warning() == 'emotion_node: Nothing comes.'
    monitor._receive_diagnostics(diagnostics(('face_node', *late), ('camera_node', *FAILED)))
    assert monitor.warning() == f'camera_node: {FAILED[1]}'
    monitor._receive_diagnostics(diagnostics(('camera_node', *RUNNING)))
    assert monitor.warning() == 'face_node: Nothing comes.'
    clock.now += 3.1
    assert monitor.warning() == '', 'what was said long ago'
