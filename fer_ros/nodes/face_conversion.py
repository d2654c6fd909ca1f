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

"""Converts between the values of `fer_ros.core` and the messages of `fer_msgs`."""

from array import array

from builtin_interfaces.msg import Time
from fer_msgs.msg import (
    Emotion as EmotionMessage,
    Face as FaceMessage,
    HeadPose as HeadPoseMessage,
)
from fer_ros.core.emotions import Emotion
from fer_ros.core.landmarks.mesh_features import FEATURE_COUNT, MeshFeatures
from fer_ros.core.values import Box, Face, FaceEmotion, FaceState, HeadPose, NS_PER_S, Position
from fer_ros.nodes.image_conversion import to_crop, to_message
from geometry_msgs.msg import Point, Point32
import numpy as np
from sensor_msgs.msg import Image as ImageMessage, RegionOfInterest
from std_msgs.msg import Header


def stamp_ns(stamp: Time) -> int:
    """Return a stamp in nanoseconds."""
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def to_stamp(time_ns: int) -> Time:
    """Return nanoseconds as a stamp."""
    return Time(sec=time_ns // NS_PER_S, nanosec=time_ns % NS_PER_S)


def to_region(box: Box, width: int, height: int) -> RegionOfInterest:
    """Return the part of a box inside an image in whole pixels; it has at least one pixel."""
    left = min(max(round(box.x), 0), width - 1)
    top = min(max(round(box.y), 0), height - 1)
    right = min(max(round(box.x + box.width), left + 1), width)
    bottom = min(max(round(box.y + box.height), top + 1), height)
    return RegionOfInterest(x_offset=left, y_offset=top, width=right - left, height=bottom - top)


def from_region(region: RegionOfInterest) -> Box:
    """Return a region of interest as a box."""
    return Box(
        float(region.x_offset), float(region.y_offset), float(region.width), float(region.height))


def _to_float32(value: float) -> float:
    """Round as the middleware does, so that messages handed within a process are the same."""
    return float(np.float32(value))


def _to_pose(pose: HeadPose) -> HeadPoseMessage:
    return HeadPoseMessage(
        roll=_to_float32(pose.roll), pitch=_to_float32(pose.pitch), yaw=_to_float32(pose.yaw))


def _from_pose(message: HeadPoseMessage) -> HeadPose:
    return HeadPose(message.roll, message.pitch, message.yaw)


def _to_point(position: Position) -> Point:
    return Point(x=position.x, y=position.y, z=position.z)


def _from_point(point: Point) -> Position:
    return Position(point.x, point.y, point.z)


def to_face_message(face: Face, header: Header, width: int, height: int) -> FaceMessage:
    """Return a face as a message; its crop has the header of the image."""
    message = FaceMessage(
        track_id=face.track_id, state=int(face.state), roi=to_region(face.box, width, height),
        score=_to_float32(face.score), head_pose=_to_pose(face.head_pose),
        position=_to_point(face.position))
    if face.key_points is not None:
        message.key_points = [Point32(x=float(x), y=float(y)) for x, y in face.key_points]
    if face.mesh_features is not None:
        message.mesh_features = array('f', face.mesh_features.tobytes())
    message.crop = (
        to_message(face.crop, header) if face.crop is not None else ImageMessage(header=header))
    return message


def from_face_message(message: FaceMessage) -> Face:
    """
    Return the face in a message.

    :raises ImageError: if its crop is invalid.
    """
    return Face(
        message.track_id, FaceState(message.state), from_region(message.roi), message.score,
        (np.array([(p.x, p.y) for p in message.key_points], np.float32) if message.key_points
         else None),
        _from_pose(message.head_pose), to_crop(message.crop) if message.crop.width else None,
        _from_point(message.position), _from_features(message))


def _from_features(message: FaceMessage) -> MeshFeatures | None:
    features = np.asarray(message.mesh_features, np.float32)
    # Another version of face_node may publish other features.
    return features if features.shape == (FEATURE_COUNT,) else None


def to_emotion_message(face: FaceEmotion, width: int, height: int) -> EmotionMessage:
    """Return the emotion of a face as a message."""
    return EmotionMessage(
        track_id=face.track_id, state=int(face.state), roi=to_region(face.box, width, height),
        score=face.score, head_pose=_to_pose(face.head_pose),
        position=_to_point(face.position), emotion=int(face.emotion),
        label=face.label, confidence=face.confidence, probabilities=face.probabilities,
        raw_probabilities=face.raw_probabilities,
        classified_at=to_stamp(face.classified_at_ns or 0),
        quality=face.quality)


def from_emotion_message(message: EmotionMessage) -> FaceEmotion:
    """Return the emotion in a message."""
    return FaceEmotion(
        message.track_id, FaceState(message.state), from_region(message.roi), message.score,
        _from_pose(message.head_pose), Emotion(message.emotion), message.confidence,
        np.asarray(message.probabilities, np.float32),
        np.asarray(message.raw_probabilities, np.float32),
        stamp_ns(message.classified_at) or None, message.quality, _from_point(message.position))
