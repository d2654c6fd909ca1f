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

"""Finds the pictures and videos in files and folders; it does not decode them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
import os
from pathlib import Path
import re

from fer_ros.media.file_kinds import Medium, medium_of
from fer_ros.media.sources.network_stream import STREAM_SCHEMES, without_password


@dataclass(frozen=True)
class Media:
    """
    A picture or a video file.

    `name` is its path relative to the given folder, or its file name if the file itself was given.
    """

    path: Path
    name: Path
    is_video: bool


def find_media(paths: Iterable[Path], fault: Callable[[str], None]) -> list[Media]:
    """
    Return the pictures and videos among these files and in these folders.

    Folders are searched recursively, in the order of the names, without hidden files and folders.
    In a folder, a file counts if its first bytes or its suffix are of a picture, a video or a
    sound; all other files, such as texts, are ignored. Sound files and pictures of formats that
    cannot be read are returned too, so that reading them reports what they are.

    :param fault: receives a sentence for each path that does not exist or cannot be read, and for
        each folder without a picture or video.
    """
    found: list[Media] = []
    for path in paths:
        try:
            if path.is_dir():
                media = ((file, medium_of(file)) for file in _files_below(path, fault))
                files = [
                    Media(file, file.relative_to(path), medium is not Medium.PICTURE)
                    for file, medium in media if medium is not None]
                if not files:
                    fault(f'the folder {path} contains no picture or video')
                found += [file for file in files if _is_named_as_text(file.path, fault)]
            elif not path.exists():
                fault(_no_file(path))
            elif _is_named_as_text(path, fault):
                is_video = medium_of(path) is not Medium.PICTURE
                found.append(Media(path, Path(path.name), is_video))
        except OSError as error:
            fault(f'{path} cannot be read: {error.strerror}')
    return found


def _no_file(path: Path) -> str:
    # A path has one slash where an address has two.
    address = re.match(r'([A-Za-z][A-Za-z0-9+.-]+):/+(.*)', str(path))
    if address is None:
        return f'{path} does not exist: check the name'
    scheme, rest = address[1].lower(), address[2]
    if scheme == 'file':
        return f'file:///{rest} is an address: give the path of the file, /{rest}'
    shown = without_password(f'{scheme}://{rest}')
    text = f'{shown} is an address, and only files are analysed: download it'
    if scheme in STREAM_SCHEMES:
        text += f', or watch it with fer live --source {shown}'
    return text


def _is_named_as_text(path: Path, fault: Callable[[str], None]) -> bool:
    """Return whether the name is UTF-8; OpenCV ends the process for other names."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        fault(f'{os.fsencode(path)!r} has a name that is not UTF-8: rename it')
        return False
    return True


def _files_below(folder: Path, fault: Callable[[str], None]) -> list[Path]:
    def note(error: OSError) -> None:
        fault(f'the folder {error.filename} cannot be read: {error.strerror}')

    files: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith('.')]
        files += [Path(parent) / name for name in names if not name.startswith('.')]
    return sorted(files)
