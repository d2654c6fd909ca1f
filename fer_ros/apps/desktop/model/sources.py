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

"""What kind of source a text names, and the events by which a reader reports on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fer_ros.media.sources import may_appear, shows_pictures
from fer_ros.media.sources.camera import is_camera


class Kind(Enum):
    """How a source is read, and what can be done with it."""

    LIVE = 'live'
    VIDEO = 'video'
    PICTURES = 'pictures'


def kind_of(source: str) -> Kind:
    """Return the kind of a source; a file that does not exist counts as a video."""
    source = source.strip()
    if source == 'sample' or may_appear(source):
        return Kind.LIVE
    return Kind.PICTURES if shows_pictures(source) else Kind.VIDEO


def watches_people(source: str) -> bool:
    """Return whether the source is a camera, of which people must be told: also a stream."""
    return source.strip() != 'sample' and may_appear(source)


def uses_camera(source: str) -> bool:
    """Return whether the source is, or may be, a camera of this machine."""
    return source.strip() in ('', 'auto') or is_camera(source.strip())


def path_of(source: str) -> Path:
    """Return the path of a file or folder, which may be an address (file://)."""
    text = source.strip()
    if text.lower().startswith('file://'):
        text = unquote(urlsplit(text).path)
    return Path(text).expanduser()


class What(Enum):
    """The events of a source."""

    OPENED = 'opened'
    FAILED = 'failed'
    LOST = 'lost'
    RUNNING = 'running'
    ENDED = 'ended'
    NOTE = 'note'
    RECORDING_FAILED = 'recording failed'


@dataclass(frozen=True)
class Event:
    """
    Something that the user should know of.

    `text` is a sentence, with a remedy if something failed. For OPENED, `rate_hz` and `count` are
    the rate and number of images of a video (0: unknown), or the number of pictures.
    """

    what: What
    text: str
    rate_hz: float = 0.0
    count: int = 0
    paths: tuple[Path, ...] = field(default=())
