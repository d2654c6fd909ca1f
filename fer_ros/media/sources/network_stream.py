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

"""Video streams from the network, read through FFmpeg."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import cv2
from fer_ros.media.source_options import (
    FALLBACK_RATE_HZ,
    MAX_RATE_HZ,
    SNAPSHOT_RATE_HZ,
    SourceOptions,
)
from fer_ros.media.sources.ffmpeg_capture import CorrectedCapture, open_ffmpeg
from fer_ros.media.sources.frame_source import SourceError
from fer_ros.media.sources.video_capture import at_rate, CaptureSource
from fer_ros.media.video_kinds import codec_name

STREAM_SCHEMES = ('rtsp', 'rtsps', 'http', 'https')


class NetworkStreamSource(CaptureSource):
    """
    A stream from the network: RTSP, or MJPEG, HLS or a video file over HTTP.

    It is live unless the server states its number of images, as for a video file.

    If the server answers a request over HTTP with a single image, the source is a snapshot: it is
    live, and each further image is a new request.
    """

    _is_snapshot = False

    def __init__(self, url: str, options: SourceOptions) -> None:
        """
        Connect, and wait for the first image.

        :raises SourceError: if the server does not answer, or does not send a video.
        """
        self._options = options
        self._timeout_s = options.read_timeout_s
        self._name = without_password(url)
        opened = self._connected(url)
        count = opened.get(cv2.CAP_PROP_FRAME_COUNT)
        frame_count = int(count) if 0 < count < 1e9 else None
        rate_hz = options.rate_hz
        if frame_count and not rate_hz:
            stated = float(opened.get(cv2.CAP_PROP_FPS))
            rate_hz = stated if 0 < stated <= MAX_RATE_HZ else FALLBACK_RATE_HZ
        super().__init__(url, opened, rate_hz, frame_count)
        self.is_live = frame_count is None
        self._first_is_grabbed = True
        self._images_of_answer = 0
        if opened.fault:
            self.warnings.append(f'the stream {self._name} {opened.fault}')
        self.description = (
            f'stream {self._name}, {self.width}x{self.height}{at_rate(self.rate_hz)}')
        if frame_count == 1 and self._is_over_http:
            self._become_snapshot()

    @property
    def _is_over_http(self) -> bool:
        return self.spec.lower().startswith(('http:', 'https:'))

    def _become_snapshot(self) -> None:
        self._is_snapshot = self.is_live = True
        self.frame_count = None
        self.rate_hz = self._options.rate_hz
        self.request_rate_hz = self.rate_hz or SNAPSHOT_RATE_HZ
        self.description = (
            f'snapshots of {self._name}, {self.width}x{self.height}'
            f'{at_rate(self.request_rate_hz)}')

    def _connected(self, url: str) -> CorrectedCapture:
        timeout_ms = round(self._timeout_s * 1000)
        # With several threads, the decoder would delay the images by one for each thread.
        opened = open_ffmpeg(url, (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms,
            cv2.CAP_PROP_N_THREADS, 1))
        if opened is not None and not opened.grab():
            codec = codec_name(opened.fourcc) or 'unknown'
            opened.release()
            raise SourceError(
                f'the stream {self._name} opens (video format: {codec}), but none of its images '
                f'can be decoded (timeout {self._timeout_s:g} s): check its sender, or let it '
                'send H.264', may_return=True)
        if opened is None:
            raise SourceError(
                f'the stream {self._name} does not open: check the address, that its sender is '
                f'on, and that this machine can reach it (timeout {self._timeout_s:g} s)',
                may_return=True)
        return opened

    def rewind(self) -> None:
        if not self.is_live:
            self._capture.release()
            self._capture = self._connected(self.spec)
            self._first_is_grabbed = True
            self._delivered = 0

    def grab(self) -> bool:
        if self._first_is_grabbed or self._capture.grab():
            self._first_is_grabbed = False
            self._delivered += 1
            self._images_of_answer += 1
            return True
        if (self.is_live and not self._is_snapshot and self._is_over_http
                and self._images_of_answer == 1):
            self._become_snapshot()
        if self._is_snapshot:
            self._capture.release()
            self._capture = self._connected(self.spec)
            self._images_of_answer = 1
            return True
        if not self.is_live:
            self._note_early_end(f'the stream {self._name}')
            return False
        raise SourceError(
            f'the stream {self._name} stopped delivering images: check that its sender is on',
            may_return=True)


def without_password(url: str) -> str:
    """
    Return the address with user name and password replaced, for logs.

    >>> without_password('rtsp://admin:secret@camera.local/live')
    'rtsp://***@camera.local/live'
    """
    parts = urlsplit(url)
    if '@' not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc='***@' + parts.netloc.rpartition('@')[2]))
