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

"""MediaPipe's three networks: where their files are found, and whether they are the right ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import hashlib
from importlib.util import find_spec
import os
from pathlib import Path
import sysconfig
from zipfile import BadZipFile, ZipFile
import zlib

MEDIAPIPE_VERSION = '0.10.21'
"""The last version of mediapipe whose wheels contain the networks."""

WHEEL_VARIABLE = 'FER_ROS_MEDIAPIPE_WHEEL'
"""Environment variable: path of a wheel of mediapipe, which is then the only place to search."""

REMEDY = (
    f'run `fer models --fetch` once, or set {WHEEL_VARIABLE} to the path of a wheel of mediapipe '
    f'{MEDIAPIPE_VERSION}')

_PACKAGE = 'mediapipe'


class MediaPipeNetworkError(ValueError):
    """A network of MediaPipe cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class NetworkFile:
    """
    A network of MediaPipe.

    :param path: path of the file below the folder of the package `mediapipe`, with slashes.
    """

    path: str
    size_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return self.path.rpartition('/')[-1]

    def has(self, content: bytes) -> bool:
        """Tell whether a content is that of the network, by its SHA-256."""
        return hashlib.sha256(content).hexdigest() == self.sha256


SHORT_RANGE_FILE = NetworkFile(
    'modules/face_detection/face_detection_short_range.tflite', 229_714,
    'bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8')
FULL_RANGE_FILE = NetworkFile(
    'modules/face_detection/face_detection_full_range_sparse.tflite', 676_746,
    '2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1')
FACE_LANDMARK_FILE = NetworkFile(
    'modules/face_landmark/face_landmark.tflite', 1_242_398,
    '1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814')
NETWORK_FILES = (SHORT_RANGE_FILE, FULL_RANGE_FILE, FACE_LANDMARK_FILE)


def network_folders() -> list[Path]:
    """Return the folders for networks taken out of a wheel: the environment's, then the user's."""
    # For Debian's own Python, the first is below /usr/local.
    bases = [Path(sysconfig.get_path('data'), 'share')]
    home = os.environ.get('XDG_DATA_HOME') or os.path.expanduser('~/.local/share')
    # Without a home, `~` remains.
    bases += [Path(home)] if os.path.isabs(home) else []
    return [base / 'fer_ros' / _PACKAGE for base in bases]


def read_network(file: NetworkFile) -> tuple[bytes, Path]:
    """
    Return the content of a network, and the file or wheel that it is from.

    It is searched in the wheel that `FER_ROS_MEDIAPIPE_WHEEL` names. If that is not set, it is
    searched in `network_folders` and in an installed package `mediapipe`, which is not imported.

    :raises MediaPipeNetworkError: if there is no such file, or only files with another content.
    """
    wheel = os.environ.get(WHEEL_VARIABLE)
    if wheel:
        return read_from_wheel(file, Path(wheel)), Path(wheel)
    tried = []
    for folder in (*network_folders(), *_installed_package()):
        path = folder / file.path
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            tried.append(f'{path} cannot be read ({error.strerror})')
            continue
        if file.has(content):
            return content, path
        tried.append(f'{path} has a wrong SHA-256')
    if tried:
        raise MediaPipeNetworkError(
            f"MediaPipe's network {file.name} is damaged: {', '.join(tried)}; {REMEDY}")
    folders = ', '.join(map(str, network_folders()))
    raise MediaPipeNetworkError(
        f"MediaPipe's network {file.name} is missing: it is neither in {folders} nor in an "
        f'installed mediapipe {MEDIAPIPE_VERSION}; {REMEDY}')


def read_from_wheel(file: NetworkFile, wheel: Path) -> bytes:
    """
    Return the content of a network from a wheel of mediapipe for any machine and Python.

    :raises MediaPipeNetworkError: if the wheel cannot be read, or does not contain the network.
    """
    advice = f'give a wheel of mediapipe {MEDIAPIPE_VERSION}, which PyPI has'
    try:
        with ZipFile(wheel) as archive, archive.open(f'{_PACKAGE}/{file.path}') as member:
            # Nothing larger than the network is unpacked.
            content = member.read(file.size_bytes + 1)
    except FileNotFoundError as error:
        raise MediaPipeNetworkError(f'the wheel {wheel} does not exist; {advice}') from error
    except OSError as error:
        raise MediaPipeNetworkError(
            f'the wheel {wheel} cannot be read ({error.strerror or error}); {advice}') from error
    except KeyError as error:
        raise MediaPipeNetworkError(
            f"the wheel {wheel} does not contain MediaPipe's network {file.name}; {advice}"
        ) from error
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise MediaPipeNetworkError(
            f'{wheel} is not a wheel, or is damaged ({error}); {advice}') from error
    if not file.has(content):
        raise MediaPipeNetworkError(
            f'{file.name} in the wheel {wheel} has a wrong SHA-256: it is damaged, or of another '
            f'version; {advice}')
    return content


def _installed_package() -> Iterator[Path]:
    """Yield the folder of the installed package `mediapipe`, if there is one."""
    spec = find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder)
