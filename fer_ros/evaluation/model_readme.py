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

"""The README of a model, made from its card and its evaluation file, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
import statistics
from typing import Any

from fer_ros.core.classification.model_card import ModelCard, PRECISIONS
from fer_ros.core.classification.model_folders import CARD_FILE
from fer_ros.core.emotions import LABELS
from fer_ros.core.landmarks.mesh_features import FEATURE_COUNT
from fer_ros.evaluation.evaluation_file import EVALUATION_FILE, ModelEvaluation, TRAINING_FOLDER
from fer_ros.evaluation.metrics import intervals
import yaml

README_FILE = 'README.md'

SPLIT_NAMES = {'public': 'PublicTest', 'private': 'PrivateTest'}
"""Names of the splits of FER-2013 by their keys in the figures."""

LABEL_NAMES = {'fer2013': "FER-2013's own labels", 'ferplus': 'FER+ majority, 7 classes'}
"""Names of the labels of FER-2013 by their keys in the figures; other data sets use their name."""


def readme(card: ModelCard, evaluation: ModelEvaluation) -> str:
    """Return the README. Sections without content are left out."""
    return '\n\n'.join(part for part in _parts(card, evaluation) if part) + '\n'


def _parts(card: ModelCard, evaluation: ModelEvaluation) -> Iterator[str]:
    figures = evaluation.figures
    yield f'# {card.title}'
    yield card.description
    yield (
        f'Generated from `{CARD_FILE}` (read by the robot) and `{EVALUATION_FILE}` (read by `fer '
        'models` and `fer evaluate`). Edit those files, not this one.')
    yield _input_and_output(card, evaluation)
    yield _files(card, evaluation)
    yield f'## Data\n{evaluation.data}'
    yield f'## Terms\n{card.terms}'
    yield from _training(evaluation)
    yield _seeds(figures.get('seeds'))
    yield from _figures(card, evaluation)
    yield _mirrored(figures.get('mirrored', {}))
    yield _pipeline_crops(figures.get('pipeline_crops', {}))
    yield from _scenes(figures.get('scenes', {}))
    yield f'## Limits\n{evaluation.limits}' if evaluation.limits else ''
    yield from _tried(figures.get('tried', ()))


def _input_and_output(card: ModelCard, evaluation: ModelEvaluation) -> str:
    size = card.preprocessing
    macs = [('multiply-accumulates', f'{evaluation.macs:,} per face')] if evaluation.macs else []
    return _table(('', ''), [
        ('input', f'grey, {size.width}x{size.height}' + (
            f'; {FEATURE_COUNT} features of the face mesh, or none' if card.uses_mesh else '')),
        ('normalisation', f'value * {size.scale:.8g} + {size.offset:g}'),
        ('minimum contrast',
         f'{size.least_contrast} grey levels' if size.least_contrast else 'none'),
        ('framing', card.framing),
        ('output', f'{card.output_kind} of {", ".join(card.labels)}'),
        ('parameters', f'{evaluation.parameters:,}'), *macs])


def _files(card: ModelCard, evaluation: ModelEvaluation) -> str:
    files = {kind: card.files[kind] for kind in PRECISIONS if kind in card.files}
    times = {kind: evaluation.ms_per_face.get(kind, {}) for kind in files}
    threads = sorted({number for by_threads in times.values() for number in by_threads})
    head = ['', 'file', 'MB', 'SHA-256', *(
        f'ms per face, {number} thread{"s" if number > 1 else ""}' for number in threads)]
    rows = [
        (kind, f'`{file.path.name}`', f'{file.size_bytes / 1e6:.2f}', f'`{file.sha256}`',
         *(_fixed(times[kind].get(number), 2) for number in threads))
        for kind, file in files.items()]
    source = evaluation.source
    if source is not None:
        rows.append((
            'keras', f'`{TRAINING_FOLDER}/{source.path.name}`', f'{source.size_bytes / 1e6:.2f}',
            f'`{source.sha256}`', *[''] * len(threads)))
    text = f'## Files\n{_table(head, rows)}'
    machine = evaluation.ms_per_face.get('machine')
    if threads and machine:
        text += f'\n\nMeasured with `fer evaluate` on {machine}, one face per call.'
    if source is not None:
        text += (
            '\n\nThe keras file is only for training (`start_from`, `teacher`) and is not '
            'installed with the package.')
    return text


def _training(evaluation: ModelEvaluation) -> Iterator[str]:
    yield f'## Training\n```\n{evaluation.training}\n```'
    if evaluation.stages:
        yield _stages(
            'Options of each stage; other options have their defaults. `start_from` and `teacher` '
            'name earlier stages or models.',
            evaluation.stages)


def _stages(introduction: str, stages: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for stage in stages:
        note = f'  # {stage["note"]}' if 'note' in stage else ''
        lines.append(f'{stage["name"]}:{note}')
        lines += [
            f'  {line}' for line in yaml.safe_dump(
                dict(stage['options']), sort_keys=False, width=1000).splitlines()]
    return '\n'.join([introduction, '```yaml', *lines, '```'])


def _seeds(seeds: Mapping[str, Any] | None) -> str:
    """
    Return how much the result of a training depends on chance.

    :param seeds: `measured_on`, a text; `accuracy` by seed; `trained`, a text, only if these
        trainings differ from the model's own in more than the seed.
    """
    if not seeds:
        return ''
    found, trained = seeds['accuracy'], seeds.get('trained', 'the same training')
    text = (
        f'## Seeds\nAccuracy on {seeds["measured_on"]} of {trained} with other random seeds: '
        f'{", ".join(f"seed {seed} {value:.2%}" for seed, value in found.items())}; '
        f'mean {statistics.mean(found.values()):.2%}')
    if len(found) > 1:
        text += f', standard deviation {statistics.stdev(found.values()) * 100:.2f} points'
    return f'{text}.'


def _measured(
    figures: Mapping[str, Any],
) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Yield precision, labels, split and figures of each measurement."""
    for precision in PRECISIONS:
        for labels, splits in figures.get(precision, {}).items():
            for split in SPLIT_NAMES:
                if split in splits:
                    yield precision, labels, split, splits[split]


