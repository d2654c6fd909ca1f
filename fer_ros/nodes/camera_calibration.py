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

"""The calibration that a camera publishes as `camera_info`, for the images of its topic."""

from __future__ import annotations

from fer_ros.core.camera_model import CameraModel
from fer_ros.core.values import Image
from fer_ros.media.calibration import DISTORTION_COEFFICIENTS
from fer_ros.nodes.base.worker import LOG_THROTTLE_S
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo


class CameraCalibration:
    """
    Listens to `camera_info`, and holds the camera model of the last message.

    Where only the images are remapped, it listens to the `camera_info` beside them, as ROS's
    drivers publish it.
    """

    def __init__(self, node: Node, images: str, is_rectified: bool) -> None:
        """
        Subscribe.

        :param images: name of the topic of the images, before remapping.
        :param is_rectified: whether the images are rectified, see `camera_model`.
        """
        self._node = node
        self._is_rectified = is_rectified
        self._model: CameraModel | None = None
        self._subscription = node.create_subscription(
            CameraInfo, info_topic(node, images), self._receive, qos_profile_sensor_data)

    def destroy(self) -> None:
        """Destroy the subscription."""
        self._node.destroy_subscription(self._subscription)

    def of(self, image: Image) -> CameraModel | None:
        """Return the camera model of an image; None if the camera is not calibrated for it."""
        model = self._model
        if model is None or image.shape[:2] == (model.height, model.width):
            return model
        height, width = image.shape[:2]
        self._node.get_logger().warning(
            f'camera_info is for images of {model.width}x{model.height}, but these are '
            f'{width}x{height}: positions are unknown; calibrate the camera at this size',
            throttle_duration_sec=LOG_THROTTLE_S)
        return None

    def _receive(self, message: CameraInfo) -> None:
        try:
            self._model = camera_model(message, self._is_rectified)
        except ValueError as error:
            self._model = None
            self._node.get_logger().warning(str(error), throttle_duration_sec=LOG_THROTTLE_S)


def info_topic(node: Node, images: str) -> str:
    """Return the topic of the calibration of a topic of images."""
    topic: str = node.resolve_topic_name('camera_info')
    is_remapped = topic != node.resolve_topic_name('camera_info', only_expand=True)
    if is_remapped:
        return topic
    # image_transport adds /compressed to the name of the images.
    topic = node.resolve_topic_name(images).removesuffix('/compressed')
    beside = topic.rpartition('/')[0]
    return f'{beside}/camera_info'


def camera_model(message: CameraInfo, is_rectified: bool) -> CameraModel | None:
    """
    Return the camera model of a `CameraInfo`, with its region of interest and binning.

    :param is_rectified: the images were rectified, as by `image_proc`: the projection matrix `p`
        holds for them, and they are not distorted. Otherwise `k` and `d` hold.
    :return: None if the camera is not calibrated: the focal length is 0.
    :raises ValueError: if the distortion model or the number of its coefficients is unknown.
    """
    k = message.p.reshape(3, 4)[:, :3] if is_rectified else message.k.reshape(3, 3)
    if not k[0, 0]:
        return None
    known = message.distortion_model in DISTORTION_COEFFICIENTS
    d = () if is_rectified or not any(message.d) else tuple(message.d)
    if d and (not known or len(d) not in DISTORTION_COEFFICIENTS[message.distortion_model]):
        raise ValueError(
            f'camera_info has the distortion model {message.distortion_model!r} with {len(d)} '
            f'coefficients: positions are unknown; known models are '
            f'{", ".join(DISTORTION_COEFFICIENTS)}')
    roi = message.roi
    step_x, step_y = max(message.binning_x, 1), max(message.binning_y, 1)
    # The centre of a binned pixel lies between those of its pixels.
    center_x = (k[0, 2] + 0.5 - roi.x_offset) / step_x - 0.5
    center_y = (k[1, 2] + 0.5 - roi.y_offset) / step_y - 0.5
    return CameraModel(
        (roi.width or message.width) // step_x, (roi.height or message.height) // step_y,
        (float(k[0, 0] / step_x), float(k[0, 1] / step_x), float(center_x),
         0.0, float(k[1, 1] / step_y), float(center_y), 0.0, 0.0, 1.0),
        message.distortion_model, d)
