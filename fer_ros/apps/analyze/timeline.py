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

"""Draws a chart of the emotions of the faces of a video over time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import warnings

from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.values import FaceEmotion
from fer_ros.media.drawing import COLORS
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator
import numpy as np
import numpy.typing as npt

MAX_TRACKS = 8
"""Maximum number of panels that fit on a page."""

MAX_POINTS = 1500
"""Maximum points per track, about the width of the chart in pixels; each is then a mean."""

GAP_INTERVALS = 5
"""A face that is absent for more than this number of images leaves a gap in its panel."""

BAND = (-0.22, -0.07)
"""Vertical range of the band of labels, below the probabilities (0 to 1)."""

_DPI = 120
_WIDTH_IN = 11.0
_PANEL_IN = 1.45
_FRAME_IN = 1.3
_MINUTES_FROM_S = 120


def _rgb(emotion: Emotion) -> tuple[float, float, float]:
    blue, green, red = COLORS[emotion]
    return red / 255, green / 255, blue / 255


Track = list[tuple[float, FaceEmotion]]
"""The times in seconds at which a face was present, and the face at these times."""


class Timeline:
    """Collects the emotions of a video and draws them: a panel for each track."""

    def __init__(self) -> None:
        """Start without faces."""
        self._tracks: dict[int, Track] = {}
        self._times_s: list[float] = []

    def add(self, time_s: float, faces: Sequence[FaceEmotion]) -> None:
        """Add the faces of an image."""
        self._times_s.append(time_s)
        for face in faces:
            self._tracks.setdefault(face.track_id, []).append((time_s, face))

    def save(self, path: Path, title: str) -> None:
        """
        Draw the longest tracks as a PNG file, in the order in which they appeared.

        :raises OSError: if the file cannot be written.
        """
        longest = sorted(self._tracks, key=lambda key: -len(self._tracks[key]))[:MAX_TRACKS]
        shown = [key for key in self._tracks if key in longest]
        left_out = len(self._tracks) - len(shown)
        if not shown:
            title += ': no face was found'
        elif left_out:
            others = 'one shorter is' if left_out == 1 else f'{left_out} shorter ones are'
            title += f': the {len(shown)} longest tracks; {others} left out'
        panels = max(len(shown), 1)
        figure = Figure(
            figsize=(_WIDTH_IN, _FRAME_IN + _PANEL_IN * panels), dpi=_DPI, layout='constrained')
        figure.suptitle(title, fontsize=12, parse_math=False)
        rows = figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
        interval_s = _interval_s(self._times_s)
        begin_s = self._times_s[0] if self._times_s else 0.0
        end_s = self._times_s[-1] + interval_s if self._times_s else 1.0
        for key, axes in zip(shown, rows, strict=False):
            _draw(axes, self._tracks[key], interval_s)
            axes.set_ylabel(f'face {key}')
        for axes in rows:
            axes.set(xlim=(begin_s, end_s), ylim=(BAND[0] - 0.03, 1.0))
            axes.set_yticks(
                (sum(BAND) / 2, 0, 0.5, 1), ('label', '0 %', '50 %', '100 %'), fontsize=8)
            axes.spines[['top', 'right']].set_visible(False)
            axes.grid(axis='x', alpha=0.3)
        _label_times(rows[-1], end_s)
        figure.legend(
            handles=[Patch(color=_rgb(Emotion(k)), label=label) for k, label in enumerate(LABELS)]
            + [Patch(color=_rgb(Emotion.UNKNOWN), label='unknown')],
            loc='outside lower center', ncols=len(LABELS) + 1, frameon=False, fontsize=9)
        with warnings.catch_warnings():
            # The fonts do not contain all letters; boxes in the title are acceptable.
            warnings.simplefilter('ignore', UserWarning)
            figure.savefig(path)


def _draw(axes: Axes, track: Track, interval_s: float) -> None:
    """Draw the stacked probabilities, and the band of labels below them."""
    times_s = np.array([time_s for time_s, _ in track])
    emotions = np.array([face.emotion for _, face in track])
    probabilities = np.array([face.probabilities for _, face in track])
    is_gap = np.diff(times_s) > GAP_INTERVALS * interval_s
    parts = np.split(np.arange(len(times_s)), np.flatnonzero(is_gap) + 1)
    colors = [_rgb(Emotion(k)) for k in range(len(LABELS))]
    step = -(-len(times_s) // MAX_POINTS)
    for part in parts:
        first = np.arange(0, len(part), step)
        edges_s = np.append(times_s[part][first], times_s[part][-1] + interval_s)
        sizes = np.diff(np.append(first, len(part)))
        means = np.add.reduceat(probabilities[part], first) / sizes[:, None]
        # The values of an image are valid until the next image.
        axes.stackplot(
            edges_s, np.vstack([means, means[-1:]]).T, colors=colors, step='post', linewidth=0)
        for begin, end, emotion in _runs(emotions[part]):
            last_s = times_s[part][end] if end < len(part) else edges_s[-1]
            axes.fill_between(
                (times_s[part][begin], last_s), *BAND, color=_rgb(Emotion(emotion)), linewidth=0)


def _runs(values: npt.NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return start, end and value of each run of equal values."""
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return [(a, b, int(values[a])) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _interval_s(times_s: Sequence[float]) -> float:
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0


def _label_times(axes: Axes, end_s: float) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(12, steps=[1, 1.5, 2, 3, 5, 6, 10]))
    if end_s < _MINUTES_FROM_S:
        axes.set_xlabel('time in seconds')
        return
    axes.set_xlabel('time in minutes and seconds')
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f'{int(value) // 60}:{int(value) % 60:02d}'))
