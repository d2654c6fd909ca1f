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

"""Labelled faces, and data sets whose training rows never occur in their test rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.row_report import RowReport, SplitCounts
import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]
Targets = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SPLITS = ('training', 'public', 'private')
TRAINING, PUBLIC, PRIVATE = range(3)

VALIDATION_EVERY = 10
"""Without validation rows, every tenth training row of each emotion becomes a public row."""

PIXELS_IN_A_TEST = 'their pixels are also in a test split'


@dataclass(frozen=True)
class LabelledFaces:
    """
    Images of faces and their labels.

    :param images: (N, S, S) uint8, grey.
    :param targets: (N, 7) float32 in the order of `LABELS`. Each row sums to 1; it is one-hot for
        a single label.
    :param mesh: (N, 2, 288) float32, the features of the face mesh for each image and for its
        mirror image, see `mesh_features.py`; rows of zeros where no mesh was found. (N, 1, 288) to
        measure on, without the mirror images. None if they were not computed.
    """

    images: Images
    targets: Targets
    mesh: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.targets)

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Emotion with the largest target per row, (N,), values of `Emotion`."""
        return np.asarray(self.targets.argmax(axis=1), np.int64)

    def where(self, keep: Mask) -> LabelledFaces:
        """Return the rows that a mask (N,) selects."""
        mesh = None if self.mesh is None else self.mesh[keep]
        return LabelledFaces(self.images[keep], self.targets[keep], mesh)


@dataclass(frozen=True)
class Split:
    """
    Rows to measure on.

    :param also_in_training: (N,), true for rows whose pixels also occur in the original training
        rows.
    """

    faces: LabelledFaces
    also_in_training: Mask

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.faces)

    def where(self, keep: Mask) -> Split:
        """Return the rows that a mask (N,) selects."""
        return Split(self.faces.where(keep), self.also_in_training[keep])


@dataclass(frozen=True)
class DataSet:
    """
    Faces to train on and to measure on.

    :param training: training rows; none of them has the pixels of a test row.
    :param public: rows for all choices, such as that of the best epoch.
    :param private: rows for the final measurement of a finished model.
    :param row_report: numbers of rows that were read, kept and dropped.
    :param terms: terms of use of the images.
    :param limits: people and situations that the images under-represent.
    :param left_out: fingerprints of the dropped rows by split. A dropped test image must not be
        trained on either.
    """

    name: str
    training: LabelledFaces
    public: Split
    private: Split
    row_report: RowReport
    terms: str
    limits: str = ''
    left_out: Mapping[str, frozenset[bytes]] = field(default_factory=dict)

    def faces(self, split: str) -> LabelledFaces:
        """
        Return the rows of a split.

        :param split: one of `SPLITS`.
        """
        if split == 'training':
            return self.training
        return {'public': self.public, 'private': self.private}[split].faces

    def without(self, split: str, unwanted: Mask, why: str) -> DataSet:
        """
        Return the data set without some rows of a split. The row report states the reason.

        :param unwanted: (N,), true for the rows to drop.
        :param why: end of the sentence "these rows were dropped because …".
        """
        dropped = frozenset(fingerprints(self.faces(split).images[unwanted]))
        left_out = {**self.left_out, split: self.left_out.get(split, frozenset()) | dropped}
        rest = {split: getattr(self, split).where(~unwanted)}
        row_report = self.row_report.without(split, unwanted, why)
        return replace(self, row_report=row_report, left_out=left_out, **rest)


def one_hot(labels: npt.NDArray[np.integer[Any]]) -> Targets:
    """Return the targets (N, 7) of single labels (N,), values of `Emotion`."""
    return np.asarray(np.eye(len(LABELS), dtype=np.float32)[labels])


def with_validation_rows(
    labels: npt.NDArray[np.integer[Any]], splits: npt.NDArray[np.integer[Any]],
) -> npt.NDArray[np.integer[Any]]:
    """
    Return the splits (N,) of a source without validation rows; some training rows become public.

    Choices such as that of the best epoch are made on public rows, so the test rows of the source
    must stay private: figures of rows by which something was chosen are too good.

    :param labels: (N,), values of `Emotion`.
    :param splits: (N,), indices of `SPLITS`, none of them public.
    """
    splits = splits.copy()
    for emotion in np.unique(labels):
        rows = np.flatnonzero((labels == emotion) & (splits == TRAINING))
        splits[rows[VALIDATION_EVERY - 1::VALIDATION_EVERY]] = PUBLIC
    return splits


