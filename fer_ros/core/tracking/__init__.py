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
Trackers: the detections of successive images in, `Track` values with identities out.

In each image the tracker predicts where every known face is, assigns the detections to the faces,
starts new tracks, ends lost ones, and returns the confirmed tracks. If it receives `None` instead
of detections, the detector did not run. Trackers do not run detectors or networks.
"""

from collections.abc import Iterator
from itertools import count

from fer_ros.core.tracking.tracker import Tracker, TrackerOptions
from fer_ros.core.tracking.untracked import NoTracker


def create_tracker(options: TrackerOptions, ids: Iterator[int] | None = None) -> Tracker:
    """
    Return the tracker that the options name.

    :param ids: the identities of new faces, from 1 upwards; None: 1, 2, 3 and so on.
    :raises ImportError: if OpenCV was built without the visual tracker; the text says what to
        install.
    """
    ids = count(1) if ids is None else ids
    if options.name == 'none':
        return NoTracker(options, ids)
    if options.name == 'association':
        from fer_ros.core.tracking.association import AssociationTracker
        return AssociationTracker(options, ids)
    from fer_ros.core.tracking.visual import VisualTracker
    return VisualTracker(options, ids)
