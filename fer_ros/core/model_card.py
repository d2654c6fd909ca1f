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

"""The card of a model: its input, what its outputs mean, where it comes from, how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
import os
from pathlib import Path
from typing import Any

from fer_ros.core.emotions import LABELS
from fer_ros.core.preprocessing import Preprocessing
from fer_ros.core.resources import models_directory
import numpy as np
import numpy.typing as npt
import yaml

CARD_FILE = 'model.yaml'
DTYPES = ('float32', 'int8', 'uint8')
OUTPUT_KINDS = ('logits', 'probabilities')
FRAMINGS = ('fer2013',)


class ModelError(ValueError):
    """A model or its card cannot be used; the text says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class ModelCard:
    """
    What `model.yaml` states.

    :param path: of the card.
    :param file: of the model, beside the card.
    :param labels: the meaning of the model's outputs, in their order; the same words as `LABELS`.
    :param dtype: of the model's input, one of `DTYPES`; what the whole numbers stand for is in
        the model itself.
    :param output_kind: one of `OUTPUT_KINDS`.
    :param framing: how the training pictures frame a face; the pipeline's crops do the same.
    :param figures: what was measured, by the name of the data.
    """

    path: Path
    name: str
    version: str
    description: str
    file: str
    size_bytes: int
    sha256: str
    preprocessing: Preprocessing
    dtype: str
    framing: str
    output_kind: str
    labels: tuple[str, ...]
    parameters: int
    data: str
    terms: str
    training: str
    figures: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Name and version as one word, as in `fer_msgs/EmotionArray.model`."""
        return f'{self.name}/{self.version}'

    @property
    def model_path(self) -> Path:
        """Where the model's file is."""
        return self.path.parent / self.file

    @property
    def output_order(self) -> npt.NDArray[np.intp]:
        """For each of `LABELS`, the place of its output, (7,)."""
        return np.array([self.labels.index(label) for label in LABELS], np.intp)

    def read_model(self) -> bytes:
        """
        Return the model's file after checking that it is the one that the card describes.

        :raises ModelError: where it is missing, truncated or another one.
        """
        remedy = 'install fer_ros or the model again'
        try:
            content = self.model_path.read_bytes()
        except OSError as error:
            raise ModelError(
                f'the model file {self.model_path} cannot be read ({error.strerror}), but its '
                f'card {self.path} names it; {remedy}') from error
        if len(content) < self.size_bytes:
            raise ModelError(
                f'the model file {self.model_path} is truncated: {len(content)} bytes, where its '
                f'card states {self.size_bytes}; {remedy}')
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ModelError(
                f'the model file {self.model_path} is not the one that its card {self.path} '
                f'describes: expected SHA-256 {self.sha256}, found {found}; {remedy}, or make a '
                'card for the new file (`python -m fer_ros.training export`)')
        return content


def load_card(path_or_name: str | os.PathLike[str]) -> ModelCard:
    """
    Read a card.

    :param path_or_name: the name of a shipped model such as `fer2013_cnn48`; or, where it holds a
        path separator or ends in `.yaml`, the path of a card or of the folder that holds
        `model.yaml`. Path objects are always paths.
    :raises ModelError: where there is no such card or something in it is missing or wrong.
    """
    path = _card_path(path_or_name)
    try:
        text = path.read_text(encoding='utf-8')
    except OSError as error:
        raise ModelError(
            f'the model card {path} cannot be read ({error.strerror}); '
            f'{_known_models()}') from error
    except UnicodeDecodeError as error:
        raise ModelError(f'the model card {path} is no text: {error}') from error
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        fault = ' '.join(str(error).split())
        raise ModelError(f'the model card {path} is not valid YAML: {fault}') from error
    return _card(path, _Fields(path, '', values))


def _card_path(path_or_name: str | os.PathLike[str]) -> Path:
    path = Path(path_or_name)
    is_bare = path_or_name == path.name and path.suffix != '.yaml'
    if isinstance(path_or_name, str) and is_bare:
        try:
            return models_directory() / path_or_name / CARD_FILE
        except FileNotFoundError as error:
            raise ModelError(
                f'the model {path_or_name!r} cannot be looked up: {error}') from error
    return path / CARD_FILE if path.is_dir() else path


