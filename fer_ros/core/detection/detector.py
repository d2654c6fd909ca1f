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

"""The interface of face detectors, and their options."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fer_ros.core.options import option, Options
from fer_ros.core.values import Detection, Image


@dataclass(frozen=True)
class MtcnnOptions(Options):
    """Options of MTCNN."""

    image_edge: int = option(
        640, 'Longest edge of the image that MTCNN searches; larger images are reduced. The '
        'smallest face that it finds has 20 px in the reduced image.', unit='px', minimum=64,
        maximum=8192)
    pnet_threshold: float = option(
        0.6, 'Minimum score of a face proposed by the first network of MTCNN (P-Net).',
        minimum=0.0, maximum=1.0)
    rnet_threshold: float = option(
        0.7, 'Minimum score of a face after the second network of MTCNN (R-Net). The third '
        'network (O-Net) uses detector.min_score.', minimum=0.0, maximum=1.0)


@dataclass(frozen=True)
class HaarOptions(Options):
    """Options of the Haar cascade."""

    scale_factor: float = option(
        1.1, 'Ratio of successive image sizes in the search (OpenCV scaleFactor).',
        minimum=1.01, maximum=2.0)
    min_neighbors: int = option(
        5, 'Minimum overlapping hits per face (OpenCV minNeighbors).', minimum=0, maximum=100)


@dataclass(frozen=True)
class DetectorOptions(Options):
    """Which detector runs, when, and which detections count."""

    name: str = option(
        'mediapipe',
        'Face detector. mediapipe: the full-range (up to 5 m) and short-range (up to 2 m) '
        'networks together; mediapipe_full, mediapipe_short: one of them; mtcnn: MTCNN, needs '
        'requirements/mtcnn.txt; haar: Haar cascade of OpenCV.',
        choices=('mediapipe', 'mediapipe_short', 'mediapipe_full', 'mtcnn', 'haar'))
    min_score: float = option(
        0.5, 'Minimum score of a detection. MediaPipe reports no scores below 0.5.',
        minimum=0.0, maximum=1.0)
    min_size: int = option(
        16, 'Minimum width of a detected face. A face that is already tracked may become '
        'narrower.', unit='px', minimum=1, maximum=4096)
    min_face_fraction: float = option(
        0.0111, 'Size of the smallest faces to find, as a fraction of the longer edge of the '
        'image. Faces below 0.09 are searched in windows of the image: in unrelated pictures, in '
        'all windows at once; live, in each window every second, less often where nothing '
        'changes. 0: search only the whole image. Needs detector.name mediapipe or '
        'mediapipe_full and landmarks.name mesh.',
        minimum=0.0, maximum=1.0)
    interval: int = option(
        3,
        'Run the detector on every Nth image. In the other images, faces are followed by their '
        'landmarks or by a visual tracker, which costs less. The detector also runs while a face '
        'is new or was not found in the image before; with tracker.name none; and, without a '
        'visual tracker, with landmarks.name none or more faces than landmarks.faces_per_image.',
        unit='images', minimum=1, maximum=100, dynamic=True)
    still_interval: int = option(
        30, 'The same while all faces are known and nothing has moved in the image for two '
        'seconds; windows of the image are then searched every ten seconds. Any motion, and a new '
        'or a lost face, ends this at once. Not above detector.interval: no difference.',
        unit='images', minimum=1, maximum=1000, dynamic=True)
    mtcnn: MtcnnOptions = MtcnnOptions()
    haar: HaarOptions = HaarOptions()


class Detector(Protocol):
    """Finds the faces of one image."""

    def detect(self, image: Image, scale: float = 1.0) -> list[Detection]:
        """
        Return the faces of the image, in no particular order.

        :param image: (H, W, 3) uint8, BGR.
        :param scale: scale of this image relative to the original, to which `min_size` refers.
        """

    @property
    def detect_small(self) -> Callable[[Image], list[Detection]] | None:
        """
        Return what finds the small faces in a part of an image; see `window_search`.

        Many of its detections are false and have to be verified, those with a score below
        `SURE_SMALL_SCORE` also by a second look. None if `detect` finds faces of all sizes by
        itself.
        """

    def close(self) -> None:
        """Free the networks; the detector cannot be used afterwards."""
