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

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fer_msgs.msg import Emotion, EmotionArray
from fer_ros.apps import display
from fer_ros.apps.monitor import Monitor
from fer_ros.core.values import NS_PER_S
from graph import header, wait_until
from lifecycle_msgs.msg import State, TransitionEvent
import pytest
from rich.console import Console
from sensor_msgs.msg import CameraInfo

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
    assert 'no face' in text
    assert 'latency p50 -' in text


def test_a_table_with_faces_figures_and_complaints(monitor):
    monitor._receive_emotions(emotions(monitor.get_clock().now().nanoseconds, 2))
    monitor.diagnostics['camera_node'] = (DiagnosticStatus.ERROR[0], 'The camera is gone.')
    monitor.diagnostics['face_node'] = (DiagnosticStatus.OK[0], 'Works.')
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
    assert any('images/s' in line and 'dropped 0' in line for line in lines)


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
    line = display.faces_line(monitor, 3.25)
    assert '4 unknown 0% yaw - age -' in line


def test_a_plain_line(monitor):
    monitor._receive_emotions(emotions(monitor.get_clock().now().nanoseconds, 2))
    line = display.faces_line(monitor, 12.34)
    assert line.startswith('  12.3 s')
    assert '1 happiness 80% yaw +30° age 0.5 s | 2 happiness' in line
    assert '\n' not in line


def test_the_summary():
    from fer_ros.apps.monitor import Figures

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
    display.print_summary(console, figures, 4.0, {'face_node': (100.4, 101.6)})
    rows = [
        [cell.strip() for cell in line.strip('│┃ ').replace('┃', '│').split('│')]
        for line in console.file.getvalue().splitlines()
        if '│' in line
    ]
    values = dict(row for row in rows if len(row) == 2)
    assert values['images published'] == '120'
    assert values['answered by /emotions'] == '117'
    assert values['lost'] == '3'
    assert values['p95'] == '9.0 ms'
    assert values['p99'] == '-'
    assert values['first emotion after'] == '-'
    assert values['memory of face_node'] == '100 → 102 MiB'


def test_the_live_table_ends_and_gives_standard_error_back(monitor, capfd):
    import os

    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    with display.live_table(console, monitor):
        os.write(2, b'native words\n')
        wait_until(lambda: 'native words' in console.file.getvalue())
    os.write(2, b'after the table\n')
    assert 'after the table' in capfd.readouterr().err
    assert 'no face' in console.file.getvalue()


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


def test_the_monitor_notices_the_end_of_the_camera(graph, monitor):
    events = graph.speaker(TransitionEvent, 'camera_node/transition_event')
    wait_until(events.get_subscription_count)
    up = TransitionEvent()
    up.start_state.id, up.goal_state.id = (
        State.TRANSITION_STATE_ACTIVATING,
        State.PRIMARY_STATE_ACTIVE,
    )
    events.publish(up)
    down = TransitionEvent()
    down.start_state.id, down.goal_state.id = (
        State.TRANSITION_STATE_DEACTIVATING,
        State.PRIMARY_STATE_INACTIVE,
    )
    events.publish(down)
    assert monitor.camera_has_ended.wait(20)


def test_the_monitor_keeps_the_newest_complaint_of_each_node(graph, monitor):
    diagnostics = graph.speaker(DiagnosticArray, '/diagnostics')
    wait_until(diagnostics.get_subscription_count)
    for level, message in ((DiagnosticStatus.ERROR, 'Bad.'), (DiagnosticStatus.OK, 'Good.')):
        diagnostics.publish(
            DiagnosticArray(status=[DiagnosticStatus(name='a', level=level, message=message)])
        )
    wait_until(lambda: monitor.diagnostics.get('a') == (0, 'Good.'))
