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

"""
A camera driver that publishes JPEG, for measurements: `python -m fer_ros.bench.jpeg_camera`.

Many cameras compress their images themselves, so the pictures are encoded before, not while the
nodes are measured.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import cv2
from fer_ros.core.values import Frame, Image
from fer_ros.media.sample_clip import FRAME_COUNT, HEIGHT, RATE_HZ, SampleClip, WIDTH
from fer_ros.media.sources import FrameSource
from fer_ros.nodes.base.lifecycle_node import required
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.face_conversion import to_stamp
from fer_ros.nodes.qos import image_publisher
from fer_ros.parameters.node_options import CameraNodeOptions
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage
from std_msgs.msg import Header

QUALITY = 95
"""JPEG quality in percent: the default of image_transport and OpenCV."""


def write_jpegs(folder: Path) -> None:
    """Write the images of the sample clip as JPEG: `0.jpg`, `1.jpg` and so on."""
    clip = SampleClip()
    folder.mkdir()
    for index in range(FRAME_COUNT):
        cv2.imwrite(
            str(folder / f'{index}.jpg'), clip.frame(index), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


class _Pacemaker(FrameSource):
    """Only paces: its images are one pixel, and the node publishes JPEG in their place."""

    def __init__(self, folder: str, rate_hz: float) -> None:
        super().__init__(folder, 'the sample clip as JPEG', WIDTH, HEIGHT, rate_hz or RATE_HZ)

    def grab(self) -> bool:
        return True

    def retrieve(self) -> Image | None:
        return np.zeros((1, 1, 3), np.uint8)

    def close(self) -> None:
        pass


class JpegCameraNode(CameraNode):
    """A `camera_node` with compressed images, whose `source` is a folder of `write_jpegs`."""

    def open_source(self, options: CameraNodeOptions) -> FrameSource:
        """Open the folder."""
        return _Pacemaker(options.source, options.rate_hz)

    def configure(self) -> None:
        """Publish compressed images in place of raw ones."""
        super().configure()
        self.destroy_lifecycle_publisher(required(self._images))
        self._images = image_publisher(self, CompressedImage, 'image_raw')

    def _publish(self, frame: Frame) -> None:
        header = Header(stamp=to_stamp(frame.stamp_ns), frame_id=frame.frame_id)
        path = Path(required(self._settings).source) / f'{frame.sequence % FRAME_COUNT}.jpg'
        required(self._images).publish(CompressedImage(
            header=header, format='bgr8; jpeg compressed bgr8',
            data=array('B', path.read_bytes())))
        required(self._infos).publish(CameraInfo(header=header, width=WIDTH, height=HEIGHT))
        self.throughput.count_out(self.age_s(header.stamp))


if __name__ == '__main__':
    from fer_ros.nodes.base.process import run_node
    raise SystemExit(run_node(JpegCameraNode))
