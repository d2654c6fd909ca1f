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

"""Reads FER-2013 from the original csv or an .npz, with its own labels or FER+ votes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile
import zlib

from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.csv_lines import csv_lines, CsvLine
from fer_ros.evaluation.face_images import resized
from fer_ros.evaluation.ferplus import majority_targets, NAMES, vote_targets
from fer_ros.evaluation.labelled_faces import (
    assembled,
    DataSet,
    Images,
    LabelledFaces,
    one_hot,
    SPLITS,
    TRAINING,
)
import numpy as np
import numpy.typing as npt

VOTES_FILE = 'fer2013new.csv'

USAGES = ('Training', 'PublicTest', 'PrivateTest')
"""Names in the files for the entries of `SPLITS`."""

EDGE = 48
"""Edge of the images in the csv, in pixels."""

VOTERS = 10
"""Number of people who voted on each row of FER+."""

TERMS = (
    'The images are those of the ICML 2013 challenge (Goodfellow et al. 2013), for research. No '
    'licence to redistribute them is stated. These files contain none of the images. You must '
    'judge whether weights trained on such images suit your use.')

LIMITS = (
    'FER-2013 was collected by web searches for words of emotions, and nobody recorded who is '
    'shown. It is unknown how ages, skin tones, genders and cultures are represented, and whether '
    'the network is equally accurate for all of them. Many images are posed by actors or for '
    'stock photographs; expressions in daily life are weaker. Disgust is rare (547 of 35,887 '
    "images by FER-2013's labels, 161 of 31,264 by FER+'s majority), and so is fear by FER+'s "
    'majority (677): their recalls are the lowest and rest on few images. All images are grey and '
    '48x48 pixels. The labels are what observers saw in an image, not what the person felt.')

FERPLUS_TERMS = f'{TERMS} The votes are those of FER+ (Barsoum et al. 2016), MIT licence.'


@dataclass(frozen=True)
class Rows:
    """
    All rows of FER-2013, in the order of the csv.

    :param images: (N, S, S) uint8.
    :param emotion: (N,), values of `Emotion`.
    :param usage: (N,), indices of `SPLITS`.
    :param votes: (N, 10), in the order of `ferplus.NAMES`; None if not read.
    """

    images: Images
    emotion: npt.NDArray[np.uint8]
    usage: npt.NDArray[np.uint8]
    votes: npt.NDArray[np.uint8] | None = None


def labelled(rows: Rows, size: int) -> DataSet:
    """
    Return FER-2013 with FER+ labels if the rows have votes, else with its own labels.

    :param size: edge of the images in pixels.
    """
    images = resized(rows.images, size)
    if rows.votes is None:
        faces = LabelledFaces(images, one_hot(rows.emotion))
        return replace(
            assembled('FER-2013 with its own labels', faces, rows.usage, TERMS), limits=LIMITS)
    training = rows.usage == TRAINING
    soft, why_not_trained = vote_targets(rows.votes)
    plain, why_not_measured = majority_targets(rows.votes)
    faces = LabelledFaces(images, np.where(training[:, np.newaxis], soft, plain))
    data_set = assembled(
        'FER-2013 with FER+ votes', faces, rows.usage, FERPLUS_TERMS,
        np.where(training, why_not_trained, why_not_measured))
    return replace(data_set, limits=LIMITS)


def read_packed(path: Path, with_votes: bool) -> Rows:
    """
    Read rows from an .npz.

    :param path: file with the arrays `image` (N, S, S) uint8, `emotion` (N,) 0 to 6, `usage` (N,)
        0 to 2 (Training, PublicTest, PrivateTest) and, for votes, `ferplus_votes` (N, 10).
    :param with_votes: read the votes, too.
    :raises ValueError: if the file cannot be read, or an array is missing or has a wrong shape or
        range.
    """
    wanted = ['image', 'emotion', 'usage', *(['ferplus_votes'] if with_votes else [])]
    if not is_zipfile(path):
        raise ValueError(f'{path} is not an .npz, or is truncated: copy it again')
    try:
        with np.load(path) as arrays:
            held = arrays.files
            found = [arrays[name] for name in wanted if name in held]
    except (OSError, EOFError, ValueError, BadZipFile, zlib.error) as error:
        if 'allow_pickle' in str(error):
            raise ValueError(
                f'{path} holds Python objects, which are not read as they could run any code: '
                f'save {", ".join(wanted)} as arrays of whole numbers') from error
        raise ValueError(f'{path} is damaged ({error}): copy it again') from error
    missing = [name for name in wanted if name not in held]
    if missing:
        raise ValueError(f'{path} has no {", ".join(missing)}; it holds {", ".join(held)}')
    _check(path, dict(zip(wanted, found, strict=True)))
    return Rows(*found)


def _check(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Raise an error for the first array with a wrong shape or value."""
    images = arrays['image']
    square = images.ndim == 3 and images.shape[1] == images.shape[2] > 0
    if images.dtype != np.uint8 or not square:
        raise ValueError(
            f'{path}: image must be (N, S, S) of uint8, not {images.shape} of {images.dtype}')
    count = len(images)
    forms = {
        'emotion': ((count,), len(LABELS) - 1), 'usage': ((count,), len(SPLITS) - 1),
        'ferplus_votes': ((count, len(NAMES)), VOTERS)}
    for name, (shape, maximum) in forms.items():
        if name not in arrays:
            continue
        array = arrays[name]
        if array.dtype.kind not in 'iu' or array.shape != shape:
            raise ValueError(
                f'{path}: {name} must be {shape} whole numbers, because there are {count} images, '
                f'not {array.shape} of {array.dtype}')
        wrong = (array < 0) | (array > maximum)
        if wrong.any():
            raise ValueError(
                f'{path}: {name} must be 0 to {maximum}, but row {np.argwhere(wrong)[0][0]} has '
                f'{array[wrong][0]}')


