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

"""Finds the faces of a whole video in the background, as `fer analyze` does."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import threading

import cv2
from fer_ros.apps.desktop.model.emotion_bins import PersonBins
from fer_ros.apps.session import Session
from fer_ros.core.values import FaceEmotion
from fer_ros.media.sources import SourceError
from fer_ros.media.timed_video import TimedVideo
from fer_ros.parameters.overrides import Parameters

BINS = 1200
"""Bins of the timeline, more than it has pixels on most screens."""


@dataclass(frozen=True)
class TimedFaces:
    """The faces of an image of a video, with its number and time."""

    number: int
    time_s: float
    faces: Sequence[FaceEmotion]


class VideoAnalysis(threading.Thread):
    """
    Processes every image of a video with a session of its own.

    `bins` can be read at any time, the other results when `is_complete`. `fault` is a sentence if
    it failed, else empty.
    """

    def __init__(self, path: Path, video: Parameters, picture: Parameters) -> None:
        """Prepare; `start` starts it. The parameters are those of `Session`."""
        super().__init__(name='analysis', daemon=True)
        self._path = path
        values = {node: dict(options) for node, options in video.items()}
        # As `fer analyze`: the results must not depend on the speed of the machine.
        values['emotion_node']['budget_ms'] = 0.0
        self._session = Session(values, picture)
        self._stop_event = threading.Event()
        self.bins: PersonBins | None = None
        self.images: list[TimedFaces] = []
        self._times_s: list[float] = []
        self.progress = 0.0
        self.duration_s = 0.0
        self.is_complete = False
        self.fault = ''

    def run(self) -> None:
        try:
            with self._session, TimedVideo(self._path) as video:
                count = video.frame_count or 0
                self.duration_s = count / video.rate_hz
                self.bins = PersonBins(max(self.duration_s, 1.0) / BINS, BINS + 1)
                for result in self._session.results(video.images(), is_video=True):
                    if self._stop_event.is_set():
                        return
                    timed = result.timed
                    self.images.append(TimedFaces(timed.number, timed.time_s, result.faces))
                    self._times_s.append(timed.time_s)
                    self.bins.add(timed.time_s, result.faces)
                    self.progress = min((timed.number + 1) / count, 1.0) if count else 0.0
                self.progress, self.is_complete = 1.0, True
        except (SourceError, ValueError, OSError, ImportError, cv2.error) as error:
            self.fault = f'The analysis of {self._path.name} failed: {error}.'

    def faces_at(self, time_s: float) -> Sequence[FaceEmotion]:
        """Return the faces of the image nearest to a time; only when complete."""
        if not self.images:
            return ()
        after = min(bisect_left(self._times_s, time_s), len(self._times_s) - 1)
        before = max(after - 1, 0)
        nearest = min((before, after), key=lambda k: abs(self._times_s[k] - time_s))
        return self.images[nearest].faces

    def stop(self) -> None:
        """End after the current image."""
        self._stop_event.set()
