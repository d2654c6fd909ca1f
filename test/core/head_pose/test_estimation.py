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

"""Head poses are those that a head model was drawn with, and follow a turned photograph."""

import math

import cv2
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.geometry import Region
from fer_ros.core.head_pose.estimation import (
    head_pose_of_key_points,
    head_pose_of_mesh,
    KEY_POINT_MODEL,
    MESH_MODEL,
    rotation_matrix,
)
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.landmarks.mesh import mesh_from_landmarks, region_of_face
from fer_ros.core.values import HeadPose, KeyPoint
from fer_ros.media.image_file import read_image
import numpy as np
from photographs import astronaut
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
    head = KEY_POINT_MODEL @ turned(roll, pitch, yaw).T
    near = 1.0 if math.isinf(distance) else distance / (distance + head[:, 2:])
    return (head[:, :2] * near * scale + middle).astype(np.float32)


def degrees(pose):
    return [math.degrees(angle) for angle in (pose.roll, pose.pitch, pose.yaw)]


@pytest.mark.parametrize('pose', POSES)
def test_the_pose_of_a_drawn_head_is_found(pose):
    assert degrees(head_pose_of_key_points(drawn(*pose))) == pytest.approx(pose, abs=0.01)


@pytest.mark.parametrize('pose', POSES)
def test_a_near_head_is_found_in_spite_of_perspective(pose):
    # 15 eye distances are 0.95 m.
    found = degrees(head_pose_of_key_points(drawn(*pose, distance=15)))
    off = [(a - b + 180) % 360 - 180 for a, b in zip(found, pose, strict=True)]
    assert np.abs(off).max() < 5


@pytest.mark.parametrize(('scale', 'middle'), [(2, (5, 7)), (8, (-100, 30)), (900, (1e4, 2e4))])
def test_size_and_place_do_not_matter(scale, middle):
    points = drawn(10, -15, 25, scale=scale, middle=middle)
    assert degrees(head_pose_of_key_points(points)) == pytest.approx((10, -15, 25), abs=0.1)


@pytest.mark.parametrize('angle', [-120, -30, 5, 45, 90])
@pytest.mark.parametrize('pose', [(0, 0, 0), (10, -20, 30), (-15, 10, -45)])
def test_turning_the_image_changes_roll_alone(pose, angle):
    # Points as a detector gives them: not exactly those of any turned head.
    points = drawn(*pose) + np.random.default_rng(1).normal(0, 2, (6, 2))
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    before = degrees(head_pose_of_key_points(points))
    after = degrees(head_pose_of_key_points(points @ np.array([(c, -s), (s, c)]).T))
    assert after[1:] == pytest.approx(before[1:], abs=1e-6)
    turn = (after[0] - before[0] - angle + 180) % 360 - 180
    assert turn == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize('pose', [(0, 0, 30), (10, -20, 30), (-15, 10, -45)])
def test_a_mirrored_image_has_the_negative_roll_and_yaw(pose):
    points = drawn(*pose) + np.random.default_rng(2).normal(0, 2, (6, 2))
    mirrored = points[MIRRORED] * (-1, 1) + (640, 0)
    roll, pitch, yaw = degrees(head_pose_of_key_points(points))
    found = degrees(head_pose_of_key_points(mirrored))
    assert found == pytest.approx((-roll, pitch, -yaw), abs=1.0)


def test_positive_angles_lean_clockwise_look_down_and_turn_to_the_left_of_the_image():
    straight, leaning = drawn(0, 0, 0), drawn(20, 0, 0)
    assert leaning[KeyPoint.LEFT_EYE, 1] > straight[KeyPoint.LEFT_EYE, 1]
    assert head_pose_of_key_points(leaning).roll > 0

    def nose(points):
        return points[KeyPoint.NOSE_TIP] - points[:2].mean(axis=0)
    down, left = drawn(0, 20, 0), drawn(0, 0, 20)
    assert nose(down)[1] > nose(straight)[1]
    assert head_pose_of_key_points(down).pitch > 0
    assert nose(left)[0] < nose(straight)[0]
    assert head_pose_of_key_points(left).yaw > 0


def known(count):
    """Return the key points of a head of which only the first few are known."""
    points = drawn(10, -15, 25)
    points[count:] = np.nan
    return points


@pytest.mark.parametrize('points', [
    None,
    np.full((6, 2), 100, np.float32),
    np.array([(x, 50) for x in range(6)], np.float32),
    np.full((6, 2), np.nan, np.float32),
    np.full((6, 2), np.inf, np.float32),
    known(3),
], ids=['none', 'all the same', 'on a line', 'not known', 'infinite', 'three'])
def test_points_that_tell_nothing_give_an_unknown_pose(points):
    assert all(map(math.isnan, degrees(head_pose_of_key_points(points))))


@pytest.mark.parametrize('count', [4, 5])
def test_some_key_points_are_enough(count):
    assert degrees(head_pose_of_key_points(known(count))) == pytest.approx((10, -15, 25), abs=0.01)


def meshed(roll, pitch, yaw, distance=math.inf):
    """Return the mesh of a head in an image; only landmarks that matter are put in place."""
    head = np.array(list(MESH_MODEL.values())) @ turned(roll, pitch, yaw).T
    near = 1.0 if math.isinf(distance) else distance / (distance + head[:, 2:])
    landmarks = np.random.default_rng(4).uniform(0, 640, (468, 3)).astype(np.float32)
    landmarks[list(MESH_MODEL), :2] = head[:, :2] * near * 100 + (320, 240)
    return mesh_from_landmarks(landmarks, 1.0)


