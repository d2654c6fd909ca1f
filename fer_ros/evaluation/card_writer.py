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

"""Writes a model's card and, from it, the README beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
import hashlib
from pathlib import Path
import statistics
from typing import Any

from fer_ros.core.classification.model_card import (
    CARD_FILE,
    ModelCard,
    parse_card,
    PRECISIONS,
    SOURCE,
)
from fer_ros.core.emotions import LABELS
import yaml

SPLITS = {'public': 'PublicTest', 'private': 'PrivateTest'}
"""Keys of a card's figures and the names of the rows that they were measured on."""

LABEL_NAMES = {'fer2013': "FER-2013's own labels", 'ferplus': 'FER+ majority, 7 classes'}
"""Keys of a card's figures on FER-2013 and the names of the labels; other data have their own."""


def file_facts(path: Path) -> dict[str, Any]:
    """Return what a card says of a file, so that a damaged one is noticed."""
    content = path.read_bytes()
    return {
        'file': path.name, 'size_bytes': len(content),
        'sha256': hashlib.sha256(content).hexdigest()}


def write_card(folder: Path, fields: Mapping[str, Any]) -> Path:
    """
    Write the card and its README.

    :raises ModelError: where a field is missing or wrong; nothing is written then.
    :return: the card's path.
    """
    return _write(folder / CARD_FILE, fields)


def update_card(path: Path, changes: Mapping[tuple[str | int, ...], Any]) -> None:
    """
    Set fields of a card, leave the others as they are, and make its README anew.

    :param changes: by the names that lead to a field; those that are missing are made.
    """
    fields = yaml.safe_load(path.read_text(encoding='utf-8'))
    for (*groups, name), value in changes.items():
        place = fields
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    _write(path, fields)


def _write(path: Path, fields: Mapping[str, Any]) -> Path:
    text = readme(parse_card(path, fields))
    path.write_text(yaml.dump(
        dict(fields), Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=99,
        allow_unicode=True), encoding='utf-8')
    path.with_name('README.md').write_text(text, encoding='utf-8')
    return path


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as it is."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        'tag:yaml.org,2002:str', text, style='|' if '\n' in text else None)


_Dumper.add_representer(str, _represent_text)


def readme(card: ModelCard) -> str:
    """Return the card in words, as Markdown; what it does not state is left out."""
    return '\n\n'.join(part for part in _parts(card) if part) + '\n'


def _parts(card: ModelCard) -> Iterator[str]:
    size = card.preprocessing
    yield f'# {card.title}'
    yield card.description
    yield f'Made from `{CARD_FILE}` by `fer_ros.training`; change the card, not this file.'
    macs = [('multiply-accumulates', f'{card.macs:,} a face')] if card.macs else []
    yield _table(('', ''), [
        ('input', f'grey, {size.width}x{size.height}'),
        ('normalisation', f'value * {size.scale:.8g} + {size.offset:g}'),
        ('least contrast', f'{size.least_contrast} grey values' if size.least_contrast else 'any'),
        ('framing', card.framing),
        ('output', f'{card.output_kind} of {", ".join(card.labels)}'),
        ('parameters', f'{card.parameters:,}'), *macs])
    yield _files(card)
    yield f'## Data\n{card.data}'
    yield f'## Terms\n{card.terms}'
    yield f'## Training\n```\n{card.training}\n```'
    yield _seeds(card.figures.get('seeds'))
    yield from _figures(card)
    yield _mirrored(card.figures.get('mirrored', {}))
    yield _pipeline(card.figures.get('pipeline_crops', {}))
    yield from _scenes(card.figures.get('scenes', {}))
    yield f'## Limits\n{card.limits}' if card.limits else ''
    yield _tried(card.figures.get('tried', ()))


def _files(card: ModelCard) -> str:
    order = [kind for kind in (*PRECISIONS, SOURCE) if kind in card.files]
    speeds = {kind: card.ms_per_face.get(kind, {}) for kind in order}
    threads = sorted({number for speed in speeds.values() for number in speed})
    head = ['', 'file', 'MB', 'SHA-256', *(
        f'ms a face, {number} thread{"s" if number > 1 else ""}' for number in threads)]
    rows = [
        (kind, f'`{card.files[kind].path.name}`', f'{card.files[kind].size_bytes / 1e6:.2f}',
         f'`{card.files[kind].sha256}`', *(_fixed(speeds[kind].get(n), 2) for n in threads))
        for kind in order]
    text = f'## Files\n{_table(head, rows)}'
    machine = card.ms_per_face.get('machine')
    if threads and machine:
        text += f'\n\nMeasured on {machine}, one face a call, by `fer evaluate`.'
    return text


def _seeds(seeds: Mapping[str, Any] | None) -> str:
    """
    Return how much a training's result depends on chance.

    :param seeds: `measured_on`, a text, `accuracy` by seed, and `trained`, a text, where these
        trainings are not like the model's own.
    """
    if not seeds:
        return ''
    found, trained = seeds['accuracy'], seeds.get('trained', 'the same training')
    text = (
        f'## Seeds\nAccuracy on {seeds["measured_on"]} of {trained} with other random numbers: '
        f'{", ".join(f"seed {seed} {value:.2%}" for seed, value in found.items())}; '
        f'mean {statistics.mean(found.values()):.2%}')
    if len(found) > 1:
        text += f', standard deviation {statistics.stdev(found.values()) * 100:.2f} points'
    return f'{text}.'


