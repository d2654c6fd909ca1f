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

"""Threads that read a source and put its images into a slot, one class for each kind."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
import threading
import time

import cv2
from fer_ros.apps.desktop.model.job_slot import Job, JobSlot
from fer_ros.apps.desktop.model.sources import Event, path_of, What
from fer_ros.core.values import Image, NS_PER_S
from fer_ros.media.image_file import read_image
from fer_ros.media.source_options import SourceOptions
from fer_ros.media.sources import (
    FrameSource,
    FrameStream,
    open_source,
    SourceError,
    SourceState,
    SourceStatus,
)
from fer_ros.media.sources.network_stream import without_password
from fer_ros.media.sources.stills import images_in
from fer_ros.media.timed_video import TimedVideo

WARM_UP_IMAGES = 2
"""Images before the wanted one that the pipeline sees, so that it reports the faces there."""

MAX_LATE_S = 0.5
"""A video that is later than this goes on from there; less is caught up by leaving images out."""

SPEEDS = (0.25, 0.5, 1.0, 1.5, 2.0, 4.0)


def capitalised(text: str) -> str:
    """Return a description as the start of a sentence."""
    return text[:1].upper() + text[1:]


class Reader(threading.Thread):
    """Base of all readers."""

    def __init__(self, slot: JobSlot, report: Callable[[Event], None]) -> None:
        super().__init__(name='reader', daemon=True)
        self._slot = slot
        self._report = report
        self._stop_event = threading.Event()

    def run(self) -> None:
        try:
            self.read()
        except (SourceError, ValueError, OSError, cv2.error) as error:
            self._report(Event(What.FAILED, str(error)))

    @abstractmethod
    def read(self) -> None:
        """Read until the end, or until `stop`."""

    def stop(self) -> None:
        """End soon; a read in progress ends first. Does not wait."""
        self._stop_event.set()


class LiveReader(Reader):
    """Reads a camera, a stream or the sample at its rate."""

    def __init__(
        self, slot: JobSlot, report: Callable[[Event], None], options: SourceOptions,
        is_mirrored: Callable[[], bool],
        opener: Callable[[str, SourceOptions], FrameSource] = open_source,
    ) -> None:
        """Prepare; the source is opened in the thread."""
        super().__init__(slot, report)
        self._options = options
        self._is_mirrored = is_mirrored
        self._opener = opener

    def read(self) -> None:
        """Read; a source that is lost later is opened again, as `fer live` does."""
        source = self._opener(self._options.source, self._options)
        self._report(Event(What.OPENED, capitalised(source.description), source.rate_hz))
        for warning in source.warnings:
            self._report(Event(What.NOTE, f'{warning}.'))
        stream = FrameStream(
            self._options, source=source, stop=self._stop_event, on_status=self._on_status,
            opener=self._opener)
        first_ns: int | None = None
        for frame in stream:
            first_ns = frame.stamp_ns if first_ns is None else first_ns
            image: Image = cv2.flip(frame.image, 1) if self._is_mirrored() else frame.image  # type: ignore[assignment]
            self._slot.put(Job(
                image, frame.sequence, (frame.stamp_ns - first_ns) / NS_PER_S, frame.stamp_ns,
                time.perf_counter()))
        if not self._stop_event.is_set():
            self._report(Event(What.ENDED, f'{without_password(self._options.source)} ended.'))

    def _on_status(self, status: SourceStatus) -> None:
        if status.state is SourceState.LOST:
            self._report(Event(What.LOST, f'{status.text}.'))
        elif status.state is SourceState.RUNNING and status.losses:
            self._report(Event(What.RUNNING, f'{status.text}.'))


class VideoReader(Reader):
    """Plays a video file; it can be paused, moved to any image, and played at other speeds."""

    def __init__(
        self, slot: JobSlot, report: Callable[[Event], None], source: str,
        needs_warm_up: Callable[[], bool],
    ) -> None:
        """
        Prepare; the file is opened in the thread.

        :param needs_warm_up: whether the faces of an image depend on images before it.
        """
        super().__init__(slot, report)
        self._path = path_of(source)
        self._needs_warm_up = needs_warm_up
        self._changed = threading.Condition()
        self._target: int | None = 0
        self._is_playing = True
        self._speed = 1.0
        # The times of the images count anew after a pause and at another speed.
        self._has_changed = False
        self._is_left_out = False
        self._number = -1
        self._count = 0

    @property
    def number(self) -> int:
        """Return the number of the image that was put last."""
        return self._number

    @property
    def is_playing(self) -> bool:
        """Return whether the video plays."""
        return self._is_playing

    def play(self, is_playing: bool) -> None:
        """Play or pause. At the end, playing starts again from the first image."""
        with self._changed:
            if is_playing and self._target is None and self._number + 1 >= self._count > 0:
                self._target = 0
            self._is_playing = is_playing
            self._has_changed = True
            if not is_playing:
                self._show_left_out()
            self._changed.notify_all()

    def _show_left_out(self) -> None:
        """Go to the last image if it was left out: a video that stands still shows where it is."""
        if self._is_left_out and self._target is None:
            self._target = self._number

    def seek(self, number: int) -> None:
        """Go to an image; while the reader is still busy, only the last call counts."""
        with self._changed:
            self._target = max(min(number, self._count - 1 if self._count else number), 0)
            self._changed.notify_all()

    def step(self, images: int) -> None:
        """Pause and go forward or back by some images."""
        with self._changed:
            self._is_playing = False
            base = self._number if self._target is None else self._target
            self.seek(base + images)

    @property
    def speed(self) -> float:
        """Return the speed, relative to that of the file."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        with self._changed:
            self._speed = speed
            self._has_changed = True
            self._changed.notify_all()

    def stop(self) -> None:
        super().stop()
        with self._changed:
            self._changed.notify_all()

    def read(self) -> None:
        """Play."""
        with TimedVideo(self._path) as video:
            self._count = video.frame_count or 0
            self._report(Event(
                What.OPENED, capitalised(video.description), video.rate_hz, self._count))
            for warning in video.warnings:
                self._report(Event(What.NOTE, f'{warning}.'))
            base: tuple[float, float] | None = None
            while self._wait_for_work():
                with self._changed:
                    target, self._target = self._target, None
                    speed = self._speed
                    if self._has_changed:
                        base, self._has_changed = None, False
                if target is not None:
                    time_s = self._jump(video, target)
                    base = None if time_s is None else (time.perf_counter(), time_s)
                    if time_s is None:
                        self._at_end(video)
                    continue
                place = video.take()
                if place is None:
                    self._at_end(video)
                    continue
                now_s = time.perf_counter()
                if base is None or now_s - base[0] - (place[1] - base[1]) / speed > MAX_LATE_S:
                    base = now_s, place[1]
                self._wait_until(base[0] + (place[1] - base[1]) / speed)
                self._number = place[0]
                self._is_left_out = self._slot.is_full
                if self._is_left_out:
                    self._slot.replaced += 1
                else:
                    self._put(video, place)

    def _wait_for_work(self) -> bool:
        with self._changed:
            while not self._stop_event.is_set() and self._target is None and not self._is_playing:
                self._changed.wait()
        return not self._stop_event.is_set()

    def _wait_until(self, due_s: float) -> None:
        """Wait; end earlier if something changes."""
        with self._changed:
            while (wait_s := due_s - time.perf_counter()) > 0:
                if self._stop_event.is_set() or self._target is not None or self._has_changed:
                    return
                self._changed.wait(wait_s)

    def _put(self, video: TimedVideo, place: tuple[int, float], **how: bool) -> None:
        image = video.retrieve()
        if image is not None:
            self._slot.put(Job(
                image, place[0], place[1], round(place[1] * NS_PER_S), time.perf_counter(),
                **how))

    def _jump(self, video: TimedVideo, target: int) -> float | None:
        """
        Put the image of this number, and before it those that the pipeline needs.

        :return: its time in seconds; None if the video ends before it.
        """
        first = target
        is_next = target == self._number + 1 and self._number >= 0
        if not is_next:
            first = max(target - WARM_UP_IMAGES, 0) if self._needs_warm_up() else target
            video.seek(first)
        for number in range(first, target + 1):
            place = video.take()
            if place is None:
                return None
            self._number, time_s = place
            self._is_left_out = False
            self._put(
                video, place, must=True, starts_new=number == first and not is_next,
                is_shown=number == target)
        return time_s

    def _at_end(self, video: TimedVideo) -> None:
        with self._changed:
            self._is_playing = False
            self._count = self._number + 1
            self._show_left_out()
        for fault in video.faults:
            self._report(Event(What.NOTE, f'{fault}.'))
        self._report(Event(What.ENDED, f'{self._path.name} is at its end.'))


