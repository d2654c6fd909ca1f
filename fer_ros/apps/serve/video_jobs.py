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

"""Uploaded videos: each is analysed by a process of its own, and deleted after some minutes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import partial
from http import HTTPStatus
import multiprocessing
from multiprocessing.context import SpawnProcess
from pathlib import Path
import re
import secrets
import shutil
import threading
import time

from fer_ros.apps.serve.limits import Limits
from fer_ros.apps.serve.metrics import Metrics
from fer_ros.apps.serve.problem import busy, Problem
from fer_ros.apps.serve.temporary_folder import TemporaryFolder
from fer_ros.apps.serve.video_work import Report, VideoTask, work
from fer_ros.media.file_kinds import Medium, medium_of
from fer_ros.parameters.overrides import Parameters

RETRY_AFTER_S = 30

STALL_S = 120.0
"""A process that reports nothing for this time, such as in a damaged file, is killed."""

SPARE_BYTES = 2**28
"""Space on the disk that is left to others."""


class State(str, Enum):
    """How far a video is."""

    UPLOADING = 'uploading'
    WAITING = 'waiting'
    RUNNING = 'running'
    DONE = 'done'
    FAILED = 'failed'


class VideoJob:
    """A video, its folder and the state of its analysis."""

    def __init__(self, folder: Path, name: str, is_drawn: bool) -> None:
        """Begin with an upload."""
        self.id = secrets.token_urlsafe(16)
        self.folder = folder / self.id
        self.name = name
        self.is_drawn = is_drawn
        self.state = State.UPLOADING
        self.report = Report()
        self.process: SpawnProcess | None = None
        self.expires_s: float | None = None

    @property
    def file(self) -> Path:
        """Return the path of the video; its name is made safe for FFmpeg."""
        return self.folder / 'video' / safe_name(self.name)


def safe_name(name: str) -> str:
    """
    Return a name without characters that a file system or FFmpeg's addresses give a meaning.

    FFmpeg takes `concat:…` and `data:…` for addresses and `%` for a pattern.
    """
    return re.sub(r'[^\w.() -]', '_', name)[:80].strip(' .-') or 'video'


class VideoJobs:
    """All videos of a service; some are analysed side by side, the others wait."""

    def __init__(
        self, video: Parameters, picture: Parameters, limits: Limits, parallel: int,
        parent: Path | None, metrics: Metrics,
    ) -> None:
        """
        Create the temporary folder.

        :param parallel: how many videos are analysed side by side.
        :raises OSError: if the folder cannot be created.
        """
        self._video, self._picture, self._limits = video, picture, limits
        self._metrics = metrics
        self._folder = TemporaryFolder(parent)
        self._threads = ThreadPoolExecutor(parallel, 'video')
        self._jobs: dict[str, VideoJob] = {}
        self._lock = threading.Lock()
        for state in State:
            metrics.videos.labels(state.value).set_function(partial(self._count, state))

    @property
    def jobs(self) -> list[VideoJob]:
        """Return all videos that are kept."""
        return list(self._jobs.values())

    def _count(self, state: State) -> int:
        return sum(job.state is state for job in self.jobs)

    def check_place(self) -> None:
        """
        Find out whether another video can be taken.

        :raises Problem: 503 if too many wait, 507 if the disk is full.
        """
        waiting = self._count(State.UPLOADING) + self._count(State.WAITING)
        if waiting >= self._limits.waiting_videos or len(self._jobs) >= self._limits.kept_videos:
            raise busy('Too many videos wait or are kept: try again later.', RETRY_AFTER_S)
        free = shutil.disk_usage(self._folder.path).free
        if free < self._limits.video_bytes + SPARE_BYTES:
            raise Problem(
                HTTPStatus.INSUFFICIENT_STORAGE, 'The disk of the service is almost full.')

    async def add(self, parts: AsyncIterator[bytes], name: str, is_drawn: bool) -> VideoJob:
        """
        Store a video and let it be analysed.

        :raises Problem: as `check_place`; 415 if it is no video; and what `parts` raises.
        """
        self.check_place()
        job = VideoJob(self._folder.path, name, is_drawn)
        self._jobs[job.id] = job
        try:
            job.file.parent.mkdir(parents=True)
            # Without a suffix: only the content may decide what it is.
            stored = job.file.parent / 'upload'
            with stored.open('wb') as file:
                async for part in parts:
                    file.write(part)
            if medium_of(stored) is not Medium.VIDEO:
                raise Problem(
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                    f'{name} is no video of a known format: send MP4, MOV, WebM, Matroska or AVI.')
            stored.rename(job.file)
        except BaseException:
            self.delete(job)
            raise
        job.state = State.WAITING
        self._threads.submit(self._run, job)
        return job

    def find(self, identity: str) -> VideoJob:
        """
        Return a video.

        :raises Problem: 404 if there is none, or it was deleted.
        """
        job = self._jobs.get(identity)
        if job is None:
            raise Problem(
                HTTPStatus.NOT_FOUND,
                'There is no such video: it was deleted, or has expired. Upload it again.')
        return job

    def _run(self, job: VideoJob) -> None:
        """Analyse a video; runs in a thread."""
        context = multiprocessing.get_context('spawn')
        pipe, other = context.Pipe()
        with self._lock:
            if job.id not in self._jobs:
                return
            job.process = context.Process(
                target=work, name='fer serve video', daemon=True, args=(other, VideoTask(
                    job.file.parent, job.file.name, job.is_drawn, self._video, self._picture,
                    self._limits.video_s, self._limits.video_pixels)))
            job.process.start()
        other.close()
        job.state = State.RUNNING
        try:
            while not job.report.is_finished:
                if not pipe.poll(STALL_S):
                    raise TimeoutError
                job.report = pipe.recv()
        except (EOFError, OSError):
            # TimeoutError is an OSError.
            text = 'ended or stalled the process that analysed it: it is damaged or too large.'
            job.report = Report(faults=[f'{job.name} {text}'], is_finished=True)
        finally:
            pipe.close()
            job.process.kill()
            job.process.join()
        self._metrics.images.labels('video').inc(job.report.images)
        self._metrics.faces.labels('video').inc(job.report.faces)
        # What was read before a fault is kept, as `fer analyze` does.
        job.state = State.DONE if job.report.images else State.FAILED
        if job.state is State.FAILED and not job.report.faults:
            job.report = Report(faults=[f'{job.name} has no image.'], is_finished=True)
        # The video itself is not needed any more.
        shutil.rmtree(job.file.parent, ignore_errors=True)
        if job.id not in self._jobs:
            shutil.rmtree(job.folder, ignore_errors=True)
            return
        job.expires_s = time.monotonic() + self._limits.keep_s
        timer = threading.Timer(self._limits.keep_s, self.delete, [job])
        timer.daemon = True
        timer.start()

    def delete(self, job: VideoJob) -> None:
        """Cancel the analysis and delete all files of a video."""
        with self._lock:
            self._jobs.pop(job.id, None)
            if job.process is not None and job.process.is_alive():
                job.process.kill()
        shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """Cancel everything and remove the folder."""
        for job in self.jobs:
            self.delete(job)
        self._threads.shutdown(cancel_futures=True)
        self._folder.close()


def progress(report: Report) -> float | None:
    """Return the share that is analysed, [0, 1]; None if the file does not state its length."""
    if report.is_finished:
        return 1.0
    if not report.images_expected:
        return None
    return min(report.images / report.images_expected, 1.0)
