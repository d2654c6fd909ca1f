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

"""The interface of trackers, their options, and what they return."""

from dataclasses import dataclass
from typing import Protocol

from fer_ros.core.geometry import Box
from fer_ros.core.options import option, Options
from fer_ros.core.values import Detection, FaceState, Image, Points


@dataclass(frozen=True)
class CsrtOptions(Options):
    """Options of the visual tracker csrt."""

    # OpenCV's default of 0.035 follows the background after a face has left (docs/benchmarks.md).
    psr_threshold: float = option(
        0.06, 'Minimum peak of the response; below it, the visual tracker csrt loses the face.',
        minimum=0.0, maximum=1.0)


@dataclass(frozen=True)
class KcfOptions(Options):
    """Options of the visual tracker kcf."""

    detect_threshold: float = option(
        0.5, 'Minimum peak of the response; below it, the visual tracker kcf loses the face.',
        minimum=0.0, maximum=1.0)


@dataclass(frozen=True)
class TrackerOptions(Options):
    """How faces keep their identities from image to image."""

    name: str = option(
        'association',
        'Tracker. association: assigns detections to faces by a motion model; csrt, kcf, '
        'medianflow, mosse: the same, with this visual tracker of OpenCV for each face in images '
        'without detection; none: assigns a new ID to every detection (for unrelated images).',
        choices=('association', 'csrt', 'kcf', 'medianflow', 'mosse', 'none'))
    timeout_s: float = option(
        0.7,
        'A face is lost if neither the detector nor its landmarks have found it for this time. '
        'Until then a visual tracker follows it, or its place is predicted.',
        unit='s', minimum=0.0, maximum=10.0, dynamic=True)
    min_hits: int = option(
        2, 'Number of successive images in which a face must be found before it is reported.',
        unit='images', minimum=1, maximum=100, dynamic=True)
    max_distance: float = option(
        0.9, 'Maximum distance of a detection from the predicted place of its face, in edges of '
        'the face. For a face that was missed, the uncertainty of the prediction is added.',
        unit='edges', minimum=0.1, maximum=10.0, dynamic=True)
    reidentify_s: float = option(
        10.0, 'Time within which a lost face that returns near its last place, with about the '
        'same size, gets its identity back; 0: never. After 5 s without images, all faces are '
        'new.',
        unit='s', minimum=0.0, maximum=600.0, dynamic=True)
    csrt: CsrtOptions = CsrtOptions()
    kcf: KcfOptions = KcfOptions()


@dataclass(frozen=True, eq=False)
class Track:
    """
    A face tracked over time.

    `detection` is what is seen of it in this image: its detection, or its last detection moved to
    where a visual tracker sees the face. It is None if the place is only predicted. `score` is
    that of its last detection.
    """

    track_id: int
    state: FaceState
    box: Box
    score: float
    detection: Detection | None

    @property
    def is_seen(self) -> bool:
        """Return whether the face is seen in this image, not only predicted."""
        return self.detection is not None

    @property
    def key_points(self) -> Points | None:
        """Return the key points in this image; None if they are unknown."""
        return self.detection.key_points if self.detection is not None else None


class Tracker(Protocol):
    """Assigns identities to the detections of successive images."""

    options: TrackerOptions
    keeps_identities: bool
    """Whether a face has the same identity in successive images."""
    is_visual: bool
    """Whether it sees the faces in images in which the detector did not run."""

    @property
    def wants_detection(self) -> bool:
        """
        Return whether the detector must search the next image.

        It must if a face was not found in this image, or is not confirmed yet.
        """

    def update(
        self, detections: list[Detection] | None, stamp_ns: int, image: Image,
    ) -> list[Track]:
        """
        Return the faces of this image, oldest first.

        Call it for every image, also if nothing was found.

        :param detections: None if the detector did not run.
        :param stamp_ns: stamp of the image. If it goes back by more than the timeout, all faces
            are forgotten.
        :param image: (H, W, 3) uint8, BGR.
        """

    def reset(self) -> None:
        """Forget all faces. Identities are not used again."""
