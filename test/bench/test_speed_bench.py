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
"""What the speed bench makes of its measurements, and what it says of what cannot run."""

import sys

from fer_ros.bench import speed_bench as speed
from fer_ros.bench.crowd import CrowdClip
from fer_ros.bench.pipelines import Contestant, create, ENTRIES, NotInstalledError
from fer_ros.bench.speed_worker import CYCLE, measure, Turn
import numpy as np
import pytest


def turn_of(ms, cpu_s=1.0, faces=1.0, rss=100.0):
    return {'ms': ms, 'cpu_s': cpu_s, 'faces': faces, 'peak_rss_mib': rss}


def test_the_figures_of_a_pipeline():
    row = speed.summary([
        turn_of([10.0] * 90 + [20.0] * 10, 2.0, 1.0, 100.0),
        turn_of([10.0] * 100, 1.0, 0.5, 120.0)])
    assert row['images'] == 200
    assert row['fps'] == pytest.approx(1000 / 10.5)
    assert row['mean_ms'] == pytest.approx(10.5)
    assert (row['p50_ms'], row['p99_ms']) == (10, 20)
    assert row['cpu_s_per_1000'] == pytest.approx(15)
    assert (row['peak_rss_mib'], row['faces_found']) == (120, 0.75)


def test_ratios_are_medians_of_those_of_the_rounds():
    # In the second round the machine was three times as slow for all, in the third for us alone.
    turns = {
        speed.REFERENCE: {
            'default': [turn_of([ms] * 10) for ms in (2.0, 6.0, 6.0)],
            'classic': [turn_of([ms] * 10) for ms in (20.0, 60.0, 20.0)]},
        speed.FOUR_FACES: {'default': [turn_of([ms] * 10) for ms in (5.0, 15.0, 9.0)]},
        speed.FULL_HD: {'default': [turn_of([ms] * 10) for ms in (3.0, 9.0, 12.0)]}}
    result = speed.ratios(turns)
    assert result['fps_to'] == {'classic': pytest.approx(10)}
    assert result['p95_to'] == {'classic': pytest.approx(0.1)}
    assert result['four_faces_add_ms'] == pytest.approx(3)
    assert result['full_hd_to_480p'] == pytest.approx(1.5)


def test_without_the_default_pipeline_there_are_no_ratios():
    assert speed.ratios({speed.REFERENCE: {'classic': [turn_of([1.0])]}}) == {}


class Watcher(Contestant):
    """Notes what it is given."""

    def __init__(self):
        self.seen = []

    def process(self, image, stamp_ns):
        self.seen.append((image, stamp_ns))
        return 2


@pytest.mark.parametrize(('images', 'seconds', 'timed'), [(30, 100.0, 30), (30, 0.0, CYCLE)])
def test_a_turn_shows_the_clip_in_order_and_ends_with_a_whole_cycle(
        tmp_path, images, seconds, timed):
    clip = CrowdClip(1, 64, 48)
    clip.write(tmp_path / 'clip')
    watcher = Watcher()
    answer = measure(watcher, Turn(
        str(tmp_path / 'clip'), 64, 48, clip.frame_count, 25.0, images, seconds, False))
    warm_up = len(watcher.seen) - len(answer['ms'])
    assert len(answer['ms']) == timed
    assert warm_up > 0
    assert answer['faces'] == 2
    assert answer['peak_rss_mib'] > 10
    for index, (image, stamp_ns) in enumerate(watcher.seen):
        assert stamp_ns == index * 40_000_000
        np.testing.assert_array_equal(image, clip.frame(index))


def test_a_pipeline_whose_package_is_missing_says_which(monkeypatch):
    monkeypatch.setitem(sys.modules, 'fer', None)
    monkeypatch.setitem(sys.modules, 'fer.fer', None)
    with pytest.raises(NotInstalledError, match='the Python package fer.fer is not installed'):
        create('fer')


def test_without_tensorflow_only_our_pipeline_runs(monkeypatch):
    monkeypatch.setattr(speed, 'training_python', lambda: None)
    figures = speed.run(scenarios=(speed.Scenario(1, 320, 240),), rounds=1, images=10)
    assert list(figures['pipelines']) == ['default']
    assert set(figures['left_out']) == set(ENTRIES) - {'default'}
    assert figures['left_out']['classic'] == (
        'TensorFlow is not installed; `make setup-train` installs it')
    (scenario,) = figures['scenarios']
    assert scenario['results']['default']['images'] == 10
    assert scenario['results']['default']['faces_found'] > 0.9


def test_a_pipeline_that_ends_is_named_with_its_last_words(monkeypatch):
    monkeypatch.setattr(speed, 'training_python', lambda: sys.executable)
    monkeypatch.setitem(ENTRIES, 'none such', ENTRIES['default'])
    figures = speed.run(['none such'], (speed.REFERENCE,), rounds=1, images=10)
    assert figures['pipelines'] == {}
    assert 'the process of the pipeline none such ended' in figures['left_out']['none such']
    assert 'KeyError' in figures['left_out']['none such']
