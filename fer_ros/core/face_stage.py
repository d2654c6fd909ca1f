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

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
import math
from types import TracebackType

from fer_ros.core.change import SceneWatch
from fer_ros.core.classification.crop import upright_crop
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import Detector, DetectorOptions
from fer_ros.core.detection.rotated_search import RotatedSearch, SEARCH_ANGLE_RAD
from fer_ros.core.detection.window_search import (
    find_in_window,
    found_again,
    merged,
    search_windows,
    SURE_SMALL_SCORE,
    WindowSchedule,
    with_small_faces,
)
from fer_ros.core.geometry import Box
from fer_ros.core.head_pose.estimation import head_pose_of_key_points, head_pose_of_mesh
from fer_ros.core.head_pose.head_position import position_of_key_points, position_of_mesh
from fer_ros.core.head_pose.one_euro_filter import HeadPoseOptions, PoseFilter
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.landmarks.landmark_follower import LandmarkFollower
from fer_ros.core.landmarks.options import LandmarkOptions
from fer_ros.core.options import option, Options
from fer_ros.core.tracking import create_tracker
from fer_ros.core.tracking.tracker import Track, TrackerOptions
from fer_ros.core.values import Detection, Face, Frame, HeadPose, Image, Mesh, Position

_NEVER = 1_000_000
"""Images since the last search, before the first one: more than any interval."""


