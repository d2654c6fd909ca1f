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

"""The folder of the files that belong to the package: models, configuration, launch files."""

import os
from pathlib import Path
import sys

PACKAGE = 'fer_ros'


def share_directory() -> Path:
    """
    Return the folder that contains `models/`, in a source checkout or in an installation.

    :raises FileNotFoundError: if there is none; the text names the folders that were tried.
    """
    for parent in Path(__file__).resolve().parents:
        if (parent / 'package.xml').is_file() and (parent / 'models').is_dir():
            return parent
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) + [sys.prefix]
    candidates = [Path(prefix) / 'share' / PACKAGE for prefix in prefixes if prefix]
    for candidate in candidates:
        if (candidate / 'models').is_dir():
            return candidate
    tried = ', '.join(map(str, candidates))
    raise FileNotFoundError(
        f'the files of {PACKAGE} (models, configuration) were not found; tried {tried}. '
        "Source the workspace's setup file (`. install/setup.bash`) or run from a checkout")


def models_directory() -> Path:
    """
    Return the folder of the shipped models.

    :raises FileNotFoundError: as `share_directory`.
    """
    return share_directory() / 'models'
