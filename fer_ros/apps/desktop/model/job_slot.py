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

"""A slot for one image between two threads: the newest image replaces one that waits."""

from __future__ import annotations

from dataclasses import dataclass
import threading

from fer_ros.core.values import Image


@dataclass(frozen=True, eq=False)
class Job:
    """
    An image that is to be processed.

    `time_s` is the time since the start of the source, `stamp_ns` what the pipeline gets.
    `read_at_s` is the time of `time.perf_counter` at which the image was there. `must` forbids
    that a newer image replaces it. `starts_new`: forget the faces of before. `is_shown` is false
    for images before the wanted one, which the tracker needs.
    """

    image: Image
    number: int
    time_s: float
    stamp_ns: int
    read_at_s: float
    must: bool = False
    starts_new: bool = False
    is_shown: bool = True


class JobSlot:
    """One reader puts, one worker takes."""

    def __init__(self) -> None:
        """Start empty."""
        self._condition = threading.Condition()
        self._job: Job | None = None
        self._is_poked = self._is_closed = False
        self.replaced = 0

    @property
    def is_full(self) -> bool:
        """Return whether an image waits."""
        return self._job is not None

    def put(self, job: Job) -> None:
        """Put an image in; wait while an image is there that must not be replaced."""
        with self._condition:
            while self._job is not None and self._job.must and not self._is_closed:
                self._condition.wait()
            self.replaced += self._job is not None
            self._job = job
            self._condition.notify_all()

    def poke(self) -> None:
        """Let `take` return although no image came."""
        with self._condition:
            self._is_poked = True
            self._condition.notify_all()

    def take(self) -> Job | None:
        """Wait for an image; None after `poke` and after `close`."""
        with self._condition:
            while self._job is None and not self._is_poked and not self._is_closed:
                self._condition.wait()
            job, self._job = self._job, None
            if job is None:
                self._is_poked = False
            self._condition.notify_all()
            return job

    def close(self) -> None:
        """Wake both threads up for good."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()
