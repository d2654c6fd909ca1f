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

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
import hashlib
import os
from pathlib import Path
from typing import Any

from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.core.emotions import LABELS
from fer_ros.core.resources import models_directory
import numpy as np
import numpy.typing as npt
import yaml

CARD_FILE = 'model.yaml'
PRECISIONS = ('int8', 'float32')
"""Files that the pipeline can run; where nothing is chosen, the first of them that there is."""

SOURCE = 'keras'
"""The file from which the others were made; the pipeline does not read it."""

OUTPUT_KINDS = ('logits', 'probabilities')
FRAMINGS = ('fer2013',)

_REMEDY = 'install fer_ros or the model again'


class ModelError(ValueError):
    """A model or its card cannot be used; the text says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class ModelFile:
    """A file of a model, as its card describes it."""

    path: Path
    size_bytes: int
    sha256: str

    def read(self) -> bytes:
        """
        Return the content after checking that it is what the card describes.

        :raises ModelError: where the file is missing, truncated or another one.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise ModelError(
                f'the model file {self.path} cannot be read ({error.strerror}), but its card '
                f'names it; {_REMEDY}') from error
        if len(content) < self.size_bytes:
            raise ModelError(
                f'the model file {self.path} is truncated: {len(content)} bytes, where its card '
                f'states {self.size_bytes}; {_REMEDY}')
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ModelError(
                f'the model file {self.path} is not the one that its card describes: expected '
                f'SHA-256 {self.sha256}, found {found}; {_REMEDY}, or make a card for the new '
                'file (`fer export`)')
        return content


@dataclass(frozen=True)
class ModelCard:
    """
    What `model.yaml` states.

    :param path: of the card.
    :param files: by `PRECISIONS`, at least one of them, and `SOURCE`.
    :param labels: the meaning of the model's outputs, in their order; the same words as `LABELS`.
    :param output_kind: one of `OUTPUT_KINDS`.
    :param framing: how the training pictures frame a face; the pipeline's crops do the same.
    :param figures: what was measured: by precision, labels and split, as `fer evaluate` gives it.
    :param macs: multiplications with additions for one face; None where it is not stated.
    :param ms_per_face: by precision and threads; `machine` says in words where it was measured.
    :param limits: who and what the training data under-represents; '' where it is not stated.
    """

    path: Path
    name: str
    version: str
    description: str
    files: Mapping[str, ModelFile]
    preprocessing: Preprocessing
    framing: str
    output_kind: str
    labels: tuple[str, ...]
    parameters: int
    data: str
    terms: str
    training: str
    figures: Mapping[str, Any]
    macs: int | None
    ms_per_face: Mapping[str, Any]
    limits: str

    @property
    def title(self) -> str:
        """Name and version as one word, as in `fer_msgs/EmotionArray.model`."""
        return f'{self.name}/{self.version}'

    @property
    def output_order(self) -> npt.NDArray[np.intp]:
        """For each of `LABELS`, the place of its output, (7,)."""
        return np.array([self.labels.index(label) for label in LABELS], np.intp)

    def precision(self, wanted: str = '') -> str:
        """
        Return which of the files runs.

        :param wanted: one of `PRECISIONS`; '': the first of them that the model has.
        :raises ModelError: where the model has no such file.
        """
        there = [precision for precision in PRECISIONS if precision in self.files]
        if wanted and wanted not in there:
            raise ModelError(
                f'the model card {self.path} names no file of precision {wanted!r}; there is '
                f'{" and ".join(there)}')
        return wanted or there[0]


def card_paths() -> list[Path]:
    """
    Return the cards of the shipped models.

    :raises FileNotFoundError: where the folder of the models is not found.
    """
    return sorted(models_directory().glob(f'*/{CARD_FILE}'))