@pytest.mark.parametrize('pose', POSES)
def test_the_pose_of_a_meshed_head_is_found(pose):
    assert degrees(head_pose_of_mesh(meshed(*pose))) == pytest.approx(pose, abs=0.01)


@pytest.mark.parametrize('pose', POSES)
def test_the_pose_of_a_near_meshed_head_is_found_in_spite_of_perspective(pose):
    # 10 distances between the outer corners of the eyes are 0.9 m.
    found = degrees(head_pose_of_mesh(meshed(*pose, distance=10)))
    off = [(a - b + 180) % 360 - 180 for a, b in zip(found, pose, strict=True)]
    assert np.abs(off).max() < 5


def test_a_mesh_without_extent_gives_an_unknown_pose():
    pose = head_pose_of_mesh(mesh_from_landmarks(np.full((468, 3), 100, np.float32), 1.0))
    assert all(map(math.isnan, degrees(pose)))


@pytest.fixture(scope='module')
def network():
    return FaceMesh()


@pytest.fixture(scope='module')
def faces():
    """Return images and the regions of their faces for a file of the data sets, or none."""
    detector = create_detector(DetectorOptions())

    def find(path=None):
        image = astronaut() if path is None else read_image(path)
        return image, [
            region_of_face(found.box, found.key_points) for found in detector.detect(image)]
    yield find
    detector.close()


def settled_pose(network, image, region):
    """Return the pose after a few looks, as for a face that is followed."""
    for _ in range(4):
        mesh = network.find(image, region)
        region = mesh.region
    return np.array(degrees(head_pose_of_mesh(mesh))), region


def check_turned_and_mirrored(network, image, region):
    pose, region = settled_pose(network, image, region)
    middle, reach = (region.center_x, region.center_y), round(1.2 * region.edge)
    patch = cv2.warpAffine(
        image, np.float64([(1, 0, reach - middle[0]), (0, 1, reach - middle[1])]),
        (2 * reach, 2 * reach), borderMode=cv2.BORDER_REPLICATE)
    for angle in (-60, -40, -20, 20, 40, 60):
        matrix = cv2.getRotationMatrix2D((reach, reach), -angle, 1.0)
        image = cv2.warpAffine(
            patch, matrix, (2 * reach, 2 * reach), borderMode=cv2.BORDER_REPLICATE)
        # The region is that of a head which had turned a little less in the image before.
        roll = region.roll + math.radians(angle * 0.9)
        found, _ = settled_pose(network, image, Region(reach, reach, region.edge, roll))
        assert abs((found[0] - pose[0] - angle + 180) % 360 - 180) < 3
        assert np.abs(found[1:] - pose[1:]).max() < 5
    mirrored, _ = settled_pose(
        network, patch[:, ::-1].copy(), Region(reach - 1, reach, region.edge, -region.roll))
    assert mirrored == pytest.approx(pose * (-1, 1, -1), abs=5)


def test_pose_follows_a_turned_photograph_and_its_mirror_image(network, faces):
    image, (region,) = faces()
    check_turned_and_mirrored(network, image, region)


@pytest.mark.parametrize(('file', 'fewest'), [
    ('vlad_sample1.jpg', 3), ('vlad_sample2.jpg', 2), ('vlad_sample5.jpg', 4),
    ('multi_ageitgey_two_people.jpg', 2)])
def test_poses_follow_turned_photographs_and_their_mirror_images(
        data_directory, network, faces, file, fewest):
    image, regions = faces(data_directory / 'photos' / file)
    seen = [(settled_pose(network, image, region)[0], region) for region in regions]
    # Half profiles are as far as the network sees well.
    seen = [region for (_, _, yaw), region in seen if abs(yaw) < 45]
    assert len(seen) >= fewest
    for region in seen:
        check_turned_and_mirrored(network, image, region)


def test_yaw_goes_through_the_clip_in_which_a_head_turns(data_directory, network, faces):
    video = cv2.VideoCapture(str(data_directory / 'clips' / 'head-pose-face-detection-female.gif'))
    detector, region, yaw = create_detector(DetectorOptions()), None, []
    while True:
        is_read, image = video.read()
        if not is_read:
            break
        if region is None:
            found = detector.detect(image)
            region = region_of_face(found[0].box, found[0].key_points) if found else None
        if region is not None:
            mesh = network.find(image, region)
            region = mesh.region if mesh.is_face else None
            if mesh.is_face:
                yaw.append(degrees(head_pose_of_mesh(mesh))[2])
    detector.close()
    # Seen: she looks far to the left of the image, slowly to its right, and back again.
    turn = int(np.argmin(yaw))
    assert len(yaw) == 23
    assert max(yaw[:5]) > 40
    assert yaw[turn] < -25
    assert yaw[-1] > 20
    assert all(np.diff(yaw[4:turn]) < 1)
    assert all(np.diff(yaw[turn + 1:]) > -1)


@pytest.mark.parametrize('pose', POSES)
def test_the_rotation_matrix_agrees_with_axis_angle_rotations(pose):
    matrix = rotation_matrix(HeadPose(*map(math.radians, pose)))
    np.testing.assert_allclose(matrix, turned(*pose), atol=1e-12)
