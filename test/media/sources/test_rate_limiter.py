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

"""The rate limiter chooses images at the rate that was asked for."""

from fer_ros.media.sources.rate_limiter import RateLimiter
import numpy as np
import pytest


@pytest.mark.parametrize(
    ('camera_hz', 'asked_hz', 'expected_hz'),
    [
        (30, 30, 30),
        (30.02, 30, 30),
        (29.97, 30, 29.97),
        (30, 15, 15),
        (30, 20, 20),
        (60, 25, 25),
        (30, 10, 10),
        (15, 30, 15),
        (30, 0, 30),
        (120, 7, 7),
        (30, 29, 29),
    ],
)
@pytest.mark.parametrize('jitter', [0.0, 0.3])
def test_the_rate_limiter_keeps_the_asked_rate_within_two_percent(
    camera_hz, asked_hz, expected_hz, jitter
):
    random = np.random.RandomState(3)
    # Arrivals scatter around an exact schedule, as those of a camera do.
    times = (
        np.arange(round(60 * camera_hz)) + random.uniform(-jitter, jitter, round(60 * camera_hz))
    ) / camera_hz
    limiter = RateLimiter(asked_hz)
    chosen = [t for t in times if limiter.is_due(t)]
    assert len(chosen) / 60 == pytest.approx(expected_hz, rel=0.02)


def test_the_rate_limiter_goes_on_after_a_gap():
    limiter = RateLimiter(10)
    times = [*np.arange(0, 1, 1 / 30), *np.arange(20, 21, 1 / 30)]
    chosen = [t for t in times if limiter.is_due(t)]
    assert len([t for t in chosen if t >= 20]) == 10
