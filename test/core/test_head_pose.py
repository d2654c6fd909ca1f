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

"""Head poses are those that a turned head model was drawn with."""

import math

import cv2
from fer_ros.core.head_pose import estimate_head_pose, HEAD_MODEL, rotation_matrix
from fer_ros.core.values import HeadPose, KeyPoint
import numpy as np
import pytest

POSES = [
    (0, 0, 0), (20, 0, 0), (0, 20, 0), (0, 0, 20), (-35, 0, 0), (0, -25, 0), (0, 0, -50),
    (15, -10, 40), (-80, 25, -30), (120, 5, 10), (175, -20, 60), (-179, 30, -65)]

MIRRORED = [
    KeyPoint.LEFT_EYE, KeyPoint.RIGHT_EYE, KeyPoint.NOSE_TIP, KeyPoint.MOUTH_CENTER,
    KeyPoint.LEFT_EAR_TRAGION, KeyPoint.RIGHT_EAR_TRAGION]


def turned(roll, pitch, yaw):
    """Return Rz(roll) Rx(pitch) Ry(yaw) of angles in degrees, by OpenCV's axis-angle formula."""
    about_z, about_x, about_y = (
        cv2.Rodrigues(np.array(axis, float) * math.radians(angle))[0]
        for axis, angle in (((0, 0, 1), roll), ((1, 0, 0), pitch), ((0, 1, 0), yaw)))
    return about_z @ about_x @ about_y


def drawn(roll, pitch, yaw, scale=60.0, middle=(320.0, 240.0), distance=math.inf):
    """Return the key points of a head in an image; `distance` in units of the eyes' distance."""
    head = HEAD_MODEL @ turned(roll, pitch, yaw).T
    near = 1.0 if math.isinf(distance) else distance / (distance + head[:, 2:])
    return (head[:, :2] * near * scale + middle).astype(np.float32)


def degrees(pose):
    return [math.degrees(angle) for angle in (pose.roll, pose.pitch, pose.yaw)]


@pytest.mark.parametrize('pose', POSES)
def test_the_pose_of_a_drawn_head_is_found(pose):
    assert degrees(estimate_head_pose(drawn(*pose))) == pytest.approx(pose, abs=0.01)


@pytest.mark.parametrize('pose', POSES)
def test_a_near_head_is_found_in_spite_of_perspective(pose):
    # 15 eye distances are 0.95 m.
    found = degrees(estimate_head_pose(drawn(*pose, distance=15)))
    off = [(a - b + 180) % 360 - 180 for a, b in zip(found, pose, strict=True)]
    assert np.abs(off).max() < 5


@pytest.mark.parametrize(('scale', 'middle'), [(2, (5, 7)), (8, (-100, 30)), (900, (1e4, 2e4))])
def test_size_and_place_do_not_matter(scale, middle):
    points = drawn(10, -15, 25, scale=scale, middle=middle)
    assert degrees(estimate_head_pose(points)) == pytest.approx((10, -15, 25), abs=0.1)


@pytest.mark.parametrize('angle', [-120, -30, 5, 45, 90])
@pytest.mark.parametrize('pose', [(0, 0, 0), (10, -20, 30), (-15, 10, -45)])
def test_turning_the_image_changes_roll_alone(pose, angle):
    # Points as a detector gives them: not exactly those of any turned head.
    points = drawn(*pose) + np.random.default_rng(1).normal(0, 2, (6, 2))
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    before = degrees(estimate_head_pose(points))
    after = degrees(estimate_head_pose(points @ np.array([(c, -s), (s, c)]).T))
    assert after[1:] == pytest.approx(before[1:], abs=1e-6)
    turn = (after[0] - before[0] - angle + 180) % 360 - 180
    assert turn == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize('pose', [(0, 0, 30), (10, -20, 30), (-15, 10, -45)])
def test_a_mirrored_image_has_the_negative_roll_and_yaw(pose):
    points = drawn(*pose) + np.random.default_rng(2).normal(0, 2, (6, 2))
    mirrored = points[MIRRORED] * (-1, 1) + (640, 0)
    roll, pitch, yaw = degrees(estimate_head_pose(points))
    assert degrees(estimate_head_pose(mirrored)) == pytest.approx((-roll, pitch, -yaw), abs=1.0)


def test_positive_angles_lean_clockwise_look_down_and_turn_to_the_left_of_the_image():
    straight, leaning = drawn(0, 0, 0), drawn(20, 0, 0)
    assert leaning[KeyPoint.LEFT_EYE, 1] > straight[KeyPoint.LEFT_EYE, 1]
    assert estimate_head_pose(leaning).roll > 0

    def nose(points):
        return points[KeyPoint.NOSE_TIP] - points[:2].mean(axis=0)
    down, left = drawn(0, 20, 0), drawn(0, 0, 20)
    assert nose(down)[1] > nose(straight)[1]
    assert estimate_head_pose(down).pitch > 0
    assert nose(left)[0] < nose(straight)[0]
    assert estimate_head_pose(left).yaw > 0


@pytest.mark.parametrize('points', [
    None,
    np.full((6, 2), 100, np.float32),
    np.array([(x, 50) for x in range(6)], np.float32),
    np.full((6, 2), np.nan, np.float32),
    np.where(np.arange(12).reshape(6, 2) == 3, np.inf, drawn(0, 0, 0)).astype(np.float32),
], ids=['none', 'all the same', 'on a line', 'not known', 'infinite'])
def test_points_that_tell_nothing_give_an_unknown_pose(points):
    assert all(map(math.isnan, degrees(estimate_head_pose(points))))


@pytest.mark.parametrize('pose', POSES)
def test_the_rotation_matrix_agrees_with_axis_angle_rotations(pose):
    matrix = rotation_matrix(HeadPose(*map(math.radians, pose)))
    np.testing.assert_allclose(matrix, turned(*pose), atol=1e-12)
