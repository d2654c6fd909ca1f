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

"""Writes faces and their emotions as rows of JSON or CSV, image by image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
import csv
import io
import json
import math
from pathlib import Path
import sys
from typing import Any, BinaryIO, TYPE_CHECKING

from fer_ros.core.emotions import LABELS
from fer_ros.core.values import FaceEmotion

if TYPE_CHECKING:
    from typing_extensions import Self

Row = Mapping[str, Any]

COLUMNS = (
    'file', 'image', 'time_s', 'track_id', 'state', 'x', 'y', 'width', 'height', 'score', 'roll',
    'pitch', 'yaw', 'quality', *LABELS, 'label', 'confidence')


def face_row(file: Path, number: int, time_s: float, face: FaceEmotion) -> dict[str, Any]:
    """
    Return a face of an image as a row with the keys `COLUMNS`.

    Angles are in radians. Unknown values are None, such as the head pose of a predicted face and
    the probabilities of a face that was not classified yet.

    :param number: number of the image in its file, from 0.
    :param time_s: time of the image since the start of its file.
    """
    box, pose = face.box, face.head_pose
    is_classified = bool(face.probabilities.any())
    return {
        'file': str(file),
        'image': number,
        'time_s': round(time_s, 3),
        'track_id': face.track_id,
        'state': face.state.name.lower(),
        'x': round(box.x, 1),
        'y': round(box.y, 1),
        'width': round(box.width, 1),
        'height': round(box.height, 1),
        'score': _known(face.score),
        'roll': _known(pose.roll),
        'pitch': _known(pose.pitch),
        'yaw': _known(pose.yaw),
        'quality': _known(face.quality),
        **{label: _known(float(p)) if is_classified else None
           for label, p in zip(LABELS, face.probabilities, strict=True)},
        'label': face.label,
        'confidence': _known(face.confidence),
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 4)


class OutputError(Exception):
    """A file of results cannot be written; the text states which file and why."""


class ResultsFile(ABC):
    """
    A file of rows, which is valid after each call, even if the program is then killed.

    On the standard output and in pipes, JSON is valid only after `close`. Every method raises
    `OutputError` if the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        """
        Create the file.

        :param path: '-' means the standard output.
        """
        self._is_own = str(path) != '-'
        self._name = str(path) if self._is_own else 'the standard output'
        try:
            self._file: BinaryIO = path.open('wb') if self._is_own else sys.stdout.buffer
        except OSError as error:
            raise self._in_words(error) from error
        self._can_go_back = self._is_own and self._file.seekable()

    def _in_words(self, error: OSError) -> OutputError:
        return OutputError(f'{self._name} cannot be written: {error.strerror}')

    def _put(self, text: str, tail: str = '') -> None:
        """
        Write a text over the previous tail, then a tail that makes the file valid.

        No tail is written if the output is not seekable.
        """
        try:
            self._file.write(text.encode())
            if tail and self._can_go_back:
                end = self._file.tell()
                self._file.write(tail.encode())
                self._file.flush()
                self._file.seek(end)
            self._file.flush()
        except OSError as error:
            # Otherwise the rest of the buffer would be written at the end, and fail again.
            with suppress(OSError):
                self._file.close()
            raise self._in_words(error) from error

    @abstractmethod
    def write(self, rows: Sequence[Row]) -> None:
        """Add the rows of an image."""

    def close(self) -> None:
        """Complete the file."""
        if self._is_own:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._file.closed:
            self.close()


class CsvFile(ResultsFile):
    """A CSV file: a line with the names of the columns, then a line for each row."""

    def __init__(self, path: Path) -> None:
        """Create the file with the line of the names."""
        super().__init__(path)
        self.write([dict(zip(COLUMNS, COLUMNS, strict=True))])

    def write(self, rows: Sequence[Row]) -> None:
        text = io.StringIO()
        csv.DictWriter(text, COLUMNS, lineterminator='\n').writerows(rows)
        self._put(text.getvalue())


class JsonFile(ResultsFile):
    """A JSON file: a list of rows, one row per line."""

    def __init__(self, path: Path) -> None:
        """Create the file with an empty list."""
        super().__init__(path)
        self._comma = ''
        self._put('[', '\n]\n')

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._put(f'{self._comma}\n{json.dumps(row, allow_nan=False)}', '\n]\n')
            self._comma = ','

    def close(self) -> None:
        if not self._can_go_back:
            self._put('\n]\n')
        super().close()


RESULTS_FILES: Mapping[str, type[ResultsFile]] = {'.csv': CsvFile, '.json': JsonFile}
"""The kinds of files by their ending."""


def results_file(path: Path) -> ResultsFile:
    """
    Create the file of rows that the ending of its name asks for.

    :raises OutputError: if the ending is of no kind, or the file cannot be written.
    """
    kind = RESULTS_FILES.get(path.suffix.lower())
    if kind is None:
        raise OutputError(
            f'{path} cannot be written: its name must end in {", ".join(RESULTS_FILES)}')
    return kind(path)
