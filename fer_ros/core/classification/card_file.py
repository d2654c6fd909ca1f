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

"""Reads and checks a model card. Fields that the pipeline does not need are ignored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fer_ros.core.classification.model_card import (
    FRAMINGS,
    ModelCard,
    ModelError,
    ModelFile,
    OUTPUT_KINDS,
    PRECISIONS,
)
from fer_ros.core.classification.model_folders import card_path, known_models
from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.core.classification.yaml_fields import Fields, read_yaml
from fer_ros.core.emotions import LABELS
from fer_ros.core.landmarks.mesh_features import FEATURE_COUNT

_KIND = 'model card'


def load_card(path_or_name: str | os.PathLike[str]) -> ModelCard:
    """
    Read a card.

    :param path_or_name: see `card_path`.
    :raises ModelError: if there is no such card, or one of its fields is missing or wrong.
    """
    path = card_path(path_or_name)
    try:
        values = read_yaml(path, _KIND)
    except ModelError as error:
        if path.is_file():
            raise
        raise ModelError(f'{error}; {known_models()}') from error
    return parse_card(path, values)


def parse_card(path: Path, values: Any) -> ModelCard:
    """
    Make a card of parsed YAML.

    :param path: path of the card, which need not exist; the model files are beside it.
    :raises ModelError: if a field is missing or wrong.
    """
    fields = Fields(path, _KIND, values)
    size, output = fields.group('input'), fields.group('output')
    preprocessing = fields.group('preprocessing')
    size.whole('channels', minimum=1, maximum=1)
    labels = fields.words('labels')
    if sorted(labels) != sorted(LABELS):
        raise ModelError(
            f'the model card {path}: labels must be {", ".join(LABELS)}, each once and in the '
            f'order of the outputs, not {", ".join(labels)}')
    return ModelCard(
        path=path,
        name=fields.text('name'),
        version=fields.text('version'),
        description=fields.text('description'),
        files=_model_files(path, fields.group('files')),
        preprocessing=Preprocessing(
            width=size.whole('width', minimum=1, maximum=1024),
            height=size.whole('height', minimum=1, maximum=1024),
            scale=preprocessing.number('scale'),
            offset=preprocessing.number('offset'),
            least_contrast=preprocessing.whole('least_contrast', minimum=0, maximum=255)
            if 'least_contrast' in preprocessing else 0),
        framing=preprocessing.choice('framing', FRAMINGS),
        uses_mesh='mesh_features' in size and size.whole(
            'mesh_features', minimum=FEATURE_COUNT, maximum=FEATURE_COUNT) == FEATURE_COUNT,
        output_kind=output.choice('kind', OUTPUT_KINDS),
        labels=labels,
        terms=fields.text('terms'))


def parse_file(folder: Path, fields: Fields) -> ModelFile:
    """Return the model file that these fields describe."""
    return ModelFile(
        path=folder / fields.file_name('file'),
        size_bytes=fields.whole('size_bytes', minimum=1),
        sha256=fields.text('sha256').lower())


def _model_files(path: Path, fields: Fields) -> dict[str, ModelFile]:
    files = {
        kind: parse_file(path.parent, fields.group(kind)) for kind in PRECISIONS if kind in fields}
    if not files:
        raise ModelError(
            f'the model card {path}: files must hold {" or ".join(PRECISIONS)}; it holds '
            f'{", ".join(fields) or "nothing"}')
    return files
