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

"""What all routes share: the worker processes, the limits and the metrics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fer_ros.apps.serve.metrics import Metrics
from fer_ros.apps.serve.pool import Pool
from fer_ros.apps.serve.settings import Settings
from fer_ros.apps.serve.video_jobs import VideoJobs
from fer_ros.apps.serve.worker import WorkerSettings
from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from fer_ros.apps.serve.robot import Robot
    from typing_extensions import Self

LIVE_RATE_HZ = 10.0
"""Images per second that each live connection is to get when all places are taken."""

LIVE_SHARE = 0.8
"""Part of the workers' time for live connections; the rest is for pictures."""


class Service:
    """Worker processes, videos, limits and metrics."""

    def __init__(self, settings: Settings) -> None:
        """
        Start the worker processes, and measure how many live connections they can serve.

        :raises PoolError: if the networks cannot be loaded.
        :raises OSError: if the temporary folder cannot be created.
        """
        self.settings = settings
        self.limits = settings.limits
        self.metrics = Metrics()
        self.started_s = time.monotonic()
        self.pool = Pool(
            WorkerSettings(settings.live, settings.picture), settings.workers, settings.limits)
        try:
            self.videos = VideoJobs(
                settings.video, settings.picture, settings.limits,
                max(settings.workers // 2, 1), settings.temporary, self.metrics)
        except OSError:
            self.pool.close()
            raise
        self.robot = _robot(settings)
        self.live_limit = settings.max_live or live_limit(self.pool.live_s, settings.workers)
        self.metrics.live_limit.set(self.live_limit)
        self.metrics.live.set_function(lambda: self.pool.live)
        self.metrics.restarts.set_function(
            lambda: sum(worker.restarts for worker in self.pool.workers))

    def close(self) -> None:
        """End all processes."""
        if self.robot is not None:
            self.robot.close()
        self.videos.close()
        self.pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _robot(settings: Settings) -> Robot | None:
    if not settings.with_ros:
        return None
    # Imported here because ROS may not be installed.
    from fer_ros.apps.serve.robot import Robot
    return Robot(settings.namespace)


def live_limit(live_s: float, workers: int) -> int:
    """
    Return how many live connections get `LIVE_RATE_HZ` images per second at the same time.

    :param live_s: seconds that a worker needs for an image.
    """
    return max(int(workers * LIVE_SHARE / (live_s * LIVE_RATE_HZ)), 1)


def service_of(connection: HTTPConnection) -> Service:
    """Return the service; for `Depends`."""
    service = connection.app.state.service
    assert isinstance(service, Service)
    return service
