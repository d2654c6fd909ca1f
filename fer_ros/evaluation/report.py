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

"""What `fer evaluate` and `fer models` show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fer_ros.core.classification.model_card import load_card, ModelCard, ModelError, ModelFile
from fer_ros.core.emotions import LABELS
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

ABSENT = '-'


def figures_table(columns: Mapping[str, Mapping[str, Any]]) -> RenderableType:
    """
    Return the figures of some rows, a column for each.

    :param columns: by their titles, mappings of which some keys may lack.
    """
    table = _table('', *columns)
    for title, name, form in (
            ('accuracy', 'accuracy', '{:.2%}'), ('macro-F1', 'macro_f1', '{:.4f}'),
            ('calibration error (ECE)', 'ece', '{:.4f}'),
            ('  before the temperature', 'ece_before_temperature', '{:.4f}'),
            ('n', 'n', '{:,}'), ('ms a face', 'ms_per_face', '{:.2f}')):
        cells = [_cell(figures.get(name), form) for figures in columns.values()]
        if any(cell != ABSENT for cell in cells):
            table.add_row(title, *cells)
    return table


def scenes_table(figures: Mapping[str, Any]) -> RenderableType:
    """Return what was measured in the images of a camera, a row for each kind of them."""
    table = _table('as the camera sees the face', 'found', 'accuracy', 'macro-F1')
    for name, found in figures['scenes'].items():
        table.add_row(
            name, f'{found["n"] / figures["rows"]:.1%}', _cell(found['accuracy'], '{:.2%}'),
            _cell(found['macro_f1'], '{:.4f}'))
    return Group(table, Text('accuracy, macro-F1: of the faces that are found.', style='dim'))


def confusion_table(figures: Mapping[str, Any]) -> RenderableType:
    """Return the confusion matrix with the recall of each label; the rows are the labels."""
    table = _table('is \\ is called', *LABELS, 'recall')
    for row, (label, counts) in enumerate(zip(LABELS, figures['confusion'], strict=True)):
        cells = [
            Text(str(count), style='bold green' if column == row else '' if count else 'dim')
            for column, count in enumerate(counts)]
        table.add_row(label, *cells, _cell(figures['per_class_recall'][label], '{:.1%}'))
    return table


def installed_model(path: Path) -> dict[str, Any]:
    """
    Return what is known of an installed model, after checking all of its files.

    :param path: of its card.
    :return: what `fer models --json` prints. `faults` holds sentences; a card that cannot be read
        leaves nothing else but the name.
    """
    try:
        card = load_card(path)
    except ModelError as error:
        return {'name': path.parent.name, 'faults': [str(error)]}
    faults = {kind: _fault(file) for kind, file in card.files.items()}
    return {
        'name': card.name,
        'version': card.version,
        'description': card.description,
        'card': str(card.path),
        'precision': card.precision(),
        'parameters': card.parameters,
        'macs': card.macs,
        'files': {
            kind: {
                'file': file.path.name, 'size_bytes': file.size_bytes, 'sha256': file.sha256,
                'state': _state(file, faults[kind])}
            for kind, file in card.files.items()},
        'ms_per_face': dict(card.ms_per_face),
        'accuracy': {precision: _accuracies(card, precision) for precision in card.files
                     if precision in card.figures},
        'faults': [fault for fault in faults.values() if fault],
    }


def models_table(models: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Return a table of models, each as `installed_model` gives it."""
    table = _table(
        'model', 'version', 'runs', 'parameters', 'MB', 'ms', 'FER-2013', 'FER+')
    table.add_column('files')
    for model in models:
        if 'files' not in model:
            table.add_row(model['name'], *[ABSENT] * 7, Text('card wrong', style='bold red'))
            continue
        precision = model['precision']
        accuracy = model['accuracy'].get(precision, {})
        table.add_row(
            model['name'], model['version'], precision, f'{model["parameters"]:,}',
            f'{model["files"][precision]["size_bytes"] / 1e6:.1f}',
            _cell(model['ms_per_face'].get(precision, {}).get(1), '{:.2f}'),
            *(_cell(accuracy.get(labels, {}).get('private'), '{:.1%}')
              for labels in ('fer2013', 'ferplus')),
            Text(', '.join(_states(model)), style='bold red' if model['faults'] else 'green'))
    return Group(table, Text(
        'ms: for a face on one thread, on the machine that the card names. FER-2013, FER+: '
        'accuracy on PrivateTest, as the card states.', style='dim'))


def _states(model: Mapping[str, Any]) -> Iterator[str]:
    if not model['faults']:
        yield 'ok'
        return
    for kind, file in model['files'].items():
        if file['state'] != 'ok':
            yield f'{kind} {file["state"]}'


def _accuracies(card: ModelCard, precision: str) -> dict[str, dict[str, float]]:
    return {
        labels: {split: figures['accuracy'] for split, figures in splits.items()}
        for labels, splits in card.figures[precision].items()}


def _fault(file: ModelFile) -> str:
    try:
        file.read()
    except ModelError as error:
        return str(error)
    return ''


def _state(file: ModelFile, fault: str) -> str:
    if not file.path.exists():
        return 'missing'
    return 'wrong' if fault else 'ok'


def _cell(value: float | None, form: str) -> str:
    return ABSENT if value is None else form.format(value)


def _table(first: str, *others: str) -> Table:
    """Return a table that leaves room on a terminal of 80 columns."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column(first, no_wrap=True)
    for title in others:
        table.add_column(title, justify='right', no_wrap=True)
    return table
