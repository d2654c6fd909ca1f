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

"""
What the programs for pictures and videos share: pipelines whose settings can change.

`fer analyze` and `fer desktop` use it; it needs no ROS. Rows are in `analyze/results_file`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import threading
from types import TracebackType
from typing import TYPE_CHECKING

from fer_ros.core.values import FaceEmotion, Frame, NS_PER_S
from fer_ros.media.timed_video import TimedImage
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions
from fer_ros.parameters.overrides import Parameters
from fer_ros.pipeline import Pipeline

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class Result:
    """An image of a source, with its number and time, and the faces in it."""

    timed: TimedImage
    faces: list[FaceEmotion]


class Session:
    """
    A pipeline for videos, cameras and streams, and one for pictures, which stand alone.

    Each is made when it is needed first. Threads may share a session; images of one kind wait for
    each other. A second video at the same time needs a session of its own.
    """

    def __init__(self, video: Parameters, picture: Parameters) -> None:
        """
        Prepare; nothing is loaded.

        :param video: parameters for videos, cameras and streams, of `overrides.parameters`.
        :param picture: parameters for pictures, of `picture_parameters`.
        """
        self._options = {True: _options(video), False: _options(picture)}
        self._pipelines: dict[bool, Pipeline] = {}
        self._locks = {True: threading.RLock(), False: threading.RLock()}

    def pipeline(self, is_video: bool) -> Pipeline:
        """
        Return the pipeline for videos or pictures; its networks are loaded once.

        :raises ValueError, OSError, ImportError: if a network cannot be loaded.
        """
        with self._locks[is_video]:
            if is_video not in self._pipelines:
                self._pipelines[is_video] = Pipeline(*self._options[is_video])
            return self._pipelines[is_video]

    def process(self, frame: Frame, *, is_video: bool) -> list[FaceEmotion]:
        """
        Return the faces of an image.

        :raises ValueError, OSError, ImportError: as `pipeline`.
        """
        with self._locks[is_video]:
            return self.pipeline(is_video).process(frame)

    def results(self, images: Iterable[TimedImage], *, is_video: bool) -> Iterator[Result]:
        """Forget the faces of before, and yield the images of a file with their faces."""
        self.pipeline(is_video).reset()
        for timed in images:
            frame = Frame(timed.image, round(timed.time_s * NS_PER_S), sequence=timed.number)
            yield Result(timed, self.process(frame, is_video=is_video))

    def reset(self, *, is_video: bool) -> None:
        """Forget all faces; identities are not used again."""
        with self._locks[is_video]:
            if is_video in self._pipelines:
                self._pipelines[is_video].reset()

    def set_parameters(self, video: Parameters, picture: Parameters) -> None:
        """
        Take new parameters, which take effect in the next image.

        A pipeline is replaced, and its faces are forgotten, only if parameters differ that cannot
        change while it runs, such as the model.

        :raises ValueError, OSError, ImportError: if a network cannot be loaded; then nothing
            changes.
        """
        new = {True: _options(video), False: _options(picture)}
        # A model that is missing must be reported here, not in the middle of the next picture.
        made = {
            kind: Pipeline(*new[kind]) for kind, pipeline in list(self._pipelines.items())
            if _must_be_replaced(pipeline, new[kind])}
        for kind, options in new.items():
            with self._locks[kind]:
                self._options[kind] = options
                # Another thread may have made or removed a pipeline meanwhile.
                pipeline = self._pipelines.get(kind)
                if pipeline is not None and not _must_be_replaced(pipeline, options):
                    pipeline.set_options(*options)
                    continue
                if pipeline is not None:
                    self._pipelines.pop(kind).close()
                if kind in made:
                    self._pipelines[kind] = made.pop(kind)
        for unused in made.values():
            unused.close()

    def close(self) -> None:
        """Free the networks, after the image that another thread may be processing."""
        for kind, lock in self._locks.items():
            with lock:
                if kind in self._pipelines:
                    self._pipelines.pop(kind).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _must_be_replaced(
    pipeline: Pipeline, options: tuple[FaceNodeOptions, EmotionNodeOptions],
) -> bool:
    """Return whether options differ that cannot change while a pipeline runs."""
    return any(
        old.static_changes(new) for old, new in zip(pipeline.options, options, strict=True))


def _options(values: Parameters) -> tuple[FaceNodeOptions, EmotionNodeOptions]:
    return (
        FaceNodeOptions.from_mapping(values['face_node']),
        EmotionNodeOptions.from_mapping(values['emotion_node']))
