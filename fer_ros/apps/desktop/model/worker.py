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

"""The thread that finds the faces of each image, and makes what is shown and recorded of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import threading
import time

import cv2
from fer_ros.apps.desktop.model.composition import composed, fitted_size, Look
from fer_ros.apps.desktop.model.history import History
from fer_ros.apps.desktop.model.job_slot import Job, JobSlot
from fer_ros.apps.session import Session
from fer_ros.core.values import FaceEmotion, Frame, Image
from fer_ros.media.video_recorder import VideoRecorder
import numpy as np

KnownFaces = Callable[[Job], 'Sequence[FaceEmotion] | None']
"""Returns the faces of an image where they are known already, else None."""


@dataclass(frozen=True, eq=False)
class Shown:
    """
    An image that can be painted.

    `rgb` is (H, W, 3) uint8, contiguous, in the size of the window. `job` holds the image as it
    was read, which must not be changed. `done_at_s` is the time of `time.perf_counter`.
    """

    rgb: Image
    job: Job
    faces: Sequence[FaceEmotion]
    done_at_s: float


class Worker(threading.Thread):
    """Takes images out of a slot; the newest result waits in `take`."""

    def __init__(
        self, slot: JobSlot, session: Session, history: History, *, is_video: bool,
        known_faces: KnownFaces, look: Callable[[], Look], room: Callable[[], tuple[int, int]],
        on_fault: Callable[[str], None],
    ) -> None:
        """
        Prepare; `start` starts it.

        :param is_video: false for pictures, which stand alone.
        :param look, room: return how an image is shown, and the width and height that it may have.
        :param on_fault: called with a sentence if no face can be searched; the thread then ends.
        """
        super().__init__(name='worker', daemon=True)
        self._slot = slot
        self._session = session
        self._history = history
        self._is_video = is_video
        self._known_faces = known_faces
        self._look = look
        self._room = room
        self._on_fault = on_fault
        self._lock = threading.Lock()
        self._shown: Shown | None = None
        self._last: tuple[Job, Sequence[FaceEmotion]] | None = None
        self._stop_event = threading.Event()
        self._must_process_again = False
        self._recorder: VideoRecorder | None = None
        self.processed = 0

    def run(self) -> None:
        try:
            while True:
                job = self._slot.take()
                if self._stop_event.is_set():
                    return
                if job is not None:
                    self._process(job)
                elif self._last is not None:
                    again, self._must_process_again = self._must_process_again, False
                    job, faces = self._last
                    self._show(job, self._faces(job) if again else faces)
        except (ValueError, OSError, ImportError, cv2.error) as error:
            self._on_fault(f'{error}.')

    def _process(self, job: Job) -> None:
        if job.starts_new:
            self._session.reset(is_video=self._is_video)
            self._history.clear()
        faces = self._faces(job)
        self.processed += 1
        if job.is_shown:
            self._history.add(job.number, job.time_s, faces)
            self._show(job, faces)
            self._record(job, faces)

    def _faces(self, job: Job) -> Sequence[FaceEmotion]:
        known = self._known_faces(job)
        if known is not None:
            return known
        frame = Frame(job.image, job.stamp_ns, sequence=job.number)
        return self._session.process(frame, is_video=self._is_video)

    def _show(self, job: Job, faces: Sequence[FaceEmotion]) -> None:
        self._last = job, faces
        height, width = job.image.shape[:2]
        image = composed(job.image, faces, self._look(), fitted_size(width, height, self._room()))
        rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        with self._lock:
            self._shown = Shown(rgb, job, faces, time.perf_counter())

    def _record(self, job: Job, faces: Sequence[FaceEmotion]) -> None:
        with self._lock:
            recorder = self._recorder
        if recorder is not None and not recorder.fault:
            recorder.write(composed(job.image, faces, self._look()), job.stamp_ns)

    def record(self, recorder: VideoRecorder | None) -> VideoRecorder | None:
        """Write the next images with this recorder, None: with none; return the one before."""
        with self._lock:
            before, self._recorder = self._recorder, recorder
        return before

    def take(self) -> Shown | None:
        """Return the newest result, once; None if there is no new one."""
        with self._lock:
            shown, self._shown = self._shown, None
        return shown

    def refresh(self, *, process_again: bool) -> None:
        """Show the last image again, in the size and look of now."""
        self._must_process_again |= process_again
        self._slot.poke()

    def stop(self) -> None:
        """End after the current image."""
        self._stop_event.set()
        self._slot.close()
