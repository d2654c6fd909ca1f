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

"""What a tracker remembers of one face: its filter, its last detection, its misses."""

from fer_ros.core.tracking.kalman import KalmanBoxFilter
from fer_ros.core.values import Detection, FaceState


class TrackedFace:
    """
    A face that a tracker follows.

    `detection` is its last detection. `seen` is what is seen of it in the newest image: that
    detection, or the detection moved to where a visual tracker sees the face, or None if its
    place is only predicted. `track_id` is 0 until the face is confirmed.
    """

    def __init__(self, detection: Detection, stamp_ns: int) -> None:
        self.filter = KalmanBoxFilter(detection.box)
        self.detection = detection
        self.seen: Detection | None = detection
        self.was_seen = False
        """Whether it was seen in the previous image."""
        self.state = FaceState.DETECTED
        self.hits = 1
        self.track_id = 0
        self.is_missed = False
        """Whether the detector missed it when it ran last."""
        self.present_ns = stamp_ns
        """Stamp of the last image in which the detector found it or did not run."""

    def predict(self, dt: float) -> None:
        """Advance to the next image, `dt` seconds later, in which it is not seen yet."""
        self.filter.predict(dt)
        self.was_seen = self.seen is not None
        self.seen = None
        self.state = FaceState.TRACKED

    def on_detected(self, detection: Detection, stamp_ns: int) -> None:
        """Update it with a detection of this image."""
        self.on_seen(detection)
        self.detection = detection
        self.state = FaceState.DETECTED
        self.hits += 1
        self.is_missed = False
        self.present_ns = stamp_ns

    def on_seen(self, seen: Detection) -> None:
        """Update it with the place where a visual tracker sees it."""
        self.filter.correct(seen.box)
        self.seen = seen

    def on_missed(self) -> None:
        """Note that the detector ran and did not find it."""
        self.is_missed = True

    def on_skipped(self, stamp_ns: int) -> None:
        """Note that the detector did not run, so that a missing detection means nothing."""
        if not self.is_missed:
            self.present_ns = stamp_ns

    def missed_ns(self, stamp_ns: int) -> int:
        """
        Return for how long the detector has missed it, 0 if the detector found it last.

        A long time between two images alone does not count.
        """
        return stamp_ns - self.present_ns if self.is_missed else 0
