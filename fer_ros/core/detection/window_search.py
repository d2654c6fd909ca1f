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

SURE_SMALL_SCORE = 0.6
"""Score of a small face from which a single look of the detector is enough."""

SECOND_LOOK_SCALE = 6
"""Edge of the window of the second look, in edges of the face."""

EDGE_MARGIN = 0.01
"""A box this near to the edge of its window, in edges of the window, may be cut by it."""

SWEEP_S = 0.9
"""Time in which a live search covers all windows once, so that a face is reported within 1 s."""

QUIET_WINDOWS_PER_S = 8.0
"""Rate at which windows in which nothing changes are searched again, whatever their number."""

CALM_SWEEP_S = 10.0
"""The same while nothing moves in the whole image."""

MAX_WINDOWS_PER_IMAGE = 6
"""
Limit for slow cameras: each window takes as long as a search of the whole image.

At 30 images/s, it covers the 92 windows of 1920x1080 in about 1 s, although every third image has
no time for windows.
"""

REST = 0.99
"""Part of a window; more than this is not made up for if an image had no time for windows."""

CHANGED_LEVEL = 20
"""Difference of a pixel in two images, in grey levels, from which it counts as changed."""

CHANGED_PIXELS = 2
"""Compared pixels of a window that have to change: a single one may be noise."""

PERSON = 4.0, 0.5, 6.0
"""Width of a person, and the height above and below the top of the face, in edges of the face."""

_COMPARED_SIZE_PX = 96
"""Approximate number of pixels along the longer edge that are compared."""

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


def found_again(image: Image, face: Detection, detect: DetectIn) -> Detection | None:
    """
    Look a second time at a small face, in a window of its own.

    The face is in the middle and as large as the detector likes it (docs/benchmarks.md).

    :param detect: finds the faces of a part of the image.
    :return: None if the detector does not see it there, or is not sure.
    """
    height, width = image.shape[:2]
    edge = min(max(round(SECOND_LOOK_SCALE * face.box.edge), INPUT_SIZE_PX), width, height)
    x, y = face.box.center
    left = round(min(max(x - edge / 2, 0), width - edge))
    top = round(min(max(y - edge / 2, 0), height - edge))
    same = [
        found for found in find_in_window(image, Box(left, top, edge, edge), detect)
        if found.score >= SURE_SMALL_SCORE and found.box.covers_most_of(face.box)]
    return max(same, key=lambda found: found.score, default=None)


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

    At the start, all windows are covered in `SWEEP_S`. Later, a window is searched again after
    this time if something has changed in it; the others are searched at `QUIET_WINDOWS_PER_S`. Of
    more windows than the time of one image allows, those that have waited longest come first.
    """

    def __init__(self, min_face_fraction: float) -> None:
        self._min_face_fraction = min_face_fraction
        self._shape: tuple[int, int] = (0, 0)
        self._windows: list[Box] = []
        self._places = np.zeros((0, 4), np.intp)
        self._waited_s = np.zeros(0)
        self._has_changed = np.zeros(0, np.bool_)
        self._last_view: npt.NDArray[np.uint8] | None = None
        self._last_ns: int | None = None
        self._due = 0.0

    def take(
        self, image: Image, stamp_ns: int, is_calm: bool = False, known: Sequence[Box] = (),
    ) -> list[Box]:
        """
        Return the windows to search in this image, and count them as searched.

        :param is_calm: whether nothing has moved for some time; noise does not count as change
            then, and all windows are covered in `CALM_SWEEP_S`.
        :param known: faces that are followed already. What moves where their heads, bodies and
            hands are is no change: they hide what is behind them.
        """
        height, width = image.shape[:2]
        if (height, width) != self._shape:
            self.reset()
            self._shape = height, width
            self._windows = search_windows(width, height, self._min_face_fraction)
            self._places = np.array([
                (box.y, box.x, box.y + box.height, box.x + box.width) for box in self._windows],
                np.intp).reshape(-1, 4) // self._step
            self._waited_s = np.full(len(self._windows), np.inf)
            self._has_changed = np.zeros(len(self._windows), np.bool_)
        if not self._windows:
            return []
        self._note_changes(image, known)
        elapsed_s = 0.0 if self._last_ns is None else (stamp_ns - self._last_ns) / NS_PER_S
        self._last_ns = stamp_ns
        self._waited_s += max(elapsed_s, 0.0)
        sweeps = max(elapsed_s, 0.0) / (CALM_SWEEP_S if is_calm else SWEEP_S)
        due = sweeps * len(self._windows)
        # What is due is spread over the images, so that none takes much longer than the others.
        limit = min(max(math.ceil(due), 1), MAX_WINDOWS_PER_IMAGE, len(self._windows))
        # The rest is due in the next image.
        self._due = min(self._due + due, limit + REST)
        quiet_sweep_s = max(len(self._windows) / QUIET_WINDOWS_PER_S, SWEEP_S)
        turns = self._waited_s / np.where(self._has_changed, SWEEP_S, quiet_sweep_s)
        order = np.argsort(-turns, kind='stable')[:int(self._due)]
        chosen = order[turns[order] >= 1]
        self._due -= len(chosen)
        self._waited_s[chosen] = 0
        self._has_changed[chosen] = False
        return [self._windows[index] for index in chosen]

    @property
    def _step(self) -> int:
        """Step between the pixels that are compared, along both axes."""
        return max(max(self._shape) // _COMPARED_SIZE_PX, 1)

    def _note_changes(self, image: Image, known: Sequence[Box]) -> None:
        view = np.asarray(cv2.cvtColor(
            np.ascontiguousarray(image[::self._step, ::self._step]), cv2.COLOR_BGR2GRAY),
            np.uint8)
        if self._last_view is not None:
            differences = cv2.absdiff(view, self._last_view)
            has_changed = (differences > CHANGED_LEVEL).astype(np.uint8)
            for box in known:
                person = _person_of(box).clipped(image.shape[1], image.shape[0])
                left, right = round(person.x), round(person.x + person.width)
                top, bottom = round(person.y), round(person.y + person.height)
                has_changed[
                    top // self._step:bottom // self._step + 1,
                    left // self._step:right // self._step + 1] = 0
            counts = cv2.integral(has_changed)
            tops, lefts, bottoms, rights = self._places.T
            changed = (
                counts[bottoms, rights] - counts[tops, rights]
                - counts[bottoms, lefts] + counts[tops, lefts])
            self._has_changed |= changed >= CHANGED_PIXELS
        self._last_view = view

    def reset(self) -> None:
        """Start again, as before the first image."""
        self._shape = (0, 0)
        self._last_view = self._last_ns = None
        self._due = 0.0


def _person_of(face: Box) -> Box:
    """Return about where head, body and hands of a person with this face are."""
    width, above, below = PERSON
    return Box(
        face.x + (1 - width) / 2 * face.width, face.y - above * face.height, width * face.width,
        (above + below) * face.height)
