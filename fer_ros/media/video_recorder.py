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

"""Records images in a video file from a thread of its own, so that nobody waits for the disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
import queue
import threading

import cv2
from fer_ros.core.values import Image
from fer_ros.media.video_writer import VideoFileWriter

MAX_WAITING_BYTES = 2 ** 28
"""Maximum size of images that wait for the disk: 300 images of 640x480."""


class VideoRecorder:
    """
    Writes images to a file in a thread.

    `fault` is a sentence if the file cannot be written, else empty; any thread can read it.
    `skipped` counts the images that were left out because the disk was too slow.
    """

    def __init__(
        self, path: Path, *, source_times_ns: Sequence[int] = (),
        on_fault: Callable[[str], None] = lambda text: None,
    ) -> None:
        """
        Start the thread; the file is created after the first images.

        :param source_times_ns: see `VideoFileWriter`.
        :param on_fault: called in the thread with the sentence, once.
        :raises ValueError: as `VideoFileWriter`.
        """
        self._file = VideoFileWriter(path, source_times_ns=source_times_ns)
        self._queue: queue.Queue[tuple[Image, int] | None] = queue.Queue()
        self._on_fault = on_fault
        self.path = path
        self.skipped = 0
        self.fault = ''
        self._thread = threading.Thread(target=self._run, name='recorder', daemon=True)
        self._thread.start()

    @property
    def images(self) -> int:
        """Return how many images were written."""
        return self._file.images

    def write(self, image: Image, time_ns: int) -> bool:
        """
        Add an image, which must not change any more.

        :return: whether it is taken; false if the disk is too slow.
        """
        if self._queue.qsize() * image.nbytes >= MAX_WAITING_BYTES:
            self.skipped += 1
            return False
        self._queue.put((image, time_ns))
        return True

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if self.fault:
                continue
            try:
                self._file.write(*item)
            except (OSError, ValueError, cv2.error) as error:
                self.fault = str(error)
                self._on_fault(self.fault)

    def close(self) -> str:
        """Write the waiting images, complete the file, and return a sentence about it."""
        self._queue.put(None)
        self._thread.join()
        try:
            self._file.close()
        except OSError as error:
            self.fault = self.fault or str(error)
        if self.fault:
            return self.fault
        if not self._file.images:
            return f'Nothing was recorded: no image arrived, so {self.path} was not written.'
        text = f'Recorded {self._file.images} images in {self.path}.'
        if self.skipped:
            text += f' {self.skipped} images are missing, because the disk was too slow.'
        return text
