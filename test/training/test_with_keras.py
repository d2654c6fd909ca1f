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

"""Runs the tests that need packages of the environment that has TensorFlow, mtcnn and so on."""

from importlib.util import find_spec
import os
from pathlib import Path
import subprocess

from checkout import ROOT
import pytest

TESTS = (
    'test/training/with_keras', 'test/core/detection/test_mtcnn.py', 'test/bench/test_identity.py',
    # compared with mediapipe itself
    'test/core/detection/test_blaze_face.py', 'test/media/test_sample_portraits.py',
    'test/core/landmarks/test_face_mesh.py::test_landmarks_are_those_of_mediapipes_own_graph',
    ('test/media/test_sample_clip.py::'
    'test_a_face_detector_finds_both_faces_where_the_truth_says'))
PYTHON = Path(f'{os.environ.get("FER_ROS_VENV") or ROOT / ".venv"}-train') / 'bin' / 'python'


@pytest.mark.skipif(find_spec('keras') is not None, reason='they run in this environment')
@pytest.mark.skipif(not PYTHON.exists(), reason='`make setup-train` has not been run')
@pytest.mark.tensorflow
@pytest.mark.timeout(3600)  # each test in there has a limit of its own
def test_what_needs_tensorflow_where_it_is():
    # The paths of this environment and the options of this run must not reach the other one. One
    # thread is enough: other tests run beside this one.
    outside = {
        name: value for name, value in os.environ.items()
        if name not in ('PYTHONPATH', 'VIRTUAL_ENV', 'AMENT_PREFIX_PATH')
        and not name.startswith('PYTEST_')}
    outside |= {'TF_NUM_INTRAOP_THREADS': '1', 'TF_NUM_INTEROP_THREADS': '1'}
    done = subprocess.run(
        [PYTHON, '-m', 'pytest', '-q', *TESTS], cwd=ROOT, env=outside,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
