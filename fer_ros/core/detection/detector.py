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

"""Finding faces in one image: the choice of detectors and what they have in common."""

from dataclasses import dataclass
from typing import Protocol

from fer_ros.core.options import option, Options
from fer_ros.core.values import Detection, Image


@dataclass(frozen=True)
class MtcnnOptions(Options):
    """What only MTCNN takes."""

    image_edge: int = option(
        640, 'Images with a longer edge are reduced to this one before MTCNN searches them; it '
        'finds no faces smaller than 20 px there.', unit='px', minimum=64, maximum=8192)
    pnet_threshold: float = option(
        0.6, 'Score from which the first network of MTCNN proposes a face.',
        minimum=0.0, maximum=1.0)
    rnet_threshold: float = option(
        0.7, 'Score from which the second network of MTCNN keeps a proposal; the third one takes '
        'detector.min_score.', minimum=0.0, maximum=1.0)


@dataclass(frozen=True)
class HaarOptions(Options):
    """What only the Haar cascade takes."""

    scale_factor: float = option(
        1.1, 'Ratio between the sizes in which the Haar cascade searches the image.',
        minimum=1.01, maximum=2.0)
    min_neighbors: int = option(
        5, 'So many overlapping findings of the Haar cascade make a face.', minimum=0, maximum=100)


@dataclass(frozen=True)
class DetectorOptions(Options):
    """Which detector looks for faces, and what it takes for one."""

    name: str = option(
        'mediapipe',
        'Detector: MediaPipe short range (to 2 m), full range (to 5 m), or both together; MTCNN '
        '(needs TensorFlow, requirements/mtcnn.txt); or the Haar cascade of OpenCV.',
        choices=('mediapipe', 'mediapipe_short', 'mediapipe_full', 'mtcnn', 'haar'))
    min_score: float = option(
        0.5, 'Detections with a lower score are dropped; MediaPipe reports none below 0.5.',
        minimum=0.0, maximum=1.0)
    min_size: int = option(
        16, 'Faces whose box has a shorter edge are not found, but those that were found are '
        'followed on.', unit='px', minimum=1, maximum=4096)
    interval: int = option(
        3, 'Detect in every so many images; in between faces are followed by a visual tracker or '
        'by their landmarks, at a fraction of the cost. Every image is searched while a face is '
        'lost or new, or can be followed by neither.', unit='images', minimum=1,
        maximum=100, dynamic=True)
    mtcnn: MtcnnOptions = MtcnnOptions()
    haar: HaarOptions = HaarOptions()


class Detector(Protocol):
    """Finds the faces of one image."""

    def detect(self, image: Image, scale: float = 1.0) -> list[Detection]:
        """
        Return the faces of the image, in no particular order.

        :param image: (H, W, 3) uint8, BGR.
        :param scale: of the image to the one that `min_size` is meant for, where it was reduced.
        """

    def close(self) -> None:
        """Free the networks; the detector cannot be used afterwards."""
