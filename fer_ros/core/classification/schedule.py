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

"""Which faces are classified in which image, and how many fit into a time budget."""

from collections import deque
from collections.abc import Iterable
import math
from statistics import median

from fer_ros.core.values import NS_PER_S


class ClassificationSchedule:
    """
    Selects the tracks that are due, so that each is classified at a steady rate.

    If more tracks are due than are permitted, the least recently classified ones go first. The
    turns are spread over the images of a period, so that no image has to wait for all faces while
    others have none; only new faces are due at once.

    The next turn is counted from the time when the last one was due, not from the image that
    followed: at 30 images/s and 10 Hz, every third image is selected even if stamps jitter.
    """

    def __init__(self) -> None:
        self._due_ns: dict[int, int] = {}
        # Stamp of the last turn, and the position in its batch.
        self._last: dict[int, tuple[int, int]] = {}
        self._stamp_ns: int | None = None

    def take(
        self, candidates: Iterable[int], stamp_ns: int, rate_hz: float, max_batch: int,
    ) -> list[int]:
        """
        Return the tracks to classify in this image, and schedule their next turns.

        :param candidates: track IDs of the faces that can be classified in this image.
        :param stamp_ns: stamp of the image.
        :param rate_hz: classifications per second and track; 0: in every image.
        :param max_batch: maximum number of tracks.
        """
        period_ns = round(NS_PER_S / rate_hz) if rate_hz > 0 else 0
        candidates = list(candidates)
        new = [track_id for track_id in candidates if track_id not in self._due_ns]
        for track_id in new:
            self._due_ns[track_id] = stamp_ns - period_ns
            # A new track goes before tracks that had a turn within the last second.
            self._last[track_id] = stamp_ns - NS_PER_S, 0
        # After the rate was raised, or stamps went back, the next turn would be too far away.
        latest_ns = stamp_ns + period_ns + period_ns // 10
        for track_id in candidates:
            self._due_ns[track_id] = min(self._due_ns[track_id], latest_ns)
        # Cameras jitter: a turn may start a tenth of a period early.
        due = [
            track_id for track_id in candidates
            if self._due_ns[track_id] - period_ns // 10 <= stamp_ns]
        limit = min(max_batch, max(
            len(new), self._share(len(candidates), stamp_ns, period_ns)))
        taken = sorted(due, key=self._last.__getitem__)[:limit]
        for place, track_id in enumerate(taken):
            due_ns = self._due_ns[track_id]
            is_late = stamp_ns - due_ns >= period_ns
            self._due_ns[track_id] = (stamp_ns if is_late else due_ns) + period_ns
            self._last[track_id] = stamp_ns, place
        return taken

    def _share(self, faces: int, stamp_ns: int, period_ns: int) -> int:
        """Return how many tracks of this image must be classified to reach the rate."""
        last_ns, self._stamp_ns = self._stamp_ns, stamp_ns
        if last_ns is None or not period_ns:
            return faces
        return max(math.ceil(faces * (stamp_ns - last_ns) / period_ns - 0.01), 1)

    def keep(self, tracks: Iterable[int]) -> None:
        """Forget all tracks but these."""
        tracks = set(tracks)
        for track_id in self._due_ns.keys() - tracks:
            del self._due_ns[track_id], self._last[track_id]


class TimeBudget:
    """
    Estimates how many faces can be classified in a time, from the last five calls.

    The median of the five is used: on a busy machine one call in ten takes three times as long as
    the others, which says nothing about the next call. If the classifier becomes slower, the
    median follows after three calls.
    """

    def __init__(self) -> None:
        self._seconds_per_face: deque[float] = deque(maxlen=5)

    def add(self, faces: int, seconds: float) -> None:
        """Add the duration of one call for one or more faces."""
        self._seconds_per_face.append(seconds / faces)

    def max_faces(self, budget_ms: float, limit: int) -> int:
        """
        Return how many faces fit into the budget; at least 1.

        :param budget_ms: 0: no limit.
        :param limit: the largest value that is returned; also returned before the first call.
        """
        if not self._seconds_per_face or budget_ms == 0:
            return limit
        needed_ms = limit * median(self._seconds_per_face) * 1e3
        if needed_ms <= budget_ms:
            return limit
        return max(int(limit * budget_ms / needed_ms), 1)