def _rows_name(labels: str, split: str) -> str:
    if labels in LABEL_NAMES:
        return f'{LABEL_NAMES[labels]}, {SPLIT_NAMES[split]}'
    return f'{labels}, {split}'


def _figures(card: ModelCard, evaluation: ModelEvaluation) -> Iterator[str]:
    measured = list(_measured(evaluation.figures))
    if not measured:
        return
    yield (
        f'## Figures\nReproduce them with `fer evaluate --model {card.name} --data FILE --split '
        'SPLIT --labels LABELS --precision PRECISION`. The last three columns leave out rows '
        'whose pixels also occur in the original Training rows; the network was trained on no '
        'row of this table. ECE is the expected calibration error (15 bins). Brackets: 95 % '
        'intervals of a bootstrap.')
    yield _temperature(evaluation.figures.get('temperature'))
    yield _table(
        ('file', 'rows', 'n', 'accuracy', 'macro-F1', 'ECE before', 'ECE',
         'n without duplicates', 'their accuracy', 'their macro-F1'),
        [_summary(*row) for row in measured])
    recalls = [row for row in measured if 'per_class_recall' in row[3]]
    if recalls:
        yield '### Recall per class'
        yield _table(('file', 'rows', *LABELS), [_recalls(*row) for row in recalls])
    runs = card.precision()
    for precision, labels, split, found in measured:
        if precision == runs and 'confusion' in found:
            yield f'### Confusion matrix: {_rows_name(labels, split)}, {precision}'
            yield _table(('label \\ answer', *LABELS), [
                (label, *map(str, counts))
                for label, counts in zip(LABELS, found['confusion'], strict=True)])


def _summary(
    precision: str, labels: str, split: str, found: Mapping[str, Any],
) -> tuple[str, ...]:
    unseen = found.get('without_rows_in_training', {})
    bounds = _bounds(found)
    return (
        precision, _rows_name(labels, split), _count(found.get('n')),
        _percent(found.get('accuracy'), 2) + bounds.get('accuracy', ''),
        _fixed(found.get('macro_f1')) + bounds.get('macro_f1', ''),
        _fixed(found.get('ece_before_temperature')), _fixed(found.get('ece')),
        _count(unseen.get('n')), _percent(unseen.get('accuracy'), 2),
        _fixed(unseen.get('macro_f1')))


