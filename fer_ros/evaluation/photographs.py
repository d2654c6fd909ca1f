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
"""Reads folders of photographs whose faces are labelled in a labels.csv."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
import math
from pathlib import Path

from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.values import Box
from fer_ros.evaluation.csv_lines import csv_lines, CsvLine
from fer_ros.evaluation.folders import emotion_named

LABELS_FILE = 'labels.csv'

_BOX = ('x', 'y', 'width', 'height')


@dataclass(frozen=True)
class FaceInPhotograph:
    """
    A labelled face.

    :param path: the photograph.
    :param box: place of the face, in pixels of the upright photograph; None for its largest face.
    """

    path: Path
    emotion: Emotion
    box: Box | None = None


def is_photographs(path: Path) -> bool:
    """Return whether a path is a folder of photographs with a labels.csv."""
    return (path / LABELS_FILE).is_file()


def read_photographs(folder: Path) -> list[FaceInPhotograph]:
    """
    Read the labels of a folder of photographs, and check them all before any face is searched.

    The columns of labels.csv are file (relative to the folder), emotion (a name in
    `folders.CLASS_NAMES`), and for photographs with several faces x, y, width and height of the
    face's box. All four are empty, or not there, for the largest face.

    :raises ValueError: if a photograph is missing, an emotion is unknown, a box is incomplete, or
        a face is labelled twice. The text names all such lines, not only the first.
    """
    path = folder / LABELS_FILE
    lines = list(csv_lines(path, ('file', 'emotion')))
    if not lines:
        raise ValueError(f'{path} labels no face: add one line for each face')
    read = [(line, _face(folder, line)) for line in lines]
    faces = [face for _, face in read if isinstance(face, FaceInPhotograph)]
    faults = [str(line.error(fault)) for line, fault in read if isinstance(fault, str)]
    labelled = Counter(face.path for face in faces)
    faults += [
        f'{path}: {photograph.name} has {labelled[photograph]} lines, so each needs a box'
        for photograph in dict.fromkeys(face.path for face in faces if face.box is None)
        if labelled[photograph] > 1]
    if faults:
        raise ValueError(
            f'{len(faults)} faults in the labels; correct or remove them:\n' + '\n'.join(faults))
    return faces


def _face(folder: Path, line: CsvLine) -> FaceInPhotograph | str:
    """Return the face of a line, or what is wrong with the line."""
    photograph = folder / line['file'].strip()
    emotion = emotion_named(line['emotion'])
    if not photograph.is_file():
        return f'the photograph {photograph} does not exist'
    if emotion is None:
        return f'the emotion {line["emotion"].strip()!r} is none of {", ".join(LABELS)}'
    words = [line.fields.get(name, '').strip() for name in _BOX]
    if not any(words):
        return FaceInPhotograph(photograph, emotion)
    try:
        x, y, width, height = (float(word) for word in words)
    except ValueError:
        x = y = width = height = math.nan
    if not (width > 0 and height > 0 and math.isfinite(x + y + width + height)):
        return (
            f'the box {", ".join(words)} must be four numbers (x, y, width, height) with a width '
            'and a height above 0')
    return FaceInPhotograph(photograph, emotion, Box(x, y, width, height))
