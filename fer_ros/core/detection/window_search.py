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
Finding small and distant faces in parts of the image, which a detector sees at full resolution.

A detector reduces the whole image to the size of its input and misses faces that become too small.
Which part of an image is searched when is decided here; what is a face, by the detector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
import math

import cv2
from fer_ros.core.geometry import Box
from fer_ros.core.values import Detection, Image, NS_PER_S
import numpy as np
import numpy.typing as npt

INPUT_SIZE_PX = 192
"""Size of the detector's input; smaller windows would only be enlarged."""

MIN_FACE_PX = 18
"""Size of a face in the detector's input from which it is found reliably (docs/benchmarks.md)."""

MAX_FACE_FRACTION = 0.3
"""Size of the largest faces that windows are made for, in edges of the window: their overlap."""

EDGE_MARGIN = 0.01
"""A box this near to the edge of its window, in edges of the window, may be cut by it."""

SWEEP_S = 1.0
"""Time in which a live search covers all windows once."""

MAX_WINDOWS_PER_IMAGE = 4
"""Limit for slow cameras: each window takes as long as a search of the whole image."""

MOTION_LEVEL = 8.0
"""Mean difference of two images, in grey levels, that counts as motion in a window."""

_MOTION_SIZE_PX = 96
"""Longest edge of the images that are compared for motion."""

DetectIn = Callable[[Image], list[Detection]]


def search_windows(width: int, height: int, min_face_fraction: float) -> list[Box]:
    """
    Return square windows that together show all faces of at least a certain size.

    The whole image is not among them. Windows of one size overlap by `MAX_FACE_FRACTION`, so that
    each face up to that size is whole in one of them. Larger windows follow, until the remaining
    faces are large enough for a search of the whole image.

    :param min_face_fraction: size of the smallest faces in longer edges of the image; 0: none.
    """
    longer = max(width, height)
    windows: list[Box] = []
    if min_face_fraction <= 0:
        return windows
    edge = max(min_face_fraction * longer * INPUT_SIZE_PX / MIN_FACE_PX, INPUT_SIZE_PX)
    # Faces larger than this are found in the whole image.
    largest = longer * MIN_FACE_PX / INPUT_SIZE_PX
    while edge < longer:
        for y, rows in _spread(height, edge):
            windows += [Box(x, y, columns, rows) for x, columns in _spread(width, edge)]
        if MAX_FACE_FRACTION * edge >= largest:
            break
        edge *= MAX_FACE_FRACTION * INPUT_SIZE_PX / MIN_FACE_PX
    return windows


def _spread(length: int, edge: float) -> list[tuple[int, int]]:
    """Return begin and length of overlapping intervals that cover a length evenly."""
    size = min(round(edge), length)
    count = 1 + math.ceil((length - size) / (size * (1 - MAX_FACE_FRACTION)))
    return [(round(begin), size) for begin in np.linspace(0, length - size, count)]


def find_in_window(image: Image, window: Box, detect: DetectIn) -> list[Detection]:
    """
    Return the faces in a window of the image, in coordinates of the image.

    Faces at an edge of the window that is not an edge of the image are left out: they are whole in
    another window.

    :param detect: finds the faces of a part of the image.
    """
    height, width = image.shape[:2]
    left, top = int(window.x), int(window.y)
    right, bottom = left + int(window.width), top + int(window.height)
    margin = EDGE_MARGIN * window.width
    faces = []
    for found in detect(image[top:bottom, left:right]):
        box = replace(found.box, x=found.box.x + left, y=found.box.y + top)
        is_cut = (
            (left > 0 and box.x < left + margin)
            or (top > 0 and box.y < top + margin)
            or (right < width and box.x + box.width > right - margin)
            or (bottom < height and box.y + box.height > bottom - margin))
        if not is_cut:
            points = found.key_points
            if points is not None:
                points = points + np.array((left, top), np.float32)
            faces.append(replace(found, box=box, key_points=points))
    return faces


