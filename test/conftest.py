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

import atexit
from contextlib import closing
import os
from pathlib import Path
import socket

from checkout import ROOT
import pytest


def free_domain():
    """
    Return a ROS domain in which nobody is.

    Nobody has its first participant's port (DDSI-RTPS 9.6.1.1), and no other run of these tests
    its lock, which is held until this process ends.
    """
    for offset in range(101):
        domain = 1 + (os.getpid() + offset) % 101
        lock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            lock.bind(('127.0.0.1', 47400 + domain))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
                port.bind(('', 7400 + 250 * domain + 10))
        except OSError:
            lock.close()
            continue
        return domain, lock
    raise RuntimeError('every ROS domain of this machine is in use: end some of its ROS nodes')


# Before anything of ROS is imported: a graph of this run's own, on this machine alone, with
# messages checked.
DOMAIN, _LOCK = free_domain()
atexit.register(_LOCK.close)
os.environ['ROS_DOMAIN_ID'] = str(DOMAIN)
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
os.environ['ROS_PYTHON_CHECK_FIELDS'] = '1'
for _variable in 'FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE':
    # Fast DDS 2 (Jazzy) reads the first, Fast DDS 3 (Kilted) the second.
    os.environ[_variable] = str(ROOT / 'config' / 'fastdds.xml')
if 'PYTEST_XDIST_WORKER' in os.environ:
    # As many tests run at once as there are processors.
    for variable in 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'OPENCV_FOR_THREADS_NUM':
        os.environ[variable] = '1'


def pytest_collection_modifyitems(items):
    """Start with the longest test, beside which another process runs all others."""
    items.sort(key=lambda item: item.get_closest_marker('tensorflow') is None)


@pytest.fixture(autouse=True)
def ros_home(tmp_path_factory, monkeypatch):
    """Let the nodes of each test keep their files, such as the next track_id, in a new folder."""
    folder = tmp_path_factory.mktemp('ros_home')
    monkeypatch.setenv('ROS_HOME', str(folder))
    return folder


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