def load_card(path_or_name: str | os.PathLike[str]) -> ModelCard:
    """
    Read a card.

    :param path_or_name: the name of a shipped model such as `default`; or, where it holds a
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
    return parse_card(path, values)


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
        names = [path.parent.name for path in card_paths()]
    except FileNotFoundError as error:
        return str(error)
    if not names:
        return f'there are no models in {models_directory()}'
    return f'shipped models are {", ".join(names)}'


def parse_card(path: Path, values: Any) -> ModelCard:
    """
    Return the card that these values make.

    :param path: where the card is or will be; its files are looked for beside it.
    :raises ModelError: where something is missing or wrong.
    """
    fields = _Fields(path, '', values)
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
        files=_files(path, fields.group('files')),
        preprocessing=Preprocessing(
            width=size.whole('width', minimum=1, maximum=1024),
            height=size.whole('height', minimum=1, maximum=1024),
            scale=preprocessing.number('scale'),
            offset=preprocessing.number('offset'),
            least_contrast=preprocessing.whole('least_contrast', minimum=0, maximum=255)
            if 'least_contrast' in preprocessing else 0),
        framing=preprocessing.choice('framing', FRAMINGS),
        output_kind=output.choice('kind', OUTPUT_KINDS),
        labels=labels,
        parameters=fields.whole('parameters', minimum=1),
        data=fields.text('data'),
        terms=fields.text('terms'),
        training=fields.text('training'),
        figures=_figures(fields),
        macs=fields.whole('macs', minimum=1) if 'macs' in fields else None,
        ms_per_face=_ms_per_face(fields) if 'ms_per_face' in fields else {},
        limits=fields.text('limits') if 'limits' in fields else '')


def _files(path: Path, fields: _Fields) -> dict[str, ModelFile]:
    files = {kind: _file(path, fields.group(kind)) for kind in fields}
    if files.keys() - {*PRECISIONS, SOURCE} or not files.keys() & set(PRECISIONS):
        raise ModelError(
            f'the model card {path}: files must hold {" or ".join(PRECISIONS)}, and may hold '
            f'{SOURCE}; it holds {", ".join(files) or "nothing"}')
    return files


def _file(path: Path, fields: _Fields) -> ModelFile:
    return ModelFile(
        path=path.parent / fields.file_name('file'),
        size_bytes=fields.whole('size_bytes', minimum=1),
        sha256=fields.text('sha256').lower())


def _ms_per_face(card: _Fields) -> Mapping[str, Any]:
    times = card.group('ms_per_face')
    for name in times:
        if name == 'machine':
            times.text(name)
        else:
            times.numbers_by_whole(name)
    return card.mapping('ms_per_face')


def _figures(card: _Fields) -> Mapping[str, Any]:
    """Return the figures, after checking what `fer models` and the README take from them."""
    figures = card.group('figures')
    for found in figures.measured(PRECISIONS):
        found.number('accuracy')
        found.numbers_where_stated('n', 'macro_f1', 'ece', 'ece_before_temperature')
        for name in 'per_class_recall', 'without_rows_in_training':
            if name in found:
                shares = found.group(name)
                shares.numbers_where_stated(*shares)
        if 'confusion' in found:
            found.square('confusion', len(LABELS))
    if 'temperature' in figures:
        temperature = figures.group('temperature')
        temperature.number('folded_into_logits')
        temperature.numbers_where_stated('balance')
        temperature.text('chosen_on')
    if 'seeds' in figures:
        seeds = figures.group('seeds')
        seeds.text('measured_on')
        if 'trained' in seeds:
            seeds.text('trained')
        seeds.numbers_by_whole('accuracy')
    if 'mirrored' in figures:
        mirrored = figures.group('mirrored')
        for found in mirrored.measured(mirrored):
            found.whole('n', minimum=1)
            for name in 'accuracy', 'macro_f1', 'ece':
                found.number(name)
    if 'pipeline_crops' in figures:
        crops = figures.group('pipeline_crops')
        for found in crops.measured(crops):
            found.whole('rows', minimum=1)
            found.whole('n', minimum=0)
            for framing in found, found.group('own_framing'):
                framing.number('accuracy')
                framing.number('macro_f1')
    if 'scenes' in figures:
        scenes = figures.group('scenes')
        for found in scenes.measured(scenes):
            found.whole('rows', minimum=1)
            for scene in found.group('scenes').groups():
                scene.whole('n', minimum=0)
                scene.numbers_where_stated('accuracy', 'macro_f1')
    if 'tried' in figures:
        for entry in figures.entries('tried'):
            entry.text('what')
            entry.text('gave')
    return card.mapping('figures')


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

    def __iter__(self) -> Iterator[str]:
        return map(str, self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def group(self, name: str) -> _Fields:
        return _Fields(self._path, f'{self._prefix}{name}.', self._value(name))

    def groups(self) -> Iterator[_Fields]:
        return map(self.group, self)

    def measured(self, precisions: Iterable[str]) -> Iterator[_Fields]:
        """Yield the groups that lie under precision, labels and split."""
        for precision in precisions:
            if precision in self:
                for splits in self.group(precision).groups():
                    yield from splits.groups()

    def entries(self, name: str) -> Iterator[_Fields]:
        value = self._value(name)
        if not isinstance(value, list):
            raise self._wrong(name, 'a list')
        for place, entry in enumerate(value):
            yield _Fields(self._path, f'{self._prefix}{name}.{place}.', entry)

    def mapping(self, name: str) -> Mapping[str, Any]:
        return self.group(name)._values

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(name, 'text (in quotes where it looks like a number)')
        return value.strip()

    def file_name(self, name: str) -> str:
        value = self.text(name)
        if Path(value).name != value:
            raise self._wrong(name, 'the name of a file beside the card')
        return value

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

    def numbers_where_stated(self, *names: str) -> None:
        for name in names:
            if self._values.get(name) is not None:
                self.number(name)

    def numbers_by_whole(self, name: str) -> None:
        values: Mapping[Any, Any] = self.mapping(name)
        if not values or not all(
                type(key) is int and type(value) in (int, float) for key, value in values.items()):
            raise self._wrong(name, 'numbers by whole numbers (`{1: 0.5}`)')

    def square(self, name: str, edge: int) -> None:
        rows = self._value(name)
        if not isinstance(rows, list) or len(rows) != edge or not all(
                isinstance(row, list) and len(row) == edge for row in rows):
            raise self._wrong(name, f'a table of {edge}x{edge}')

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