def _recalls(
    precision: str, labels: str, split: str, found: Mapping[str, Any],
) -> tuple[str, ...]:
    recalls, bounds = found['per_class_recall'], _bounds(found)
    return (precision, _rows_name(labels, split), *(
        _percent(recalls[label], 0) + bounds.get(label, '')
        if recalls.get(label) is not None else '' for label in LABELS))


def _bounds(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of the 95 % intervals by the names of the figures, shares in %."""
    texts = {}
    for name, (low, high) in intervals(found.get('confusion', [])).items():
        if low is not None and high is not None:
            unit, digits = {'accuracy': (100, 1), 'macro_f1': (1, 3)}.get(name, (100, 0))
            texts[name] = f' ({low * unit:.{digits}f} to {high * unit:.{digits}f})'
    return texts


def _temperature(temperature: Mapping[str, Any] | None) -> str:
    if not temperature:
        return ''
    balance = temperature.get('balance')
    balanced = (
        f"The calibrated logits were reduced by {balance:g} times the logarithm of each emotion's "
        'frequency in the training rows, so that rare emotions are predicted more often. '
        if balance else '')
    return balanced + (
        f'Before export, the logits were divided by the temperature '
        f'{temperature["folded_into_logits"]:g}, chosen on {temperature["chosen_on"]}. '
        '"ECE before" is the error without this division.')


def _mirrored(mirrored: Mapping[str, Any]) -> str:
    rows = [
        (precision, _rows_name(labels, split), _count(found['n']),
         _percent(found['accuracy'], 2), _fixed(found['macro_f1']), _fixed(found['ece']))
        for precision, labels, split, found in _measured(mirrored)]
    if not rows:
        return ''
    return (
        '## With mirrored images\nMean of the outputs for an image and for its mirror image '
        '(`fer evaluate --mirrored`, parameter `mirrored` of `emotion_node`). This takes twice as '
        'long.\n' + _table(('file', 'rows', 'n', 'accuracy', 'macro-F1', 'ECE'), rows))


def _pipeline_crops(crops: Mapping[str, Any]) -> str:
    rows = [
        (precision, _rows_name(labels, split), f'{found["n"]:,} of {found["rows"]:,}',
         _percent(found['own_framing']['accuracy'], 2), _percent(found['accuracy'], 2),
         _fixed(found['own_framing']['macro_f1']), _fixed(found['macro_f1']))
        for precision, labels, split, found in _measured(crops)]
    if not rows:
        return ''
    return (
        '## With the crops of the pipeline\nThe same images are enlarged, and the detector of the '
        'pipeline finds and crops the faces (`fer evaluate --crops pipeline`). The framing of the '
        'data set is measured on the same faces.\n' + _table(
            ('file', 'rows', 'found', "accuracy, data set's framing", "accuracy, pipeline's",
             "macro-F1, data set's framing", "macro-F1, pipeline's"), rows))


def _scenes(scenes: Mapping[str, Any]) -> Iterator[str]:
    for precision, labels, split, found in _measured(scenes):
        yield (
            f'### In simulated camera images: {_rows_name(labels, split)}, {precision}\n'
            'Each image is placed on a canvas of twice its size, and the pipeline finds and crops '
            'the face (`fer evaluate --crops scenes`). Accuracy and macro-F1 are those of the '
            'faces that are found.\n' + _table(('scene', 'found', 'accuracy', 'macro-F1'), [
                (name, f'{row["n"] / found["rows"]:.1%}', _percent(row['accuracy'], 2),
                 _fixed(row['macro_f1'])) for name, row in found['scenes'].items()]))


def _tried(tried: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not tried:
        return
    yield '## Experiments\n' + _table(
        ('experiment', 'result'), [(entry['what'], entry['gave']) for entry in tried])
    for entry in tried:
        if 'stages' in entry:
            yield _stages(f'Options of "{entry["what"]}":', entry['stages'])


def _count(number: int | None) -> str:
    return '' if number is None else f'{number:,}'


def _percent(share: float | None, digits: int = 1) -> str:
    return '' if share is None else f'{share:.{digits}%}'


def _fixed(value: float | None, digits: int = 3) -> str:
    return '' if value is None else f'{value:.{digits}f}'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(cells) + ' |' for cells in lines)
