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

"""Reads the lines of csv files. Errors name the file and the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CsvLine:
    """A row of a csv file and its place."""

    path: Path
    number_of_line: int
    fields: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Return the text of a column."""
        return self.fields[column]

    def number(self, column: str, maximum: int) -> int:
        """Return the whole number in a column, 0 to `maximum`."""
        text = self[column].strip()
        if not text.isdecimal() or int(text) > maximum:
            raise self.error(f'{column} must be a whole number, 0 to {maximum}, not {text!r}')
        return int(text)

    def choice(self, column: str, words: Sequence[str]) -> int:
        """Return the index of a column's word in `words`."""
        text = self[column].strip()
        if text not in words:
            raise self.error(f'{column} must be one of {", ".join(words)}, not {text!r}')
        return words.index(text)

    def error(self, reason: str) -> ValueError:
        """Return an error that names the file and the line."""
        return ValueError(f'{self.path}, line {self.number_of_line}: {reason}')


def csv_lines(path: Path, columns: Sequence[str]) -> Iterator[CsvLine]:
    """
    Yield the rows of a csv file, whose first line names its columns.

    :param columns: required columns, in any order; there may be more.
    :raises ValueError: if the file cannot be read, lacks a column, or a row lacks a field.
    """
    try:
        with path.open(encoding='utf-8-sig', newline='') as file:
            reader = csv.reader(file)
            heading = [name.strip() for name in next(reader, [])]
            missing = [name for name in columns if name not in heading]
            if missing:
                raise ValueError(
                    f'{path}, line 1: there is no column {", ".join(missing)}; the columns are '
                    f'{", ".join(heading) or "none, the file is empty"}')
            for fields in reader:
                if fields:
                    by_column = dict(zip(heading, fields, strict=False))
                    line = CsvLine(path, reader.line_num, by_column)
                    if len(fields) != len(heading):
                        raise line.error(
                            f'{len(fields)} fields instead of {len(heading)}; is the file '
                            'truncated?')
                    yield line
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f'{path} cannot be read as a csv file ({error})') from error
