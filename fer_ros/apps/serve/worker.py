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

"""The process that decodes and analyses images; it is told what to do through a pipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from io import BytesIO
import json
import logging
from multiprocessing.connection import Connection
from pathlib import Path
import signal
import time
from typing import Any
import warnings

import cv2
from fer_ros.apps.analyze.results_file import face_row
from fer_ros.core.values import FaceEmotion, Frame, Image, NS_PER_S
from fer_ros.media.drawing import draw_emotions
from fer_ros.media.file_kinds import picture_format, START_SIZE, with_article
from fer_ros.media.image_file import decode_image
from fer_ros.media.sample_clip import SampleClip
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions, OverlayNodeOptions
from fer_ros.parameters.overrides import Parameters
from fer_ros.pipeline import Pipeline
from PIL import Image as images, UnidentifiedImageError

PICTURE_FORMATS = {'JPEG': 'image/jpeg', 'PNG': 'image/png', 'WebP': 'image/webp'}
"""Formats that are accepted, by their names in `file_kinds`, and their media types."""

JPEG_QUALITY = 90

_SPEED_FRAMES = 12


@dataclass(frozen=True)
class PictureRequest:
    """Analyse a picture that stands alone."""

    data: bytes
    name: str
    is_drawn: bool
    max_pixels: int


@dataclass(frozen=True)
class LiveRequest:
    """Analyse an image of a live connection."""

    connection: str
    data: bytes
    number: int
    time_s: float
    max_pixels: int


@dataclass(frozen=True)
class EndLive:
    """Forget a live connection."""

    connection: str


Request = PictureRequest | LiveRequest | EndLive


@dataclass(frozen=True)
class Ready:
    """A worker has loaded its networks; it needs `live_s` seconds for an image of a camera."""

    model: str
    live_s: float


@dataclass(frozen=True)
class Answer:
    """The content of an answer: JSON, or a JPEG picture. `faces` is their number."""

    content: bytes
    faces: int
    is_picture: bool = False


@dataclass(frozen=True)
class Refusal:
    """A request that cannot be answered, and a sentence that says why."""

    status: int
    detail: str


@dataclass(frozen=True)
class WorkerSettings:
    """Parameters of all nodes for cameras and for pictures."""

    live: Parameters
    picture: Parameters


class _Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(status, detail)


def work(pipe: Connection, settings: WorkerSettings) -> None:
    """Answer requests until the other end of the pipe is closed."""
    # The process that holds the other end receives these signals, and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Each core has a worker.
    cv2.setNumThreads(1)
    try:
        worker = _Worker(settings)
    except (ValueError, OSError, ImportError) as error:
        pipe.send(Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)))
        return
    try:
        pipe.send(worker.ready())
        while True:
            pipe.send(worker.answer(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass


class _Worker:
    def __init__(self, settings: WorkerSettings) -> None:
        self._live_options = _options(settings.live)
        self._drawing = OverlayNodeOptions.from_mapping(settings.picture['overlay_node'])
        self._picture = Pipeline(*_options(settings.picture))
        self._live: dict[str, Pipeline] = {}

    def ready(self) -> Ready:
        """Load what is loaded at first use, and measure the speed with the built-in sample."""
        clip = SampleClip()
        # A still scene costs much less, so the images must move.
        encoded = [_jpeg(clip.frame(4 * k)) for k in range(_SPEED_FRAMES)]
        self._picture.process(Frame(clip.frame(0), 0))
        times_s = []
        for k, data in enumerate(encoded):
            begin_s = time.perf_counter()
            self._process_live(LiveRequest('', data, k, k / 30, 10**7))
            times_s.append(time.perf_counter() - begin_s)
        self._end('')
        # The first images load and warm up.
        return Ready(self._picture.model, sorted(times_s[2:])[len(times_s[2:]) // 2])

    def answer(self, request: Request) -> Answer | Refusal:
        """Carry out a request; no picture of whatever content ends the process."""
        try:
            if isinstance(request, EndLive):
                self._end(request.connection)
                return Answer(b'', 0)
            if isinstance(request, LiveRequest):
                return self._process_live(request)
            return self._process_picture(request)
        except _Refused as error:
            return error.refusal
        except Exception:
            logging.getLogger(__name__).exception('An image could not be analysed.')
            return Refusal(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                'This image could not be analysed; the log of the service says why.')

    def _process_picture(self, request: PictureRequest) -> Answer:
        image = _decoded(request.data, request.name, request.max_pixels)
        # Each picture counts its faces from 1: their number tells nothing about earlier pictures.
        faces = [
            replace(face, track_id=number)
            for number, face in enumerate(self._picture.process(Frame(image, 0)), 1)]
        if request.is_drawn:
            draw_emotions(image, faces, self._drawing)
            return Answer(_jpeg(image), len(faces), is_picture=True)
        return _json(image, faces, request.name, 0, 0.0, model=self._picture.model)

    def _process_live(self, request: LiveRequest) -> Answer:
        begin_s = time.perf_counter()
        image = _decoded(request.data, 'live', request.max_pixels)
        pipeline = self._live.get(request.connection)
        if pipeline is None:
            pipeline = self._live[request.connection] = Pipeline(*self._live_options)
        faces = pipeline.process(Frame(image, round(request.time_s * NS_PER_S)))
        return _json(
            image, faces, 'live', request.number, request.time_s,
            frame=request.number,
            processing_ms=round((time.perf_counter() - begin_s) * 1e3, 2))

    def _end(self, connection: str) -> None:
        pipeline = self._live.pop(connection, None)
        if pipeline is not None:
            pipeline.close()


def _options(values: Parameters) -> tuple[FaceNodeOptions, EmotionNodeOptions]:
    return (
        FaceNodeOptions.from_mapping(values['face_node']),
        EmotionNodeOptions.from_mapping(values['emotion_node']))


def _decoded(data: bytes, name: str, max_pixels: int) -> Image:
    """
    Return the image of a JPEG, PNG or WebP picture.

    :raises _Refused: if it is of another format, too large or damaged.
    """
    kind = picture_format(data[:START_SIZE])
    if kind not in PICTURE_FORMATS:
        what = with_article(kind) if kind is not None else 'no picture of a known format'
        raise _Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f'{name} is {what}: send JPEG, PNG or WebP.')
    # Before anything is decoded: a file of some kilobytes can state gigabytes of pixels.
    width, height = _stated_size(data, name)
    if width * height > max_pixels:
        raise _Refused(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f'{name} has {width}x{height} pixels, but {max_pixels / 1e6:g} million are the limit: '
            'make it smaller.')
    try:
        return decode_image(Path(name), data)
    except ValueError as error:
        raise _Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY, f'{str(error).rstrip(".")}.') from error


def _stated_size(data: bytes, name: str) -> tuple[int, int]:
    with warnings.catch_warnings():
        # The limit of this service counts, not Pillow's own.
        warnings.simplefilter('ignore')
        try:
            with images.open(BytesIO(data), formats=('JPEG', 'PNG', 'WEBP')) as picture:
                width, height = picture.size
                return int(width), int(height)
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError,
                images.DecompressionBombError) as error:
            is_bomb = isinstance(error, images.DecompressionBombError)
            raise _Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_bomb
                else HTTPStatus.UNPROCESSABLE_ENTITY,
                f'{name} {"has too many pixels: make it smaller" if is_bomb else "is damaged"}.'
            ) from error


def _jpeg(image: Image) -> bytes:
    return cv2.imencode('.jpg', image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1].tobytes()


def _json(
    image: Image, faces: list[FaceEmotion], name: str, number: int, time_s: float,
    **more: Any,
) -> Answer:
    rows = [face_row(Path(name), number, time_s, face) for face in faces]
    return Answer(json.dumps({
        **more, 'width': image.shape[1], 'height': image.shape[0], 'faces': rows,
    }, allow_nan=False).encode(), len(faces))
