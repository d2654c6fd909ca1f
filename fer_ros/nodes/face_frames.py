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

"""Frames (tf) of faces: `face_<track_id>` in the frame of the camera."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import Any

from fer_ros.core.head_pose.head_position import orientation_in_camera
from fer_ros.core.values import Face
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

_FRAME_OF_HEAD = np.array([(0, 1, 0), (0, 0, -1), (-1, 0, 0)], np.float64)
"""
Axes of the broadcast frame (columns) in those of `HeadPose`.

By REP 103, x points forward, out of the face, y to the left and z up. A head that looks into the
camera has the camera's axes: x to its own left, y down and z to its back.
"""


class FaceFrames:
    """Broadcasts a frame for each face whose position and orientation are known."""

    def __init__(self, node: Node) -> None:
        """
        Create the publisher.

        :raises ValueError: if the package `tf2_msgs` is not installed.
        """
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError:
            raise ValueError(
                'The parameter tf needs the package tf2_msgs, which is not installed: install '
                'ros-$ROS_DISTRO-tf2-msgs, or set tf to false.') from None
        self._message: type[Any] = TFMessage
        # The profile of tf2_ros' TransformBroadcaster.
        self._publisher = node.create_publisher(TFMessage, '/tf', QoSProfile(depth=100))
        self._node = node

    def publish(self, faces: Sequence[Face], header: Header) -> None:
        """Broadcast the frames of the faces of an image, with its stamp."""
        transforms = face_transforms(faces, header)
        if transforms:
            self._publisher.publish(self._message(transforms=transforms))

    def destroy(self) -> None:
        """Destroy the publisher."""
        self._node.destroy_publisher(self._publisher)


def face_transforms(faces: Sequence[Face], header: Header) -> list[TransformStamped]:
    """Return the frames of those faces whose position and orientation are known."""
    return [
        TransformStamped(
            header=header, child_frame_id=f'face_{face.track_id}',
            transform=Transform(
                translation=Vector3(x=face.position.x, y=face.position.y, z=face.position.z),
                rotation=_quaternion(
                    orientation_in_camera(face.head_pose, face.position) @ _FRAME_OF_HEAD)))
        for face in faces
        if not math.isnan(face.position.z) and not math.isnan(face.head_pose.yaw)]


def _quaternion(rotation: npt.NDArray[np.float64]) -> Quaternion:
    """Return the quaternion of a rotation matrix, (3, 3)."""
    # Of the four ways to compute it, that of the largest element is exact for all rotations
    # (S. W. Shepperd, "Quaternion from Rotation Matrix", J. Guidance and Control 1978).
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation.tolist()
    candidates = np.array([
        (1 + xx - yy - zz, xy + yx, xz + zx, zy - yz),
        (xy + yx, 1 - xx + yy - zz, yz + zy, xz - zx),
        (xz + zx, yz + zy, 1 - xx - yy + zz, yx - xy),
        (zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz)])
    best = candidates[int(candidates.diagonal().argmax())]
    x, y, z, w = (best / np.linalg.norm(best)).tolist()
    return Quaternion(x=x, y=y, z=z, w=w)
