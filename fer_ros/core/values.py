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

"""The values that pass through the pipeline: frames, detections, faces and their emotions."""

from dataclasses import dataclass, field
from enum import IntEnum
import math
from typing import Any

from fer_ros.core.camera_model import CameraModel
from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.geometry import Box as Box, Region
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float32]

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, eq=False)
class Frame:
    """
    An image and the time at which it was taken.

    `image` is (H, W, 3) uint8, BGR. `stamp_ns` is in nanoseconds of any clock; the pipeline uses
    only differences between stamps. `camera` is the calibration of the camera, from which the
    positions of heads are computed; None if it is not known.

    :raises ValueError: for any other value; the text says what was given and how to convert it.
    """

    image: Image
    stamp_ns: int
    frame_id: str = ''
    sequence: int = 0
    camera: CameraModel | None = None

    def __post_init__(self) -> None:
        """Check image and stamp; the errors of OpenCV for wrong ones are hard to understand."""
        image: object = self.image
        if not isinstance(image, np.ndarray):
            raise ValueError(
                f'the image of a frame must be a NumPy array, not {type(image).__name__}; '
                'was the file read?')
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise ValueError(
                'the image of a frame must be (height, width, 3), uint8, BGR, not '
                f'{image.shape}, {image.dtype}{_remedy(image)}')
        if not isinstance(self.stamp_ns, (int, np.integer)) or isinstance(self.stamp_ns, bool):
            raise ValueError(
                f'stamp_ns must be an integer in nanoseconds, not {self.stamp_ns!r}; convert '
                'seconds with round(seconds * 1e9)')
        object.__setattr__(self, 'stamp_ns', int(self.stamp_ns))
        # OpenCV does not read strided views, such as mirrored images.
        object.__setattr__(self, 'image', np.ascontiguousarray(image))


def _remedy(image: npt.NDArray[Any]) -> str:
    if image.dtype != np.uint8 or not image.size:
        return ''
    if image.ndim == 2 or image.shape[2:] == (1,):
        return '; convert a grey image with cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)'
    if image.shape[2:] == (4,):
        return '; convert an image with alpha with cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)'
    return ''


@dataclass(frozen=True)
class HeadPose:
    """
    Orientation of a head in radians, NaN if unknown.

    Axes and signs are those of `fer_msgs/HeadPose`: the camera's optical frame, the right-hand
    rule, zero for a face that looks straight into the camera. Roll is positive if the head
    leans clockwise in the image, pitch if it looks down, yaw if it turns to the left of the image.
    """

    roll: float = math.nan
    pitch: float = math.nan
    yaw: float = math.nan


@dataclass(frozen=True)
class Position:
    """
    A point in metres in the camera's optical frame (REP 103); NaN if unknown.

    The axes are x to the right of the image, y down, and z away from the camera.
    """

    x: float = math.nan
    y: float = math.nan
    z: float = math.nan


class KeyPoint(IntEnum):
    """Rows of `Detection.key_points`; left and right are the person's own."""

    RIGHT_EYE = 0
    LEFT_EYE = 1
    NOSE_TIP = 2
    MOUTH_CENTER = 3
    RIGHT_EAR_TRAGION = 4
    LEFT_EAR_TRAGION = 5


@dataclass(frozen=True, eq=False)
class Mesh:
    """
    The landmarks that the face mesh network found in a region of an image.

    `landmarks` is (468, 3) float32: x and y in pixels of the image; z in pixels too, growing away
    from the camera, 0 near the centre of the head. `presence`, [0, 1], is the network's confidence
    that the region shows a face; if `is_face` is false, the landmarks mean nothing.

    `box` and `key_points`, (6, 2) float32 in the order of `KeyPoint`, are what a detector would
    report for this face. `region` is the region in which the landmarks are upright: where to look
    for them in the next image.

    `features`, (288,) float32, are those behind the landmarks, see `mesh_features.py`; None if
    they are unknown.
    """

    landmarks: Points
    presence: float
    is_face: bool
    box: Box
    key_points: Points
    region: Region
    features: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Detection:
    """
    A face that was found in one image, by a detector or by its landmarks.

    `key_points` is (6, 2) float32 in pixels, see `KeyPoint`; NaN if a point is unknown. `mesh`
    is set if the face was found by its landmarks.
    """

    box: Box
    score: float
    key_points: Points | None = None
    mesh: Mesh | None = None


class FaceState(IntEnum):
    """How the place of a face in this image is known; the values are those of `fer_msgs/Face`."""

    DETECTED = 1
    TRACKED = 2


@dataclass(frozen=True, eq=False)
class Face:
    """
    A face with an identity.

    `crop` is a square (S, S) uint8 grey image of the face with the eyes level. It is None if
    the place of the face is only predicted. `position` is the point between the eyes, unknown
    without a calibrated camera. `mesh_features`, (288,) float32, are those of its mesh in this
    image, see `mesh_features.py`; None without a mesh.
    """

    track_id: int
    state: FaceState
    box: Box
    score: float
    key_points: Points | None = None
    head_pose: HeadPose = HeadPose()
    crop: Image | None = None
    position: Position = Position()
    mesh_features: npt.NDArray[np.float32] | None = None


def no_probabilities() -> Probabilities:
    """Return seven zeros, which mean "not classified yet"."""
    return np.zeros(len(LABELS), np.float32)


def read_only(values: Probabilities) -> Probabilities:
    """Return the array, made read-only: the smoothing still uses it for the next image."""
    values.setflags(write=False)
    return values


@dataclass(frozen=True, eq=False)
class FaceEmotion:
    """
    A face and the emotion that it shows.

    `probabilities`, (7,) float32 in the order of `Emotion`, are smoothed over time;
    `raw_probabilities` are those of the last classification alone. Both are all 0 before the first
    classification. `classified_at_ns` is the stamp of the image that was classified last, None
    before the first classification. `quality`, [0, 1], is the quality of the view that was
    classified last (1: sharp, bright, large, frontal) and its weight in the smoothing; NaN before
    the first classification. `position` is that of the `Face`.
    """

    track_id: int
    state: FaceState
    box: Box
    score: float
    head_pose: HeadPose
    emotion: Emotion = Emotion.UNKNOWN
    confidence: float = 0.0
    probabilities: Probabilities = field(default_factory=no_probabilities)
    raw_probabilities: Probabilities = field(default_factory=no_probabilities)
    classified_at_ns: int | None = None
    quality: float = math.nan
    position: Position = Position()

    @property
    def label(self) -> str:
        """Return the emotion as a noun: one of `LABELS` or "unknown"."""
        return self.emotion.label
