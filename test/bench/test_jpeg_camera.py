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

"""The camera of measurements that publishes JPEG."""

from diagnostic_msgs.msg import DiagnosticArray
from fer_msgs.msg import FaceArray
from fer_ros.bench import jpeg_camera
from fer_ros.bench.jpeg_camera import JpegCameraNode, write_jpegs
from fer_ros.media.sample_clip import SampleClip
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.image_conversion import to_bgr
from graph import BEST_EFFORT, wait_until
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage

COUNT = 3


def test_the_node_publishes_the_clip_and_face_node_reads_it(graph, monkeypatch, tmp_path):
    monkeypatch.setattr(jpeg_camera, 'FRAME_COUNT', COUNT)
    folder = tmp_path / 'jpeg'
    write_jpegs(folder)
    camera = graph.add(JpegCameraNode, source=str(folder), rate_hz=10.0)
    graph.change(camera, 'configure')
    received = graph.listen(CompressedImage, 'image_raw', BEST_EFFORT)
    infos = graph.listen(CameraInfo, 'camera_info', BEST_EFFORT)
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    faces = graph.listen(FaceArray, 'faces')
    graph.up(graph.add(FaceNode))
    graph.change(camera, 'activate')
    image = to_bgr(received.wait()).astype(int)
    clip = SampleClip()
    assert min(np.abs(image - clip.frame(index)).mean() for index in range(COUNT)) < 3
    assert infos.wait().width == clip.width
    assert len(faces.wait(lambda m: len(m.faces) == 2).faces) == 2
    wait_until(lambda: any(m.status[0].name == 'camera_node' for m in reports))
