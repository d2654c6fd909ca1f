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

"""Finds the emotions of all pictures of a folder in the background, with a thumbnail of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
import threading

import cv2
from fer_ros.apps.desktop.model.composition import scaled_faces
from fer_ros.apps.session import Session
from fer_ros.core.values import FaceEmotion, Frame, Image
from fer_ros.media.face_blur import blur_faces
from fer_ros.media.image_file import read_image
import numpy as np

THUMBNAIL_PX = 256
"""Longest edge of a thumbnail; it is reduced further for the screen."""


@dataclass(frozen=True, eq=False)
class Entry:
    """
    A picture of the folder.

    `thumbnail` is (H, W, 3) uint8, BGR, without anything drawn in it; None if it cannot be read,
    and `fault` then says why.
    """

    thumbnail: Image | None
    faces: Sequence[FaceEmotion] = ()
    width: int = 0
    fault: str = ''

    @property
    def largest(self) -> FaceEmotion | None:
        """Return the largest face; None if there is none."""
        return max(self.faces, key=lambda face: face.box.area, default=None)

    def shown(self, *, is_blurred: bool) -> Image | None:
        """Return the thumbnail as it may be shown."""
        if self.thumbnail is None or not is_blurred:
            return self.thumbnail
        image = self.thumbnail.copy()
        blur_faces(image, scaled_faces(self.faces, image.shape[1] / self.width))
        return image


class Gallery(threading.Thread):
    """
    Processes the pictures one after the other; `entries` grows meanwhile, by number of picture.

    `version` counts the changes, so that a window can tell whether there is something new.
    """

    def __init__(
        self, paths: Sequence[Path], session: Session, report: Callable[[str], None],
    ) -> None:
        """Prepare; `start` starts it. `report` gets a sentence if no picture can be processed."""
        super().__init__(name='gallery', daemon=True)
        self._session = session
        self._report = report
        self._stop_event = threading.Event()
        self.paths = tuple(paths)
        self.entries: dict[int, Entry] = {}
        self.version = 0

    @property
    def is_complete(self) -> bool:
        """Return whether all pictures are processed."""
        return len(self.entries) == len(self.paths)

    def run(self) -> None:
        try:
            for number, path in enumerate(self.paths):
                if self._stop_event.is_set():
                    return
                self.entries[number] = self._entry(path)
                self.version += 1
        except (ValueError, OSError, ImportError) as error:
            self._report(f'{error}.')

    def _entry(self, path: Path) -> Entry:
        try:
            image = read_image(path)
        except ValueError as error:
            return Entry(None, fault=str(error))
        faces = self._session.process(Frame(image, 0), is_video=False)
        height, width = image.shape[:2]
        scale = min(THUMBNAIL_PX / max(width, height), 1.0)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        thumbnail = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        return Entry(thumbnail, faces, width)

    def stop(self) -> None:
        """End after the current picture."""
        self._stop_event.set()
