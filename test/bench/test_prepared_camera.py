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
"""The prepared sample has the images of the sample clip, and `camera_node` publishes them."""

from fer_ros.bench import prepared_camera
from fer_ros.bench.prepared_camera import PreparedCameraNode, PreparedSample, write_sample
from fer_ros.media.sample_clip import SampleClip
from fer_ros.nodes.image_conversion import to_bgr
from graph import BEST_EFFORT
import numpy as np
import pytest
from sensor_msgs.msg import Image

COUNT = 3


@pytest.fixture
def file(monkeypatch, tmp_path):
    monkeypatch.setattr(prepared_camera, 'FRAME_COUNT', COUNT)
    path = tmp_path / 'sample.raw'
    write_sample(path)
    return path


def test_the_images_of_the_clip_repeat(file):
    clip = SampleClip()
    with PreparedSample(str(file), 0.0) as source:
        assert source.rate_hz == clip.rate_hz
        images = [source.read() for _ in range(COUNT + 1)]
    for index, image in enumerate(images):
        np.testing.assert_array_equal(image, clip.frame(index % COUNT))


def test_the_node_publishes_them(graph, file):
    received = graph.listen(Image, 'image_raw', BEST_EFFORT)
    graph.up(graph.add(PreparedCameraNode, source=str(file), rate_hz=60.0))
    image = to_bgr(received.wait())
    clip = SampleClip()
    assert any(np.array_equal(image, clip.frame(index)) for index in range(COUNT))
