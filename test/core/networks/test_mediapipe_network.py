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

"""Networks that are missing or damaged are told, with the remedy."""

from functools import partial
import re
from types import SimpleNamespace

from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.networks import mediapipe_network
from fer_ros.core.networks.mediapipe_network import MediaPipeNetworkError
import pytest

USERS = [
    (FaceMesh, 'face_landmark/face_landmark.tflite', 'set landmarks.name to none'),
    (partial(create_detector, DetectorOptions(name='mediapipe_short')),
     'face_detection/face_detection_short_range.tflite', 'set detector.name to haar'),
    (partial(create_detector, DetectorOptions(name='mediapipe_full')),
     'face_detection/face_detection_full_range_sparse.tflite', 'set detector.name to haar'),
]


@pytest.mark.parametrize(('create', 'file', 'remedy'), USERS)
@pytest.mark.parametrize('spec', [
    None, SimpleNamespace(submodule_search_locations=['/nowhere/mediapipe'])])
def test_a_missing_network_is_told_with_the_remedy(monkeypatch, create, file, remedy, spec):
    monkeypatch.setattr(mediapipe_network, 'find_spec', lambda name: spec)
    with pytest.raises(MediaPipeNetworkError, match=(
            rf'mediapipe/modules/{re.escape(file)} is missing; install the version of mediapipe '
            f'that requirements/run.txt names, or {re.escape(remedy)}$')):
        create()


@pytest.mark.parametrize(('create', 'file', 'remedy'), USERS)
@pytest.mark.parametrize('content', [b'', b'no network'])
def test_a_damaged_network_is_told_with_the_remedy(
        monkeypatch, tmp_path, create, file, remedy, content):
    path = tmp_path / 'modules' / file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(mediapipe_network, 'find_spec', lambda name: spec)
    with pytest.raises(MediaPipeNetworkError, match=(
            rf'{re.escape(file)} cannot be run \(.+\); install .*, or {re.escape(remedy)}$')):
        create()
