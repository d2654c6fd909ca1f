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

"""Small stand-ins for wheels of mediapipe and for its networks."""

import hashlib
from zipfile import ZipFile

from fer_ros.core.networks.mediapipe_files import MEDIAPIPE_VERSION, NetworkFile

CONTENTS = {
    'modules/face_detection/near.tflite': b'network for near faces',
    'modules/face_detection/far.tflite': b'network for far faces',
    'modules/face_landmark/landmarks.tflite': b'network for landmarks'}
FILES = tuple(
    NetworkFile(path, len(content), hashlib.sha256(content).hexdigest())
    for path, content in CONTENTS.items())
WHEEL_NAME = f'mediapipe-{MEDIAPIPE_VERSION}-cp312-cp312-manylinux_2_28_x86_64.whl'


def write_wheel(path, contents=None):
    """
    Write a wheel that pip accepts.

    :param contents: the networks by their path; by default all of `CONTENTS`.
    :return: the path.
    """
    information = f'mediapipe-{MEDIAPIPE_VERSION}.dist-info'
    with ZipFile(path, 'w') as archive:
        for name, content in (CONTENTS if contents is None else contents).items():
            archive.writestr(f'mediapipe/{name}', content)
        archive.writestr(
            f'{information}/METADATA',
            f'Metadata-Version: 2.1\nName: mediapipe\nVersion: {MEDIAPIPE_VERSION}\n')
        archive.writestr(
            f'{information}/WHEEL', 'Wheel-Version: 1.0\nTag: cp312-cp312-manylinux_2_28_x86_64\n')
        archive.writestr(f'{information}/RECORD', '')
    return path


def write_networks(folder, contents=None):
    """Write networks into a folder as in the package; return the folder."""
    for name, content in (CONTENTS if contents is None else contents).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
