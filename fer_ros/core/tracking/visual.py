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

"""Following faces between detections with OpenCV's visual trackers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import math
from typing import Any

import cv2
from fer_ros.core.geometry import Box
from fer_ros.core.tracking.association import AssociationTracker
from fer_ros.core.tracking.tracked_face import TrackedFace
from fer_ros.core.tracking.tracker import TrackerOptions
from fer_ros.core.values import Detection, Image
import numpy as np

WINDOW_MARGIN = 2.0
"""Margin of the searched window around the last detection, in edges of the face."""

FACE_SIZE_PX = 48
"""Edge to which a face is scaled for OpenCV's tracker."""

MAX_SIZE_RATIO = 2.0
"""A box that has grown or shrunk by more since the last detection is not the face."""

MIN_VISIBLE_FRACTION = 0.5
"""Fraction of a box that must lie inside the window and the image for the face to be followed."""


class VisualTracker(AssociationTracker):
    """
    Follows each face visually if the detector did not run or did not find it.

    Detections are assigned as in `AssociationTracker`; each detection restarts the visual tracker
    of its face. A face that the visual tracker loses is predicted by the motion model, and the
    next image is searched. A face that is followed but not detected (the visual tracker may follow
    the background) is lost by the same rule as a face that is not seen: when the detector has
    missed it for longer than the timeout.
    """

    is_visual = True

    def __init__(self, options: TrackerOptions, ids: Iterator[int]) -> None:
        """
        Prepare the visual tracker that the options name.

        :raises ImportError: if OpenCV was built without it; the text says what to install.
        """
        super().__init__(options, ids)
        self._create = _creator(options)
        self._views: dict[TrackedFace, _View] = {}

    def reset(self) -> None:
        """Forget all faces. Identities are not used again."""
        super().reset()
        self._views = {}

    def _see(self, image: Image) -> None:
        """Follow the faces that were not detected in this image, and prepare it for the others."""
        views = {}
        for face in self._tracked:
            view = self._views.get(face)
            if face.seen is not None:
                if face.track_id:
                    views[face] = _View(self._create, image, face.seen)
            elif view is not None and self._is_present(face):
                seen = view.find(image)
                if seen is not None:
                    face.on_seen(seen)
                    views[face] = view
        self._views = views

    def _is_lost(self, face: TrackedFace) -> bool:
        return face.seen is None


class _View:
    """
    One of OpenCV's trackers on one face, from its last detection on.

    The tracker sees a window of the image, scaled so that the face has `FACE_SIZE_PX` pixels. Its
    cost then depends neither on the size of the face nor on that of the image.
    """

    def __init__(self, create: Callable[[], Any], image: Image, detection: Detection) -> None:
        self._create = create
        self._tracker: Any = None
        self._shape = image.shape
        self._detection = detection
        box = detection.box
        self._scale = FACE_SIZE_PX / box.edge
        margin = WINDOW_MARGIN * box.edge
        height, width = image.shape[:2]
        self._left = min(max(math.floor(box.x - margin), 0), width - 1)
        self._top = min(max(math.floor(box.y - margin), 0), height - 1)
        self._right = max(min(math.ceil(box.x + box.width + margin), width), self._left + 1)
        self._bottom = max(min(math.ceil(box.y + box.height + margin), height), self._top + 1)
        self._first = self._cut(image)
        # The tracker starts with the visible part of the face, in whole pixels of the window.
        seen = self._visible(box)
        self._begin = (
            round((seen.x - self._left) * self._scale), round((seen.y - self._top) * self._scale),
            max(round(seen.width * self._scale), 1), max(round(seen.height * self._scale), 1))

    def find(self, image: Image) -> Detection | None:
        """Return the detection moved to where the face is in this image, None if it is lost."""
        if image.shape != self._shape or not self._is_plausible(self._detection.box):
            return None
        if self._tracker is None:
            self._tracker = self._create()
            self._tracker.init(self._first, self._begin)
        is_found, rectangle = self._tracker.update(self._cut(image))
        if not is_found:
            return None
        moved = self._moved(*rectangle)
        return moved if self._is_plausible(moved.box) else None

    def _cut(self, image: Image) -> Image:
        window = image[self._top:self._bottom, self._left:self._right]
        # OpenCV averages whole numbers of pixels many times faster than fractions.
        shrink = min(max(int(1 / self._scale), 1), *window.shape[:2])
        rows, columns = window.shape[0] // shrink, window.shape[1] // shrink
        if shrink > 1:
            window = np.asarray(cv2.resize(
                window[:rows * shrink, :columns * shrink], (columns, rows),
                interpolation=cv2.INTER_AREA), np.uint8)
        scale = self._scale * shrink
        return np.asarray(cv2.resize(
            window, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), np.uint8)

    def _visible(self, box: Box) -> Box:
        return box.intersection(Box(
            self._left, self._top, self._right - self._left, self._bottom - self._top))

    def _is_plausible(self, box: Box) -> bool:
        """Return whether the box can be the face: inside the window, and not of another size."""
        ratio = math.sqrt(box.area / self._detection.box.area)
        return (1 / MAX_SIZE_RATIO <= ratio <= MAX_SIZE_RATIO
                and self._visible(box).area >= MIN_VISIBLE_FRACTION * box.area)

    def _moved(self, x: float, y: float, width: float, height: float) -> Detection:
        """Return the detection moved and scaled as the tracker's rectangle was since its start."""
        begin_x, begin_y, begin_width, begin_height = self._begin
        scale = np.array([width / begin_width, height / begin_height])
        offset = np.array([self._left, self._top])
        begin = np.array([begin_x, begin_y]) / self._scale + offset
        end = np.array([x, y]) / self._scale + offset
        box, key_points = self._detection.box, self._detection.key_points
        corner = (np.array([box.x, box.y]) - begin) * scale + end
        if key_points is not None:
            key_points = np.asarray((key_points - begin) * scale + end, np.float32)
        return Detection(
            Box(float(corner[0]), float(corner[1]),
                box.width * float(scale[0]), box.height * float(scale[1])),
            self._detection.score, key_points)


def _creator(options: TrackerOptions) -> Callable[[], Any]:
    """Return the constructor of one of OpenCV's trackers."""
    try:
        if options.name == 'csrt':
            csrt = cv2.TrackerCSRT.Params()
            csrt.psr_threshold = options.csrt.psr_threshold
            return lambda: cv2.TrackerCSRT.create(csrt)
        if options.name == 'kcf':
            kcf = cv2.TrackerKCF.Params()
            kcf.detect_thresh = options.kcf.detect_threshold
            return lambda: cv2.TrackerKCF.create(kcf)
        legacy: Any = cv2.legacy  # OpenCV's type stubs leave it out
        creators: dict[str, Callable[[], Any]] = {
            'medianflow': legacy.TrackerMedianFlow_create, 'mosse': legacy.TrackerMOSSE_create}
        return creators[options.name]
    except AttributeError as error:
        raise ImportError(
            f'the tracker {options.name} is one of the contrib modules of OpenCV, which OpenCV '
            f'{cv2.__version__} here was built without: install opencv-contrib-python in place of '
            'opencv-python, or set tracker.name to association') from error
