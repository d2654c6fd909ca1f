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
`camera_node` with a sample that was drawn before: `python -m fer_ros.bench.prepared_camera`.

No camera draws its images. With the usual source `sample`, drawing took more CPU than all other
work of the node.
"""

from __future__ import annotations

from pathlib import Path

from fer_ros.core.values import Image
from fer_ros.media.sample_clip import FRAME_COUNT, HEIGHT, RATE_HZ, SampleClip, WIDTH
from fer_ros.media.sources import FrameSource
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.parameters.node_options import CameraNodeOptions
import numpy as np

IMAGE_BYTES = HEIGHT * WIDTH * 3


def write_sample(path: Path) -> None:
    """Draw all images of the sample clip into a file: (N, H, W, 3) uint8 without a header."""
    clip = SampleClip()
    with path.open('wb') as file:
        for index in range(FRAME_COUNT):
            file.write(clip.frame(index).data)


class PreparedSample(FrameSource):
    """The images of a file that `write_sample` wrote, repeated without end."""

    def __init__(self, path: str, rate_hz: float) -> None:
        """Open the file; `rate_hz` is 0 for the rate of the clip."""
        self._file = Path(path).open('rb')  # noqa: SIM115 - `close` closes it
        self._index = -1
        super().__init__(path, 'the prepared sample clip', WIDTH, HEIGHT, rate_hz or RATE_HZ)

    def grab(self) -> bool:
        self._index = (self._index + 1) % FRAME_COUNT
        return True

    def retrieve(self) -> Image | None:
        # Read into new memory, as a driver copies an image of a camera.
        image = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        self._file.seek(self._index * IMAGE_BYTES)
        self._file.readinto(image.data)
        return image

    def close(self) -> None:
        self._file.close()


class PreparedCameraNode(CameraNode):
    """A `camera_node` whose parameter `source` names a file that `write_sample` wrote."""

    def open_source(self, options: CameraNodeOptions) -> FrameSource:
        """Open the prepared images."""
        return PreparedSample(options.source, options.rate_hz)


if __name__ == '__main__':
    from fer_ros.nodes.base.process import run_node
    raise SystemExit(run_node(PreparedCameraNode))
