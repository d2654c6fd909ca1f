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

"""The limits of the service. A request beyond them gets an answer 4xx or 503 that says so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """
    What one client may ask for, and what the service holds at a time.

    Sizes are in bytes, times in seconds.
    """

    picture_bytes: int = 20 * 2**20
    picture_pixels: int = 50_000_000
    """More than any phone's camera without its special modes; 150 MB when decoded."""

    live_bytes: int = 4 * 2**20
    live_pixels: int = 4_000_000
    """A 1920x1080 image has 2 million."""

    live_rate_hz: float = 60.0
    """Most messages per second on a live connection; only the newest is processed anyway."""

    live_idle_s: float = 60.0
    """A live connection on which no image comes is closed, so that others get its place."""

    video_bytes: int = 500 * 2**20
    video_s: float = 600.0
    video_pixels: int = 9_000_000
    """Of each image; 4096x2160 has 8.8 million."""

    waiting_videos: int = 8
    kept_videos: int = 32
    keep_s: float = 900.0
    """The files and rows of a video are deleted this time after it was finished."""

    body_s: float = 60.0
    """Longest time for the upload of a picture."""

    stall_s: float = 15.0
    """Longest time without a byte during the upload of a video."""

    answer_s: float = 30.0
    """A worker that needs longer for one image is killed and started again."""

    waiting_per_worker: int = 8
    """More requests than these are turned away; the clients try again."""

    requests_per_s: float = 100.0
    """Mean rate of each client's address; a burst of twice as many is accepted."""

    connections: int = 512
    """Of all kinds together."""
