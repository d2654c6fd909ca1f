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

"""The values that travel through the pipeline: frames, boxes, faces and their emotions."""

from dataclasses import dataclass, field
from enum import IntEnum
import math
from typing import Any

from fer_ros.core.emotions import Emotion, LABELS
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float32]

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, eq=False)
class Frame:
    """
    An image with its time.

    `image` is (H, W, 3) uint8, BGR. `stamp_ns` is the time at which it was taken, in nanoseconds
    of whichever clock the caller uses; the pipeline only takes differences of it.

    :raises ValueError: for anything else; the text says what was given and how to convert it.
    """

    image: Image
    stamp_ns: int
    frame_id: str = ''
    sequence: int = 0

    def __post_init__(self) -> None:
        """Check image and stamp: what OpenCV and MediaPipe say of wrong ones is hard to read."""
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
                f'stamp_ns must be whole nanoseconds, not {self.stamp_ns!r}; seconds become so by '
                'round(seconds * 1e9)')
        object.__setattr__(self, 'stamp_ns', int(self.stamp_ns))
        # Mirrored and other views cost nothing to make, but OpenCV does not read them.
        object.__setattr__(self, 'image', np.ascontiguousarray(image))


def _remedy(image: npt.NDArray[Any]) -> str:
    if image.dtype != np.uint8 or not image.size:
        return ''
    if image.ndim == 2 or image.shape[2:] == (1,):
        return '; a grey one becomes so by cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)'
    if image.shape[2:] == (4,):
        return '; one with alpha becomes so by cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)'
    return ''


@dataclass(frozen=True)
class Box:
    """
    An upright rectangle in pixels of the image; x to the right, y down.

    It may reach over the image's edges.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Pixels squared; 0 where a side is not positive."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def center(self) -> tuple[float, float]:
        """Return the middle (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    def scaled(self, factor: float) -> 'Box':
        """Return a box with the same middle, of edges that are so many times longer."""
        width, height = factor * self.width, factor * self.height
        return Box(
            self.x + (self.width - width) / 2, self.y + (self.height - height) / 2, width, height)

    def intersection(self, other: 'Box') -> 'Box':
        """Return the part that both boxes cover; its area is 0 where they do not touch."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Box(x, y, max(right - x, 0.0), max(bottom - y, 0.0))

    def iou(self, other: 'Box') -> float:
        """Return intersection over union, [0, 1]."""
        common = self.intersection(other).area
        union = self.area + other.area - common
        return common / union if union > 0 else 0.0

    def clipped(self, width: int, height: int) -> 'Box':
        """Return the part inside an image of that size."""
        return self.intersection(Box(0.0, 0.0, float(width), float(height)))


@dataclass(frozen=True)
class HeadPose:
    """
    Orientation of a head in radians, NaN where unknown.

    Axes and signs are those of `fer_msgs/HeadPose`: the camera's optical frame, the right-hand
    rule, zero for a face that looks straight into the camera. Roll is positive where the head
    leans clockwise in the image, pitch where it looks down, yaw where it turns to the left of the
    image.
    """

    roll: float = math.nan
    pitch: float = math.nan
    yaw: float = math.nan


class KeyPoint(IntEnum):
    """Rows of `Detection.key_points`; left and right are the person's own."""

    RIGHT_EYE = 0
    LEFT_EYE = 1
    NOSE_TIP = 2
    MOUTH_CENTER = 3
    RIGHT_EAR_TRAGION = 4
    LEFT_EAR_TRAGION = 5


@dataclass(frozen=True, eq=False)
class Detection:
    """
    A face that a detector found in one image.

    `key_points` is (6, 2) float32 in pixels, see `KeyPoint`.
    """

    box: Box
    score: float
    key_points: Points | None = None


class FaceState(IntEnum):
    """How a face of this image is known; the values are those of `fer_msgs/Face`."""

    DETECTED = 1
    TRACKED = 2


@dataclass(frozen=True, eq=False)
class Face:
    """
    A face with an identity.

    `crop` is a square (S, S) uint8 grey picture with the eyes level, or None where this image
    holds no view of the face (it is only predicted to be there) or no crop was asked for.
    """

    track_id: int
    state: FaceState
    box: Box
    score: float
    key_points: Points | None = None
    head_pose: HeadPose = HeadPose()
    crop: Image | None = None


def no_probabilities() -> Probabilities:
    """Return seven zeros, which stand for "not classified yet"."""
    return np.zeros(len(LABELS), np.float32)


def read_only(values: Probabilities) -> Probabilities:
    """Return the array, locked: what a caller gets is also what the next image builds on."""
    values.setflags(write=False)
    return values


@dataclass(frozen=True, eq=False)
class FaceEmotion:
    """
    A face and what it shows.

    `probabilities` (7,) float32 in the order of `Emotion` are smoothed over time,
    `raw_probabilities` are those of the last classification alone; all are 0 before the first one,
    and `classified_at_ns`, the stamp of the image that was classified last, is 0 as well.
    `quality`, [0, 1], says how good the view was that was classified last (sharp, bright, large,
    frontal: 1); by it the view weighs in the smoothing. NaN before the first one.
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
    classified_at_ns: int = 0
    quality: float = math.nan

    @property
    def label(self) -> str:
        """Return the emotion as a noun: one of `LABELS` or "unknown"."""
        return self.emotion.label
