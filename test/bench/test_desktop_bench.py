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

"""The bench of the desktop application shows real images in a real window."""

import importlib.util
import shutil

from fer_ros.bench import desktop_bench
from fer_ros.bench.desktop_worker import PreparedCamera
import numpy as np
import pytest


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(
    importlib.util.find_spec('_tkinter') is None or shutil.which('Xvfb') is None,
    reason='Tk or Xvfb is not installed')
def test_a_short_run(monkeypatch):
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.setattr(desktop_bench, 'WARM_UP_S', 3.0)
    monkeypatch.setattr(desktop_bench, 'RUNS', {
        'small': {'width': 320, 'height': 240, 'faces': 1, 'rate_hz': 20.0}})
    figures = desktop_bench.run(rounds=1, seconds=2.0)
    (row,) = figures['runs'].values()
    assert 0 < row['images_per_s'] < 22
    assert 0 < row['p50_ms'] <= row['p95_ms']
    assert row['view'][0] / row['view'][1] == pytest.approx(4 / 3, abs=0.01)
    assert set(row['ms_per_image']) == {'reader', 'worker', 'MainThread'}


def test_without_a_display_it_is_said(monkeypatch):
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.setattr(desktop_bench.shutil, 'which', lambda name: None)
    with pytest.raises(RuntimeError, match='Xvfb is not installed'), desktop_bench.display():
        pass


def test_a_camera_drops_what_nobody_took():
    camera = PreparedCamera([np.full((2, 2, 3), k, np.uint8) for k in range(7)], 10.0)
    camera._begin_s -= 0.55
    assert [camera.grab(), camera.retrieve()[0, 0, 0]] == [True, 5]
    assert [camera.grab(), camera.retrieve()[0, 0, 0]] == [True, 6]
    camera._begin_s -= 100
    camera.grab()
    assert camera._number > 1000
