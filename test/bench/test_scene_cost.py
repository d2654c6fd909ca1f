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

"""Scenes are what their names say, and what does not move costs fewer calls of the networks."""

from itertools import islice

from fer_ros.bench import scene_cost
from fer_ros.bench.scene_cost import MOVING, Scene, STILL
import numpy as np
import pytest

CLIP = [np.full((48, 64, 3), 40 + 20 * k, np.uint8) for k in range(4)]


def test_a_moving_scene_goes_forwards_and_backwards_without_a_jump():
    levels = [int(image[0, 0, 0]) for image in islice(MOVING.images(CLIP), 9)]
    assert levels == [40, 60, 80, 100, 80, 60, 40, 60, 80]


def test_a_still_scene_is_one_image():
    assert all(image is CLIP[2] for image in islice(STILL.images(CLIP), 5))


def test_noise_has_its_deviation_and_the_exposure_drifts():
    seen = [image.astype(float) for image in islice(Scene('', noise=5.0).images(CLIP), 600)]
    differences = [np.std((b - a)[..., 0]) for a, b in zip(seen, seen[1:], strict=False)]
    assert np.median(differences) == pytest.approx(5 * 2 ** 0.5, rel=0.1)
    means = [image.mean() for image in seen]
    assert (min(means), max(means)) == pytest.approx((80 * 0.85, 80 * 1.15), rel=0.02)
    assert max(abs(np.diff(means))) < 2


def test_the_networks_run_less_often_in_a_still_scene(monkeypatch):
    monkeypatch.setattr(scene_cost, 'SECONDS', 1.0)
    monkeypatch.setattr(scene_cost, 'SCENES', (MOVING, STILL))
    figures = scene_cost.run(None, rounds=1)
    moving, still = figures['scenes']['sample'].values()
    assert moving['faces'] == still['faces'] == 2
    assert moving['landmarks_per_s'] == pytest.approx(60, abs=10)
    assert still['landmarks_per_s'] <= 4
    assert still['classified_per_s'] <= 4 < moving['classified_per_s'] <= 22
    assert still['detector_per_s'] < 0.3 * moving['detector_per_s']
    assert moving['to_moving'] == 1
    low, live = figures['low_power']['low_power'], figures['low_power']['live']
    assert low['classified_per_s'] < live['classified_per_s']
    assert figures['low_power']['to_live'] == pytest.approx(low['cpu_ms'] / live['cpu_ms'])
