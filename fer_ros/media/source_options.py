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

"""The options of all sources of images; how a source is opened is in `opening`."""

from __future__ import annotations

from dataclasses import dataclass

from fer_ros.core.options import option, OptionError, Options

FALLBACK_RATE_HZ = 30.0
"""Rate of sources without a rate of their own: images, and videos that state none."""

SNAPSHOT_RATE_HZ = 2.0
"""Rate at which a picture is requested from a web server again."""

MAX_RATE_HZ = 240.0


@dataclass(frozen=True)
class SourceOptions(Options):
    """Which source is opened, at which size and rate."""

    source: str = option(
        'auto',
        'A camera (0, /dev/video2), a video file, an image, a folder of images, an rtsp:// or '
        'http:// stream, a snapshot (the http:// address of one picture), sample (the built-in '
        'clip), or auto (the first camera that opens; sample if there is none).')
    width: int = option(
        640,
        'Requested image width of a camera; 0: use its default. Other sources keep their width.',
        unit='px', minimum=0, maximum=16384)
    height: int = option(
        480,
        'Requested image height of a camera; 0: use its default. Other sources keep their '
        'height.',
        unit='px', minimum=0, maximum=16384)
    rate_hz: float = option(
        0.0,
        'Image rate; 0: use the rate of the source (30 Hz for images, which have none). Images of '
        'a faster camera or stream are dropped. A file is played at this rate. A snapshot is '
        'requested again at this rate (2 Hz if it is 0).',
        unit='Hz', minimum=0, maximum=MAX_RATE_HZ)
    loop: bool = option(
        False,
        'Play a file, an image or a folder again from its start when it ends; the sample never '
        'ends.')
    image_duration_s: float = option(
        1.0,
        'How long a single image, or each image of a folder, is repeated; 0: deliver it once, as '
        'a picture that has nothing to do with the others (fer live then tracks nothing; for '
        'other launchers, use the preset still); 0.001: deliver it once, as an image of a video.',
        unit='s', minimum=0, maximum=3600)
    fourcc: str = option(
        '',
        'Requested pixel format of a camera, four letters such as MJPG or YUYV; '
        'empty: the driver chooses.')
    read_timeout_s: float = option(
        5.0, 'Time without an image after which a camera or stream is considered lost.',
        unit='s', minimum=0.1, maximum=60)
    reopen_delay_s: float = option(
        0.5,
        'Delay before a lost camera or stream is opened again; it doubles with each failure.',
        unit='s', minimum=0.01, maximum=60)
    reopen_delay_max_s: float = option(
        8.0, 'Maximum delay before a lost camera or stream is opened again.',
        unit='s', minimum=0.01, maximum=3600)

    def __post_init__(self) -> None:
        """Also check that the pixel format has four letters."""
        super().__post_init__()
        if self.fourcc and not (len(self.fourcc) == 4 and self.fourcc.isascii()):
            raise OptionError(
                f'fourcc must be empty or four letters such as MJPG, not {self.fourcc!r}')
