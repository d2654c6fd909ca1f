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

"""One run of the desktop application for `fer bench desktop`, in a process of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
import sys
import threading
import time
from typing import Any, TYPE_CHECKING

from fer_ros.apps.desktop.command import run as run_window
from fer_ros.apps.desktop.model.player import Player
from fer_ros.apps.desktop.model.settings import Settings
from fer_ros.apps.desktop.model.worker import Shown
from fer_ros.bench.crowd import CrowdClip
from fer_ros.bench.results import percentiles
from fer_ros.core.values import Image
from fer_ros.media.source_options import SourceOptions
from fer_ros.media.sources import FrameSource

if TYPE_CHECKING:
    from fer_ros.apps.desktop.views.window import Window


class PreparedCamera(FrameSource):
    """A camera that delivers prepared images at a rate, and drops those that nobody took."""

    is_live = True

    def __init__(self, images: list[Image], rate_hz: float) -> None:
        """Start now."""
        height, width = images[0].shape[:2]
        super().__init__('sample', 'the prepared camera', width, height, rate_hz)
        self._images = images
        self._begin_s = time.perf_counter()
        self._number = -1

    def grab(self) -> bool:
        now = int((time.perf_counter() - self._begin_s) * self.rate_hz)
        self._number = max(now, self._number + 1)
        wait_s = self._begin_s + self._number / self.rate_hz - time.perf_counter()
        if wait_s > 0:
            time.sleep(wait_s)
        return True

    def retrieve(self) -> Image | None:
        # Copied, as a driver does.
        return self._images[self._number % len(self._images)].copy()


def _thread_times_ms() -> dict[str, float]:
    """Return the CPU time of each thread of this process by its name."""
    tick_ms = 1000 / os.sysconf('SC_CLK_TCK')
    times = {}
    for thread in threading.enumerate():
        stat = Path(f'/proc/self/task/{thread.native_id}/stat').read_text()
        user, system = stat.rpartition(')')[2].split()[11:13]
        times[thread.name] = (int(user) + int(system)) * tick_ms
    return times


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """
    Show a camera for some time.

    :param request: width, height, rate_hz, faces, warm_up_s, seconds.
    :return: shown images per second, percentiles of the time from reading to painting in ms, the
        CPU time in % of a core, and that of each thread per shown image in ms.
    """
    clip = CrowdClip(request['faces'], request['width'], request['height'])
    images = [clip.frame(k) for k in range(clip.frame_count)]

    def opener(_: str, __: SourceOptions) -> FrameSource:
        return PreparedCamera(images, request['rate_hz'])
    player = Player(Settings(), opener)
    latencies_ms: list[float] = []
    faces: list[int] = []
    state: dict[str, Any] = {}

    def painted(shown: Shown, now_s: float) -> None:
        latencies_ms.append((now_s - shown.job.read_at_s) * 1000)
        faces.append(len(shown.faces))

    def begin() -> None:
        latencies_ms.clear()
        faces.clear()
        state.update(
            wall_s=time.perf_counter(), cpu_s=time.process_time(), threads=_thread_times_ms())

    def end(window: Window) -> None:
        threads = _thread_times_ms()
        wall_s = time.perf_counter() - state['wall_s']
        count = max(len(latencies_ms), 1)
        state['answer'] = {
            'images_per_s': len(latencies_ms) / wall_s,
            'cpu_percent': 100 * (time.process_time() - state['cpu_s']) / wall_s,
            'faces': sum(faces) / count, **percentiles(latencies_ms),
            'view': list(player.last.rgb.shape[1::-1]) if player.last is not None else [],
            'ms_per_image': {
                name: (threads[name] - state['threads'].get(name, 0.0)) / count
                for name in ('reader', 'worker', 'MainThread')}}
        window.close()

    def on_window(window: Window) -> None:
        window.on_painted = painted
        window.after(round(request['warm_up_s'] * 1000), begin)
        window.after(
            round((request['warm_up_s'] + request['seconds']) * 1000), lambda: end(window))
    try:
        run_window(player, 'sample', on_window)
    finally:
        player.close()
    answer: dict[str, Any] = state['answer']
    return answer


if __name__ == '__main__':
    print(json.dumps(measure(json.loads(sys.argv[1]))))