def merged(faces: Sequence[Detection]) -> list[Detection]:
    """Return the faces without duplicates; of each face the detection with the best score."""
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda face: face.score, reverse=True):
        if not any(face.box.covers_most_of(other.box) for other in kept):
            kept.append(face)
    return kept


def with_small_faces(
    detections: Sequence[Detection], small: Sequence[Detection], longer: int,
) -> list[Detection]:
    """
    Return the detections of the whole image and those of its windows, each face once.

    A face that is large enough for the whole image is taken from there; of a smaller one, the
    detection with the best score.

    :param longer: longer edge of the image in pixels.
    """
    limit = longer * MIN_FACE_PX / INPUT_SIZE_PX
    large = [face for face in detections if face.box.width >= limit]
    others = merged([*(face for face in detections if face.box.width < limit), *small])
    return large + [
        face for face in others
        if not any(face.box.covers_most_of(other.box) for other in large)]


class WindowSchedule:
    """
    Chooses the windows that a live search sees in each image.

    All windows are covered in `SWEEP_S`. Among them, those that were not searched for longest come
    first; motion in a window counts as half a sweep of waiting.
    """

    def __init__(self, min_face_fraction: float) -> None:
        self._min_face_fraction = min_face_fraction
        self._shape: tuple[int, int] = (0, 0)
        self._windows: list[Box] = []
        self._waiting = np.zeros(0)
        self._has_moved = np.zeros(0, np.bool_)
        self._last_view: npt.NDArray[np.uint8] | None = None
        self._last_ns: int | None = None
        self._due = 0.0

    def take(self, image: Image, stamp_ns: int, pace: float = 1.0) -> list[Box]:
        """
        Return the windows to search in this image, and count them as searched.

        :param pace: below 1, fewer windows are searched, for example while nothing moves.
        """
        height, width = image.shape[:2]
        if (height, width) != self._shape:
            self.reset()
            self._shape = height, width
            self._windows = search_windows(width, height, self._min_face_fraction)
            self._waiting = np.arange(len(self._windows), 0, -1, dtype=np.float64)
            self._has_moved = np.zeros(len(self._windows), np.bool_)
        if not self._windows:
            return []
        self._note_motion(image)
        elapsed_s = 0.0 if self._last_ns is None else (stamp_ns - self._last_ns) / NS_PER_S
        self._last_ns = stamp_ns
        limit = min(MAX_WINDOWS_PER_IMAGE, len(self._windows))
        sweeps = pace * max(elapsed_s, 0.0) / SWEEP_S
        self._due = min(self._due + sweeps * len(self._windows), limit)
        count = int(self._due)
        self._due -= count
        priority = self._waiting + self._has_moved * len(self._windows) / 2
        chosen = np.argsort(-priority, kind='stable')[:count]
        self._waiting += count
        self._waiting[chosen] = 0
        self._has_moved[chosen] = False
        return [self._windows[index] for index in chosen]

    def _note_motion(self, image: Image) -> None:
        step = max(max(self._shape) // _MOTION_SIZE_PX, 1)
        view = np.asarray(cv2.cvtColor(
            np.ascontiguousarray(image[::step, ::step]), cv2.COLOR_BGR2GRAY), np.uint8)
        if self._last_view is not None:
            moved = cv2.absdiff(view, self._last_view)
            for index, window in enumerate(self._windows):
                top, left = int(window.y) // step, int(window.x) // step
                rows, columns = int(window.height) // step, int(window.width) // step
                part = moved[top:top + rows + 1, left:left + columns + 1]
                self._has_moved[index] |= float(part.mean()) > MOTION_LEVEL
        self._last_view = view

    def reset(self) -> None:
        """Start again, as before the first image."""
        self._shape = (0, 0)
        self._last_view = self._last_ns = None
        self._due = 0.0
