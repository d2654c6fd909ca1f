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

"""What `fer models` shows: the installed models, their figures and the state of their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.model_card import ModelError, ModelFile
from fer_ros.core.classification.model_folders import aliases_of
from fer_ros.evaluation.evaluation_file import load_evaluation, ModelEvaluation
from fer_ros.evaluation.figure_tables import ABSENT, compact_table, formatted
from rich.console import Group, RenderableType
from rich.text import Text

OK, WRONG, MISSING, NOT_INSTALLED = 'ok', 'wrong', 'missing', 'not installed'
"""States of a file. Only the Keras network may be absent: the pipeline does not need it."""


def installed_model(path: Path) -> dict[str, Any]:
    """
    Return what is known about an installed model, and check all of its files.

    :param path: path of its card.
    :return: the content of `fer models --json`. `faults` is a list of sentences. If the card
        cannot be read, the only other entry is `name`; if the evaluation file cannot be read, its
        values are None or empty.
    """
    try:
        card = load_card(path)
    except ModelError as error:
        return {'name': path.parent.name, 'faults': [str(error)]}
    faults = []
    evaluation: ModelEvaluation | None = None
    try:
        evaluation = load_evaluation(path)
    except ModelError as error:
        faults.append(str(error))
    files = dict(card.files)
    if evaluation is not None and evaluation.source is not None:
        files['keras'] = evaluation.source
    states = {}
    for kind, file in files.items():
        states[kind], fault = _checked(file, may_be_absent=kind not in card.files)
        faults += [fault] if fault else []
    return {
        'name': card.name,
        'aliases': aliases_of(path.parent.name),
        'version': card.version,
        'description': card.description,
        'card': str(card.path),
        'precision': card.precision(),
        'parameters': evaluation.parameters if evaluation else None,
        'macs': evaluation.macs if evaluation else None,
        'files': {
            kind: {
                'file': file.path.relative_to(card.path.parent).as_posix(),
                'size_bytes': file.size_bytes, 'sha256': file.sha256, 'state': states[kind]}
            for kind, file in files.items()},
        'evaluation': OK if evaluation else WRONG,
        'ms_per_face': dict(evaluation.ms_per_face) if evaluation else {},
        'accuracy': {
            precision: _accuracies(evaluation, precision) for precision in card.files
            if precision in evaluation.figures} if evaluation else {},
        'faults': faults,
    }


def models_table(models: Sequence[Mapping[str, Any]]) -> RenderableType:
    """
    Return a table of models.

    :param models: results of `installed_model`.
    """
    table = compact_table(
        'model', 'version', 'runs', 'parameters', 'MB', 'ms', 'FER-2013', 'FER+')
    table.add_column('files')
    for model in models:
        if 'files' not in model:
            table.add_row(model['name'], *[ABSENT] * 7, Text('card wrong', style='bold red'))
            continue
        precision = model['precision']
        accuracy = model['accuracy'].get(precision, {})
        table.add_row(
            model['name'], model['version'], precision, formatted(model['parameters'], '{:,}'),
            f'{model["files"][precision]["size_bytes"] / 1e6:.1f}',
            formatted(model['ms_per_face'].get(precision, {}).get(1), '{:.2f}'),
            *(formatted(accuracy.get(labels, {}).get('private'), '{:.1%}')
              for labels in ('fer2013', 'ferplus')),
            Text(', '.join(_states(model)), style='bold red' if model['faults'] else 'green'))
    aliases = ''.join(
        f'{alias} is another name of {model["name"]}. '
        for model in models for alias in model.get('aliases', ()))
    return Group(table, Text(
        f'{aliases}ms: time for one face on one thread, on the machine that the evaluation file '
        'names. FER-2013, FER+: accuracy on PrivateTest, from the evaluation file.', style='dim'))


def _states(model: Mapping[str, Any]) -> Iterator[str]:
    if not model['faults']:
        yield OK
        return
    for kind, file in model['files'].items():
        if file['state'] not in (OK, NOT_INSTALLED):
            yield f'{kind} {file["state"]}'
    if model['evaluation'] != OK:
        yield f'evaluation {model["evaluation"]}'


def _accuracies(evaluation: ModelEvaluation, precision: str) -> dict[str, dict[str, float]]:
    return {
        labels: {split: figures['accuracy'] for split, figures in splits.items()}
        for labels, splits in evaluation.figures[precision].items()}


def _checked(file: ModelFile, may_be_absent: bool) -> tuple[str, str]:
    """Return the state of a file, and a sentence if it is a fault."""
    exists = file.path.exists()
    if not exists and may_be_absent:
        return NOT_INSTALLED, ''
    try:
        file.read()
    except ModelError as error:
        return WRONG if exists else MISSING, str(error)
    return OK, ''
