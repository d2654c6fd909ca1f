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

"""The tables that `fer evaluate` prints. Nothing here computes a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.metrics import intervals
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

ABSENT = '-'


def figures_table(columns: Mapping[str, Mapping[str, Any]]) -> RenderableType:
    """
    Return a table with one column for each set of figures.

    :param columns: figures by the title of their column; keys may be missing.
    """
    table = compact_table('', *columns)
    drawn = {
        title: intervals(figures['confusion']) for title, figures in columns.items()
        if 'confusion' in figures}
    for title, name, form in (
            ('accuracy', 'accuracy', '{:.2%}'), ('macro-F1', 'macro_f1', '{:.4f}'),
            ('calibration error (ECE)', 'ece', '{:.4f}'),
            ('  before the temperature', 'ece_before_temperature', '{:.4f}'),
            ('n', 'n', '{:,}'), ('ms per face', 'ms_per_face', '{:.2f}')):
        cells = []
        for column, figures in columns.items():
            bounds = drawn.get(column, {}).get(name)
            cells.append(formatted(figures.get(name), form) + (
                f' [{_interval(bounds, form)}]' if bounds else ''))
        if any(cell != ABSENT for cell in cells):
            table.add_row(title, *cells)
    return table


def scenes_table(figures: Mapping[str, Any]) -> RenderableType:
    """Return a table of the figures in simulated camera images, one row for each scene."""
    table = compact_table('scene', 'found', 'accuracy', 'macro-F1')
    for name, found in figures['scenes'].items():
        table.add_row(
            name, f'{found["n"] / figures["rows"]:.1%}', formatted(found['accuracy'], '{:.2%}'),
            formatted(found['macro_f1'], '{:.4f}'))
    return Group(
        table, Text('accuracy and macro-F1 are those of the faces that are found', style='dim'))


def intervals_table(columns: Mapping[str, Mapping[str, Any]]) -> RenderableType:
    """
    Return a table of the figures of photographs with their intervals.

    :param columns: figures of `photograph_evaluation.with_intervals` by the title of their column.
    """
    table = compact_table('', *columns)
    for title, name in (
            ('found', 'found'), ('named', 'named'), ('accuracy', 'accuracy'),
            ('  of found', 'accuracy_of_found'), ('  of named', 'accuracy_of_named'),
            ('macro-F1', 'macro_f1'), ('balanced acc.', 'balanced_accuracy'),
            ('ECE of named', 'ece_of_named')):
        cells = []
        for figures in columns.values():
            value, low, high = (
                formatted(figures[name][key], '{:.3f}') for key in ('value', 'low', 'high'))
            cells.append(f'{value} [{low} {high}]')
        table.add_row(title, *cells)
    return table


def confusion_table(figures: Mapping[str, Any]) -> RenderableType:
    """
    Return the confusion matrix with the recall of each label; the rows are the labels.

    A matrix (7, 7) has a last column with the 95 % interval of the recall. A matrix (7, 8) has a
    column of faces without an answer.
    """
    confusion = figures['confusion']
    names = (*LABELS, 'none')[:len(confusion[0])]
    bounds = intervals(confusion) if names == LABELS else None
    table = compact_table('label', *names, 'recall', *(['95 %'] if bounds else []))
    for row, (label, counts) in enumerate(zip(LABELS, confusion, strict=True)):
        cells = [
            Text(str(count), style='bold green' if column == row else '' if count else 'dim')
            for column, count in enumerate(counts)]
        recall = counts[row] / sum(counts) if sum(counts) else None
        table.add_row(
            label, *cells, formatted(recall, '{:.1%}'),
            *([_interval(bounds[label], '{:.0%}')] if bounds else []))
    return table


def _interval(bounds: Sequence[float | None], form: str) -> str:
    return ' '.join(formatted(bound, form) for bound in bounds)


def formatted(value: float | None, form: str) -> str:
    """Return a figure in a format such as `{:.2%}`; a dash for None."""
    return ABSENT if value is None else form.format(value)


def compact_table(first: str, *others: str) -> Table:
    """Return a table with these headings that fits into a terminal of 80 columns."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column(first, no_wrap=True)
    for title in others:
        table.add_column(title, justify='right', no_wrap=True)
    return table
