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

"""Checks by ament's own linters, where ROS brings them; `make lint` checks the same rules."""

from checkout import ROOT
import pytest

PATHS = [str(ROOT / name) for name in ('fer_ros', 'launch', 'test', 'tools', 'setup.py')]


@pytest.mark.filterwarnings('ignore')
def test_flake8():
    lint = pytest.importorskip('ament_flake8.main', reason='it comes with a full ROS 2')
    configuration = ['--config', str(ROOT / 'test' / 'flake8.ini')]
    code, errors = lint.main_with_errors(argv=[*configuration, *PATHS])
    assert code == 0, '\n'.join(errors)


@pytest.mark.filterwarnings('ignore')
def test_pep257():
    lint = pytest.importorskip('ament_pep257.main', reason='it comes with a full ROS 2')
    assert lint.main(argv=PATHS) == 0
