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

"""Plays one source at a time: what the window calls, and where it finds what to show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
import queue

import cv2
from fer_ros.apps.analyze.results_file import COLUMNS, face_row, OutputError, results_file
from fer_ros.apps.desktop.model.composition import composed, Look
from fer_ros.apps.desktop.model.gallery import Gallery
from fer_ros.apps.desktop.model.history import History
from fer_ros.apps.desktop.model.job_slot import Job, JobSlot
from fer_ros.apps.desktop.model.names import Names
from fer_ros.apps.desktop.model.readers import LiveReader, PictureReader, Reader, VideoReader
from fer_ros.apps.desktop.model.settings import Settings
from fer_ros.apps.desktop.model.sources import Event, Kind, kind_of, path_of, uses_camera, What
from fer_ros.apps.desktop.model.video_analysis import TimedFaces, VideoAnalysis
from fer_ros.apps.desktop.model.worker import Shown, Worker
from fer_ros.apps.session import Session
from fer_ros.core.values import FaceEmotion
from fer_ros.media.source_options import SourceOptions
from fer_ros.media.sources import FrameSource, open_source
from fer_ros.media.sources.network_stream import without_password
from fer_ros.media.video_recorder import VideoRecorder

JOIN_TIMEOUT_S = 3.0
"""A thread that still waits for its camera after this time ends on its own later."""


class Player:
    """
    Opens, plays and closes sources. All methods are called from one thread, that of the window.

    `events` holds what the threads report. `names` are those of the persons of this source.
    """

    def __init__(
        self, settings: Settings,
        opener: Callable[[str, SourceOptions], FrameSource] = open_source,
    ) -> None:
        """Prepare; nothing is opened or loaded."""
        self.settings = settings
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.names = Names()
        self.history = History()
        self.source = ''
        self.kind: Kind | None = None
        self.analysis: VideoAnalysis | None = None
        self.gallery: Gallery | None = None
        self.room = (640, 480)
        self.last: Shown | None = None
        self._opener = opener
        self._session = Session(settings.video, settings.picture)
        self._reader: Reader | None = None
        self._worker: Worker | None = None
        self._slot = JobSlot()
        self._recorder: VideoRecorder | None = None
        self._look = self._look_now()

    # Sources

    def open(self, source: str) -> None:
        """Close what is open, and open a source; events tell how it goes."""
        self.close_source()
        self.source, self.kind = source.strip(), kind_of(source)
        self.names.noun = 'Face' if self.kind is Kind.PICTURES else 'Person'
        self._session.reset(is_video=True)
        self._slot = JobSlot()
        report = self._reporter()
        if self.kind is Kind.LIVE:
            self._reader = LiveReader(
                self._slot, report, self.settings.source_options(self.source),
                lambda: uses_camera(self.source) and self.settings.desktop.mirror_camera,
                self._opener)
        elif self.kind is Kind.VIDEO:
            self._reader = VideoReader(
                self._slot, report, self.source, lambda: self._complete_analysis is None)
        else:
            self._reader = PictureReader(self._slot, report, self.source)
        self._worker = Worker(
            self._slot, self._session, self.history, is_video=self.kind is not Kind.PICTURES,
            known_faces=self._known_faces, look=lambda: self._look, room=lambda: self.room,
            on_fault=lambda text: report(Event(What.FAILED, text)))
        self._worker.start()
        self._reader.start()

    def _reporter(self) -> Callable[[Event], None]:
        """Return a function for the threads of this source; it is silent after its end."""
        slot = self._slot

        def report(event: Event) -> None:
            if slot is self._slot:
                self.events.put(event)
        return report

    def close_source(self) -> str:
        """Stop everything and forget the persons; return a sentence about a recording, or ''."""
        text = self.stop_recording()
        old_slot, self._slot = self._slot, JobSlot()
        threads = [
            thread for thread in (self._reader, self._worker, self.analysis, self.gallery)
            if thread is not None]
        for thread in threads:
            thread.stop()
        old_slot.close()
        for thread in threads:
            thread.join(JOIN_TIMEOUT_S)
        self._reader = self._worker = self.analysis = self.gallery = self.last = None
        self.kind, self.source = None, ''
        self.names.clear()
        self.history.clear()
        self._look = self._look_now()
        while not self.events.empty():
            self.events.get()
        return text

    def close(self) -> str:
        """Stop everything and free the networks; return a sentence about a recording, or ''."""
        text = self.close_source()
        self._session.close()
        return text

    @property
    def source_name(self) -> str:
        """Return the source as it may be shown and written: without a password."""
        return without_password(self.source)

    # Images

    def take(self) -> Shown | None:
        """Return the newest image to paint, once; None if there is no new one."""
        shown = self._worker.take() if self._worker is not None else None
        self.last = shown or self.last
        return shown

    @property
    def replaced(self) -> int:
        """Return how many images were left out because newer ones came."""
        return self._slot.replaced

    def set_room(self, width: int, height: int) -> None:
        """Set the size that images may have."""
        if (width, height) != self.room:
            self.room = width, height
            self.refresh()

    def refresh(self, *, process_again: bool = False) -> None:
        """Show the last image again, for example after a change of the look."""
        self._look = self._look_now()
        video = self.video
        if process_again and video is not None and not video.is_playing:
            # The tracker needs the images before it, too.
            video.seek(video.number)
        elif self._worker is not None:
            self._worker.refresh(process_again=process_again and self.kind is Kind.PICTURES)

    def _look_now(self) -> Look:
        desktop = self.settings.desktop
        return Look(
            self.settings.drawing, desktop.show_overlay, desktop.blur_faces, self.names.given)

    def _known_faces(self, job: Job) -> Sequence[FaceEmotion] | None:
        analysis, gallery = self._complete_analysis, self.gallery
        if analysis is not None:
            return analysis.faces_at(job.time_s)
        if gallery is not None and (entry := gallery.entries.get(job.number)) is not None:
            return entry.faces
        return None

    # Settings

    def apply_settings(self) -> None:
        """
        Let the settings take effect, in the image that is shown too.

        :raises ValueError, OSError, ImportError: if a network cannot be loaded.
        """
        self._session.set_parameters(self.settings.video, self.settings.picture)
        if self.analysis is not None:
            # Its results are those of other settings.
            self.stop_analysis()
        if self.gallery is not None:
            self.start_gallery(self.gallery.paths)
        self.refresh(process_again=True)

    def rename(self, track_id: int, name: str) -> None:
        """Name a person."""
        self.names.rename(track_id, name)
        self.refresh()

    # Videos

    @property
    def video(self) -> VideoReader | None:
        """Return the control of the video; None if no video is open."""
        return self._reader if isinstance(self._reader, VideoReader) else None

    @property
    def pictures(self) -> PictureReader | None:
        """Return the control of the pictures; None if none are open."""
        return self._reader if isinstance(self._reader, PictureReader) else None

    @property
    def _complete_analysis(self) -> VideoAnalysis | None:
        analysis = self.analysis
        return analysis if analysis is not None and analysis.is_complete else None

    def start_analysis(self) -> None:
        """Analyse the whole video in the background."""
        if self.kind is Kind.VIDEO and self.analysis is None:
            self.analysis = VideoAnalysis(
                path_of(self.source), self.settings.video, self.settings.picture)
            self.analysis.start()

    def stop_analysis(self) -> None:
        """Stop the analysis, and forget its results."""
        if self.analysis is not None:
            self.analysis.stop()
            self.analysis.join(JOIN_TIMEOUT_S)
            self.analysis = None
            self.refresh(process_again=True)

    def finish_analysis(self) -> None:
        """Use the results of the analysis from now on: called when it is complete."""
        analysis = self._complete_analysis
        if analysis is not None and self.last is not None:
            self.names.carry_over(self.last.faces, analysis.faces_at(self.last.job.time_s))
            self.refresh(process_again=True)

    def start_gallery(self, paths: Sequence[Path]) -> None:
        """Find the emotions of all pictures in the background."""
        if self.gallery is not None:
            self.gallery.stop()
            self.gallery.join(JOIN_TIMEOUT_S)
        report = self._reporter()
        self.gallery = Gallery(
            paths, self._session, lambda text: report(Event(What.FAILED, text)))
        self.gallery.start()

    # Files

    @property
    def is_recording(self) -> bool:
        """Return whether images are being recorded."""
        return self._recorder is not None

    def start_recording(self, path: Path) -> None:
        """
        Record what is shown from now on, in the size of the source.

        :raises ValueError: if the file cannot have this name.
        """
        if self._worker is None:
            raise ValueError('nothing can be recorded: open a camera or a video first')
        self.stop_recording()
        report = self._reporter()
        self._recorder = VideoRecorder(
            path, on_fault=lambda text: report(Event(What.RECORDING_FAILED, text)))
        self._worker.record(self._recorder)

    def stop_recording(self) -> str:
        """Complete the recording; return a sentence about it, '' if there is none."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return ''
        if self._worker is not None:
            self._worker.record(None)
        return recorder.close()

    def save_picture(self, path: Path) -> None:
        """
        Save the image that is shown, in the size of the source.

        :raises OutputError: if it cannot be written; the text says why.
        """
        if self.last is None:
            raise OutputError('there is no image to save: open a source first')
        image = composed(self.last.job.image, self.last.faces, self._look_now())
        try:
            is_encoded, data = cv2.imencode(path.suffix or '.png', image)
            if not is_encoded:
                raise ValueError
            path.write_bytes(data.tobytes())
        except (cv2.error, ValueError) as error:
            raise OutputError(
                f'{path} cannot be written: its name must end in .png or .jpg') from error
        except OSError as error:
            raise OutputError(f'{path} cannot be written: {error.strerror}') from error

    def _images_for_rows(self) -> Iterable[tuple[Path | str, TimedFaces]]:
        if self.gallery is not None:
            for number, entry in sorted(self.gallery.entries.items()):
                yield self.gallery.paths[number], TimedFaces(0, 0.0, entry.faces)
            return
        analysis = self._complete_analysis
        images = analysis.images if analysis is not None else self.history.images()
        for image in images:
            yield self.source_name, image

    def export_rows(self, path: Path) -> int:
        """
        Write a row for each face in each image, as `fer analyze` does.

        These are the images of the whole video if it is analysed, of all pictures of a folder that
        are analysed, and of the last minute for everything else.

        :return: the number of rows.
        :raises OutputError: if the file cannot be written; the text says why.
        """
        count = 0
        with results_file(path) as file:
            for source, image in self._images_for_rows():
                rows = [
                    face_row(Path(source), image.number, image.time_s, face)
                    for face in image.faces]
                file.write(rows)
                count += len(rows)
        return count

    def row_text(self, track_id: int) -> str:
        """Return the row of a face of the image that is shown, and above it the names, by tabs."""
        if self.last is None:
            return ''
        for face in self.last.faces:
            if face.track_id == track_id:
                job = self.last.job
                source: Path | str = self.source_name
                number = job.number
                if self.pictures is not None and self.pictures.paths:
                    source, number = self.pictures.paths[job.number], 0
                row = face_row(Path(source), number, job.time_s, face)
                values = ['' if row[name] is None else str(row[name]) for name in COLUMNS]
                return '\t'.join(COLUMNS) + '\n' + '\t'.join(values) + '\n'
        return ''
