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

"""Where the data sets of the benchmarks are."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path | None:
    """
    Return the folder of the data sets; None if FER_ROS_DATA is not set.

    :raises ValueError: if FER_ROS_DATA does not name a folder.
    """
    name = os.environ.get('FER_ROS_DATA')
    if not name:
        return None
    if not Path(name).is_dir():
        raise ValueError(f'FER_ROS_DATA names {name}, which is not a folder.')
    return Path(name)
