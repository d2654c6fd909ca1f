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

"""Still heads become steady, turning ones are followed, and nobody inherits another's pose."""

import math

from fer_ros.core.head_pose.one_euro_filter import PoseFilter, PoseFilterOptions
from fer_ros.core.values import HeadPose
import numpy as np
import pytest

MS = 1_000_000


def filtered(angles, options=None, step_ms=33, start=0):
    """Return what comes out for these angles (N, 3) in degrees."""
    pose_filter = PoseFilter(options or PoseFilterOptions())
    return np.degrees([
        (pose.roll, pose.pitch, pose.yaw) for pose in (
            pose_filter.update(1, HeadPose(*np.radians(row)), start + k * step_ms * MS)
            for k, row in enumerate(angles))])


def around(angles):
    return (np.asarray(angles) + 180) % 360 - 180


def test_the_first_pose_comes_out_as_it_is():
    assert filtered([(10, -20, 30)])[0] == pytest.approx((10, -20, 30))


def test_a_still_head_trembles_less():
    # As much as poses of a still face of 100 pixels tremble.
    noisy = (5, -10, 20) + np.random.default_rng(1).normal(0, 0.4, (300, 3))
    smooth = filtered(noisy)[30:]
    assert smooth.std(axis=0).max() < 0.5 * noisy.std(axis=0).min()
    assert smooth.mean(axis=0) == pytest.approx((5, -10, 20), abs=0.3)


def test_a_turning_head_is_followed():
    # Two radians a second, as in a quick look aside.
    yaw = np.clip(np.arange(60) * 0.033 * 115, 0, 60)
    angles = np.stack([np.zeros(60), np.zeros(60), yaw], axis=1)
    behind = yaw - filtered(angles)[:, 2]
    slow = yaw - filtered(angles, PoseFilterOptions(speed_gain=0.0))[:, 2]
    assert behind.max() < 8
    assert behind.max() < slow.max() / 2
    assert abs(behind[-1]) < 1


@pytest.mark.parametrize('time_s', [0.1, 0.5])
def test_a_step_is_taken_with_the_time_constant(time_s):
    # A first-order low-pass filter has taken 1 - 1/e of a step after its time constant.
    options = PoseFilterOptions(time_s=time_s, speed_gain=0.0)
    out = filtered([(0, 0, 0)] + [(10, 0, 0)] * 1000, options, step_ms=1)
    assert out[round(time_s * 1000), 0] == pytest.approx(10 * (1 - math.exp(-1)), abs=0.1)


def test_without_smoothing_poses_come_out_as_they_are():
    angles = np.random.default_rng(2).uniform(-60, 60, (20, 3))
    np.testing.assert_allclose(filtered(angles, PoseFilterOptions(time_s=0.0)), angles)


def test_angles_go_the_short_way_round():
    roll = around(170 + np.arange(40))
    angles = np.stack([roll, np.zeros(40), np.zeros(40)], axis=1)
    out = filtered(angles)[:, 0]
    assert np.abs(around(out - roll)).max() < 8
    assert out.min() >= -180
    assert out.max() <= 180


def test_mirrored_angles_come_out_mirrored():
    angles = np.random.default_rng(3).normal(0, 20, (50, 3))
    np.testing.assert_allclose(filtered(-angles), -filtered(angles), atol=1e-9)


def test_faces_do_not_mix():
    pose_filter = PoseFilter(PoseFilterOptions())
    for k in range(10):
        one = pose_filter.update(1, HeadPose(0.5, 0.1, -0.2), k * 33 * MS)
        two = pose_filter.update(2, HeadPose(-0.5, 0.3, 0.7), k * 33 * MS)
    assert (one.roll, two.roll) == pytest.approx((0.5, -0.5))


def test_a_forgotten_face_begins_anew():
    pose_filter = PoseFilter(PoseFilterOptions())
    for track_id in (1, 2):
        pose_filter.update(track_id, HeadPose(0, 0, 0), 0)
    pose_filter.keep([2])
    new = HeadPose(1.0, 0.5, 0.2)
    assert pose_filter.update(1, new, 33 * MS) == new
    assert pose_filter.update(2, new, 33 * MS) != new
    pose_filter.reset()
    assert pose_filter.update(2, new, 66 * MS) == new


@pytest.mark.parametrize('stamp_ms', [-1, 1500], ids=['back in time', 'long after'])
def test_after_a_jump_of_time_a_pose_comes_out_as_it_is(stamp_ms):
    pose_filter = PoseFilter(PoseFilterOptions())
    pose_filter.update(1, HeadPose(0, 0, 0), 0)
    new = HeadPose(1.0, 0.5, 0.2)
    assert pose_filter.update(1, new, stamp_ms * MS) == new


def test_the_same_stamp_twice_changes_nothing():
    pose_filter = PoseFilter(PoseFilterOptions())
    pose_filter.update(1, HeadPose(0.1, 0.2, 0.3), 5)
    pose = pose_filter.update(1, HeadPose(1.0, 1.0, 1.0), 5)
    assert (pose.roll, pose.pitch, pose.yaw) == pytest.approx((0.1, 0.2, 0.3))


def test_an_unknown_pose_stays_unknown_and_leaves_no_trace():
    pose_filter = PoseFilter(PoseFilterOptions())
    pose_filter.update(1, HeadPose(0.1, 0.2, 0.3), 0)
    assert math.isnan(pose_filter.update(1, HeadPose(), 33 * MS).yaw)
    pose = pose_filter.update(1, HeadPose(0.1, 0.2, 0.3), 66 * MS)
    assert (pose.roll, pose.pitch, pose.yaw) == pytest.approx((0.1, 0.2, 0.3))


def test_new_options_count_from_the_next_pose():
    pose_filter = PoseFilter(PoseFilterOptions())
    pose_filter.update(1, HeadPose(0, 0, 0), 0)
    pose_filter.options = PoseFilterOptions(time_s=0.0)
    assert pose_filter.update(1, HeadPose(1, 0.5, 0.2), MS).roll == pytest.approx(1)
