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

"""What a network stream reveals of its address."""

from fer_ros.media.sources.network_stream import without_password
import pytest


@pytest.mark.parametrize(
    ('url', 'shown'),
    [
        ('rtsp://me:se@cret@cam:554/live?x=1', 'rtsp://***@cam:554/live?x=1'),
        ('http://cam/a@b', 'http://cam/a@b'),
    ],
)
def test_passwords_are_not_shown(url, shown):
    assert without_password(url) == shown
