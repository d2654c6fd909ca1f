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

"""Data sets in the formats that people have; equal numbers stand for equal pictures, of noise."""

import csv

import cv2
from fer_ros.evaluation.ferplus import NAMES
import numpy as np

USAGES = ('Training', 'PublicTest', 'PrivateTest')


def noise(number, edge=48):
    """Return the picture with a number, (edge, edge) uint8."""
    return np.random.default_rng(number).integers(0, 256, (edge, edge), dtype=np.uint8)


def votes(**counts):
    """Return ten columns of FER+, zero where they are not named."""
    return [counts.get(name, 0) for name in NAMES]


def write_packed(path, pictures, emotions, usages, rows_of_votes=None):
    """Write an .npz; usages are 0, 1 and 2."""
    arrays = {
        'image': np.array([noise(number) for number in pictures]),
        'emotion': np.array(emotions, np.uint8), 'usage': np.array(usages, np.uint8)}
    if rows_of_votes is not None:
        arrays['ferplus_votes'] = np.array(rows_of_votes, np.uint8)
    np.savez(path, **arrays)
    return path


def write_csv(path, pictures, emotions, usages):
    """Write a fer2013.csv."""
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['emotion', 'pixels', 'Usage'])
        for number, emotion, usage in zip(pictures, emotions, usages, strict=True):
            pixels = ' '.join(map(str, noise(number).ravel()))
            writer.writerow([emotion, pixels, USAGES[usage]])
    return path


def write_votes(path, usages, rows_of_votes):
    """Write a fer2013new.csv."""
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['Usage', 'Image name', *NAMES])
        rows = zip(usages, rows_of_votes, strict=True)
        for number, (usage, row) in enumerate(rows):
            writer.writerow([USAGES[usage], f'fer{number:07}.png', *row])
    return path


def write_picture(path, number, edge=48):
    """Write a picture, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), noise(number, edge))
    return path


def write_raf_db(folder, lines, edge=100):
    """
    Write RAF-DB's list and its aligned pictures.

    :param lines: pairs such as ('train_00001', 5); the pictures are as different as the names.
    """
    (folder / 'aligned').mkdir(parents=True)
    for number, (name, _) in enumerate(lines):
        write_picture(folder / 'aligned' / f'{name}_aligned.jpg', number, edge)
    (folder / 'list_patition_label.txt').write_text(
        ''.join(f'{name}.jpg {label}\n' for name, label in lines))
    return folder
