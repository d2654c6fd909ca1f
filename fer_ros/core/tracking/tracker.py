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

"""Following faces over time, so that each keeps its identity."""

from dataclasses import dataclass
from typing import Protocol

from fer_ros.core.options import option, Options
from fer_ros.core.values import Box, Detection, FaceState, Image, Points


@dataclass(frozen=True)
class CsrtOptions(Options):
    """What the tracker csrt takes for lost."""

    # At OpenCV's 0.035 the wall was followed for 20 images where a face had been; from 0.05 on the
    # loss was seen at once, and up to 0.1 no face that was there was lost in four clips.
    psr_threshold: float = option(
        0.06, 'A face is lost where the peak of the response to it is lower.',
        minimum=0.0, maximum=1.0)


@dataclass(frozen=True)
class KcfOptions(Options):
    """What the tracker kcf takes for lost."""

    detect_threshold: float = option(
        0.5, 'A face is lost where the peak of the response to it is lower.',
        minimum=0.0, maximum=1.0)


@dataclass(frozen=True)
class TrackerOptions(Options):
    """How faces keep their identities."""

    name: str = option(
        'association',
        'Tracker: association of detections by a motion model; the same with a visual tracker of '
        'OpenCV for each face (csrt, kcf, medianflow, mosse) in images without detection; or none '
        '(every detection is a new face).',
        choices=('association', 'csrt', 'kcf', 'medianflow', 'mosse', 'none'))
    timeout_s: float = option(
        0.7,
        'A face that neither the detector nor its landmarks show for longer is forgotten; until '
        'then it is followed by a visual tracker, or its place predicted.',
        unit='s', minimum=0.0, maximum=10.0, dynamic=True)
    min_hits: int = option(
        2, 'A face is reported once it was found in this many images in a row, of those that '
        'were searched.', unit='images', minimum=1, maximum=100, dynamic=True)
    max_distance: float = option(
        0.9, 'A detection further than this from the predicted place is another face; where a '
        'face was missed, the uncertainty of the prediction is added.',
        unit="faces' edges", minimum=0.1, maximum=10.0, dynamic=True)
    reidentify_s: float = option(
        10.0, 'A face that was forgotten and comes back near its place, about as large, has its '
        'identity again within this time; 0: never. Nobody is known again after 5 s without '
        'images.',
        unit='s', minimum=0.0, maximum=600.0, dynamic=True)
    csrt: CsrtOptions = CsrtOptions()
    kcf: KcfOptions = KcfOptions()


@dataclass(frozen=True, eq=False)
class Track:
    """
    A face followed over time.

    `is_seen` is False where the place is only predicted; there are no `key_points` then. Those of
    a face that was seen but not detected are its last ones, moved along with its box.
    """

    track_id: int
    state: FaceState
    box: Box
    score: float
    key_points: Points | None
    is_seen: bool = True


class Tracker(Protocol):
    """Gives identities to the detections of successive images."""

    options: TrackerOptions
    is_visual: bool
    """Whether it sees where the faces are in images in which the detector was not asked."""

    @property
    def wants_detection(self) -> bool:
        """Return whether the next image must be searched: a face is lost, or not sure yet."""

    def update(
        self, detections: list[Detection] | None, stamp_ns: int, image: Image,
    ) -> list[Track]:
        """
        Return the faces of this image, oldest first.

        It is to be called for every image, also where nothing was found.

        :param detections: None where the detector was not asked in this image.
        :param stamp_ns: stamp of the image. Where it goes back by more than the timeout, all faces
            are forgotten.
        :param image: (H, W, 3) uint8, BGR.
        """

    def reset(self) -> None:
        """Forget all faces. Identities are not given again."""
