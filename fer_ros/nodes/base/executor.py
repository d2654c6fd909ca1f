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

"""Spins an executor in a thread."""

from __future__ import annotations

import threading
from typing import Any

from fer_ros.nodes.base.worker import LOG_THROTTLE_S
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor


class SpinThread:
    """A thread that spins an executor; it logs exceptions of callbacks and continues."""

    def __init__(self, executor: SingleThreadedExecutor, logger: Any) -> None:
        """Start the thread."""
        self._executor = executor
        self._logger = logger
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name='executor', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, then shut the executor down."""
        self._is_stopping = True
        # Executor.shutdown of Jazzy destroys the objects that would wake a thread which is about
        # to wait; that thread would then wait forever. An empty task wakes it reliably.
        self._executor.create_task(lambda: None)
        self._thread.join()
        self._executor.shutdown()

    def _run(self) -> None:
        while not self._is_stopping:
            try:
                self._executor.spin_once()
            except ExternalShutdownException:
                return
            except Exception as error:
                self._logger.error(
                    f'A callback failed: {error!r}', throttle_duration_sec=LOG_THROTTLE_S)
