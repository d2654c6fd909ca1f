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

"""A service with one worker process, which the tests of this folder share."""

from fer_ros.apps.serve.service import Service
import pytest
from web_service import client, settings


@pytest.fixture(scope='package')
def service(tmp_path_factory):
    with Service(settings(temporary=tmp_path_factory.mktemp('uploads'))) as made:
        yield made


@pytest.fixture
def http(service):
    with client(service) as made:
        yield made
