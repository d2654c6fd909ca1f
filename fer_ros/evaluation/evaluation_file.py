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
Reads and checks `evaluation.yaml`: how a model was trained and how good it is.

The file is beside the model's card. The running pipeline does not read it, so a robot starts
whatever the file holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_ros.core.classification.card_file import parse_file
from fer_ros.core.classification.model_card import ModelFile, PRECISIONS
from fer_ros.core.classification.yaml_fields import Fields, read_yaml
from fer_ros.core.emotions import LABELS

EVALUATION_FILE = 'evaluation.yaml'

TRAINING_FOLDER = 'training'
"""Folder beside the card with the Keras network, the log and the charts of the training."""

_KIND = 'evaluation file'


@dataclass(frozen=True)
class ModelEvaluation:
    """
    The content of `evaluation.yaml`.

    :param path: path of the file.
    :param source: the Keras network from which the model files were made; None if it is not kept.
    :param parameters: number of the network's weights.
    :param macs: multiply-accumulate operations for one face; None if unknown.
    :param data: the rows that the network was trained and chosen on.
    :param limits: people and situations that the training data under-represents; '' if unknown.
    :param training: commands that trained the network.
    :param stages: trainings that made the network, in order. `name` and `options` of each, and
        `note` where there is one.
    :param figures: results of `fer evaluate` by precision, labels and split, and what else was
        measured.
    :param ms_per_face: time of one call by precision and number of threads; `machine` names the
        computer.
    """

    path: Path
    source: ModelFile | None
    parameters: int
    macs: int | None
    data: str
    limits: str
    training: str
    stages: Sequence[Mapping[str, Any]]
    figures: Mapping[str, Any]
    ms_per_face: Mapping[str, Any]

    @property
    def temperature(self) -> float | None:
        """Temperature by which the logits were divided before export; None if unknown."""
        value: float | None = self.figures.get('temperature', {}).get('folded_into_logits')
        return value


def load_evaluation(card_path: Path) -> ModelEvaluation:
    """
    Read the evaluation file beside a card.

    :raises ModelError: if there is none, or one of its fields is missing or wrong.
    """
    path = card_path.with_name(EVALUATION_FILE)
    return parse_evaluation(path, read_yaml(path, _KIND))


def parse_evaluation(path: Path, values: Any) -> ModelEvaluation:
    """
    Make an evaluation of parsed YAML.

    :param path: path of the file, which need not exist.
    :raises ModelError: if a field is missing or wrong.
    """
    fields = Fields(path, _KIND, values)
    return ModelEvaluation(
        path=path,
        source=parse_file(path.parent / TRAINING_FOLDER, fields.group('source'))
        if 'source' in fields else None,
        parameters=fields.whole('parameters', minimum=1),
        macs=fields.whole('macs', minimum=1) if 'macs' in fields else None,
        data=fields.text('data'),
        limits=fields.text('limits') if 'limits' in fields else '',
        training=fields.text('training'),
        stages=_stages(fields) if 'stages' in fields else (),
        figures=_figures(fields),
        ms_per_face=_ms_per_face(fields) if 'ms_per_face' in fields else {})


def _stages(fields: Fields) -> list[Mapping[str, Any]]:
    stages: list[Mapping[str, Any]] = []
    for stage in fields.entries('stages'):
        name, options = stage.text('name'), stage.mapping('options')
        note = {'note': stage.text('note')} if 'note' in stage else {}
        stages.append({'name': name, **note, 'options': options})
    return stages


def _ms_per_face(fields: Fields) -> Mapping[str, Any]:
    times = fields.group('ms_per_face')
    for name in times:
        if name == 'machine':
            times.text(name)
        else:
            times.check_numbers_by_whole(name)
    return fields.mapping('ms_per_face')


def _figures(fields: Fields) -> Mapping[str, Any]:
    """Check the figures that `fer models` and the README show, and return all of them."""
    figures = fields.group('figures')
    for found in _by_rows(figures, PRECISIONS):
        found.number('accuracy')
        found.check_optional_numbers('n', 'macro_f1', 'ece', 'ece_before_temperature')
        for name in 'per_class_recall', 'without_rows_in_training':
            if name in found:
                shares = found.group(name)
                shares.check_optional_numbers(*shares)
        if 'confusion' in found:
            found.check_square('confusion', len(LABELS))
    if 'temperature' in figures:
        temperature = figures.group('temperature')
        temperature.number('folded_into_logits')
        temperature.check_optional_numbers('balance')
        temperature.text('chosen_on')
    if 'seeds' in figures:
        seeds = figures.group('seeds')
        seeds.text('measured_on')
        if 'trained' in seeds:
            seeds.text('trained')
        seeds.check_numbers_by_whole('accuracy')
    if 'mirrored' in figures:
        mirrored = figures.group('mirrored')
        for found in _by_rows(mirrored, mirrored):
            found.whole('n', minimum=1)
            for name in 'accuracy', 'macro_f1', 'ece':
                found.number(name)
    if 'pipeline_crops' in figures:
        crops = figures.group('pipeline_crops')
        for found in _by_rows(crops, crops):
            found.whole('rows', minimum=1)
            found.whole('n', minimum=0)
            for framing in found, found.group('own_framing'):
                framing.number('accuracy')
                framing.number('macro_f1')
    if 'scenes' in figures:
        scenes = figures.group('scenes')
        for found in _by_rows(scenes, scenes):
            found.whole('rows', minimum=1)
            for scene in found.group('scenes').groups():
                scene.whole('n', minimum=0)
                scene.check_optional_numbers('accuracy', 'macro_f1')
    if 'tried' in figures:
        for entry in figures.entries('tried'):
            entry.text('what')
            entry.text('gave')
            if 'stages' in entry:
                _stages(entry)
    return fields.mapping('figures')


def _by_rows(fields: Fields, precisions: Iterable[str]) -> Iterator[Fields]:
    """Yield the groups that are below precision, labels and split."""
    for precision in precisions:
        if precision in fields:
            for splits in fields.group(precision).groups():
                yield from splits.groups()
