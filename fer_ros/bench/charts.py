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
"""Charts of the benchmarks' figures as PNG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_ros.bench.detection_accuracy import UNITS
from fer_ros.bench.tables import number_text
from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np

Figures = Mapping[str, Any]

PERCENTILES = ('p50', 'p95', 'p99')


def save_chart(path: Path, figures: Figures) -> None:
    """
    Draw a run.

    :param figures: result of `results.with_aims`.
    :raises OSError: if the file cannot be written.
    """
    figure = Figure(figsize=(12, 7), dpi=110, layout='constrained')
    figure.suptitle(f'fer bench {figures["bench"]}: {figures["machine"]}, {figures["date"][:10]}')
    draw = {
        'speed': _speed, 'quality': _quality, 'ros': _ros, 'work': _work,
        'desktop': _desktop, 'serve': _serve}[figures['bench']]
    draw(figure, figures)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _bars(
    axes: Axes, groups: list[str], series: Mapping[str, list[float]], label: str,
) -> None:
    """Draw a bar for each group and series; NaN for missing values."""
    width = 0.8 / max(len(series), 1)
    for number, (name, values) in enumerate(series.items()):
        bars = axes.bar(
            np.arange(len(groups)) + (number + 0.5) * width - 0.4, values, width, label=name)
        axes.bar_label(bars, fmt=number_text, fontsize=6, rotation=90, padding=2)
    axes.set_xticks(range(len(groups)), groups, fontsize=8)
    axes.set(yscale='log', ylabel=label)
    axes.margins(y=0.15)
    axes.grid(axis='y', alpha=0.3)
    axes.spines[['top', 'right']].set_visible(False)


def _speed(figure: Figure, figures: Figures) -> None:
    scenarios = figures['scenarios']
    groups = [scenario['name'].replace(', ', '\n') for scenario in scenarios]
    upper, lower = figure.subplots(2, 1)
    for axes, key, label in (
            (upper, 'fps', 'images/s (higher is better)'),
            (lower, 'p95_ms', 'p95 in ms (lower is better)')):
        _bars(axes, groups, {
            text: [scenario['results'].get(name, {}).get(key, np.nan) for scenario in scenarios]
            for name, text in figures['pipelines'].items()}, label)
    figure.legend(*upper.get_legend_handles_labels(), loc='outside lower center', ncols=2)


def _quality(figure: Figure, figures: Figures) -> None:
    all_axes = figure.subplots(2, 3).flat
    for axes, (condition, unit) in zip(all_axes, UNITS.items(), strict=False):
        for name, row in figures['detection'].items():
            steps = row[condition]
            axes.plot(
                [float(step) for step in steps], [100 * row['recall'] for row in steps.values()],
                marker='o', label=name)
        if condition in ('size', 'darkness'):
            axes.set_xscale('log')
            axes.set_xticks([float(step) for step in steps], list(steps), fontsize=7)
            axes.minorticks_off()
        axes.set(title=condition, xlabel=unit, ylim=(-5, 105), ylabel='faces found in %')
        axes.grid(alpha=0.3)
    roll = figures['roll']
    axes = all_axes[len(UNITS)]
    axes.plot(
        [float(degrees) for degrees in roll], [100 * row['same_label'] for row in roll.values()],
        marker='o')
    axes.set(
        title='label of a rolled face', xlabel='degrees', ylim=(-5, 105),
        ylabel='same as upright in %')
    axes.grid(alpha=0.3)
    figure.legend(*all_axes[0].get_legend_handles_labels(), loc='outside lower center', ncols=6)


def _ros(figure: Figure, figures: Figures) -> None:
    runs = figures['runs'].values()
    axes = figure.subplots()
    _bars(
        axes, [f'{row["processes"]}\n{row["rate_hz"]:g} images/s' for row in runs],
        {name: [row[f'{name}_ms'] for row in runs] for name in PERCENTILES},
        'latency from stamp to /emotions in ms')
    axes.legend()


def _desktop(figure: Figure, figures: Figures) -> None:
    runs = figures['runs'].values()
    axes = figure.subplots()
    _bars(
        axes, [f'{row["width"]}x{row["height"]}\nfaces: {row["faces"]}' for row in runs],
        {name: [row[f'{name}_ms'] for row in runs] for name in PERCENTILES},
        'time from reading to painting in ms')
    axes.legend()


def _serve(figure: Figure, figures: Figures) -> None:
    runs = figures['runs'].values()
    axes = figure.subplots()
    _bars(
        axes, [f'{row["clients"]} clients' for row in runs],
        {name: [row[f'{name}_ms'] for row in runs] for name in PERCENTILES},
        'time from request to answer in ms')
    axes.legend()


def _work(figure: Figure, figures: Figures) -> None:
    axes = figure.subplots()
    rows = figures['calls'].values()
    _bars(
        axes, [name.replace(', ', '\n') for name in figures['calls']],
        {name: [row['by_network'].get(name, np.nan) for row in rows]
         for name in figures['network_mmacs']},
        'multiply-accumulates per image in millions')
    axes.legend()
