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
Options as data: one table is the source of defaults, checks, ROS parameters and documentation.

An options class is a frozen dataclass derived from `Options`, with fields made by `option()`. A
field may itself be an options class; the names are then joined by dots, as in ROS
(`tracker.timeout_s`). Which options exist is not decided here, but in the modules that use them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
import difflib
import math
from typing import Any, cast, get_type_hints, TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

Value = bool | int | float | str
T = TypeVar('T', bool, int, float, str)


class OptionError(ValueError):
    """An option has an unknown name, a wrong type, or a value out of range."""


@dataclass(frozen=True)
class Option:
    """
    A row of the table.

    `minimum` and `maximum` are inclusive. `dynamic` options can change while a node is active;
    `read_only` options are set when a node starts and never change.
    """

    name: str
    type: type[Any]
    default: Value
    description: str
    unit: str = ''
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    dynamic: bool = False
    read_only: bool = False

    @property
    def range(self) -> str:
        """Return the permitted values in words; empty if every value of the type is permitted."""
        if self.choices:
            return ', '.join(choice or "''" for choice in self.choices)
        if self.minimum is not None and self.maximum is not None:
            return f'{self.minimum:g} to {self.maximum:g}'
        if self.minimum is not None:
            return f'{self.minimum:g} or more'
        if self.maximum is not None:
            return f'{self.maximum:g} or less'
        return ''

    def checked(self, value: Any) -> Value:
        """
        Return the value, converted to the type of the option.

        :raises OptionError: if the type is wrong or the value is out of range.
        """
        if self.type is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if self.type is str and type(value) is int:
            value = str(value)  # ROS reads `source:=0` as a number
        if type(value) is not self.type:
            raise OptionError(
                f'{self.name} must be {_TYPE_WORDS[self.type]}, not {value!r}')
        outside = (
            (self.choices and value not in self.choices)
            or (self.minimum is not None and value < self.minimum)
            or (self.maximum is not None and value > self.maximum)
            or (isinstance(value, float) and math.isnan(value)))
        if outside:
            unit = f' {self.unit}' if self.unit else ''
            word = 'one of ' if self.choices else ''
            raise OptionError(f'{self.name} must be {word}{self.range}{unit}, not {value!r}')
        return cast(Value, value)


_TYPE_WORDS = {bool: 'true or false', int: 'a whole number', float: 'a number', str: 'a string'}


def option(
    default: T, description: str, *, unit: str = '', minimum: float | None = None,
    maximum: float | None = None, choices: tuple[str, ...] = (), dynamic: bool = False,
    read_only: bool = False,
) -> T:
    """Declare a field of an options class; the arguments are the fields of `Option`."""
    row = {
        'default': default, 'description': description, 'unit': unit, 'minimum': minimum,
        'maximum': maximum, 'choices': choices, 'dynamic': dynamic,
        'read_only': read_only}
    return field(default=default, metadata={'option': row})


@dataclass(frozen=True)
class Options:
    """Base of all options classes: checks every field when an object is made."""

    def __post_init__(self) -> None:
        """Check types and ranges; integers become floats if the option is a float."""
        for row in self._own_rows():
            object.__setattr__(self, row.name, row.checked(getattr(self, row.name)))

    @classmethod
    def _own_rows(cls) -> list[Option]:
        types = get_type_hints(cls)
        return [
            Option(name=f.name, type=types[f.name], **f.metadata['option'])
            for f in fields(cls) if 'option' in f.metadata]

    @classmethod
    def _groups(cls) -> dict[str, type[Options]]:
        types = get_type_hints(cls)
        return {
            f.name: types[f.name] for f in fields(cls)
            if isinstance(types[f.name], type) and issubclass(types[f.name], Options)}

    @classmethod
    def table(cls, prefix: str = '') -> list[Option]:
        """Return a row for each option, in the order of declaration, with names joined by dots."""
        own = {row.name: row for row in cls._own_rows()}
        groups = cls._groups()
        rows: list[Option] = []
        for f in fields(cls):
            if f.name in groups:
                rows += groups[f.name].table(f'{prefix}{f.name}.')
            elif f.name in own:
                row = own[f.name]
                rows.append(Option(**{**vars(row), 'name': prefix + row.name}))
        return rows

    def static_changes(self, other: Options) -> list[str]:
        """Return the names of the options that differ in `other` and are not dynamic."""
        mine, theirs = self.to_mapping(), other.to_mapping()
        return [
            row.name for row in self.table()
            if not row.dynamic and mine[row.name] != theirs[row.name]]

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """
        Create options from a mapping; names may contain dots, or mappings may be nested.

        :raises OptionError: for an unknown name, a wrong type, or a value out of range; the text
            names every fault.
        """
        flat = dict(flattened(values))
        table = {row.name: row for row in cls.table()}
        faults = []
        for name, value in flat.items():
            if name not in table:
                faults.append(f'there is no option {name!r}{hint(name, table)}')
                continue
            try:
                flat[name] = table[name].checked(value)
            except OptionError as error:
                faults.append(str(error))
        if faults:
            raise OptionError('; '.join(faults))
        return cls._from_flat(flat)

    @classmethod
    def _from_flat(cls, flat: Mapping[str, Any]) -> Self:
        arguments: dict[str, Any] = {}
        for name, group in cls._groups().items():
            inner = {k[len(name) + 1:]: v for k, v in flat.items() if k.startswith(name + '.')}
            arguments[name] = group._from_flat(inner)
        arguments.update((k, v) for k, v in flat.items() if '.' not in k)
        return cls(**arguments)

    def to_mapping(self) -> dict[str, Value]:
        """Return the values by their names with dots; the inverse of `from_mapping`."""
        flat: dict[str, Value] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Options):
                flat.update((f'{f.name}.{k}', v) for k, v in value.to_mapping().items())
            elif 'option' in f.metadata:
                flat[f.name] = value
        return flat


def hint(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence: the name that was probably meant, or all names."""
    names = list(names)
    near = difflib.get_close_matches(name, names, n=1)
    return f'; did you mean {near[0]!r}?' if near else f'; there are {", ".join(names)}'


def flattened(values: Mapping[str, Any], prefix: str = '') -> list[tuple[str, Any]]:
    """Return the values of nested mappings, with names joined by dots."""
    flat: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat += flattened(value, f'{prefix}{name}.')
        else:
            flat.append((f'{prefix}{name}', value))
    return flat
