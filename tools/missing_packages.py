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

"""
Prints the missing Debian packages that fer_ros needs with this Python, one per line.

    python -I tools/missing_packages.py [train | windows | test-windows | test-browser]
"""

import ctypes
import importlib.util
import os
from pathlib import Path
import shutil
import sys
import sysconfig

LIBRARIES = {'libGL.so.1': 'libgl1', 'libgthread-2.0.so.0': 'libglib2.0-0'}
"""Shared libraries that OpenCV loads, and the packages that contain them."""

TRAINING_LIBRARIES = {'libEGL.so.1': 'libegl1', 'libGLESv2.so.2': 'libgles2'}
"""The same for mediapipe, which is installed in .venv-train only."""


def missing_packages(libraries):
    """
    Return the names of the missing packages.

    :param libraries: the packages of the shared libraries that are needed, by library.
    """
    python = f'python{sys.version_info.major}.{sys.version_info.minor}'
    present = {
        'g++': shutil.which(os.environ.get('CXX') or 'g++'),
        'make': shutil.which('make'),
        f'{python}-venv': importlib.util.find_spec('ensurepip'),
        f'{python}-dev': Path(sysconfig.get_path('include'), 'Python.h').exists()}
    return [
        *(name for name, found in present.items() if not found),
        *(package for library, package in libraries.items() if not can_load(library))]


def can_load(library):
    """Tell whether the system has a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_for_windows(with_tests):
    """Return the missing packages that the desktop application needs, or its tests too."""
    names = [] if importlib.util.find_spec('_tkinter') else ['python3-tk']
    return names + (['xvfb'] if with_tests and not shutil.which('Xvfb') else [])


def missing_for_browser():
    """Return the missing packages that the tests of the web page need."""
    return [] if shutil.which('chromium') else ['chromium']


if __name__ == '__main__':
    if sys.argv[1:] == ['test-browser']:
        missing = missing_for_browser()
    elif sys.argv[1:] in (['windows'], ['test-windows']):
        missing = missing_for_windows('test-windows' in sys.argv)
    else:
        missing = missing_packages(
            LIBRARIES | (TRAINING_LIBRARIES if 'train' in sys.argv[1:] else {}))
    for name in missing:
        print(name)
