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
Pictures for `fer analyze`, and a comparison of the rows that two environments find in them.

    python tools/compare_rows.py pictures FOLDER
    python tools/compare_rows.py compare EXPECTED.csv FOUND.csv
"""

import csv
from pathlib import Path
import sys

LIMITS = {
    'x': 0.02, 'y': 0.02, 'width': 0.02, 'height': 0.02,  # in widths of the face
    'roll': 0.03, 'pitch': 0.03, 'yaw': 0.03, 'score': 0.03, 'quality': 0.03, 'confidence': 0.1,
    'anger': 0.1, 'disgust': 0.1, 'fear': 0.1, 'happiness': 0.1, 'sadness': 0.1, 'surprise': 0.1,
    'neutral': 0.1}
"""Differences that are allowed: other versions of OpenCV round pixels to other grey levels."""

EMOTIONS = ('anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral')


def write_pictures(folder):
    """Write images of the built-in sample and a photograph of scikit-image as PNG files."""
    import cv2
    from fer_ros.media.sample_clip import SampleClip
    from photographs import astronaut

    folder.mkdir(parents=True, exist_ok=True)
    clip = SampleClip(2)
    for index in range(0, 300, 60):
        cv2.imwrite(str(folder / f'sample{index:03}.png'), clip.frame(index))
    cv2.imwrite(str(folder / 'astronaut.png'), astronaut())


def rows_of(path):
    """Return the rows of a file by the name of their picture, from left to right."""
    rows = {}
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            rows.setdefault(Path(row['file']).name, []).append(row)
    return {name: sorted(found, key=lambda row: float(row['x'])) for name, found in rows.items()}


def is_close_call(row):
    """Tell whether the two most probable emotions of a row are nearly equal."""
    first, second = sorted((float(row[name] or 0) for name in EMOTIONS), reverse=True)[:2]
    return first - second < LIMITS['confidence']


def compare(expected, found):
    """
    Return sentences about differences that are too large, and the largest difference by column.

    :param expected: result of `rows_of`; `found` is another.
    """
    if counts(expected) != counts(found):
        return [f'faces by picture: {counts(found)} instead of {counts(expected)}'], {}
    faults, largest = [], dict.fromkeys(LIMITS, 0.0)
    for name, rows in expected.items():
        for theirs, ours in zip(rows, found[name], strict=True):
            if theirs['label'] != ours['label'] and not is_close_call(theirs):
                faults.append(f'{name}: {ours["label"]} instead of {theirs["label"]}')
            for column in LIMITS:
                if '' in (theirs[column], ours[column]):
                    faults += [f'{name}: {column} is missing'] * (theirs[column] != ours[column])
                    continue
                off = abs(float(theirs[column]) - float(ours[column]))
                off /= float(theirs['width']) if column in ('x', 'y', 'width', 'height') else 1
                largest[column] = max(largest[column], off)
    faults += [
        f'{column} differs by {off:.3f}, {LIMITS[column]} is allowed'
        for column, off in largest.items() if off > LIMITS[column]]
    return faults, largest


def counts(rows):
    """Return the number of faces by the name of the picture."""
    return {name: len(found) for name, found in sorted(rows.items())}


def main():
    """Run one of the two commands."""
    if sys.argv[1] == 'pictures':
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'test'))
        write_pictures(Path(sys.argv[2]))
        return
    expected, found = map(rows_of, sys.argv[2:4])
    faults, largest = compare(expected, found)
    print(f'{sum(counts(expected).values())} faces in {len(expected)} pictures; largest '
          'differences: ' + ', '.join(f'{name} {off:.3f}' for name, off in largest.items()))
    if faults or not expected:
        sys.exit('\n'.join(faults) or 'there are no rows to compare')


if __name__ == '__main__':
    main()
