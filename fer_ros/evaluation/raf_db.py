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

"""RAF-DB's basic emotions (Li, Deng and Du 2017), in the layout in which it is handed out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_ros.core.emotions import Emotion
from fer_ros.evaluation.labelled_faces import (
    assembled,
    DataSet,
    LabelledFaces,
    one_hot,
    PRIVATE,
    PUBLIC,
    TRAINING,
)
from fer_ros.evaluation.pictures import read_pictures
import numpy as np

LIST_FILE = 'list_patition_label.txt'
"""The spelling is RAF-DB's."""

EMOTIONS = {
    '1': Emotion.SURPRISE, '2': Emotion.FEAR, '3': Emotion.DISGUST, '4': Emotion.HAPPY,
    '5': Emotion.SAD, '6': Emotion.ANGRY, '7': Emotion.NEUTRAL,
}

VALIDATION_EVERY = 10
"""Of the training rows of each emotion, every tenth is held back to choose by."""

TERMS = (
    'The pictures are those of RAF-DB (Li, Deng and Du 2017), for non-commercial research only; '
    'they may not be passed on.')

NOTE = (
    "RAF-DB has no rows to choose by: every tenth of each emotion's training rows, in the order "
    'of its list, stands as public')


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
    Read RAF-DB's aligned faces.

    Every tenth training row of each emotion, in the order of the list, becomes `public`, because
    RAF-DB has no rows to choose by; its test rows are `private`.

    :param folder: holds `list_patition_label.txt`, lines such as `train_00001.jpg 5`, and
        `aligned/` with `train_00001_aligned.jpg`.
    :param size: edge of the pictures in pixels.
    :raises ValueError: for what is wrong; the text names file and line.
    """
    rows = list(_rows(folder))
    if not rows:
        raise ValueError(f'{folder / LIST_FILE} is empty: copy it again')
    labels = np.array([row.emotion for row in rows])
    splits = np.where([row.is_test for row in rows], PRIVATE, TRAINING)
    for emotion in EMOTIONS.values():
        of_emotion = np.flatnonzero((labels == emotion) & (splits == TRAINING))
        splits[of_emotion[VALIDATION_EVERY - 1::VALIDATION_EVERY]] = PUBLIC
    images = read_pictures([row.path for row in rows], size)
    return assembled(
        'RAF-DB', LabelledFaces(images, one_hot(labels)), splits, TERMS, notes=[NOTE])


def _rows(folder: Path) -> Iterator[_Row]:
    path = folder / LIST_FILE
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines()
    for number, line in enumerate(lines, 1):
        place = f'{path}, line {number}'
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 2:
            raise ValueError(f'{place}: {line!r} is not a picture and a label, as in '
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
