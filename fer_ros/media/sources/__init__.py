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

"""
Sources of images: cameras, video files, images, network streams and the built-in sample.

`open_source` opens the source that a text names. A source delivers plain images as fast as they
are read. `FrameStream` delivers them as `Frame`s in real time, and opens a lost camera or network
stream again.
"""

from fer_ros.media.source_options import SourceOptions
from fer_ros.media.sources.frame_source import FrameSource, SourceError
from fer_ros.media.sources.frame_stream import FrameStream, SourceState, SourceStatus
from fer_ros.media.sources.opening import may_appear, open_source, shows_pictures
from fer_ros.media.sources.sample import SampleSource

__all__ = [
    'FrameSource', 'FrameStream', 'SampleSource', 'SourceError', 'SourceOptions', 'SourceState',
    'SourceStatus', 'may_appear', 'open_source', 'shows_pictures',
]