class PictureReader(Reader):
    """Reads the pictures of a folder, or one picture, when they are asked for."""

    def __init__(
        self, slot: JobSlot, report: Callable[[Event], None], source: str,
    ) -> None:
        """Prepare; the folder is read in the thread."""
        super().__init__(slot, report)
        self._path = path_of(source)
        self._changed = threading.Condition()
        self._target: int | None = 0
        self.number = -1
        self.paths: tuple[Path, ...] = ()

    def go(self, number: int) -> None:
        """Show the picture of this number, or the nearest that there is."""
        with self._changed:
            self._target = max(min(number, len(self.paths) - 1), 0)
            self._changed.notify_all()

    def step(self, pictures: int) -> None:
        """Go forward or back by some pictures."""
        with self._changed:
            self.go((self.number if self._target is None else self._target) + pictures)

    def stop(self) -> None:
        super().stop()
        with self._changed:
            self._changed.notify_all()

    def read(self) -> None:
        """Read the pictures that are asked for."""
        is_folder = self._path.is_dir()
        if not is_folder:
            # A file that is no picture must not count as opened.
            read_image(self._path)
        self.paths = tuple(images_in(self._path)) if is_folder else (self._path,)
        if not self.paths:
            raise SourceError(
                f'the folder {self._path} contains no picture: choose another folder, or open a '
                'video by its own name')
        number = 'one picture' if len(self.paths) == 1 else f'{len(self.paths)} pictures'
        self._report(Event(
            What.OPENED, f'{self._path}, {number}', count=len(self.paths), paths=self.paths))
        while True:
            with self._changed:
                while self._target is None and not self._stop_event.is_set():
                    self._changed.wait()
                target, self._target = self._target, None
            if target is None or self._stop_event.is_set():
                return
            self.number = target
            try:
                image = read_image(self.paths[target])
            except ValueError as error:
                self._report(Event(What.NOTE if is_folder else What.FAILED, f'{error}.'))
                continue
            self._slot.put(Job(
                image, target, 0.0, 0, time.perf_counter(), must=True, starts_new=True))
