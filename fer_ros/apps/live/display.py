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
Shows faces and figures: a live table on a terminal, else plain lines, and a summary at the end.

The values come from the monitor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import math
import os
import sys
import threading
import time

from fer_ros.apps.live.monitor import Figures, Moment, Monitor
from fer_ros.core.emotions import Emotion
from fer_ros.core.values import FaceEmotion
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


def _age(age_s: float) -> str:
    return '' if math.isnan(age_s) else f'{age_s:.1f} s'


def _milliseconds(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.1f} ms'


def status_line(figures: Figures) -> str:
    """Return rate, latency and losses in one line."""
    rate = '-' if math.isnan(figures.rate_hz) else f'{figures.rate_hz:.1f}'
    return (
        f'{rate} images/s   latency p50 {_milliseconds(figures.latency_p50_ms)}, '
        f'p95 {_milliseconds(figures.latency_p95_ms)}   lost {figures.lost}')


def _absence(moment: Moment, now_s: float) -> str:
    """Return words for missing images, or '' if images arrive."""
    silence_s = moment.silence_s(now_s)
    if math.isnan(silence_s):
        return 'no image yet'
    return f'no image for {silence_s:.1f} s' if silence_s else ''


def faces_table(monitor: Monitor) -> RenderableType:
    """
    Return the present faces as a table.

    The figures and the warning of a node are below it.
    """
    moment, now = monitor.moment, time.monotonic()
    table = Table(expand=False)
    for name, width in (
            ('face', 5), ('emotion', 10), ('', BAR_WIDTH), ('confidence', 10), ('yaw', 6),
            ('age', 6)):
        table.add_column(
            name, width=width,
            justify='right' if name in ('face', 'confidence', 'yaw', 'age') else 'left')
    absence = _absence(moment, now)
    faces = [] if absence else moment.faces
    for face in faces:
        style = STYLES[face.emotion]
        table.add_row(
            str(face.track_id), Text(face.label, style=style), Text(_bar(face), style=style),
            f'{face.confidence:.0%}' if face.confidence else '', _degrees(face.head_pose.yaw),
            _age(moment.age_s(face, now)))
    if not faces:
        table.add_row(
            '', Text('' if absence else 'no face', style='bright_black'),
            Text(absence, style='bright_black'))
    lines: list[RenderableType] = [table, Text(status_line(monitor.figures()))]
    warning = monitor.warning()
    if warning:
        lines.append(Text(warning, style='yellow'))
    return Group(*lines)


def faces_line(moment: Moment, figures: Figures, begin_s: float, now_s: float) -> str:
    """
    Return the faces of an image in one line of plain text, or the time without images.

    :param begin_s: start of the time at the beginning of the line, by the monotonic clock.
    """
    faces = [
        f'{face.track_id} {face.label} {face.confidence:.0%} '
        f'yaw {_degrees(face.head_pose.yaw) or "-"} '
        f'age {_age(moment.age_s(face, now_s)) or "-"}'
        for face in moment.faces]
    words = _absence(moment, now_s) or ' | '.join(faces) or 'no face'
    return f'{max(now_s - begin_s, 0.0):6.1f} s  {words}   {status_line(figures)}'


class PlainLines:
    """
    Prints the faces if there is no terminal, with the time of their arrival.

    It prints at most one line per second. Images that arrive more slowly have one line each, and
    so have all images of a run that ends within the first second.
    """

    def __init__(self, print_line: Callable[[str], None], every_image: bool = False) -> None:
        """
        Prepare.

        :param every_image: print a line for each image, at any rate.
        """
        self._print = print_line
        self._every_image = every_image
        self._begin_s = time.monotonic()
        self._last_s = -math.inf
        self._moments: deque[Moment] = deque()

    def begin(self) -> None:
        """Start the time of the lines."""
        self._begin_s = time.monotonic()

    def add(self, moment: Moment) -> None:
        """Add the faces of an image; from any thread."""
        self._moments.append(moment)

    def update(self, monitor: Monitor) -> None:
        """Print the lines that are due."""
        now = time.monotonic()
        if self._every_image and self._moments:
            self._flush(monitor)
        elif now < max(self._last_s, self._begin_s) + LINES_PERIOD_S:
            return
        elif self._moments:
            self._keep_newest()
            self._flush(monitor)
        elif _absence(monitor.moment, now):
            self._print(faces_line(monitor.moment, monitor.figures(), self._begin_s, now))
            self._last_s = now

    def close(self, monitor: Monitor) -> None:
        """Print the line of the last image, or of all images if no line was printed before."""
        if not math.isinf(self._last_s) and not self._every_image:
            self._keep_newest()
        self._flush(monitor)

    def _keep_newest(self) -> None:
        while len(self._moments) > 1:
            self._moments.popleft()

    def _flush(self, monitor: Monitor) -> None:
        while self._moments:
            moment = self._moments.popleft()
            self._print(faces_line(
                moment, monitor.figures(), self._begin_s, moment.arrived_s))
            self._last_s = time.monotonic()


def print_summary(
    console: Console, figures: Figures, duration_s: float,
    memory_mib: dict[str, tuple[float | None, float]],
) -> None:
    """
    Print the summary of a run.

    :param memory_mib: for each process, resident memory after warm-up (None if the run was
        shorter) and at the end.
    """
    table = Table(title='Summary', show_header=False, title_justify='left')
    table.add_column()
    table.add_column(justify='right')
    first = figures.first_emotion_s
    for name, value in (
            ('duration', f'{duration_s:.1f} s'),
            ('classifier', figures.model or '-'),
            ('images published', str(figures.published)),
            ('images with emotions', str(figures.answered)),
            ('lost', str(figures.published - figures.answered)),
            ('latency, stamp to /emotions, p50', _milliseconds(figures.latency_p50_ms)),
            ('p95', _milliseconds(figures.latency_p95_ms)),
            ('p99', _milliseconds(figures.latency_p99_ms)),
            ('first emotion after', '-' if first is None else f'{first:.1f} s'),
            *((f'memory of {name}',
               f'{end:.0f} MiB' if begin is None else f'{begin:.0f} → {end:.0f} MiB')
              for name, (begin, end) in memory_mib.items())):
        table.add_row(name, value)
    console.print(table)


def live_table(console: Console, monitor: Monitor) -> Live:
    """Return a context manager that shows a table of the faces on the terminal."""
    return Live(
        get_renderable=lambda: faces_table(monitor), console=console,
        refresh_per_second=TABLE_RATE_HZ)


@contextmanager
def native_output_through(console: Console) -> Iterator[None]:
    """
    Print all output to file descriptor 2 through the console, above the live table.

    That includes the output of native code and child processes.
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
        # Child processes that still run keep the pipe open; their later output is discarded.
        thread.join(0.5)
