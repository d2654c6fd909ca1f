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
import math
from types import TracebackType

from fer_ros.core.classification.crop import upright_crop
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import Detector, DetectorOptions
from fer_ros.core.detection.rotated_search import RollSearch, TURN
from fer_ros.core.head_pose.estimation import (
    estimate_head_pose,
    head_pose_of_mesh,
    HeadPoseOptions,
)
from fer_ros.core.head_pose.one_euro_filter import PoseFilter
from fer_ros.core.landmarks.face_mesh import FaceMesh, Mesh
from fer_ros.core.landmarks.follower import FaceFollower
from fer_ros.core.options import option, Options
from fer_ros.core.tracking import create_tracker
from fer_ros.core.tracking.tracker import Track, TrackerOptions
from fer_ros.core.values import Detection, Face, Frame, HeadPose, Image


@dataclass(frozen=True)
class FaceOptions(Options):
    """What the face stage looks for."""

    detector: DetectorOptions = DetectorOptions()
    tracker: TrackerOptions = TrackerOptions()
    head_pose: HeadPoseOptions = HeadPoseOptions()
    roll_search_interval: int = option(
        10, 'In every so many searched images the detector also sees the image turned, to one '
        'side and the other in turn, so that leaning faces are found; 1: to both sides in each; '
        '0: never. Needs head_pose.name mesh.', unit='images', minimum=0, maximum=1000,
        dynamic=True)
    crop_size: int = option(
        96, 'Edge of the upright grey crops for the classifier.', unit='px',
        minimum=16, maximum=512)
    max_faces: int = option(
        20, 'Of more faces in one image, the largest are kept.', unit='faces',
        minimum=1, maximum=1000, dynamic=True)


class FaceStage:
    """
    Detector, tracker, landmarks, head pose and crop in one.

    >>> stage = FaceStage(FaceOptions())            # doctest: +SKIP
    >>> faces = stage.process(Frame(image, stamp))  # doctest: +SKIP
    """

    def __init__(
        self, options: FaceOptions,
        create: Callable[[DetectorOptions], Detector] = create_detector,
    ) -> None:
        """
        Load the networks of detector and landmarks.

        :param create: makes the detector.
        :raises MediaPipeNetworkError: where a network of detector or landmarks is missing or
            faulty.
        :raises ImportError: where the detector needs a package that is not installed, or OpenCV
            was built without the visual tracker.
        """
        self._options = options
        self._detector = create(options.detector)
        self._tracker = create_tracker(options.tracker)
        self._pose_filter = PoseFilter(options.head_pose.filter)
        self._roll_search = RollSearch(self._detector)
        self._follower: FaceFollower | None = None
        if options.head_pose.name == 'mesh':
            self._follower = FaceFollower(FaceMesh())
        self._images = self._searches = 0

    @property
    def options(self) -> FaceOptions:
        """Return the options; only dynamic ones can be replaced, the others take a new stage."""
        return self._options

    @options.setter
    def options(self, options: FaceOptions) -> None:
        self._options = options
        self._tracker.options = options.tracker
        self._pose_filter.options = options.head_pose.filter

    def process(self, frame: Frame) -> list[Face]:
        """Return the faces of the image, those known longest first."""
        if self._follower and self._options.tracker.name == 'none':
            # No picture may depend on the one before.
            self._follower.reset()
        detections = self._detect(frame.image)
        tracks = self._tracker.update(detections, frame.stamp_ns, frame.image)
        looked: dict[int, Mesh | None] = {}
        if self._follower:
            looked = self._follower.look(
                frame.image, tracks, self._options.head_pose.faces_per_image)
        self._pose_filter.keep(track.track_id for track in tracks)
        height, width = frame.image.shape[:2]
        # A prediction that has left the image is no face of this image.
        inside = [track for track in tracks if track.box.clipped(width, height).area > 0]
        # Faces that others have pushed out of the largest are still predicted for a while.
        kept = sorted(inside, key=lambda track: (track.is_seen, track.box.area), reverse=True)
        del kept[self._options.max_faces:]
        return [self._face(track, looked, frame) for track in inside if track in kept]

    def _detect(self, image: Image) -> list[Detection] | None:
        """Return the largest faces of the image, None where only the tracker follows them."""
        is_due = self._images % self._options.detector.interval == 0
        self._images += 1
        most = self._options.head_pose.faces_per_image
        if not (is_due or self._tracker.wants_detection):
            if self._tracker.is_visual:
                return None
            followed = self._follower.follow(image, most) if self._follower else None
            if followed is not None:
                return self._largest(followed)
        detections = self._detector.detect(image)
        if self._follower:
            detections += self._follower.find_missed(image, detections, most)
            for side in self._sides_to_search():
                detections = self._follower.confirm(
                    image, self._roll_search.find(image, side), detections, side * TURN)
        return self._largest(detections)

    def _largest(self, detections: list[Detection]) -> list[Detection]:
        if len(detections) <= self._options.max_faces:
            return detections
        return sorted(
            detections, key=lambda d: d.box.area, reverse=True)[:self._options.max_faces]

    def _sides_to_search(self) -> tuple[int, ...]:
        """Return to which sides the image of this search is turned."""
        interval = self._options.roll_search_interval
        self._searches += 1
        if interval == 0 or self._searches % interval:
            return ()
        if interval == 1:
            return 1, -1
        return (1,) if self._searches // interval % 2 else (-1,)

    def _face(self, track: Track, looked: dict[int, Mesh | None], frame: Frame) -> Face:
        face = Face(track.track_id, track.state, track.box, track.score, track.key_points)
        if not track.is_seen:
            return face
        mesh = looked.get(track.track_id)
        framing = face.box
        if mesh is not None:
            seen = mesh.detection
            # Framed by the landmarks, crops of the same face are alike, whoever found it: from one
            # image to the next probabilities change by a fifth less than with detectors' boxes.
            framing, face = seen.box, replace(face, key_points=seen.key_points)
        return replace(
            face, head_pose=self._head_pose(track, looked, frame.stamp_ns),
            crop=upright_crop(frame.image, framing, face.key_points, self._options.crop_size))

    def _head_pose(
        self, track: Track, looked: dict[int, Mesh | None], stamp_ns: int,
    ) -> HeadPose:
        last = self._pose_filter.last(track.track_id)
        # The two ways to a pose differ by some degrees: no face changes to and fro between them.
        if self._follower and track.track_id not in looked and not math.isnan(last.yaw):
            return last
        mesh = looked.get(track.track_id)
        pose = head_pose_of_mesh(mesh) if mesh else estimate_head_pose(track.key_points)
        return self._pose_filter.update(track.track_id, pose, stamp_ns)

    def reset(self) -> None:
        """Forget all faces. Identities are not given again."""
        self._tracker.reset()
        self._pose_filter.reset()
        if self._follower:
            self._follower.reset()
        self._images = self._searches = 0

    def close(self) -> None:
        """Free the networks."""
        self._detector.close()

    def __enter__(self) -> 'FaceStage':
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
