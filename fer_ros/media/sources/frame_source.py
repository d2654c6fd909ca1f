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

"""The interface of all sources of images, and the error that they raise; no timing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING

from fer_ros.core.values import Image

if TYPE_CHECKING:
    from typing_extensions import Self


class SourceError(Exception):
    """
    A source cannot be opened, or it stopped; the text states what is wrong and what to do.

    `may_return` is true if a later attempt can succeed: the camera can be connected again, the
    sender of a stream can be started. It is false for a missing or damaged file.
    """

    def __init__(self, text: str, *, may_return: bool = False) -> None:
        """Create the error; `text` is a sentence for the user."""
        super().__init__(text)
        self.may_return = may_return


class FrameSource(ABC):
    """
    A sequence of images, delivered as fast as they are read; `FrameStream` adds the timing.

    The constructor opens the source. `spec` is the text that opens the same source again,
    `description` describes it for the user. `rate_hz` is the nominal image rate, 0 if unknown.
    `is_live` is true for a camera or a network stream, which goes on whether it is read or not.
    `frame_count` is None if the number of images is unknown or unlimited. `warnings` are sentences
    about problems that do not stop the source; reading may add more.

    `request_rate_hz` is 0 if a live source sets the pace itself. Otherwise the source delivers one
    image for each request, at once, and `FrameStream` requests images at this rate.
    """

    is_live = False
    request_rate_hz = 0.0

    def __init__(
        self, spec: str, description: str, width: int, height: int, rate_hz: float,
        frame_count: int | None = None,
    ) -> None:
        """Store the properties; `width` and `height` are those of the first image, in pixels."""
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

        :return: false at the end of the source.
        :raises SourceError: if a live source stopped, or no image of a folder can be read.
        """

    @abstractmethod
    def retrieve(self) -> Image | None:
        """
        Decode the image that `grab` took.

        :return: (H, W, 3) uint8, BGR, contiguous, owned by the caller; None if this image is
            damaged.
        :raises SourceError: if a live source delivers only damaged images.
        """

    def read(self) -> Image | None:
        """
        Take and decode the next image that is not damaged.

        :return: (H, W, 3) uint8, BGR, contiguous, owned by the caller; None at the end.
        :raises SourceError: like `grab` and `retrieve`.
        """
        while self.grab():
            image = self.retrieve()
            if image is not None:
                return image
        return None

    def rewind(self) -> None:  # noqa: B027 - a camera or stream has no first image
        """
        Go back to the first image; does nothing for a live source.

        :raises SourceError: if the source can no longer be opened.
        """

    def close(self) -> None:  # noqa: B027 - images and the sample keep nothing open
        """Release the device or file; it can be called more than once."""

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
