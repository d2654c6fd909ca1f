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

"""The results of the last minute: for the timeline, and as rows. Images are not kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
import threading

from fer_ros.apps.desktop.model.emotion_bins import PersonBins
from fer_ros.apps.desktop.model.video_analysis import TimedFaces
from fer_ros.core.values import FaceEmotion
import numpy as np
import numpy.typing as npt

SPAN_S = 60.0
BIN_S = 0.1
BINS = round(SPAN_S / BIN_S)


class History:
    """One thread adds, others read."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._images: deque[TimedFaces] = deque()
            self._bins = PersonBins(BIN_S, BINS + 1)
            self._now_s = 0.0

    def add(self, number: int, time_s: float, faces: Sequence[FaceEmotion]) -> None:
        """Add the faces of an image."""
        with self._lock:
            self._images.append(TimedFaces(number, time_s, faces))
            self._now_s = time_s
            while self._images[0].time_s < time_s - SPAN_S:
                self._images.popleft()
            self._bins.add(time_s, faces)
            for track_id in [
                    track_id for track_id, person in self._bins.persons.items()
                    if person.last_s < time_s - SPAN_S]:
                del self._bins.persons[track_id]

    def images(self) -> list[TimedFaces]:
        """Return the images of the last minute, the oldest first."""
        with self._lock:
            return list(self._images)

    def persons(self) -> dict[int, npt.NDArray[np.float32]]:
        """
        Return the persons of the last minute by track ID, the newest last.

        :return: for each (600, 7), see `EmotionBins.means`; the last row is now.
        """
        with self._lock:
            end = int(self._now_s / BIN_S) + 1
            return {
                track_id: person.means(end, BINS)
                for track_id, person in self._bins.persons.items()}
