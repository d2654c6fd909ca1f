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

"""Reads the basic emotions of RAF-DB (Li, Deng and Du 2017) in its original layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_ros.core.emotions import Emotion
from fer_ros.evaluation.face_images import read_images_of_faces
from fer_ros.evaluation.labelled_faces import (
    assembled,
    DataSet,
    LabelledFaces,
    one_hot,
    PRIVATE,
    TRAINING,
    with_validation_rows,
)
import numpy as np

LIST_FILE = 'list_patition_label.txt'
"""The spelling is that of RAF-DB."""

EMOTIONS = {
    '1': Emotion.SURPRISE, '2': Emotion.FEAR, '3': Emotion.DISGUST, '4': Emotion.HAPPY,
    '5': Emotion.SAD, '6': Emotion.ANGRY, '7': Emotion.NEUTRAL,
}

TERMS = (
    'The images are those of RAF-DB (Li, Deng and Du 2017), for non-commercial research only. '
    'They must not be redistributed.')

NOTE = (
    'RAF-DB has no validation rows: every tenth training row of each emotion, in the order of its '
    'list, is used as a public row')


@dataclass(frozen=True)
class _Row:
    path: Path
    emotion: Emotion
    is_test: bool


def is_raf_db(folder: Path) -> bool:
    """Return whether the folder has RAF-DB's list of labels."""
    return (folder / LIST_FILE).is_file()


def read_raf_db(folder: Path, size: int) -> DataSet:
    """
    Read the aligned faces of RAF-DB.

    RAF-DB has no validation rows, so every tenth training row of each emotion, in the order of the
    list, becomes `public`. Its test rows are `private`.

    :param folder: folder with `list_patition_label.txt` (lines such as `train_00001.jpg 5`) and
        `aligned/` (files such as `train_00001_aligned.jpg`).
    :param size: edge of the images in pixels.
    :raises ValueError: if something is wrong. The text names the file and the line.
    """
    rows = list(_rows(folder))
    if not rows:
        raise ValueError(f'{folder / LIST_FILE} is empty: copy it again')
    labels = np.array([row.emotion for row in rows])
    splits = np.where([row.is_test for row in rows], PRIVATE, TRAINING)
    images = read_images_of_faces([row.path for row in rows], size)
    return assembled(
        'RAF-DB', LabelledFaces(images, one_hot(labels)), with_validation_rows(labels, splits),
        TERMS, notes=[NOTE])


def _rows(folder: Path) -> Iterator[_Row]:
    path = folder / LIST_FILE
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines()
    for number, line in enumerate(lines, 1):
        place = f'{path}, line {number}'
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 2:
            raise ValueError(f'{place}: {line!r} must be an image and a label, as in '
                             "'train_00001.jpg 5'")
        name, label = fields
        split = name.partition('_')[0]
        if split not in ('train', 'test'):
            raise ValueError(f'{place}: the name {name!r} must begin with train_ or test_')
        if label not in EMOTIONS:
            raise ValueError(f'{place}: the label must be 1 to 7, not {label!r}')
        picture = folder / 'aligned' / f'{Path(name).stem}_aligned.jpg'
        if not picture.is_file():
            raise ValueError(f'{place}: {picture} is missing')
        yield _Row(picture, EMOTIONS[label], split == 'test')
