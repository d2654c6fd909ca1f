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
What `fer live` shows.

It is a live table on a terminal, plain lines elsewhere, a summary at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import math
import os
import sys
import threading

from diagnostic_msgs.msg import DiagnosticStatus
from fer_ros.apps.monitor import Figures, Monitor
from fer_ros.core.emotions import Emotion
from fer_ros.core.values import FaceEmotion, NS_PER_S
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

STYLES = {
    Emotion.ANGRY: 'red', Emotion.DISGUST: 'green', Emotion.FEAR: 'magenta',
    Emotion.HAPPY: 'yellow', Emotion.SAD: 'blue', Emotion.SURPRISE: 'cyan',
    Emotion.NEUTRAL: 'white', Emotion.UNKNOWN: 'bright_black',
}
BAR_WIDTH = 20
TABLE_RATE_HZ = 8
LINES_PERIOD_S = 1.0


def _bar(face: FaceEmotion) -> str:
    return '█' * round(BAR_WIDTH * face.confidence)


def _degrees(angle: float) -> str:
    return '' if math.isnan(angle) else f'{math.degrees(angle):+.0f}°'


def _age(face: FaceEmotion, stamp_ns: int) -> str:
    if not face.confidence:
        return ''
    return f'{(stamp_ns - face.classified_at_ns) / NS_PER_S:.1f} s'


def _milliseconds(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.1f} ms'


def status_line(figures: Figures) -> str:
    """Return rate, latency and losses as one line."""
    return (
        f'{figures.rate_hz:.1f} images/s   latency p50 {_milliseconds(figures.latency_p50_ms)}, '
        f'p95 {_milliseconds(figures.latency_p95_ms)}   dropped {figures.lost}')


def faces_table(monitor: Monitor) -> RenderableType:
    """
    Return the faces of the last image as a table.

    The figures and the complaints of the nodes stand below it.
    """
    moment = monitor.moment
    table = Table(expand=False)
    for name, width in (
            ('face', 5), ('emotion', 10), ('', BAR_WIDTH), ('confidence', 10), ('yaw', 6),
            ('age', 6)):
        table.add_column(
            name, width=width,
            justify='right' if name in ('face', 'confidence', 'yaw', 'age') else 'left')
    for face in moment.faces:
        style = STYLES[face.emotion]
        table.add_row(
            str(face.track_id), Text(face.label, style=style), Text(_bar(face), style=style),
            f'{face.confidence:.0%}' if face.confidence else '', _degrees(face.head_pose.yaw),
            _age(face, moment.stamp_ns))
    if not moment.faces:
        table.add_row('', Text('no face', style='bright_black'))
    lines: list[RenderableType] = [table, Text(status_line(monitor.figures()))]
    for name, (level, message) in sorted(monitor.diagnostics.items()):
        if level != DiagnosticStatus.OK[0]:
            lines.append(Text(f'{name}: {message}', style='yellow'))
    return Group(*lines)


def faces_line(monitor: Monitor, elapsed_s: float) -> str:
    """Return the faces of the last image as one line of plain text."""
    moment = monitor.moment
    faces = [
        f'{face.track_id} {face.label} {face.confidence:.0%} '
        f'yaw {_degrees(face.head_pose.yaw) or "-"} age {_age(face, moment.stamp_ns) or "-"}'
        for face in moment.faces]
    return (
        f'{elapsed_s:6.1f} s  {" | ".join(faces) or "no face"}   '
        f'{status_line(monitor.figures())}')


def print_summary(
    console: Console, figures: Figures, duration_s: float,
    memory_mib: dict[str, tuple[float, float]],
) -> None:
    """
    Print what a run came to.

    :param memory_mib: resident memory after warm-up and at the end.
    """
    table = Table(title='Summary', show_header=False, title_justify='left')
    table.add_column()
    table.add_column(justify='right')
    first = figures.first_emotion_s
    for name, value in (
            ('duration', f'{duration_s:.1f} s'),
            ('classifier', figures.model or '-'),
            ('images published', str(figures.published)),
            ('answered by /emotions', str(figures.answered)),
            ('lost', str(figures.published - figures.answered)),
            ('latency, stamp to /emotions, p50', _milliseconds(figures.latency_p50_ms)),
            ('p95', _milliseconds(figures.latency_p95_ms)),
            ('p99', _milliseconds(figures.latency_p99_ms)),
            ('first emotion after', '-' if first is None else f'{first:.1f} s'),
            *((f'memory of {name}', f'{begin:.0f} → {end:.0f} MiB')
              for name, (begin, end) in memory_mib.items())):
        table.add_row(name, value)
    console.print(table)


@contextmanager
def live_table(console: Console, monitor: Monitor) -> Iterator[None]:
    """Keep a table of the faces on the terminal; what the nodes log appears above it."""
    with _native_output_through(console), Live(
            get_renderable=lambda: faces_table(monitor), console=console,
            refresh_per_second=TABLE_RATE_HZ):
        yield


@contextmanager
def _native_output_through(console: Console) -> Iterator[None]:
    """
    Print what arrives on file descriptor 2 by the console.

    That includes what native code and child processes write.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    receiver, sender = os.pipe()
    os.dup2(sender, 2)
    os.close(sender)

    def forward() -> None:
        with os.fdopen(receiver, encoding='utf-8', errors='replace') as lines:
            for line in lines:
                console.print(line.rstrip('\n'), markup=False, highlight=False)
    thread = threading.Thread(target=forward, daemon=True)
    thread.start()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        # Children that still run hold the pipe open; what they say after this goes nowhere.
        thread.join(0.5)
