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

"""What every source of images has: the interface, the options and the error."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from fer_ros.core.options import option, OptionError, Options
from fer_ros.core.values import Image

if TYPE_CHECKING:
    from typing_extensions import Self

FALLBACK_RATE_HZ = 30.0
"""The rate of images, which have none of their own, and of videos that state none."""

MAX_RATE_HZ = 240.0


class SourceError(Exception):
    """
    A source cannot be opened, or it stopped; the text says what is wrong, where, and what to do.

    `may_return` is true where trying again later makes sense: a camera that is not connected, a
    stream whose sender is off. A file that does not exist is not expected to appear.
    """

    def __init__(self, text: str, *, may_return: bool = False) -> None:
        """Make an error from its sentence."""
        super().__init__(text)
        self.may_return = may_return


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


class FrameSource(ABC):
    """
    Images one after the other, as fast as they are asked for; `FrameStream` gives them their time.

    A source is open when it exists. `spec` is the text that opens the same source again,
    `description` says in words what it is. `rate_hz` is the rate at which its images are meant to
    follow each other, 0 where that is unknown. A live source (camera, stream) goes on whether it
    is read or not. `frame_count` is None where there is no known end. `warnings` are sentences
    about what is odd but does not stop the source; more may come while it is read.
    """

    is_live = False

    def __init__(
        self, spec: str, description: str, width: int, height: int, rate_hz: float,
        frame_count: int | None = None,
    ) -> None:
        """Keep what is known; `width` and `height` are those of the first image, in pixels."""
        self.spec = spec
        self.description = description
        self.width = width
        self.height = height
        self.rate_hz = rate_hz
        self.frame_count = frame_count
        self.warnings: list[str] = []

    @abstractmethod
    def grab(self) -> bool:
        """
        Take the next image without decoding it; a live source waits for it.

        :return: false at the end.
        :raises SourceError: where a live source stopped, or nothing in a folder can be read.
        """

    @abstractmethod
    def retrieve(self) -> Image | None:
        """
        Decode the image that `grab` took.

        :return: (H, W, 3) uint8, BGR, contiguous, the caller's own; None where this one image is
            damaged.
        :raises SourceError: where a live source delivers nothing but damaged images.
        """

    def read(self) -> Image | None:
        """
        Take and decode the next image that is not damaged.

        :return: (H, W, 3) uint8, BGR, contiguous, the caller's own; None at the end.
        :raises SourceError: as `grab`.
        """
        while self.grab():
            image = self.retrieve()
            if image is not None:
                return image
        return None

    def rewind(self) -> None:  # noqa: B027 - a camera or stream has no first image
        """
        Go back to the first image; does nothing for a source without an end.

        :raises SourceError: where the source can no longer be opened.
        """

    def close(self) -> None:  # noqa: B027 - images and the sample hold nothing open
        """Release the device or file; can be called more than once."""

    def __enter__(self) -> Self:
        """Return the source itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the source."""
        self.close()
