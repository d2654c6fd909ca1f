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

"""`GET /v1/models`: the installed models and their cards."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fer_ros.apps.serve.answers import Accuracy, Model
from fer_ros.apps.serve.problem import documented
from fer_ros.apps.serve.service import Service, service_of
from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.model_card import ModelError
from fer_ros.core.classification.model_folders import aliases_of, card_paths
from fer_ros.evaluation.evaluation_file import load_evaluation

router = APIRouter(tags=['models'])


@router.get(
    '/v1/models', summary='List the models and their cards', responses=documented(401, 429, 500))
def list_models(service: Annotated[Service, Depends(service_of)]) -> list[Model]:
    """Return what is known about each installed model, and which one is used."""
    return [
        Model(**values, is_used=service.pool.model == f'{values["name"]}/{values["version"]}')
        for values in _models()]


@cache
def _models() -> list[dict[str, Any]]:
    """Return the members of `Model`; a card or an evaluation that cannot be read is left out."""
    found = []
    for path in card_paths():
        try:
            found.append(_values(path))
        except ModelError:
            # The models that are used were read without a fault; `fer models` reports the others.
            continue
    return found


def _values(path: Path) -> dict[str, Any]:
    card, evaluation = load_card(path), load_evaluation(path)
    precision = card.precision()
    return {
        'name': card.name, 'aliases': aliases_of(path.parent.name), 'version': card.version,
        'description': card.description, 'precision': precision,
        'size_bytes': card.files[precision].size_bytes, 'parameters': evaluation.parameters,
        'ms_per_face': evaluation.ms_per_face.get(precision, {}).get(1),
        'machine': evaluation.ms_per_face.get('machine', ''),
        'accuracy': list(_accuracies(evaluation.figures.get(precision, {}))),
        'limits': evaluation.limits, 'data': evaluation.data, 'terms': card.terms}


def _accuracies(figures: dict[str, Any]) -> Iterator[Accuracy]:
    for labels, splits in figures.items():
        for split, found in splits.items():
            yield Accuracy(
                labels=labels, split=split, accuracy=found['accuracy'],
                recall=found.get('per_class_recall', {}))
