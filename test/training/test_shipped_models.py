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

"""What is shipped with the package stays small."""

from fer_ros.core.resources import models_directory

LARGEST_BYTES = 51e6
"""A third of it is Keras networks, which are not installed."""


def test_the_models_are_small():
    files = [
        path for path in models_directory().rglob('*') if path.suffix in ('.keras', '.tflite')]
    assert files
    assert sum(path.stat().st_size for path in files) <= LARGEST_BYTES