def _known_models() -> str:
    try:
        names = sorted(card.parent.name for card in models_directory().glob(f'*/{CARD_FILE}'))
    except FileNotFoundError as error:
        return str(error)
    if not names:
        return f'there are no models in {models_directory()}'
    return f'shipped models are {", ".join(names)}'


def _card(path: Path, fields: _Fields) -> ModelCard:
    size, output = fields.group('input'), fields.group('output')
    preprocessing = fields.group('preprocessing')
    size.whole('channels', minimum=1, maximum=1)
    labels = fields.words('labels')
    if sorted(labels) != sorted(LABELS):
        raise ModelError(
            f'the model card {path}: labels must be {", ".join(LABELS)}, each once and in the '
            f'order of the outputs, not {", ".join(labels)}')
    file = fields.text('file')
    if Path(file).name != file:
        raise ModelError(
            f'the model card {path}: file must be the name of a file beside the card, not '
            f'{file!r}')
    return ModelCard(
        path=path,
        name=fields.text('name'),
        version=fields.text('version'),
        description=fields.text('description'),
        file=file,
        size_bytes=fields.whole('size_bytes', minimum=1),
        sha256=fields.text('sha256').lower(),
        preprocessing=Preprocessing(
            width=size.whole('width', minimum=1, maximum=1024),
            height=size.whole('height', minimum=1, maximum=1024),
            scale=preprocessing.number('scale'),
            offset=preprocessing.number('offset')),
        dtype=size.choice('dtype', DTYPES),
        framing=preprocessing.choice('framing', FRAMINGS),
        output_kind=output.choice('kind', OUTPUT_KINDS),
        labels=labels,
        parameters=fields.whole('parameters', minimum=1),
        data=fields.text('data'),
        terms=fields.text('terms'),
        training=fields.text('training'),
        figures=fields.mapping('figures'))


class _Fields:
    """A mapping of the card; methods return a field's value or raise an error that names it."""

    def __init__(self, path: Path, prefix: str, values: Any) -> None:
        self._path = path
        self._prefix = prefix
        if not isinstance(values, dict):
            what = f'{prefix.rstrip(".")} must hold' if prefix else 'must hold'
            raise ModelError(
                f'the model card {path}: {what} fields (`name: value`), not {values!r}')
        self._values = values

    def group(self, name: str) -> _Fields:
        return _Fields(self._path, f'{self._prefix}{name}.', self._value(name))

    def mapping(self, name: str) -> Mapping[str, Any]:
        return self.group(name)._values

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(name, 'text (in quotes where it looks like a number)')
        return value.strip()

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self._value(name)
        if value not in choices:
            raise self._wrong(name, f'one of {", ".join(choices)}')
        return str(value)

    def whole(self, name: str, *, minimum: int, maximum: int | None = None) -> int:
        value = self._value(name)
        if type(value) is not int or value < minimum or (maximum is not None and value > maximum):
            range_ = f'{minimum} or more' if maximum is None else f'{minimum} to {maximum}'
            raise self._wrong(name, f'a whole number, {range_}')
        return value

    def number(self, name: str) -> float:
        value = self._value(name)
        if type(value) not in (int, float) or not np.isfinite(value):
            raise self._wrong(name, 'a number')
        return float(value)

    def words(self, name: str) -> tuple[str, ...]:
        value = self._value(name)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self._wrong(name, 'a list of words')
        return tuple(value)

    def _value(self, name: str) -> Any:
        if name not in self._values:
            raise ModelError(f'the model card {self._path} has no field {self._prefix}{name}')
        return self._values[name]

    def _wrong(self, name: str, wanted: str) -> ModelError:
        return ModelError(
            f'the model card {self._path}: {self._prefix}{name} must be {wanted}, not '
            f'{self._values[name]!r}')
