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

"""Video files, read through FFmpeg; `timed_video` adds the time of each image."""

from __future__ import annotations

from pathlib import Path
import shlex

import cv2
from fer_ros.media.source_options import FALLBACK_RATE_HZ, MAX_RATE_HZ, SourceOptions
from fer_ros.media.sources.ffmpeg_capture import CorrectedCapture, open_ffmpeg
from fer_ros.media.sources.frame_source import SourceError
from fer_ros.media.sources.video_capture import at_rate, CaptureSource
from fer_ros.media.video_kinds import ENCRYPTED, kind_of_video, VideoKind

_USUAL_CODECS = ('H.264', 'H.265 (HEVC)', 'MPEG-4', 'VP8', 'VP9', 'Motion JPEG')
"""Codecs that OpenCV's wheels decode, so that an undecodable video is damaged."""


class VideoSource(CaptureSource):
    """A video file in any format of FFmpeg, rotated and mirrored as the file states."""

    _warns_of_rate = True

    def __init__(self, path: Path, options: SourceOptions) -> None:
        """
        Open the file.

        :raises SourceError: if the file is empty, no video, too damaged to be opened, or of a
            codec that OpenCV cannot decode on this machine.
        """
        self._path = path
        self._kind = kind_of_video(path)
        if self._kind.is_sound_only:
            # OpenCV shows the cover of some sound files as a video of one image.
            raise SourceError(_video_fault(path, self._kind))
        opened = self._opened()
        rate_hz = float(opened.get(cv2.CAP_PROP_FPS))
        rate_is_possible = 0 < rate_hz <= MAX_RATE_HZ
        if not rate_is_possible:
            rate_hz = FALLBACK_RATE_HZ
        count = opened.get(cv2.CAP_PROP_FRAME_COUNT)
        super().__init__(
            str(path), opened, options.rate_hz or rate_hz, int(count) if 0 < count < 1e9 else None)
        if not self._capture.grab():
            self.close()
            raise SourceError(_video_fault(path, self._kind))
        self._first_is_grabbed = True
        if opened.fault:
            self.warnings.append(f'{path} {opened.fault}')
        if self._warns_of_rate and not rate_is_possible and not options.rate_hz:
            self.warnings.append(
                f'{path} does not state its image rate: it is played at {rate_hz:g} Hz; set '
                'rate_hz for another rate')
        frames = f', {self.frame_count} images' if self.frame_count else ''
        self.description = (
            f'video file {path}, {self.width}x{self.height}{frames}{at_rate(self.rate_hz)}')

    def _opened(self) -> CorrectedCapture:
        opened = open_ffmpeg(str(self._path), is_mirrored=self._kind.is_mirrored)
        if opened is None:
            raise SourceError(_video_fault(self._path, self._kind))
        return opened

    def grab(self) -> bool:
        if self._first_is_grabbed or self._capture.grab():
            self._first_is_grabbed = False
            self._delivered += 1
            return True
        self._note_early_end(str(self._path))
        return False

    def rewind(self) -> None:
        # Seeking to the start fails in files without an index; opening the file again works.
        self._capture.release()
        self._capture = self._opened()
        self._first_is_grabbed = False
        self._delivered = 0


def _video_fault(path: Path, kind: VideoKind) -> str:
    try:
        with path.open('rb') as file:
            if not file.read(1):
                return f'{path} is empty (0 bytes): copy or record it again'
    except OSError as error:
        return f'{path} cannot be read: {error.strerror}'
    container = kind.container
    article = 'an' if container[:2] in ('MP', 'AV', 'Og') else 'a'
    if kind.is_sound_only:
        return f'{path} is a sound file ({container}) without images: choose a video or a picture'
    if not kind.has_index:
        return (
            f'{path} is {article} {container} file without its index: its recording or copy was '
            'cut short. Copy or record it again')
    if kind.codec == ENCRYPTED:
        return (
            f'{path} is protected against copying (DRM), so its images cannot be read: use a '
            'video without protection')
    if kind.codec in _USUAL_CODECS:
        return (
            f'{path} is {article} {container} file, but none of its {kind.codec} images can be '
            'decoded: it is probably damaged. Copy or record it again')
    if kind.video:
        codec = f'{kind.codec} video' if kind.codec else 'video of an unknown format'
        converted = path.with_name(f'{path.stem}_h264.mp4')
        return (
            f'{path} is {article} {container} file with {codec}, which OpenCV cannot decode on '
            f'this machine: convert it, for example with `ffmpeg -i {shlex.quote(str(path))} -c:v '
            f'libx264 {shlex.quote(str(converted))}`')
    if container:
        return (
            f'{path} is {article} {container} file without a video that can be found: it is '
            'damaged or contains something else. Check that other programs play it')
    return (
        f'{path} is not a video or image in a known format, or it is damaged: check that other '
        'programs play it, or convert it to MP4')
