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

"""The pipeline from an image to emotions in one object, without ROS."""

from __future__ import annotations

from pathlib import Path
import threading
from types import TracebackType
import warnings

from fer_ros.core.emotion_stage import EmotionOptions, EmotionStage
from fer_ros.core.face_stage import FaceOptions, FaceStage
from fer_ros.core.options import OptionError
from fer_ros.core.values import FaceEmotion, Frame
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions
from fer_ros.parameters.parameter_files import config_warnings, load_options


class Pipeline:
    """
    The face stage and the emotion stage, one after the other, as the nodes run them.

    A pipeline may be used by several threads: its calls wait for each other, because the networks
    and the tracks serve one image at a time. Images of one video must be processed in their order.
    Two pipelines do not wait for each other; to process images side by side, create one for each
    thread.

    >>> from fer_ros import Frame, Pipeline
    >>> from fer_ros.media.sample_clip import SampleClip
    >>> with Pipeline.from_config('still') as pipeline:
    ...     faces = pipeline.process(Frame(image=SampleClip().frame(0), stamp_ns=0))
    >>> sorted(face.label for face in faces)
    ['happiness', 'neutral']
    """

    def __init__(
        self, face: FaceOptions | None = None, emotion: EmotionOptions | None = None,
    ) -> None:
        """
        Load the networks.

        :raises ModelError: if the classifier's model is missing or faulty.
        :raises MediaPipeNetworkError: if a network of detector or landmarks is missing or
            faulty.
        :raises ImportError: if the detector needs a package that is not installed.
        """
        self._emotion_stage = EmotionStage(emotion or EmotionOptions())
        self._face_stage = FaceStage(face or FaceOptions())
        self._is_closed = False
        self._lock = threading.Lock()

    @classmethod
    def from_config(cls, path_or_name: str | Path) -> Pipeline:
        """
        Create a pipeline from a configuration.

        :param path_or_name: 'live', 'still' (for unrelated images: nothing is tracked or
            smoothed), another name in config/, or the path of a YAML file.
        :raises ConfigError: if the file is missing or faulty.
        :raises ModelError, MediaPipeNetworkError, ImportError: as above.
        :warns UserWarning: if the file sets something in vain, such as in a mistyped section.
        """
        for sentence in config_warnings(path_or_name):
            warnings.warn(sentence, stacklevel=2)
        return cls(
            load_options(path_or_name, 'face_node', FaceNodeOptions),
            load_options(path_or_name, 'emotion_node', EmotionNodeOptions))

    @property
    def options(self) -> tuple[FaceOptions, EmotionOptions]:
        """Return the options of both stages."""
        return self._face_stage.options, self._emotion_stage.options

    def set_options(self, face: FaceOptions, emotion: EmotionOptions) -> None:
        """
        Take new options, which take effect in the next image.

        :raises OptionError: if options differ that cannot change while a pipeline runs; then
            nothing changes.
        """
        static = [
            name for old, new in zip(self.options, (face, emotion), strict=True)
            for name in old.static_changes(new)]
        if static:
            raise OptionError(
                f'{", ".join(static)} cannot change while a pipeline runs: make a new one')
        with self._lock:
            self._face_stage.options = face
            self._emotion_stage.options = emotion

    @property
    def model(self) -> str:
        """Name and version of the classifier."""
        return self._emotion_stage.model

    def process(self, frame: Frame) -> list[FaceEmotion]:
        """
        Return the faces of an image with their emotions, the lowest track ID first.

        A face is reported when it was found in `tracker.min_hits` successive images: with 'live'
        in the second image, with 'still' at once.

        :raises RuntimeError: if the pipeline is closed.
        """
        if not isinstance(frame, Frame):
            raise TypeError(
                f'process takes a Frame(image=..., stamp_ns=...), not {type(frame).__name__}')
        with self._lock:
            if self._is_closed:
                raise RuntimeError('the pipeline is closed; make a new one')
            return self._emotion_stage.process(self._face_stage.process(frame), frame.stamp_ns)

    def reset(self) -> None:
        """Forget all tracks, for example before another video. Identities are not used again."""
        with self._lock:
            self._face_stage.reset()
            self._emotion_stage.reset()

    def close(self) -> None:
        """Free the networks, after the image that another thread may be processing."""
        with self._lock:
            self._is_closed = True
            self._face_stage.close()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
