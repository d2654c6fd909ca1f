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

"""The names that the user gives to the persons; identities have numbers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fer_ros.core.values import FaceEmotion

MAX_LENGTH = 40

MIN_OVERLAP = 0.5
"""Minimum intersection over union of two boxes that are taken for the same face."""


class Names:
    """
    Names by track ID. They are kept in memory only, until the source is closed.

    `noun` is what a face without a name is called: in pictures, where nobody is recognised in the
    next one, "Face".
    """

    def __init__(self) -> None:
        """Start without names."""
        self.noun = 'Person'
        self._names: dict[int, str] = {}

    @property
    def given(self) -> Mapping[int, str]:
        """Return the names that were given; a copy, so that other threads can use it."""
        return dict(self._names)

    def of(self, track_id: int) -> str:
        """Return the name of a person, or `noun` and the number."""
        return self._names.get(track_id, f'{self.noun} {track_id}')

    def rename(self, track_id: int, name: str) -> None:
        """Name a person; an empty name takes the name away."""
        name = ' '.join(name.split())[:MAX_LENGTH]
        if name and name != f'{self.noun} {track_id}':
            self._names[track_id] = name
        else:
            self._names.pop(track_id, None)

    def clear(self) -> None:
        """Forget all names."""
        self._names.clear()

    def carry_over(self, before: Sequence[FaceEmotion], after: Sequence[FaceEmotion]) -> None:
        """
        Give the names of faces to the faces at the same places that have new identities.

        :param before, after: faces of the same image, found by two runs of the pipeline.
        """
        old, self._names = self._names, {}
        for face in before:
            if face.track_id not in old or not after:
                continue
            best = max(after, key=lambda other: other.box.iou(face.box))
            if best.box.iou(face.box) >= MIN_OVERLAP:
                self._names[best.track_id] = old[face.track_id]
