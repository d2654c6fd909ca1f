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

"""The built-in sample clip as a source; `sample_clip` draws it."""

from __future__ import annotations

from fer_ros.core.values import Image
from fer_ros.media.sample_clip import SampleClip
from fer_ros.media.source_options import SourceOptions
from fer_ros.media.sources.frame_source import FrameSource, SourceError


class SampleSource(FrameSource):
    """The built-in sample clip, repeated without end."""

    def __init__(self, options: SourceOptions) -> None:
        """
        Prepare the clip.

        :raises SourceError: if a package that contains one of its photographs is not installed.
        """
        try:
            self.clip = SampleClip()
        except (FileNotFoundError, ValueError) as error:
            raise SourceError(str(error)) from error
        self.index = -1
        super().__init__(
            'sample', 'the built-in sample clip, two moving faces',
            self.clip.width, self.clip.height,
            options.rate_hz or self.clip.rate_hz)

    def grab(self) -> bool:
        self.index += 1
        return True

    def retrieve(self) -> Image | None:
        return self.clip.frame(self.index)

    def rewind(self) -> None:
        self.index = -1
