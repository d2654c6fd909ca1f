"""
Where frames come from: cameras, files, images, streams and the built-in sample.

`open_source` gives the bare images, `FrameStream` gives `Frame`s in real time and keeps a live
source alive.
"""

from fer_ros.core.sources.base import FrameSource, SourceError, SourceOptions
from fer_ros.core.sources.opening import may_appear, open_source, SampleSource
from fer_ros.core.sources.stream import FrameStream, SourceState, SourceStatus

__all__ = [
    'FrameSource', 'FrameStream', 'SampleSource', 'SourceError', 'SourceOptions', 'SourceState',
    'SourceStatus', 'may_appear', 'open_source',
]
