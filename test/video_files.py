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

"""Videos whose images tell their number, and what of them is read."""

import cv2
import numpy as np


def write_video(path, fourcc='MJPG', count=20, rate_hz=25.0, size=(64, 48)):
    """Write a video whose nth image is evenly grey with the value 10 n."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), rate_hz, size)
    assert writer.isOpened()
    for number in range(count):
        writer.write(np.full((size[1], size[0], 3), 10 * number, np.uint8))
    writer.release()
    return path


def brightness(images):
    return [float(image.mean()) for image in images]


def read_all(source):
    images = []
    while (image := source.read()) is not None:
        images.append(image)
    return images
