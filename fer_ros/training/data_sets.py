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

"""Data sets of labelled faces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

TRAINING, PUBLIC_TEST, PRIVATE_TEST = 0, 1, 2

FER2013_TERMS = (
    'The training pictures are those of the ICML 2013 challenge (Goodfellow et al. 2013), for '
    'research; no licence to pass them on is stated. None of them is in these files. The weights '
    'are under the licence of this project, Apache-2.0; whether weights trained on such pictures '
    'suit your use is for you to judge.')


@dataclass(frozen=True)
class LabelledFaces:
    """Pictures (N, S, S) uint8 grey and their labels (N,) int64, the values of `Emotion`."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.labels)

    def where(self, keep: npt.NDArray[np.bool_]) -> LabelledFaces:
        """Return the rows of a mask (N,)."""
        return LabelledFaces(self.images[keep], self.labels[keep])


@dataclass(frozen=True)
class HeldOutRows:
    """
    Rows to measure on.

    `also_in_training` (N,) marks those whose pixels stand in the original Training rows too.
    """

    faces: LabelledFaces
    also_in_training: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Fer2013:
    """
    FER-2013 with its own labels.

    `training` holds no row whose pixels stand in one of the tests; `dropped_rows` counts those
    that were left out.
    """

    training: LabelledFaces
    public_test: HeldOutRows
    private_test: HeldOutRows
    dropped_rows: int

    @property
    def summary(self) -> str:
        """Return the numbers of rows, in words."""
        return (
            f'{len(self.training)} training rows ({self.dropped_rows} dropped because their '
            f'pixels stand in a test), {len(self.public_test.faces)} in PublicTest '
            f'({self.public_test.also_in_training.sum()} also in Training), '
            f'{len(self.private_test.faces)} in PrivateTest '
            f'({self.private_test.also_in_training.sum()} also in Training)')


def read_fer2013(path: Path | str) -> Fer2013:
    """
    Read FER-2013 from a packed file.

    :param path: an .npz with `image` (N, 48, 48) uint8, `emotion` (N,) 0 to 6 and `usage` (N,) 0
        to 2, in FER-2013's numbers (0 Training, 1 PublicTest, 2 PrivateTest).
    :raises ValueError: where an array is missing or has another shape or range.
    """
    with np.load(path) as arrays:
        missing = {'image', 'emotion', 'usage'} - set(arrays.files)
        if missing:
            raise ValueError(
                f'{path} has no {", ".join(sorted(missing))}; it holds {", ".join(arrays.files)}')
        images, labels, usage = (arrays[name] for name in ('image', 'emotion', 'usage'))
    matching = len(images) == len(labels) == len(usage)
    if images.ndim != 3 or images.dtype != np.uint8 or not matching:
        raise ValueError(
            f'{path}: image must be (N, S, S) uint8 with N labels and usages, not {images.shape} '
            f'{images.dtype}, {labels.shape} and {usage.shape}')
    if labels.max(initial=0) > 6 or usage.max(initial=0) > PRIVATE_TEST:
        raise ValueError(f'{path}: emotion must be 0 to 6 and usage 0 to 2')
    faces = LabelledFaces(images, labels.astype(np.int64))
    pixels = np.array([image.tobytes() for image in images], dtype=object)
    in_tests = _stand_in(pixels, pixels[usage != TRAINING])
    in_training = _stand_in(pixels, pixels[usage == TRAINING])
    tests = [
        HeldOutRows(faces.where(usage == split), in_training[usage == split])
        for split in (PUBLIC_TEST, PRIVATE_TEST)]
    return Fer2013(
        training=faces.where((usage == TRAINING) & ~in_tests),
        public_test=tests[0], private_test=tests[1],
        dropped_rows=int(((usage == TRAINING) & in_tests).sum()))


def _stand_in(
    pixels: npt.NDArray[np.object_], others: npt.NDArray[np.object_],
) -> npt.NDArray[np.bool_]:
    known = set(others)
    return np.fromiter((row in known for row in pixels), np.bool_, len(pixels))