@dataclass(frozen=True)
class FaceOptions(Options):
    """How faces are found, tracked and cut out."""

    detector: DetectorOptions = DetectorOptions()
    tracker: TrackerOptions = TrackerOptions()
    landmarks: LandmarkOptions = LandmarkOptions()
    head_pose: HeadPoseOptions = HeadPoseOptions()
    rotated_search_interval: int = option(
        10, 'In every Nth searched image, the detector also searches the rotated image, so that '
        'leaning faces are found: alternately to one side and the other, or to both sides if 1; '
        '0: never. Needs landmarks.name mesh.', unit='images', minimum=0, maximum=1000,
        dynamic=True)
    crop_size: int = option(
        96, 'Edge of the upright grey crops for the classifier.', unit='px',
        minimum=16, maximum=512)
    max_faces: int = option(
        20, 'Maximum faces per image; the largest are kept.', unit='faces',
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
        ids: Iterator[int] | None = None,
    ) -> None:
        """
        Load the networks of detector and landmarks.

        :param create: makes the detector.
        :param ids: the identities of new faces, from 1 upwards; None: 1, 2, 3 and so on.
        :raises MediaPipeNetworkError: if a network of detector or landmarks is missing or
            faulty.
        :raises ImportError: if the detector needs a package that is not installed, or OpenCV
            was built without the visual tracker.
        """
        self._options = self._next_options = options
        self._detector = create(options.detector)
        self._tracker = create_tracker(options.tracker, ids)
        self._pose_filter = PoseFilter(options.head_pose.filter)
        self._rotated_search = RotatedSearch(self._detector)
        self._window_schedule = WindowSchedule(options.detector.min_face_fraction)
        self._follower: LandmarkFollower | None = None
        if options.landmarks.name == 'mesh':
            self._follower = LandmarkFollower(FaceMesh())
        self._watch = SceneWatch()
        self._unsearched, self._searches = _NEVER, 0
        self._sides: tuple[int, ...] = ()
        self._waits = False

    @property
    def options(self) -> FaceOptions:
        """
        Return the options; new ones take effect before the next image.

        They can be set from any thread. Only dynamic options can change.
        """
        return self._next_options

    @options.setter
    def options(self, options: FaceOptions) -> None:
        self._next_options = options

    def process(self, frame: Frame) -> list[Face]:
        """Return the faces of the image, those with the lowest track ID first."""
        self._options = options = self._next_options
        self._tracker.options = options.tracker
        self._pose_filter.options = options.head_pose.filter
        if self._follower and not self._tracker.keeps_identities:
            # Unrelated images must not influence each other.
            self._follower.reset()
        is_calm = self._is_calm(frame)
        detections = self._detect(frame, is_calm)
        tracks = self._tracker.update(detections, frame.stamp_ns, frame.image)
        meshes: dict[int, Mesh | None] = {}
        if self._follower:
            meshes = self._follower.update(
                frame.image, detections, tracks, options.landmarks.faces_per_image)
        self._pose_filter.keep(track.track_id for track in tracks)
        height, width = frame.image.shape[:2]
        # A prediction that has left the image is no face of this image.
        inside = [track for track in tracks if track.box.clipped(width, height).area > 0]
        # A face that is no longer among the largest is still predicted for some time.
        kept = sorted(inside, key=lambda track: (track.is_seen, track.box.area), reverse=True)
        del kept[options.max_faces:]
        return [self._face(track, meshes, frame) for track in inside if track in kept]

    def _is_calm(self, frame: Frame) -> bool:
        """Return whether nothing has moved for some time, so that fewer searches are enough."""
        options = self._options
        has_changed = self._follower is not None and self._follower.begin(
            frame.image, frame.stamp_ns, options.landmarks.max_age_s)
        if options.detector.still_interval <= options.detector.interval:
            return False
        if has_changed or self._tracker.wants_detection:
            # There is no need to look for more motion.
            self._watch.note_motion(frame.stamp_ns)
            return False
        self._watch.look(frame.image, frame.stamp_ns)
        return self._watch.is_calm(frame.stamp_ns)

    def _detect(self, frame: Frame, is_calm: bool) -> list[Detection] | None:
        """Return the largest faces of the image, None where only a visual tracker follows them."""
        image = frame.image
        options = self._options.detector
        interval = options.still_interval if is_calm else options.interval
        self._unsearched += 1
        is_due = self._unsearched >= interval
        max_meshes = self._options.landmarks.faces_per_image
        detections: list[Detection] | None = None
        if not (is_due or self._tracker.wants_detection):
            if self._tracker.is_visual:
                return None
            detections = self._follower.carried(image, max_meshes) if self._follower else None
        is_searched = detections is None
        if detections is None:
            detections = self._searched(image, max_meshes)
            self._unsearched = 0
            self._sides += self._sides_to_search()
        # One search in an image is enough, or it takes much longer than the others.
        self._waits = is_searched and not self._waits and self._may_wait(interval)
        if not self._waits:
            detections = self._searched_more(frame, detections, is_calm)
        return self._largest(detections)

    def _may_wait(self, interval: int) -> bool:
        """Return whether faces that the next image shows too are early enough."""
        return interval > 1 and self._tracker.keeps_identities and not self._tracker.is_visual

    def _searched_more(
        self, frame: Frame, detections: list[Detection], is_calm: bool,
    ) -> list[Detection]:
        """Return the faces with those that lean or are small; only one of both is searched."""
        image = frame.image
        if self._follower and self._sides:
            for side in self._sides:
                detections = self._follower.confirmed(
                    image, self._rotated_search.find(image, side), detections,
                    side * SEARCH_ANGLE_RAD)
            self._sides = ()
        elif self._tracker.keeps_identities and self._can_search_windows:
            windows = self._window_schedule.take(
                image, frame.stamp_ns, is_calm, [face.box for face in detections])
            detections += self._small_faces(image, windows, detections)
        return detections

    def _searched(self, image: Image, max_meshes: int) -> list[Detection]:
        """Return what a search of the whole image finds, and all its windows if it is alone."""
        detections = self._detector.detect(image)
        if not self._tracker.keeps_identities and self._follower:
            detections = self._follower.supported(image, detections)
            height, width = image.shape[:2]
            windows = search_windows(width, height, self._options.detector.min_face_fraction)
            detections = with_small_faces(
                detections, self._small_faces(image, windows, ()), max(height, width))
        if self._follower:
            detections += self._follower.missed(image, detections, max_meshes)
        return detections

    @property
    def _can_search_windows(self) -> bool:
        return self._detector.detect_small is not None and self._follower is not None

    def _small_faces(
        self, image: Image, windows: Sequence[Box], known: Sequence[Detection],
    ) -> list[Detection]:
        """Return the faces in windows of the image that are not known, verified."""
        detect = self._detector.detect_small
        if detect is None or self._follower is None:
            return []
        candidates = merged([
            face for window in windows for face in find_in_window(image, window, detect)])
        new = [
            face for face in candidates
            if not any(face.box.covers_most_of(other.box) for other in known)]
        return self._follower.verified(
            image, new, SURE_SMALL_SCORE, lambda face: found_again(image, face, detect))

    def _largest(self, detections: list[Detection]) -> list[Detection]:
        if len(detections) <= self._options.max_faces:
            return detections
        return sorted(
            detections, key=lambda d: d.box.area, reverse=True)[:self._options.max_faces]

    def _sides_to_search(self) -> tuple[int, ...]:
        """Return to which sides the image is to be rotated after this search."""
        interval = self._options.rotated_search_interval
        self._searches += 1
        if interval == 0 or self._searches % interval:
            return ()
        if interval == 1:
            return 1, -1
        return (1,) if self._searches // interval % 2 else (-1,)

    def _face(self, track: Track, meshes: dict[int, Mesh | None], frame: Frame) -> Face:
        face = Face(track.track_id, track.state, track.box, track.score, track.key_points)
        if not track.is_seen:
            return face
        mesh = meshes.get(track.track_id)
        framing = face.box
        if mesh is not None:
            # Crops that are framed by the landmarks vary less from image to image than crops
            # that are framed by the detector's box (docs/benchmarks.md).
            framing = mesh.box
            face = replace(face, key_points=mesh.key_points, mesh_features=mesh.features)
        return replace(
            face, head_pose=self._head_pose(track, meshes, frame.stamp_ns),
            position=_position(track, mesh, frame),
            crop=upright_crop(frame.image, framing, face.key_points, self._options.crop_size))

    def _head_pose(
        self, track: Track, meshes: dict[int, Mesh | None], stamp_ns: int,
    ) -> HeadPose:
        last = self._pose_filter.last(track.track_id)
        # Poses from landmarks and from key points differ by some degrees: a face whose landmarks
        # are not computed in this image keeps its last pose instead of alternating between them.
        if self._follower and track.track_id not in meshes and not math.isnan(last.yaw):
            return last
        mesh = meshes.get(track.track_id)
        pose = head_pose_of_mesh(mesh) if mesh else head_pose_of_key_points(track.key_points)
        return self._pose_filter.update(track.track_id, pose, stamp_ns)

    def reset(self) -> None:
        """Forget all faces. Identities are not used again."""
        self._tracker.reset()
        self._pose_filter.reset()
        if self._follower:
            self._follower.reset()
        self._window_schedule.reset()
        self._watch.reset()
        self._unsearched, self._searches = _NEVER, 0
        self._sides, self._waits = (), False

    def close(self) -> None:
        """Free the networks."""
        self._detector.close()

    def __enter__(self) -> FaceStage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _position(track: Track, mesh: Mesh | None, frame: Frame) -> Position:
    if frame.camera is None:
        return Position()
    if mesh is None:
        return position_of_key_points(track.key_points, frame.camera)
    return position_of_mesh(mesh, frame.camera)