def fingerprints(images: Images) -> list[bytes]:
    """Return 16 bytes for each image; they are equal for equal pixels."""
    return [blake2b(image.tobytes(), digest_size=16).digest() for image in images]


def assembled(
    name: str, faces: LabelledFaces, splits: npt.NDArray[np.integer[Any]], terms: str,
    why: npt.NDArray[np.str_] | None = None, notes: Sequence[str] = (),
) -> DataSet:
    """
    Make a data set of all rows of a source.

    :param splits: (N,), indices of `SPLITS`.
    :param why: (N,), reasons why rows have no usable label; '' for usable rows.
    :param notes: sentences for the row report.
    """
    groups = [faces.where(splits == place) for place in range(len(SPLITS))]
    splits_counts = (
        SplitCounts(name, split, len(group)) for split, group in zip(SPLITS, groups, strict=True))
    public, private = (Split(group, np.zeros(len(group), np.bool_)) for group in groups[PUBLIC:])
    row_report = RowReport(tuple(splits_counts), tuple(notes))
    data_set = DataSet(name, groups[TRAINING], public, private, row_report, terms)
    if why is not None:
        for place, split in enumerate(SPLITS):
            reasons = why[splits == place]
            for reason in sorted(set(reasons) - {''}):
                data_set = data_set.without(split, reasons == reason, str(reason))
                reasons = reasons[reasons != reason]
    return _guarded(data_set)


def fuse(data_sets: Sequence[DataSet]) -> DataSet:
    """
    Join data sets, split by split.

    A training row whose pixels are in a test split of any of them is dropped.

    :raises ValueError: if there is no data set, or the image sizes differ.
    """
    if not data_sets:
        raise ValueError('there is no data set to join: name at least one')
    sizes = [one.training.images.shape[1] for one in data_sets]
    if len(set(sizes)) > 1:
        words = ', '.join(
            f'{one.name}: {size}' for one, size in zip(data_sets, sizes, strict=True))
        raise ValueError(
            f'images of different sizes cannot be joined ({words}): read all data sets with the '
            'same size')
    first, *others = data_sets
    return _guarded(DataSet(
        name=' + '.join(one.name for one in data_sets),
        training=_joined([one.training for one in data_sets]),
        public=_joined_split([one.public for one in data_sets]),
        private=_joined_split([one.private for one in data_sets]),
        row_report=sum((one.row_report for one in others), first.row_report),
        terms=' '.join(dict.fromkeys(one.terms for one in data_sets)),
        limits=' '.join(dict.fromkeys(one.limits for one in data_sets if one.limits)),
        left_out={
            split: frozenset().union(*(one.left_out.get(split, ()) for one in data_sets))
            for split in SPLITS}))


def _joined(parts: Sequence[LabelledFaces]) -> LabelledFaces:
    return LabelledFaces(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.targets for part in parts]))


def _joined_split(parts: Sequence[Split]) -> Split:
    return Split(
        _joined([part.faces for part in parts]),
        np.concatenate([part.also_in_training for part in parts]))


def _guarded(data_set: DataSet) -> DataSet:
    """Mark test rows that occur in the training rows, and drop these training rows."""
    pixels = {split: fingerprints(data_set.faces(split).images) for split in SPLITS}
    training, public, private = (
        data_set.left_out.get(split, frozenset()).union(pixels[split]) for split in SPLITS)
    tests = {
        split: replace(
            getattr(data_set, split), also_in_training=_occur_in(pixels[split], training))
        for split in SPLITS[PUBLIC:]}
    return replace(data_set, **tests).without(
        'training', _occur_in(pixels['training'], public | private), PIXELS_IN_A_TEST)


def _occur_in(rows: Sequence[bytes], others: frozenset[bytes]) -> Mask:
    return np.fromiter((row in others for row in rows), np.bool_, len(rows))
