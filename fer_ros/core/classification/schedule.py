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

"""Which faces are classified in which image."""

from collections import deque
from collections.abc import Iterable
import math
from statistics import median

from fer_ros.core.values import NS_PER_S


class ClassificationSchedule:
    """
    Gives every track its turn at a steady rate.

    Where more are due than fit, those go first that wait longest. Turns are spread over the images
    of a period, so that no image has to wait for all faces while others wait for none; only new
    faces have theirs at once.

    The next turn is counted from the one that was due, not from the image that came after it: at
    30 images/s and 10 Hz every third image is taken even where stamps jitter.
    """

    def __init__(self) -> None:
        self._due_ns: dict[int, int] = {}
        # Stamp of the last turn, and the place in its batch.
        self._last: dict[int, tuple[int, int]] = {}
        self._stamp_ns: int | None = None

    def take(
        self, candidates: Iterable[int], stamp_ns: int, rate_hz: float, max_batch: int,
    ) -> list[int]:
        """
        Return the tracks to classify in this image, and note that they had their turn.

        :param candidates: identities of the faces that can be classified in this image.
        :param stamp_ns: stamp of the image.
        :param rate_hz: turns of each track a second; 0: in every image.
        :param max_batch: at most so many.
        """
        period_ns = round(NS_PER_S / rate_hz) if rate_hz > 0 else 0
        candidates = list(candidates)
        new = [track_id for track_id in candidates if track_id not in self._due_ns]
        for track_id in new:
            self._due_ns[track_id] = stamp_ns - period_ns
            # A new face goes before those that had a turn within the last second.
            self._last[track_id] = stamp_ns - NS_PER_S, 0
        # Where the rate was raised, or stamps went back, the turn that was due is too far away.
        latest_ns = stamp_ns + period_ns + period_ns // 10
        for track_id in candidates:
            self._due_ns[track_id] = min(self._due_ns[track_id], latest_ns)
        # A stamp counts for a turn that is less than a tenth of a period away: cameras jitter.
        due = [
            track_id for track_id in candidates
            if self._due_ns[track_id] - period_ns // 10 <= stamp_ns]
        most = min(max_batch, max(
            len(new), self._share(len(candidates), stamp_ns, period_ns)))
        taken = sorted(due, key=self._last.__getitem__)[:most]
        for place, track_id in enumerate(taken):
            due_ns = self._due_ns[track_id]
            is_late = stamp_ns - due_ns >= period_ns
            self._due_ns[track_id] = (stamp_ns if is_late else due_ns) + period_ns
            self._last[track_id] = stamp_ns, place
        return taken

    def _share(self, faces: int, stamp_ns: int, period_ns: int) -> int:
        """Return how many turns an image has to give so that each face has one in a period."""
        last_ns, self._stamp_ns = self._stamp_ns, stamp_ns
        if last_ns is None or not period_ns:
            return faces
        return max(math.ceil(faces * (stamp_ns - last_ns) / period_ns - 0.01), 1)

    def keep(self, tracks: Iterable[int]) -> None:
        """Forget all other tracks."""
        tracks = set(tracks)
        for track_id in self._due_ns.keys() - tracks:
            del self._due_ns[track_id], self._last[track_id]


class TimeBudget:
    """
    Tells how many faces can be classified in a time, from how long the last ones took.

    The median of the last five calls counts: on a busy machine one call in ten takes three times
    as long as the others, which says nothing about the next one, while a classifier that has
    become slower is known for it after three calls.
    """

    def __init__(self) -> None:
        self._seconds_per_face: deque[float] = deque(maxlen=5)

    def note(self, faces: int, seconds: float) -> None:
        """Take in how long one call took for so many faces, at least 1."""
        self._seconds_per_face.append(seconds / faces)

    def fitting(self, budget_ms: float, at_most: int) -> int:
        """
        Return how many faces fit into the budget: at least 1, so that a small one stops nothing.

        :param budget_ms: 0: no limit.
        :param at_most: returned where more would fit, or nothing is known yet.
        """
        if not self._seconds_per_face or budget_ms == 0:
            return at_most
        wanted_ms = at_most * median(self._seconds_per_face) * 1e3
        if wanted_ms <= budget_ms:
            return at_most
        return max(int(at_most * budget_ms / wanted_ms), 1)
