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

"""Writes the files of a model's folder that people and programs read: card, evaluation, README."""

from __future__ import annotations

from collections.abc import Mapping
import hashlib
from pathlib import Path
from typing import Any

from fer_ros.core.classification.card_file import load_card, parse_card
from fer_ros.core.classification.model_folders import CARD_FILE
from fer_ros.core.yaml_values import load_yaml, YamlDumper
from fer_ros.evaluation.evaluation_file import EVALUATION_FILE, parse_evaluation
from fer_ros.evaluation.model_readme import readme, README_FILE
import yaml


def file_facts(path: Path) -> dict[str, Any]:
    """Return name, size and checksum of a file, as cards state them."""
    content = path.read_bytes()
    return {
        'file': path.name, 'size_bytes': len(content),
        'sha256': hashlib.sha256(content).hexdigest()}


def write_model_documents(
    folder: Path, card: Mapping[str, Any], evaluation: Mapping[str, Any],
) -> Path:
    """
    Write card, evaluation file and README.

    :param card: fields of `model.yaml`.
    :param evaluation: fields of `evaluation.yaml`.
    :return: path of the card.
    :raises ModelError: if a field is missing or wrong; nothing is written then.
    """
    card_path, evaluation_path = folder / CARD_FILE, folder / EVALUATION_FILE
    text = readme(parse_card(card_path, card), parse_evaluation(evaluation_path, evaluation))
    _write_yaml(card_path, card)
    _write_yaml(evaluation_path, evaluation)
    card_path.with_name(README_FILE).write_text(text, encoding='utf-8')
    return card_path


def update_evaluation(card_path: Path, changes: Mapping[tuple[str | int, ...], Any]) -> None:
    """
    Set fields of the evaluation file beside a card, and write its README again.

    :param changes: values by the names that lead to a field. Missing groups are made.
    :raises ModelError: if a field is missing or wrong; nothing is written then.
    """
    path = card_path.with_name(EVALUATION_FILE)
    fields = load_yaml(path.read_text(encoding='utf-8'))
    for (*groups, name), value in changes.items():
        place = fields
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    text = readme(load_card(card_path), parse_evaluation(path, fields))
    _write_yaml(path, fields)
    path.with_name(README_FILE).write_text(text, encoding='utf-8')


def _write_yaml(path: Path, fields: Mapping[str, Any]) -> None:
    path.write_text(yaml.dump(
        dict(fields), Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=99,
        allow_unicode=True), encoding='utf-8')


class _Dumper(YamlDumper):
    """Writes text of several lines as a block."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        'tag:yaml.org,2002:str', text, style='|' if '\n' in text else None)


_Dumper.add_representer(str, _represent_text)
