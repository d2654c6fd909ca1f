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

"""The options of a source of images."""

from __future__ import annotations

from dataclasses import dataclass

from fer_ros.core.options import option, OptionError, Options

FALLBACK_RATE_HZ = 30.0
"""The rate of images, which have none of their own, and of videos that state none."""

MAX_RATE_HZ = 240.0


@dataclass(frozen=True)
class SourceOptions(Options):
    """Where the images come from, how large and how often."""

    source: str = option(
        'auto',
        'A camera (0, /dev/video2), a video file, an image, a folder of images, an rtsp:// or '
        'http:// stream, sample (the built-in clip), or auto: the first camera that opens, else '
        'sample.')
    width: int = option(
        640, 'Width asked of a camera; 0: its own. Files, streams and the sample keep theirs.',
        unit='px', minimum=0, maximum=16384)
    height: int = option(
        480, 'Height asked of a camera; 0: its own. Files, streams and the sample keep theirs.',
        unit='px', minimum=0, maximum=16384)
    rate_hz: float = option(
        0.0,
        'Images per second; 0: as the source has it (30 where it has none, as images). A faster '
        'camera or stream is thinned, a file is played at this rate.',
        unit='Hz', minimum=0, maximum=MAX_RATE_HZ)
    loop: bool = option(
        False, 'Start a file, an image or a folder again at its end; the sample never ends.')
    image_duration_s: float = option(
        1.0, 'How long each image of a folder, or a single one, is repeated; 0: it comes once.',
        unit='s', minimum=0, maximum=3600)
    fourcc: str = option(
        '',
        'Pixel format asked of a camera, four letters such as MJPG or YUYV; '
        'empty: the driver chooses.')
    read_timeout_s: float = option(
        5.0, 'A camera or stream that delivers nothing for so long counts as lost.',
        unit='s', minimum=0.1, maximum=60)
    reopen_delay_s: float = option(
        0.5, 'Wait before a lost camera or stream is opened again; doubles with each failure.',
        unit='s', minimum=0.01, maximum=60)
    reopen_delay_max_s: float = option(
        8.0, 'The longest such wait.', unit='s', minimum=0.01, maximum=3600)

    def __post_init__(self) -> None:
        """Check also that the pixel format has four letters."""
        super().__post_init__()
        if self.fourcc and not (len(self.fourcc) == 4 and self.fourcc.isascii()):
            raise OptionError(
                f"fourcc must be four letters, such as MJPG, or '', not {self.fourcc!r}")
