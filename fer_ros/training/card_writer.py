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

from collections.abc import Mapping
import hashlib
from pathlib import Path
from typing import Any

from fer_ros.core.emotions import LABELS
from fer_ros.core.model_card import CARD_FILE, load_card, ModelCard
import yaml

SPLITS = {'public_test': 'PublicTest', 'private_test': 'PrivateTest'}
"""Keys of a card's figures and the names of the rows that they were measured on."""


def file_facts(path: Path) -> dict[str, Any]:
    """Return what a card says so that a damaged file is noticed."""
    content = path.read_bytes()
    return {'size_bytes': len(content), 'sha256': hashlib.sha256(content).hexdigest()}


def write_card(folder: Path, fields: Mapping[str, Any]) -> Path:
    """
    Write the card and its README.

    :raises ModelError: where a field is missing or wrong.
    :return: the card's path.
    """
    path = folder / CARD_FILE
    path.write_text(yaml.safe_dump(
        dict(fields), sort_keys=False, default_flow_style=None, width=99, allow_unicode=True),
        encoding='utf-8')
    (folder / 'README.md').write_text(readme(load_card(path)), encoding='utf-8')
    return path


def add_figures(card_path: Path, figures: Mapping[str, Any]) -> None:
    """Write figures into an existing card, beside those it holds, and make its README anew."""
    fields = yaml.safe_load(card_path.read_text(encoding='utf-8'))
    fields['figures'] = {**fields['figures'], **figures}
    write_card(card_path.parent, fields)


def readme(card: ModelCard) -> str:
    """Return the card in words, as Markdown."""
    size = card.preprocessing
    parts = [
        f'# {card.title}', card.description,
        f'Made from `{CARD_FILE}` by `fer_ros.training`; change the card, not this file.',
        '| | |\n| --- | --- |\n' + '\n'.join(f'| {name} | {value} |' for name, value in (
            ('input', f'grey, {size.width}x{size.height}, {card.dtype}'),
            ('normalisation', f'value * {size.scale:.8g} + {size.offset:g}'),
            ('framing', card.framing),
            ('output', f'{card.output_kind} of {", ".join(card.labels)}'),
            ('parameters', f'{card.parameters:,}'),
            ('file', f'`{card.file}`, {card.size_bytes:,} bytes, SHA-256 `{card.sha256}`'))),
        f'## Data\n{card.data}', f'## Terms\n{card.terms}',
        f'## Training\n```\n{card.training}\n```']
    for key, name in SPLITS.items():
        if key in card.figures:
            parts.append(_figures(name, card.figures[key]))
    if 'temperature' in card.figures:
        parts.append(_calibration(card.figures['temperature']))
    return '\n\n'.join(parts) + '\n'


def _figures(name: str, figures: Mapping[str, Any]) -> str:
    unseen = figures['without_rows_in_training']
    head = (
        f'## {name}\nAccuracy {figures["accuracy"]:.1%}, macro-F1 {figures["macro_f1"]:.3f}, '
        f'expected calibration error {figures["calibration_error"]:.3f} on {figures["rows"]:,} '
        'rows; without those whose pixels also stand in the original Training rows (none was '
        f'trained on): {unseen["accuracy"]:.1%}, {unseen["macro_f1"]:.3f}, {unseen["rows"]:,} '
        'rows.')
    table = [
        '| is \\ is called | ' + ' | '.join(LABELS) + ' | recall |',
        '| --- ' * (len(LABELS) + 2) + '|']
    for label, counts in zip(LABELS, figures['confusion'], strict=True):
        recall = figures['recall'].get(label)
        cells = [label, *map(str, counts), '' if recall is None else f'{recall:.1%}']
        table.append('| ' + ' | '.join(cells) + ' |')
    return head + '\n\n' + '\n'.join(table)


def _calibration(figures: Mapping[str, Any]) -> str:
    return (
        f'## Calibration\nThe logits were divided by {figures["folded_into_logits"]:g} before '
        f'export, chosen on {figures["chosen_on"]}: expected calibration error there '
        f'{figures["calibration_error_before"]:.3f} before, '
        f'{figures["calibration_error_after"]:.3f} after.')
