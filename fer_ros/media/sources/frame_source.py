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

"""What every source of images offers, and the error that it raises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING

from fer_ros.core.values import Image

if TYPE_CHECKING:
    from typing_extensions import Self


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
