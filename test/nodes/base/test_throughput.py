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

"""Figures for people are those of the last seconds, by a clock that the test holds."""

import math
from threading import Thread
from types import SimpleNamespace

from fer_ros.nodes.base import throughput as statistics
from fer_ros.nodes.base.throughput import ThroughputMeter
import numpy as np
import pytest


class Clock:
    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(statistics, 'time', SimpleNamespace(monotonic=clock.monotonic))
    return clock


def test_before_anything_came_counts_are_zero_and_the_rest_is_unknown(clock):
    figures = ThroughputMeter().snapshot()
    assert (figures.received, figures.published, figures.dropped, figures.failed) == (0, 0, 0, 0)
    assert (figures.rate_in, figures.rate_out) == (0, 0)
    for value in (figures.latency_p50_ms, figures.latency_p95_ms, figures.age_s):
        assert math.isnan(value)


@pytest.mark.parametrize(('latency_s', 'is_own'), [
    (0.03, True), (59.0, True), (-0.5, True), (61.0, False), (-1.5, False), (1.8e9, False)])
def test_the_age_of_a_stamp_of_another_clock_is_no_latency(clock, latency_s, is_own):
    meter = ThroughputMeter()
    meter.count_out(latency_s)
    figures = meter.snapshot()
    assert math.isnan(figures.clock_offset_s) is is_own
    if is_own:
        assert figures.latency_p50_ms == pytest.approx(1000 * latency_s)
    else:
        assert figures.clock_offset_s == latency_s
        assert math.isnan(figures.latency_p50_ms)
    meter.count_out(0.02)
    assert math.isnan(meter.snapshot().clock_offset_s)


def test_inputs_that_were_dropped_in_the_last_seconds_have_a_rate(clock):
    meter = ThroughputMeter(window_s=2.0)
    clock.now += 10
    meter.count_dropped(6)
    clock.now += 1
    meter.count_dropped(2)
    assert meter.snapshot().rate_dropped == 4
    clock.now += 1.5
    assert meter.snapshot().rate_dropped == 1
    clock.now += 1
    figures = meter.snapshot()
    assert (figures.rate_dropped, figures.dropped) == (0, 8)


def test_counts_go_on_from_the_beginning(clock):
    meter = ThroughputMeter(window_s=2.0)
    for _ in range(50):
        clock.now += 1
        meter.count_in()
        meter.count_out(0.01)
        meter.count_failed()
        meter.count_dropped()
    meter.count_dropped(7)
    figures = meter.snapshot()
    assert (figures.received, figures.published) == (50, 50)
    assert (figures.dropped, figures.failed) == (57, 50)


@pytest.mark.parametrize(('rate_in', 'rate_out'), [(30, 30), (30, 10), (240, 1)])
def test_rates_are_those_of_the_window(clock, rate_in, rate_out):
    meter = ThroughputMeter(window_s=5.0)
    for k in range(20 * rate_in):
        clock.now += 1 / rate_in
        meter.count_in()
        if k % (rate_in // rate_out) == 0:
            meter.count_out()
    figures = meter.snapshot()
    assert figures.rate_in == pytest.approx(rate_in, abs=0.3)
    assert figures.rate_out == pytest.approx(rate_out, abs=0.3)


def test_rates_are_right_before_the_window_is_full(clock):
    meter = ThroughputMeter(window_s=5.0)
    for _ in range(20):
        clock.now += 0.1
        meter.count_in()
    assert meter.snapshot().rate_in == pytest.approx(10)


@pytest.mark.parametrize(('interval_s', 'usual_s'), [(1 / 30, 0.3), (10.0, 13.0)])
def test_a_pause_does_not_change_the_usual_interval_much(clock, interval_s, usual_s):
    meter = ThroughputMeter()
    for _ in range(20):
        clock.now += interval_s
        meter.count_in()
    clock.now += 600
    meter.count_in()
    assert interval_s < meter.snapshot().interval_s < 1.2 * usual_s


def test_rates_fall_to_zero_when_nothing_comes_any_more(clock):
    meter = ThroughputMeter(window_s=5.0)
    for _ in range(100):
        clock.now += 0.1
        meter.count_in()
        meter.count_out(0.02)
    clock.now += 5.5
    figures = meter.snapshot()
    assert (figures.rate_in, figures.rate_out) == (0, 0)
    assert math.isnan(figures.latency_p50_ms)
    assert figures.age_s == pytest.approx(5.5)


def test_latencies_are_percentiles_of_the_window_in_milliseconds(clock):
    meter = ThroughputMeter(window_s=5.0)
    for _ in range(500):
        meter.count_out(9.0)
    clock.now += 6
    latencies = np.random.default_rng(3).permutation(101) / 1000
    for latency in latencies:
        meter.count_out(float(latency))
    figures = meter.snapshot()
    assert figures.latency_p50_ms == pytest.approx(50)
    assert figures.latency_p95_ms == pytest.approx(95)


def test_results_of_unknown_age_count_for_the_rate_alone(clock):
    meter = ThroughputMeter()
    clock.now += 1
    meter.count_out()
    meter.count_out(0.004)
    figures = meter.snapshot()
    assert figures.rate_out == pytest.approx(2)
    assert figures.latency_p50_ms == pytest.approx(4)


def test_no_count_is_lost_between_threads():
    meter = ThroughputMeter()

    def work():
        for _ in range(2000):
            meter.count_in()
            meter.count_out(0.001)
            meter.count_dropped()
            meter.count_failed()
    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    figures = meter.snapshot()
    assert {figures.received, figures.published, figures.dropped, figures.failed} == {8000}
