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

"""What all tests share; its place also lets them import the modules beside it."""

from contextlib import closing
import os
from pathlib import Path

import pytest

# Before anything of ROS is imported: a graph of this run's own, on this machine alone, whose
# messages are checked.
os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 101)
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
os.environ['ROS_PYTHON_CHECK_FIELDS'] = '1'
os.environ['FASTRTPS_DEFAULT_PROFILES_FILE'] = str(
    Path(__file__).resolve().parents[1] / 'config' / 'fastdds.xml'
)


@pytest.fixture(scope='session')
def data_directory():
    """Return the folder of the data sets, or skip the test where there is none."""
    folder = os.environ.get('FER_ROS_DATA')
    if not folder:
        pytest.skip('FER_ROS_DATA does not name the folder of the data sets')
    return Path(folder)


@pytest.fixture
def graph():
    """Return a ROS graph of real nodes; it is closed after the test."""
    from graph import Graph  # core is tested where there is no ROS

    with closing(Graph()) as made:
        yield made
