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

"""MediaPipe's networks run; those that are missing or damaged are told, with the remedy."""

from functools import partial

from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.networks import mediapipe_network
from fer_ros.core.networks.mediapipe_files import (
    MediaPipeNetworkError,
    NETWORK_FILES,
    read_network,
    WHEEL_VARIABLE,
)
from mediapipe_wheels import write_wheel
import pytest

USERS = [
    (FaceMesh, 'face_landmark.tflite', 'set landmarks.name to none'),
    (partial(create_detector, DetectorOptions(name='mediapipe_short')),
     'face_detection_short_range.tflite', 'set detector.name to haar'),
    (partial(create_detector, DetectorOptions(name='mediapipe_full')),
     'face_detection_full_range_sparse.tflite', 'set detector.name to haar'),
]


@pytest.mark.parametrize(('create', 'file', 'remedy'), USERS)
def test_a_missing_network_is_told_with_the_remedy(monkeypatch, tmp_path, create, file, remedy):
    monkeypatch.setenv(WHEEL_VARIABLE, str(write_wheel(tmp_path / 'a.whl')))
    with pytest.raises(MediaPipeNetworkError, match=rf'{file}; give .*, or {remedy}$'):
        create()


@pytest.mark.parametrize(('create', 'file', 'remedy'), USERS)
@pytest.mark.parametrize('content', [b'', b'no network'])
def test_a_network_that_does_not_run_is_told_with_the_remedy(
        monkeypatch, tmp_path, create, file, remedy, content):
    monkeypatch.setattr(mediapipe_network, 'read_network', lambda _: (content, tmp_path / 'x'))
    with pytest.raises(
            MediaPipeNetworkError, match=rf'{file} from .*/x cannot be run by .*, or {remedy}$'):
        create()


def test_a_wheel_alone_serves(monkeypatch, tmp_path):
    contents = {file.path: read_network(file)[0] for file in NETWORK_FILES}
    monkeypatch.setenv(WHEEL_VARIABLE, str(write_wheel(tmp_path / 'a.whl', contents)))
    assert all(create() for create, _, _ in USERS)
