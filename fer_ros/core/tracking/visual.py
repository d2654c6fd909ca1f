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

"""Faces that are followed in the picture, by OpenCV's trackers, between detections."""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any

import cv2
from fer_ros.core.tracking.association import AssociationTracker
from fer_ros.core.tracking.kalman import edge, Followed
from fer_ros.core.tracking.tracker import TrackerOptions
from fer_ros.core.values import Box, Detection, Image
import numpy as np

REACH = 2.0
"""How far around its last detection a face is followed, in faces' edges."""

EDGE = 48
"""Edge to which a face is scaled for the tracker, in pixels."""

LARGEST_RATIO = 2.0
"""A box that became so many times larger or smaller since the last detection is no face's."""

LEAST_VISIBLE = 0.5
"""The part of a box that must lie within the reach, and the image, for its face to be followed."""


class VisualTracker(AssociationTracker):
    """
    Follows each face in the picture where the detector was not asked or did not find it.

    Detections are given to faces as in `AssociationTracker`, and each begins the following anew
    from its box. A face that is lost in the picture is predicted by the motion model, and the
    detector is wanted. A face that is followed but not detected, as where the tracker holds on to
    the background, ends by the same rule as one that is not seen at all: once the detector missed
    it each time it was asked for longer than the timeout.
    """

    is_visual = True

    def __init__(self, options: TrackerOptions) -> None:
        """
        Prepare the tracker that the options name.

        :raises ImportError: where OpenCV was built without it; the text says what to install.
        """
        super().__init__(options)
        self._create = _creator(options)
        self._views: dict[Followed, _View] = {}

    def reset(self) -> None:
        """Forget all faces. Identities are not given again."""
        super().reset()
        self._views = {}

    def _look(self, image: Image) -> None:
        """Follow the faces that were not detected in this image, and prepare it for the others."""
        views = {}
        for followed in self._followed:
            view = self._views.get(followed)
            if followed.seen is not None:
                if followed.track_id:
                    views[followed] = _View(self._create, image, followed.seen)
            elif view is not None and self._is_present(followed):
                seen = view.find(image)
                if seen is not None:
                    followed.see(seen)
                    views[followed] = view
        self._views = views

    def _is_lost(self, followed: Followed) -> bool:
        return followed.seen is None


class _View:
    """
    What one of OpenCV's trackers sees of one face after its detection.

    It is shown a window of the images, scaled so that the face is `EDGE` pixels large: what it
    costs then depends neither on the face's size nor on the image's.
    """

    def __init__(self, create: Callable[[], Any], image: Image, detection: Detection) -> None:
        self._create = create
        self._tracker: Any = None
        self._shape = image.shape
        self._detection = detection
        box = detection.box
        self._scale = EDGE / edge(box)
        reach = REACH * edge(box)
        height, width = image.shape[:2]
        self._left = min(max(math.floor(box.x - reach), 0), width - 1)
        self._top = min(max(math.floor(box.y - reach), 0), height - 1)
        self._right = max(min(math.ceil(box.x + box.width + reach), width), self._left + 1)
        self._bottom = max(min(math.ceil(box.y + box.height + reach), height), self._top + 1)
        self._first = self._cut(image)
        # A tracker is given what is visible of the face, in whole pixels of the window.
        seen = self._visible(box)
        self._begin = (
            round((seen.x - self._left) * self._scale), round((seen.y - self._top) * self._scale),
            max(round(seen.width * self._scale), 1), max(round(seen.height * self._scale), 1))

    def find(self, image: Image) -> Detection | None:
        """Return the detection moved to where the face is in this image; None where it is lost."""
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
        return np.asarray(cv2.resize(
            window, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA), np.uint8)

    def _visible(self, box: Box) -> Box:
        return box.intersection(Box(
            self._left, self._top, self._right - self._left, self._bottom - self._top))

    def _is_plausible(self, box: Box) -> bool:
        """Return whether a face can be followed there: within reach and not of absurd size."""
        ratio = math.sqrt(box.area / self._detection.box.area)
        return (1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO
                and self._visible(box).area >= LEAST_VISIBLE * box.area)

    def _moved(self, x: float, y: float, width: float, height: float) -> Detection:
        """Return the detection moved and scaled as the tracker's rectangle was since the begin."""
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
    """Return what makes one of OpenCV's trackers."""
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
