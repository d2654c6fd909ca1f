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

"""Delivers the images of a source as frames in real time, and reopens a lost source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
import threading
import time

from fer_ros.core.values import Frame, Image
from fer_ros.media.source_options import SourceOptions
from fer_ros.media.sources.frame_source import FrameSource, SourceError
from fer_ros.media.sources.network_stream import without_password
from fer_ros.media.sources.opening import open_source
from fer_ros.media.sources.rate_limiter import RateLimiter


class SourceState(Enum):
    """What a frame stream is doing."""

    OPENING = 'opening'
    RUNNING = 'running'
    LOST = 'lost'
    ENDED = 'ended'
    FAILED = 'failed'


@dataclass(frozen=True)
class SourceStatus:
    """
    State of a frame stream, for the user and for diagnostics.

    `text` is a sentence. `losses` counts how often a live source stopped or failed to open since
    the start of the stream. `warnings` are the warnings of the source that is open now.
    """

    state: SourceState
    text: str
    losses: int = 0
    warnings: tuple[str, ...] = ()


class FrameStream:
    """
    Iterates over the frames of a source in real time, until it ends or is stopped.

    A finite source is played at its rate. Each image is read in advance, and stamped and delivered
    at its time on the monotonic clock, so delays do not accumulate. If the stream is late by more
    than one period, it continues from there and does not catch up.

    A live source sets the pace itself; images are dropped if it is faster than requested. A live
    source that delivers one image for each request is read at its `request_rate_hz`. If a live
    source is lost, the loss is reported, and the source is opened again until it succeeds, with
    increasing delays. Frames are numbered from 0; loops and losses do not restart the numbers.

    >>> stop = threading.Event()
    >>> stream = FrameStream(SourceOptions(source='sample'), stop=stop)
    >>> for frame in stream:
    ...     stop.set()
    >>> frame.image.shape, frame.sequence, stream.status.state.value
    ((480, 640, 3), 0, 'ended')
    """

    def __init__(
        self,
        options: SourceOptions,
        *,
        source: FrameSource | None = None,
        now_ns: Callable[[], int] = time.time_ns,
        stop: threading.Event | None = None,
        frame_id: str = '',
        paced: bool = True,
        on_status: Callable[[SourceStatus], None] | None = None,
        opener: Callable[[str, SourceOptions], FrameSource] = open_source,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Prepare the stream.

        :param source: an open source, which the stream closes; None: the source of the options is
            opened when the iteration starts.
        :param now_ns: returns the stamp in nanoseconds; called after each image was taken.
        :param stop: ends the iteration and interrupts its waits; a read in progress ends after
            `read_timeout_s` at the latest.
        :param frame_id: the `frame_id` of every frame.
        :param paced: false: deliver a finite source as fast as it can be read.
        :param on_status: called in the iterating thread at each change of the state and at new
            warnings.
        :param opener: opens a source from its text.
        :param clock: returns the monotonic time in seconds.
        """
        self._options = options
        self._source = source
        self._spec = source.spec if source else options.source
        self._now_ns = now_ns
        self._stop = stop or threading.Event()
        self._frame_id = frame_id
        self._paced = paced
        self._on_status = on_status
        self._opener = opener
        self._clock = clock
        self._sequence = 0
        self._status = SourceStatus(
            SourceState.OPENING, f'opening {without_password(self._spec) or "auto"}')

    @property
    def status(self) -> SourceStatus:
        """Return the current state; any thread can read it."""
        return self._status

    @property
    def source(self) -> FrameSource | None:
        """Return the source that is open now, None if there is none."""
        return self._source

    def close(self) -> None:
        """Close the source; only needed if the stream is not iterated to its end."""
        if self._source is not None:
            self._source.close()
            self._source = None

    def __iter__(self) -> Iterator[Frame]:
        """
        Yield frames until the source ends or `stop` is set; then the source is closed.

        :raises SourceError: if the source fails or does not open, and a later attempt cannot
            succeed.
        """
        delay_s = self._options.reopen_delay_s
        try:
            while not self._stop.is_set():
                try:
                    source = self._opened()
                    for frame in self._live(source) if source.is_live else self._finite(source):
                        delay_s = self._options.reopen_delay_s
                        self._report(SourceState.RUNNING, source.description)
                        yield frame
                    break
                except SourceError as error:
                    self.close()
                    if not error.may_return:
                        self._report(SourceState.FAILED, str(error))
                        raise
                    delay_s = min(delay_s, self._options.reopen_delay_max_s)
                    self._report(
                        SourceState.LOST, f'{error}; trying again in {delay_s:g} s', lost=True)
                    self._stop.wait(delay_s)
                    delay_s *= 2
            if self._status.state is not SourceState.ENDED:
                word = 'stopped' if self._stop.is_set() else 'ended'
                name = self._source.description if self._source else without_password(self._spec)
                self._report(SourceState.ENDED, f'{word}: {name}')
        finally:
            self.close()

    def _opened(self) -> FrameSource:
        if self._source is None:
            self._source = self._opener(self._spec, self._options)
            # If "auto" found a camera and the camera is lost, wait for the same camera: a robot
            # must not continue with the faces of the sample.
            self._spec = self._source.spec
        return self._source

    def _report(self, state: SourceState, text: str, *, lost: bool = False) -> None:
        warnings = tuple(self._source.warnings) if self._source else ()
        status = SourceStatus(state, text, self._status.losses + lost, warnings)
        if status != self._status:
            self._status = status
            if self._on_status is not None:
                self._on_status(status)

    def _frame(self, image: Image, stamp_ns: int) -> Frame:
        frame = Frame(image, stamp_ns, self._frame_id, self._sequence)
        self._sequence += 1
        return frame

    def _finite(self, source: FrameSource) -> Iterator[Frame]:
        period_s = 1 / source.rate_hz if self._paced else 0.0
        due_s = self._clock()
        delivered = 0
        # Do not read right after the previous image, while the caller still processes that one.
        while not self._wait_until(due_s - period_s / 2):
            is_there = source.grab()
            image = source.retrieve() if is_there else None
            if is_there and image is None:
                continue
            if self._wait_until(due_s):
                return
            if image is None:
                if not self._options.loop or not delivered:
                    return
                source.rewind()
                delivered = 0
                continue
            delivered += 1
            yield self._frame(image, self._now_ns())
            due_s += period_s
            now_s = self._clock()
            if now_s - due_s > period_s:
                due_s = now_s

    def _wait_until(self, due_s: float) -> bool:
        """Wait; return whether the stream was stopped before this time."""
        wait_s = due_s - self._clock()
        return self._stop.wait(wait_s) if wait_s > 0 else self._stop.is_set()

    def _live(self, source: FrameSource) -> Iterator[Frame]:
        limiter = RateLimiter(self._options.rate_hz)
        due_s = self._clock()
        while not self._wait_until(due_s) and source.grab():
            stamp_ns = self._now_ns()
            if source.request_rate_hz:
                due_s = max(due_s + 1 / source.request_rate_hz, self._clock())
            if limiter.is_due(self._clock()):
                image = source.retrieve()
                if image is not None:
                    yield self._frame(image, stamp_ns)