def read_csv(path: Path, with_votes: bool) -> Rows:
    """
    Read fer2013.csv of the challenge and, for votes, fer2013new.csv of FER+ beside it.

    :param with_votes: read the votes, too.
    :raises ValueError: if something is wrong. The text names the file and the line.
    """
    pictures, emotion, usage = [], [], []
    for line in csv_lines(path, ('emotion', 'pixels', 'Usage')):
        emotion.append(line.number('emotion', len(LABELS) - 1))
        usage.append(line.choice('Usage', USAGES))
        pictures.append(_pixels(line))
    if not pictures:
        raise ValueError(f'{path} has no rows below its first line: copy it again')
    images = np.frombuffer(b''.join(pictures), np.uint8).reshape(-1, EDGE, EDGE)
    rows = Rows(images, np.array(emotion, np.uint8), np.array(usage, np.uint8))
    return replace(rows, votes=_read_votes(path, rows.usage)) if with_votes else rows


def _pixels(line: CsvLine) -> bytes:
    try:
        pixels = bytes(map(int, line['pixels'].split()))
    except ValueError as error:
        raise line.error('pixels must be whole numbers, 0 to 255, separated by spaces') from error
    if len(pixels) != EDGE * EDGE:
        raise line.error(f'{len(pixels)} pixels instead of {EDGE * EDGE} ({EDGE}x{EDGE})')
    return pixels


def _read_votes(pictures: Path, usage: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Read the votes for the rows of the csv with the images, whose usages are given."""
    path = pictures.with_name(VOTES_FILE)
    if not path.exists():
        raise ValueError(
            f'{path} is missing: FER+ labels need this file of github.com/microsoft/FERPlus '
            f'beside {pictures.name}')
    votes: list[list[int]] = []
    for line in csv_lines(path, ('Usage', *NAMES)):
        place = line.choice('Usage', USAGES)
        if len(votes) < len(usage) and place != usage[len(votes)]:
            raise line.error(
                f'the row belongs to {USAGES[place]}, but row {len(votes) + 1} of {pictures.name} '
                f'belongs to {USAGES[usage[len(votes)]]}: the files do not belong together')
        votes.append([line.number(name, VOTERS) for name in NAMES])
    if len(votes) != len(usage):
        raise ValueError(
            f'{path} has {len(votes)} rows, but {pictures} has {len(usage)}: each image needs '
            'its votes; copy both files again')
    return np.array(votes, np.uint8).reshape(-1, len(NAMES))
