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

"""The process that analyses one video, as `fer analyze` does."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
import os
from pathlib import Path
import signal
import time

import cv2
from fer_ros.apps.analyze.analysis import Analysis, FILE_FAULTS, Job, Summary
from fer_ros.apps.analyze.results_file import CsvFile, JsonFile, OutputError
from fer_ros.media.media_files import Media
from fer_ros.media.timed_video import TimedVideo
from fer_ros.parameters.overrides import Parameters

ROWS_JSON, ROWS_CSV, DRAWN = 'rows.json', 'rows.csv', 'overlay.mp4'
"""Names of the results, in the folder above that of the video."""

REPORT_S = 0.2

MAX_RATE_HZ = 240
"""Images per second that a video of the longest permitted duration may have."""


@dataclass(frozen=True)
class VideoTask:
    """
    A video in a folder of its own.

    `folder` contains only the file `name`. `is_drawn`: an annotated copy is written as well.
    """

    folder: Path
    name: str
    is_drawn: bool
    video: Parameters
    picture: Parameters
    max_s: float
    max_pixels: int


@dataclass(frozen=True)
class Report:
    """
    How far the analysis is. `images_expected` is None if the file does not state it.

    `faults` and `notes` are sentences.
    """

    images: int = 0
    images_expected: int | None = None
    faces: int = 0
    tracks: int = 0
    duration_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_finished: bool = False


def work(pipe: Connection, task: VideoTask) -> None:
    """Analyse the video, and send a `Report` several times per second and at the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    # A video of a stranger must not make FFmpeg open addresses.
    os.environ['OPENCV_FFMPEG_CAPTURE_OPTIONS'] = 'protocol_whitelist;file'
    # Rows and sentences then have the name of the file, without a path of this machine.
    os.chdir(task.folder)
    try:
        pipe.send(_analyse(pipe, task))
    except BrokenPipeError:
        # The service has ended.
        pass
    except (OutputError, ValueError, OSError, ImportError) as error:
        pipe.send(Report(faults=[_sentence(str(error))], is_finished=True))


def _analyse(pipe: Connection, task: VideoTask) -> Report:
    path, above = Path(task.name), Path('..')
    fault = _fault(path, task)
    if fault:
        return Report(faults=[fault], is_finished=True)
    newest = Summary(path)
    reported_s = 0.0

    def show(summary: Summary) -> None:
        nonlocal newest, reported_s
        newest = summary
        if time.monotonic() - reported_s > REPORT_S:
            reported_s = time.monotonic()
            pipe.send(_report(summary))

    def is_too_long() -> bool:
        return newest.duration_s > task.max_s or newest.images > task.max_s * MAX_RATE_HZ
    with ExitStack() as stack:
        results = [
            stack.enter_context(JsonFile(above / ROWS_JSON)),
            stack.enter_context(CsvFile(above / ROWS_CSV))]
        analysis = Analysis(task.video, task.picture, results, is_too_long)
        stack.callback(analysis.close)
        summary = analysis.run(
            Job(Media(path, path, is_video=True), above / DRAWN if task.is_drawn else None), show)
    if is_too_long():
        summary.notes.append(_too_long(task))
    return _report(summary, is_finished=True)


def _fault(path: Path, task: VideoTask) -> str:
    """Return a sentence if the head of the file says that it is beyond the limits, else ''."""
    try:
        with TimedVideo(path) as video:
            count, rate_hz = video.frame_count, video.rate_hz
            width, height = video.width, video.height
    except FILE_FAULTS as error:
        return _sentence(str(error))
    if width * height > task.max_pixels:
        return (
            f'{path} has images of {width}x{height} pixels, but {task.max_pixels / 1e6:g} million '
            'are the limit: make it smaller.')
    if count is not None and rate_hz > 0 and count / rate_hz > task.max_s:
        return _too_long(task)
    return ''


def _too_long(task: VideoTask) -> str:
    return f'{task.name} is longer than {task.max_s:g} s: cut it.'


def _report(summary: Summary, *, is_finished: bool = False) -> Report:
    return Report(
        images=summary.images, images_expected=summary.images_expected, faces=summary.faces,
        tracks=len(summary.tracks), duration_s=summary.duration_s,
        faults=[_sentence(text) for text in summary.faults],
        notes=[_sentence(text) for text in summary.notes], is_finished=is_finished)


def _sentence(text: str) -> str:
    return f'{text.rstrip(".")}.'
