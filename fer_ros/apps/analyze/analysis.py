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

"""Processes pictures and videos, and writes rows, annotated copies and charts; no ROS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
import time

import cv2
from fer_ros.apps.analyze.results_file import face_row, ResultsFile
from fer_ros.apps.session import Session
from fer_ros.core.emotions import Emotion
from fer_ros.core.values import FaceEmotion, Image, NS_PER_S
from fer_ros.media.drawing import draw_emotions
from fer_ros.media.image_file import read_image
from fer_ros.media.media_files import Media
from fer_ros.media.sources.frame_source import SourceError
from fer_ros.media.timed_video import TimedImage, TimedVideo
from fer_ros.media.video_writer import VideoFileWriter
from fer_ros.parameters.node_options import OverlayNodeOptions
from fer_ros.parameters.overrides import Parameters
from fer_ros.pipeline import Pipeline

FILE_FAULTS = (SourceError, ValueError, OSError, cv2.error)
"""Errors that are caused by one file; the analysis continues with the next file."""


@dataclass(frozen=True)
class Job:
    """A picture or video, and the files that are made from it."""

    media: Media
    annotated: Path | None = None
    timeline: Path | None = None


@dataclass
class Summary:
    """
    The result of the analysis of a file.

    `images_expected` is None if the file does not state its number of images. `duration_s` is the
    duration of a video, 0 for a picture; `wall_s` is the processing time. `faults` and `notes` are
    sentences; notes are about parts that are left out although the file has no fault.
    """

    file: Path
    images: int = 0
    images_expected: int | None = None
    faces: int = 0
    tracks: set[int] = field(default_factory=set)
    emotions: Counter[Emotion] = field(default_factory=Counter)
    duration_s: float = 0.0
    wall_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, faces: Sequence[FaceEmotion]) -> None:
        """Count an image and its faces."""
        self.images += 1
        self.faces += len(faces)
        self.tracks.update(face.track_id for face in faces)
        self.emotions.update(face.emotion for face in faces)

    @property
    def rate(self) -> str:
        """Return the processed images per second as text."""
        return f'{self.images / self.wall_s:.0f} images/s' if self.wall_s else ''

    def line(self) -> str:
        """Return the summary as one line of text."""
        parts = [
            f'{number} {noun}{"" if number == 1 else "s"}' for number, noun in (
                (self.images, 'image'), (self.faces, 'face'), (len(self.tracks), 'track'))]
        parts += [
            f'{emotion.label} {count / self.faces:.0%}'
            for emotion, count in self.emotions.most_common()]
        if self.duration_s:
            parts += [self.rate, f'{self.duration_s / self.wall_s:.1f} times real time']
        return f'{self.file}: {", ".join(parts)}'


class Analysis:
    """
    Processes pictures and videos.

    The analysis of a faulty file ends at the fault; the results before it are kept.
    """

    def __init__(
        self, video: Parameters, picture: Parameters, results: Sequence[ResultsFile],
        is_stopped: Callable[[], bool],
    ) -> None:
        """
        Prepare.

        :param video: parameters for videos.
        :param picture: parameters for pictures.
        :param results: files that receive the rows.
        :param is_stopped: returns whether the work shall end after the current image.
        """
        self._session = Session(video, picture)
        self._drawing = OverlayNodeOptions.from_mapping(video['overlay_node'])
        self._results = results
        self._is_stopped = is_stopped

    def pipeline(self, is_video: bool) -> Pipeline:
        """
        Return the pipeline for videos or pictures; its networks are loaded once.

        :raises ValueError, OSError, ImportError: if a network cannot be loaded.
        """
        return self._session.pipeline(is_video)

    def run(self, job: Job, progress: Callable[[Summary], None]) -> Summary:
        """
        Process a file.

        :param progress: called after each image.
        :raises OutputError: if the results cannot be written.
        """
        path = job.media.path
        summary = Summary(path)
        begin_s = time.perf_counter()
        try:
            with ExitStack() as stack:
                video = stack.enter_context(TimedVideo(path)) if job.media.is_video else None
                self._process(job, video, summary, stack, progress)
            summary.wall_s = time.perf_counter() - begin_s
        except FILE_FAULTS as error:
            summary.faults.append(_sentence(path, error))
        return summary

    def _process(
        self, job: Job, video: TimedVideo | None, summary: Summary, stack: ExitStack,
        progress: Callable[[Summary], None],
    ) -> None:
        """
        Process the images of a file.

        :param video: None for a picture.
        :param stack: completes the output files at the end, also after an error.
        """
        summary.images_expected = video.frame_count if video is not None else 1
        if job.timeline:
            # Imported here because matplotlib takes long to import and is only needed for charts.
            from fer_ros.apps.analyze.timeline import Timeline
            timeline = Timeline()
            stack.callback(timeline.save, _in_folder(job.timeline), job.media.path.name)
        write = _image_writer(job.annotated, video, stack) if job.annotated else None
        begin_s = time.perf_counter()
        images = video.images() if video is not None else _picture(job.media.path, summary.notes)
        # In a single image, faces cannot be followed over time.
        is_video = summary.images_expected != 1
        for result in self._session.results(images, is_video=is_video):
            timed, faces = result.timed, result.faces
            rows = [face_row(job.media.path, timed.number, timed.time_s, face) for face in faces]
            for results in self._results:
                results.write(rows)
            if job.timeline:
                timeline.add(timed.time_s, faces)
            if write is not None:
                # Draw on a copy: the pipeline may compare the next image with this one.
                image = timed.image.copy()
                draw_emotions(image, faces, self._drawing)
                write(image, round(timed.time_s * NS_PER_S))
            summary.add(faces)
            summary.wall_s = time.perf_counter() - begin_s
            if video is not None:
                summary.duration_s = timed.time_s + 1 / video.rate_hz
            progress(summary)
            if self._is_stopped():
                return
        if video is not None:
            summary.faults += video.faults

    def close(self) -> None:
        """Free the networks."""
        self._session.close()


def _picture(path: Path, notes: list[str]) -> Iterator[TimedImage]:
    yield TimedImage(0, 0.0, read_image(path, notes.append))


def _in_folder(path: Path) -> Path:
    """Return the path; its folder is created if it does not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _image_writer(
    path: Path, video: TimedVideo | None, stack: ExitStack,
) -> Callable[[Image, int], None]:
    """Return a function that writes an image of the file with its time in nanoseconds."""
    _in_folder(path)
    if video is not None:
        file = VideoFileWriter(path, video.rate_hz)
        stack.callback(file.close)
        return file.write

    def write(image: Image, _: int) -> None:
        if not cv2.imwrite(str(path), image):
            raise OSError(f'{path} cannot be written')
    return write


def _sentence(path: Path, error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f'{error.filename}: {error.strerror}' if error.filename else error.strerror
    elif isinstance(error, cv2.error):
        text = error.err
    return text if str(path) in text else f'{path}: {text}'
