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
The pipelines of the comparison: ours, and common ones of MediaPipe, MTCNN, CSRT and Keras.

The others are written as in their guides: one call of the detector per image, one `predict` per
face. Their classifiers have the architectures of the guides with random weights, because only the
time is measured, not the answers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
from fer_ros.core.values import Frame, Image
from fer_ros.evaluation.fer_package import FerPackage
from fer_ros.parameters.parameter_files import ConfigError
from fer_ros.pipeline import Pipeline
import numpy as np

DEFAULT = 'default'
MTCNN_CSRT = 'mtcnn_csrt'
CLASSIC = 'classic'

CLASSIC_DETECTS_EVERY = 10
CLASSIC_CLASSIFIES_EVERY = 5

_SMALL_EDGE = 48
_LARGE_EDGE = 224

Region = tuple[int, int, int, int]
"""x, y, width, height in pixels, inside the image."""


class NotInstalledError(RuntimeError):
    """A pipeline cannot run here. The text names what is missing."""


class Contestant(ABC):
    """A pipeline whose speed is measured."""

    @abstractmethod
    def process(self, image: Image, stamp_ns: int) -> int:
        """
        Process the next image.

        :param image: (H, W, 3) uint8, BGR.
        :return: number of faces that were detected or tracked.
        """

    def reset(self) -> None:
        """Forget all faces, before another video."""
        return


class Ours(Contestant):
    """`Pipeline` with one of the configurations in config/."""

    def __init__(self, config: str) -> None:
        """
        Load the networks.

        :raises NotInstalledError: if something that the configuration needs is not installed.
        """
        try:
            self._pipeline = Pipeline.from_config(config)
        except (ConfigError, ImportError, RuntimeError) as error:
            raise NotInstalledError(str(error)) from error

    def process(self, image: Image, stamp_ns: int) -> int:
        return len(self._pipeline.process(Frame(image, stamp_ns)))

    def reset(self) -> None:
        self._pipeline.reset()


class MediaPipeKeras(Contestant):
    """MediaPipe detects the faces, a 224x224 Keras network classifies them, in every image."""

    def __init__(self) -> None:
        """Load the networks."""
        import mediapipe as mp
        self._detector = mp.solutions.face_detection.FaceDetection(
            model_selection=0, min_detection_confidence=0.5)
        self._network = _keras_network('separable', _LARGE_EDGE)

    def process(self, image: Image, stamp_ns: int) -> int:
        height, width = image.shape[:2]
        found = self._detector.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).detections or ()
        regions = []
        for face in found:
            box = face.location_data.relative_bounding_box
            regions.append(_inside(image, (
                round(box.xmin * width), round(box.ymin * height),
                round(box.width * width), round(box.height * height))))
        return _classified(self._network, image, regions, _LARGE_EDGE)


class MtcnnKeras(Contestant):
    """MTCNN detects the faces, a 48x48 Keras network classifies them, in every image."""

    def __init__(self) -> None:
        """Load the networks."""
        self._detector = _mtcnn()
        self._network = _keras_network('compact', _SMALL_EDGE)

    def process(self, image: Image, stamp_ns: int) -> int:
        return _classified(
            self._network, image, _mtcnn_regions(self._detector, image), _SMALL_EDGE)


class Classic(Contestant):
    """MTCNN in every 10th image, CSRT in the others, a 48x48 Keras network in every 5th."""

    def __init__(self) -> None:
        """Load the networks."""
        self._detector = _mtcnn()
        self._network = _keras_network('compact', _SMALL_EDGE)
        self._count = 0
        self._trackers: list[Any] = []

    def process(self, image: Image, stamp_ns: int) -> int:
        if self._count % CLASSIC_DETECTS_EVERY == 0:
            regions = _mtcnn_regions(self._detector, image)
            self._trackers = []
            for region in regions:
                tracker = cv2.TrackerCSRT.create()
                tracker.init(image, region)
                self._trackers.append(tracker)
        else:
            answers = [tracker.update(image) for tracker in self._trackers]
            regions = [
                _inside(image, (int(x), int(y), int(width), int(height)))
                for is_found, (x, y, width, height) in answers if is_found]
        if self._count % CLASSIC_CLASSIFIES_EVERY == 0:
            _classified(self._network, image, regions, _SMALL_EDGE)
        self._count += 1
        return len(regions)

    def reset(self) -> None:
        self._count = 0
        self._trackers = []


class FerOfPyPI(Contestant):
    """The `fer` package in every image."""

    def __init__(self) -> None:
        """Load its networks."""
        self._package = FerPackage()

    def process(self, image: Image, stamp_ns: int) -> int:
        return len(self._package.find_faces(image))


@dataclass(frozen=True)
class Entry:
    """
    A pipeline of the comparison.

    :param text: description for the tables.
    :param create: loads the pipeline.
    :param is_training_only: whether it needs the environment of the trainings.
    """

    name: str
    text: str
    create: Callable[[], Contestant]
    is_training_only: bool = True


ENTRIES = {entry.name: entry for entry in (
    Entry(DEFAULT, 'fer_ros with its defaults', lambda: Ours('live'), is_training_only=False),
    Entry('mediapipe_keras', 'MediaPipe and Keras predict (224x224) on every image',
          MediaPipeKeras),
    Entry(CLASSIC, 'MTCNN every 10th image, CSRT, Keras predict (48x48) every 5th', Classic),
    Entry('mtcnn_keras', 'MTCNN and Keras predict (48x48) on every image', MtcnnKeras),
    Entry(MTCNN_CSRT, 'fer_ros with config/mtcnn_csrt.yaml', lambda: Ours(MTCNN_CSRT)),
    Entry('fer', 'the fer package', FerOfPyPI),
)}
"""All pipelines by name, in the order of the tables."""


def create(name: str) -> Contestant:
    """
    Load a pipeline.

    :param name: key of `ENTRIES`.
    :raises NotInstalledError: if something that it needs is not installed.
    """
    try:
        return ENTRIES[name].create()
    except ModuleNotFoundError as error:
        raise NotInstalledError(f'the Python package {error.name} is not installed') from error


def _keras_network(name: str, edge: int) -> Any:
    """Return a Keras model with random weights."""
    from fer_ros.training.networks import network
    return network(name, edge)


def _mtcnn() -> Any:
    from mtcnn import MTCNN
    return MTCNN(device='CPU:0')


def _mtcnn_regions(detector: Any, image: Image) -> list[Region]:
    found = detector.detect_faces(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return [_inside(image, tuple(face['box'])) for face in found]


def _inside(image: Image, region: tuple[int, ...]) -> Region:
    """Return the part of the region inside the image, at least 2x2 pixels."""
    height, width = image.shape[:2]
    x, y = min(max(region[0], 0), width - 2), min(max(region[1], 0), height - 2)
    right, bottom = region[0] + region[2], region[1] + region[3]
    return x, y, min(max(right - x, 2), width - x), min(max(bottom - y, 2), height - y)


def _classified(network: Any, image: Image, regions: list[Region], edge: int) -> int:
    """Classify each face in a separate call of Keras, and return the number of faces."""
    for x, y, width, height in regions:
        grey = cv2.cvtColor(image[y:y + height, x:x + width], cv2.COLOR_BGR2GRAY)
        crop = cv2.resize(grey, (edge, edge)).astype(np.float32) / 255
        network.predict(crop[None, :, :, None], verbose=0)
    return len(regions)
