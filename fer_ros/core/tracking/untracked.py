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

"""No tracking, for unrelated images: every detection gets a new identity."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.core.tracking.tracker import Track, TrackerOptions
from fer_ros.core.values import Detection, FaceState, Image


class NoTracker:
    """Assigns a new identity to every detection."""

    keeps_identities = False
    is_visual = False
    wants_detection = True

    def __init__(self, options: TrackerOptions, ids: Iterator[int]) -> None:
        self.options = options
        self._ids = ids

    def update(
        self, detections: list[Detection] | None, stamp_ns: int, image: Image,
    ) -> list[Track]:
        """Return a new track for each detection."""
        return [
            Track(next(self._ids), FaceState.DETECTED, d.box, d.score, d)
            for d in detections or ()]

    def reset(self) -> None:
        """Do nothing: no face is remembered."""
