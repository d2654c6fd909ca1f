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

"""From an image to faces with identities, head poses and upright crops."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType

from fer_ros.core.crop import upright_crop
from fer_ros.core.detection import create_detector, Detector, DetectorOptions
from fer_ros.core.head_pose import estimate_head_pose
from fer_ros.core.options import option, Options
from fer_ros.core.tracking import create_tracker, Track, TrackerOptions
from fer_ros.core.values import Face, FaceState, Frame


@dataclass(frozen=True)
class FaceOptions(Options):
    """What the face stage looks for."""

    detector: DetectorOptions = DetectorOptions()
    tracker: TrackerOptions = TrackerOptions()
    crop_size: int = option(
        96, 'Edge of the upright grey crops for the classifier.', unit='px',
        minimum=16, maximum=512)
    max_faces: int = option(
        20, 'Of more faces in one image, the largest are kept.', unit='faces',
        minimum=1, maximum=1000, dynamic=True)


class FaceStage:
    """
    Detector, tracker, head pose and crop in one.

    >>> stage = FaceStage(FaceOptions())            # doctest: +SKIP
    >>> faces = stage.process(Frame(image, stamp))  # doctest: +SKIP
    """

    def __init__(
        self, options: FaceOptions,
        create: Callable[[DetectorOptions], Detector] = create_detector,
    ) -> None:
        """Load the detector's networks."""
        self._options = options
        self._detector = create(options.detector)
        self._tracker = create_tracker(options.tracker)

    @property
    def options(self) -> FaceOptions:
        """Return the options; only dynamic ones can be replaced, the others take a new stage."""
        return self._options

    @options.setter
    def options(self, options: FaceOptions) -> None:
        self._options = options
        self._tracker.options = options.tracker

    def process(self, frame: Frame) -> list[Face]:
        """Return the faces of the image, those known longest first."""
        detections = self._detector.detect(frame.image)
        if len(detections) > self._options.max_faces:
            detections.sort(key=lambda d: d.box.area, reverse=True)
            del detections[self._options.max_faces:]
        height, width = frame.image.shape[:2]
        tracks = self._tracker.update(detections, frame.stamp_ns)
        # A prediction that has left the image is no face of this image.
        return [
            self._face(track, frame) for track in tracks
            if track.box.clipped(width, height).area > 0]

    def _face(self, track: Track, frame: Frame) -> Face:
        face = Face(track.track_id, track.state, track.box, track.score, track.key_points)
        if track.state is not FaceState.DETECTED:
            return face
        return replace(
            face, head_pose=estimate_head_pose(track.key_points),
            crop=upright_crop(frame.image, track.box, track.key_points, self._options.crop_size))

    def reset(self) -> None:
        """Forget all faces. Identities are not given again."""
        self._tracker.reset()

    def close(self) -> None:
        """Free the detector's networks."""
        self._detector.close()

    def __enter__(self) -> 'FaceStage':
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