def _measured(
    figures: Mapping[str, Any],
) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Give precision, labels, split and figures of all that was measured in one way."""
    for precision in PRECISIONS:
        for labels, splits in figures.get(precision, {}).items():
            for split in SPLITS:
                if split in splits:
                    yield precision, labels, split, splits[split]


def _rows_name(labels: str, split: str) -> str:
    if labels in LABEL_NAMES:
        return f'{LABEL_NAMES[labels]}, {SPLITS[split]}'
    return f'{labels}, {split}'


def _figures(card: ModelCard) -> Iterator[str]:
    measured = list(_measured(card.figures))
    if not measured:
        return
    yield (
        f'## Figures\n`fer evaluate --model {card.name} --data FILE --split SPLIT --labels LABELS '
        '--precision PRECISION` gives them again. The last three columns are without the rows '
        'whose pixels also stand in the original Training rows; none of those was trained on. '
        'ECE is the expected calibration error (15 bins).')
    yield _temperature(card.figures.get('temperature'))
    yield _table(
        ('file', 'rows', 'n', 'accuracy', 'macro-F1', 'ECE before', 'ECE', 'n, unseen',
         'accuracy', 'macro-F1'),
        [_summary(*row) for row in measured])
    recalls = [row for row in measured if 'per_class_recall' in row[3]]
    if recalls:
        yield '### Recall of each class'
        yield _table(('file', 'rows', *LABELS), [
            (precision, _rows_name(labels, split), *(
                _percent(found['per_class_recall'].get(label)) for label in LABELS))
            for precision, labels, split, found in recalls])
    runs = card.precision()
    for precision, labels, split, found in measured:
        if precision == runs and 'confusion' in found:
            yield f'### Confusion: {_rows_name(labels, split)}, {precision}'
            yield _table(('is \\ is called', *LABELS), [
                (label, *map(str, counts))
                for label, counts in zip(LABELS, found['confusion'], strict=True)])


def _summary(
    precision: str, labels: str, split: str, found: Mapping[str, Any],
) -> tuple[str, ...]:
    unseen = found.get('without_rows_in_training', {})
    return (
        precision, _rows_name(labels, split), _count(found.get('n')),
        _percent(found.get('accuracy'), 2), _fixed(found.get('macro_f1')),
        _fixed(found.get('ece_before_temperature')), _fixed(found.get('ece')),
        _count(unseen.get('n')), _percent(unseen.get('accuracy'), 2),
        _fixed(unseen.get('macro_f1')))


def _temperature(temperature: Mapping[str, Any] | None) -> str:
    if not temperature:
        return ''
    balance = temperature.get('balance')
    balanced = (
        f"{balance:g} of the logarithms of the emotions' frequencies in the training rows were "
        'taken from the calibrated logits, so that rare emotions are named more often. '
        if balance else '')
    return balanced + (
        f'The logits were divided by the temperature {temperature["folded_into_logits"]:g}, '
        f'chosen on {temperature["chosen_on"]}, before the files were written; "ECE before" is '
        'without it.')


def _mirrored(mirrored: Mapping[str, Any]) -> str:
    rows = [
        (precision, _rows_name(labels, split), _count(found['n']),
         _percent(found['accuracy'], 2), _fixed(found['macro_f1']), _fixed(found['ece']))
        for precision, labels, split, found in _measured(mirrored)]
    if not rows:
        return ''
    return (
        '## With mirror images\nThe mean of what the network gives for a picture and for its '
        'mirror image (`fer evaluate --mirrored`, the parameter `mirrored` of `emotion_node`), '
        'which takes twice as long.\n'
        + _table(('file', 'rows', 'n', 'accuracy', 'macro-F1', 'ECE'), rows))


def _pipeline(crops: Mapping[str, Any]) -> str:
    rows = [
        (precision, _rows_name(labels, split), f'{found["n"]:,} of {found["rows"]:,}',
         _percent(found['own_framing']['accuracy'], 2), _percent(found['accuracy'], 2),
         _fixed(found['own_framing']['macro_f1']), _fixed(found['macro_f1']))
        for precision, labels, split, found in _measured(crops)]
    if not rows:
        return ''
    return (
        "## As the robot frames faces\nThe same pictures, enlarged, found by the pipeline's "
        'detector and cut out as it does (`fer evaluate --crops pipeline`), beside the data '
        "set's own framing of the same faces.\n" + _table(
            ('file', 'rows', 'found', 'accuracy, own framing', "accuracy, pipeline's",
             'macro-F1, own framing', "macro-F1, pipeline's"), rows))


def _scenes(scenes: Mapping[str, Any]) -> Iterator[str]:
    for precision, labels, split, found in _measured(scenes):
        yield (
            f'### As a camera sees them: {_rows_name(labels, split)}, {precision}\nEach picture '
            'in an image of twice its edge, found and cut out by the pipeline (`fer evaluate '
            '--crops scenes`). Accuracy and macro-F1 are of the faces that are found.\n'
            + _table(('the face', 'found', 'accuracy', 'macro-F1'), [
                (name, f'{row["n"] / found["rows"]:.1%}', _percent(row['accuracy'], 2),
                 _fixed(row['macro_f1'])) for name, row in found['scenes'].items()]))


def _tried(tried: Sequence[Mapping[str, str]]) -> str:
    if not tried:
        return ''
    return '## Tried\n' + _table(
        ('what', 'what it gave'), [(entry['what'], entry['gave']) for entry in tried])


def _count(number: int | None) -> str:
    return '' if number is None else f'{number:,}'


def _percent(share: float | None, digits: int = 1) -> str:
    return '' if share is None else f'{share:.{digits}%}'


def _fixed(value: float | None, digits: int = 3) -> str:
    return '' if value is None else f'{value:.{digits}f}'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(cells) + ' |' for cells in lines)
