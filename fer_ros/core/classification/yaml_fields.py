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
Checked access to the fields of a YAML file of a model.

The meaning of the fields belongs to the modules that read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fer_ros.core.classification.model_card import ModelError
from fer_ros.core.yaml_values import load_yaml
import numpy as np
import yaml


def read_yaml(path: Path, kind: str) -> Any:
    """
    Parse a YAML file.

    :param kind: what the file is, for error messages: `model card`.
    :raises ModelError: if the file cannot be read or is not valid YAML.
    """
    try:
        text = path.read_text(encoding='utf-8')
    except OSError as error:
        raise ModelError(f'the {kind} {path} cannot be read ({error.strerror})') from error
    except UnicodeDecodeError as error:
        raise ModelError(f'the {kind} {path} is not a text file: {error}') from error
    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        fault = ' '.join(str(error).split())
        raise ModelError(f'the {kind} {path} is not valid YAML: {fault}') from error


class Fields:
    """
    A mapping of a YAML file.

    Each method returns the value of a field. It raises a `ModelError` that names the file and the
    field if the field is missing or has a wrong value.
    """

    def __init__(self, path: Path, kind: str, values: Any, prefix: str = '') -> None:
        """
        Check that the values are a mapping.

        :param kind: what the file is, for error messages: `model card`.
        :param prefix: names of the groups that lead to this mapping, each followed by a dot.
        """
        self._path = path
        self._kind = kind
        self._prefix = prefix
        if not isinstance(values, dict):
            what = f'{prefix.rstrip(".")} must hold' if prefix else 'must hold'
            raise ModelError(f'the {kind} {path}: {what} fields (`name: value`), not {values!r}')
        self._values = values

    def __iter__(self) -> Iterator[str]:
        return map(str, self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def group(self, name: str) -> Fields:
        return Fields(self._path, self._kind, self._value(name), f'{self._prefix}{name}.')

    def groups(self) -> Iterator[Fields]:
        return map(self.group, self)

    def entries(self, name: str) -> Iterator[Fields]:
        value = self._value(name)
        if not isinstance(value, list):
            raise self._wrong(name, 'a list')
        for index, entry in enumerate(value):
            yield Fields(self._path, self._kind, entry, f'{self._prefix}{name}.{index}.')

    def mapping(self, name: str) -> Mapping[str, Any]:
        return self.group(name)._values

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(name, 'text (in quotes if it looks like a number)')
        return value.strip()

    def file_name(self, name: str) -> str:
        value = self.text(name)
        if Path(value).name != value:
            raise self._wrong(name, 'a file name without a folder')
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

    def words(self, name: str) -> tuple[str, ...]:
        value = self._value(name)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self._wrong(name, 'a list of words')
        return tuple(value)

    def check_optional_numbers(self, *names: str) -> None:
        """Check fields that must be numbers if they are there and not null."""
        for name in names:
            if self._values.get(name) is not None:
                self.number(name)

    def check_numbers_by_whole(self, name: str) -> None:
        """Check a field that must be a mapping from whole numbers to numbers."""
        values: Mapping[Any, Any] = self.mapping(name)
        if not values or not all(
                type(key) is int and type(value) in (int, float) for key, value in values.items()):
            raise self._wrong(name, 'numbers by whole numbers (`{1: 0.5}`)')

    def check_square(self, name: str, edge: int) -> None:
        """Check a field that must be a list of `edge` rows with `edge` values each."""
        rows = self._value(name)
        if not isinstance(rows, list) or len(rows) != edge or not all(
                isinstance(row, list) and len(row) == edge for row in rows):
            raise self._wrong(name, f'a table of {edge}x{edge}')

    def _value(self, name: str) -> Any:
        if name not in self._values:
            raise ModelError(
                f'the {self._kind} {self._path} has no field {self._prefix}{name}')
        return self._values[name]

    def _wrong(self, name: str, wanted: str) -> ModelError:
        return ModelError(
            f'the {self._kind} {self._path}: {self._prefix}{name} must be {wanted}, not '
            f'{self._values[name]!r}')
