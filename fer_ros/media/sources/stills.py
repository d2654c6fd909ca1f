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

"""Single images and folders of images as a source; `image_file` decodes the files."""

from __future__ import annotations

from pathlib import Path
import re

from fer_ros.core.values import Image
from fer_ros.media.file_kinds import Medium, medium_of
from fer_ros.media.image_file import read_image
from fer_ros.media.source_options import FALLBACK_RATE_HZ, SourceOptions
from fer_ros.media.sources.frame_source import FrameSource, SourceError


def is_image(path: Path) -> bool:
    """Return whether the file is a picture by its first bytes, or else by its suffix."""
    return medium_of(path) is Medium.PICTURE


class StillsSource(FrameSource):
    """One image, or the images of a folder in natural order, each repeated for its duration."""

    _image: Image | None = None

    def __init__(self, path: Path, options: SourceOptions) -> None:
        """
        Find the images and read the first one.

        :raises SourceError: if no image can be read.
        """
        self._path = path
        self._is_folder = path.is_dir()
        self._paths = images_in(path) if self._is_folder else [path]
        rate_hz = options.rate_hz or FALLBACK_RATE_HZ
        self._repeats = max(1, round(options.image_duration_s * rate_hz))
        self._next = 0
        self._shown = 0
        super().__init__(str(path), '', 0, 0, rate_hz)
        if self._is_folder:
            self.warnings += _warnings_about_other_media(path)
        if not self._load_next() or self._image is None:
            raise SourceError(_no_image(path, self.warnings))
        self.height, self.width = self._image.shape[:2]
        self.frame_count = self._repeats * len(self._paths)
        if self._is_folder:
            self.description = f'folder {path} with {len(self._paths)} images at {rate_hz:g} Hz'
        else:
            self.description = f'image {path}, {self.width}x{self.height} at {rate_hz:g} Hz'

    def _load_next(self) -> bool:
        """Read the next image; an unreadable image of a folder is removed from the list."""
        while self._next < len(self._paths):
            path = self._paths[self._next]
            try:
                self._image = read_image(path, self._note)
            except ValueError as error:
                if not self._is_folder:
                    raise SourceError(str(error)) from error
                self.warnings.append(f'{error}; it is skipped')
                del self._paths[self._next]
                self.frame_count = self._repeats * len(self._paths)
                continue
            self._next += 1
            self._shown = 0
            return True
        return False

    def _note(self, text: str) -> None:
        # An image is read again each time the folder is repeated.
        if text not in self.warnings:
            self.warnings.append(text)

    def grab(self) -> bool:
        if self._shown >= self._repeats and not self._load_next():
            if not self._paths:
                raise SourceError(_no_image(self._path, self.warnings))
            return False
        self._shown += 1
        return True

    def retrieve(self) -> Image | None:
        return None if self._image is None else self._image.copy()

    def rewind(self) -> None:
        if len(self._paths) == 1 and self._image is not None:
            self._shown = 0
            return
        self._next = 0
        self._shown = self._repeats


def _natural(path: Path) -> list[tuple[int, int, str]]:
    parts = re.split(r'(\d+)', path.name.lower())
    return [(0, int(part), '') if part.isdigit() else (1, 0, part) for part in parts if part]


def _files_in(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if p.is_file() and not p.name.startswith('.')]
    except OSError as error:
        raise SourceError(f'the folder {folder} cannot be read: {error.strerror}') from error


def images_in(folder: Path) -> list[Path]:
    """
    Return the pictures of a folder in natural order, without those of folders inside.

    :raises SourceError: if the folder cannot be read.
    """
    return sorted((p for p in _files_in(folder) if is_image(p)), key=_natural)


def _warnings_about_other_media(folder: Path) -> list[str]:
    texts = {
        Medium.VIDEO: 'is a video, and is skipped: give its path as the source to play it',
        Medium.SOUND: 'is a sound file: it is skipped'}
    media = ((path, medium_of(path)) for path in sorted(_files_in(folder), key=_natural))
    return [f'{path} {texts[medium]}' for path, medium in media if medium in texts]


def _no_image(folder: Path, warnings: list[str]) -> str:
    text = (
        f'the folder {folder} contains no image that can be read: put JPEG or PNG files into it, '
        'or give the path of a video file')
    return f'{text} ({"; ".join(warnings[:3])})' if warnings else text
