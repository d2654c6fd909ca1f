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

"""Reads data sets of labelled faces in all supported formats."""

from __future__ import annotations

from pathlib import Path

from fer_ros.evaluation import fer2013, folders, raf_db
from fer_ros.evaluation.labelled_faces import DataSet, fuse, LabelledFaces, Split

__all__ = ['DataSet', 'fuse', 'LABEL_SETS', 'LabelledFaces', 'read_data', 'Split']

LABEL_SETS = ('fer2013', 'ferplus')
"""Labels that can be read: those of the data set, or for FER-2013 the votes of FER+."""


def read_data(path: Path | str, labels: str = 'fer2013', size: int = 48) -> DataSet:
    """
    Read a data set. The format follows from the path.

    Example::

        data_set = read_data('fer2013.csv', labels='ferplus')
        rich.print(data_set.row_report.table())

    :param path: `fer2013.csv`, with `fer2013new.csv` beside it for FER+ labels; the same data in
        an .npz (see `fer2013.read_packed`); a folder of images (see `folders.read_folders`); or a
        folder of RAF-DB (see `raf_db.read_raf_db`).
    :param labels: one of `LABEL_SETS`.
    :param size: edge in pixels to which images are resized.
    :raises ValueError: if something is wrong. The text names the file and the line, if any.
    """
    path = Path(path)
    if labels not in LABEL_SETS:
        raise ValueError(f'labels must be one of {", ".join(LABEL_SETS)}, not {labels!r}')
    if not path.exists():
        raise ValueError(f'{path} does not exist: check the path')
    with_votes = labels == 'ferplus'
    suffix = path.suffix.lower()
    if suffix == '.npz':
        return fer2013.labelled(fer2013.read_packed(path, with_votes), size)
    if suffix == '.csv':
        return fer2013.labelled(fer2013.read_csv(path, with_votes), size)
    if not path.is_dir():
        raise ValueError(
            f'{path} is not a data set: give a .csv of FER-2013, an .npz, or a folder of images')
    if with_votes:
        raise ValueError(
            f'{path} is a folder of images, which has only its own labels: FER+ votes exist only '
            "for FER-2013's csv or .npz")
    if raf_db.is_raf_db(path):
        return raf_db.read_raf_db(path, size)
    return folders.read_folders(path, size)
