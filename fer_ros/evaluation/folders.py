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

"""Reads data sets that are folders of images by split and emotion."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import re

from fer_ros.core.emotions import Emotion
from fer_ros.evaluation.face_images import read_images_of_faces
from fer_ros.evaluation.labelled_faces import (
    assembled,
    DataSet,
    LabelledFaces,
    one_hot,
    PRIVATE,
    PUBLIC,
    SPLITS,
    TRAINING,
    with_validation_rows,
)
import numpy as np

SPLIT_NAMES = {
    'train': TRAINING, 'training': TRAINING,
    'val': PUBLIC, 'valid': PUBLIC, 'validation': PUBLIC, 'public': PUBLIC, 'publictest': PUBLIC,
    'test': PRIVATE, 'testing': PRIVATE, 'private': PRIVATE, 'privatetest': PRIVATE,
}
"""Without upper case, spaces, `_` and `-`: `Public Test` and `public_test` are `publictest`."""

CLASS_NAMES = {
    Emotion.ANGRY: ('angry', 'anger'),
    Emotion.DISGUST: ('disgust', 'disgusted'),
    Emotion.FEAR: ('fear', 'afraid', 'fearful', 'scared'),
    Emotion.HAPPY: ('happy', 'happiness', 'joy'),
    Emotion.SAD: ('sad', 'sadness'),
    Emotion.SURPRISE: ('surprise', 'surprised'),
    Emotion.NEUTRAL: ('neutral', 'neutrality', 'calm'),
}

_CLASSES = {name: emotion for emotion, names in CLASS_NAMES.items() for name in names}

_OTHER_CLASS = 'rename the folder, or move it away if it shows none of the seven emotions'

# File managers leave these among the images.
_NO_IMAGES = ('thumbs.db', 'desktop.ini')

TERMS = 'The terms of the images in the folder are not stated; ask the person who collected them.'


def read_folders(folder: Path, size: int) -> DataSet:
    """
    Read images in folders such as `train/angry/`, `val/happy/` and `test/sad/`.

    `SPLIT_NAMES` and `CLASS_NAMES` list the accepted names. The row report says which split each
    folder became. Without train/, the data set can only be measured on.

    A folder test/ is always `private`, also if there is no val/, as in Kaggle's FER-2013: the best
    epoch is chosen on `public` rows, and test pictures that choose something are no longer a test.
    Without val/, every tenth training picture of each emotion, in the order of the names, becomes
    a `public` row instead, as for RAF-DB.

    :param size: edge of the images in pixels.
    :raises ValueError: if a folder has another name, or an image cannot be read or is not square.
    """
    splits = _named_folders(
        folder, SPLIT_NAMES,
        'images belong into train/happy/, val/happy/, test/happy/ and so on; move others away')
    if not splits:
        raise ValueError(
            f'{folder} is not a data set: it has none of train/, val/ and test/, and no '
            'list_patition_label.txt of RAF-DB')
    paths: list[Path] = []
    labels: list[int] = []
    places: list[int] = []
    name = f'the folder {folder.resolve().name}/'
    notes = [f'in {name}, ' + ', '.join(
        f'{split.name}/ is {SPLITS[place]}' for split, place in splits.items())]
    if PRIVATE not in splits.values():
        notes.append(f'{name} has no test/, so there are no rows for a final measurement')
    is_validation_missing = TRAINING in splits.values() and PUBLIC not in splits.values()
    if is_validation_missing:
        notes.append(
            f'{name} has no val/, so every tenth training picture of each emotion, in the order '
            'of the names, is used as a public row')
    for split, place in splits.items():
        before = len(paths)
        for class_folder, emotion in _named_folders(split, _CLASSES, _OTHER_CLASS).items():
            pictures = _contents(class_folder)
            paths.extend(pictures)
            labels.extend([emotion] * len(pictures))
        if len(paths) == before:
            raise ValueError(f'{split} holds no images in folders such as {split.name}/happy')
        places.extend([place] * (len(paths) - before))
        beside = [path.name for path in _contents(split) if not path.is_dir()]
        if beside:
            notes.append(
                f'in {name} files of {split.name}/ that are in no folder of an emotion were '
                f'ignored: {len(beside):,}, such as {beside[0]}')
    of_rows, split_of_rows = np.array(labels), np.array(places)
    if is_validation_missing:
        split_of_rows = with_validation_rows(of_rows, split_of_rows)
    images = read_images_of_faces(paths, size)
    return assembled(
        name, LabelledFaces(images, one_hot(of_rows)), split_of_rows, TERMS, notes=notes)


def emotion_named(name: str) -> Emotion | None:
    """Return the emotion of a name, with any spaces, `_`, `-` and case; None for other names."""
    return _CLASSES.get(_plain(name))


def _named_folders(parent: Path, names: Mapping[str, int], remedy: str) -> dict[Path, int]:
    """Return the folders in a folder with the meaning of their names."""
    found = {}
    for folder in _contents(parent):
        if not folder.is_dir():
            continue
        meaning = names.get(_plain(folder.name))
        if meaning is None:
            raise ValueError(
                f'{folder}: the name {folder.name!r} is none of {", ".join(names)}; {remedy}')
        found[folder] = meaning
    return found


def _plain(name: str) -> str:
    return re.sub(r'[ _-]', '', name.lower())


def _contents(folder: Path) -> list[Path]:
    """Return the contents of a folder without hidden files and files of file managers."""
    return sorted(
        path for path in folder.iterdir()
        if not path.name.startswith('.') and path.name.lower() not in _NO_IMAGES)
