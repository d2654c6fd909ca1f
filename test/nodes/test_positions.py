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

"""Positions of faces: from camera_info to the messages and to tf."""

import importlib.util
import math

from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.core.values import Box, Face, FaceEmotion, FaceState, HeadPose, Position
from fer_ros.nodes.camera_calibration import camera_model, info_topic
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_conversion import (
    from_emotion_message,
    from_face_message,
    stamp_ns,
    to_emotion_message,
    to_face_message,
)
from fer_ros.nodes.face_frames import face_transforms
from fer_ros.nodes.face_node import FaceNode
from graph import BEST_EFFORT, header, sample_message, wait_until
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

HAS_TF = importlib.util.find_spec('tf2_msgs') is not None


def info(width=640, height=480, focal=600.0, **fields):
    """Return the calibration of a camera without distortion."""
    message = CameraInfo(
        header=header(1), width=width, height=height, distortion_model='plumb_bob',
        d=[0.0] * 5, k=[focal, 0.0, 319.5, 0.0, focal, 239.5, 0.0, 0.0, 1.0],
        p=[focal / 2, 0.0, 300.0, 0.0, 0.0, focal / 2, 200.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def test_a_camera_without_calibration_has_no_model():
    assert camera_model(CameraInfo(width=640, height=480), is_rectified=False) is None


def test_rectified_images_use_the_projection_matrix():
    model = camera_model(info(d=[0.1] * 5), is_rectified=True)
    assert model.k[:6] == (300.0, 0.0, 300.0, 0.0, 300.0, 200.0)
    assert model.d == ()
    raw = camera_model(info(d=[0.1] * 5), is_rectified=False)
    assert raw.k[0] == 600.0
    assert raw.d == (0.1,) * 5


def test_region_of_interest_and_binning_move_the_principal_point():
    message = info(binning_x=2, binning_y=2)
    message.roi.x_offset, message.roi.y_offset = 100, 40
    message.roi.width, message.roi.height = 400, 300
    model = camera_model(message, is_rectified=False)
    assert (model.width, model.height) == (200, 150)
    assert model.k == (300.0, 0.0, 109.5, 0.0, 300.0, 99.5, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(('model', 'd'), [('thin_prism', [0.1] * 4), ('plumb_bob', [0.1] * 3)])
def test_an_unknown_distortion_is_named(model, d):
    with pytest.raises(ValueError, match=f"'{model}' with {len(d)} coefficients"):
        camera_model(info(distortion_model=model, d=d), is_rectified=False)


def test_positions_there_and_back():
    place = Position(0.25, -0.5, 1.5)
    face = Face(7, FaceState.DETECTED, Box(1, 2, 30, 40), 0.75, position=place)
    assert from_face_message(to_face_message(face, header(3), 640, 480)).position == place
    emotion = FaceEmotion(
        7, FaceState.DETECTED, Box(1, 2, 30, 40), 0.75, HeadPose(), position=place)
    assert from_emotion_message(to_emotion_message(emotion, 640, 480)).position == place
    unknown = to_face_message(
        Face(7, FaceState.DETECTED, Box(1, 2, 30, 40), 0.75), header(3), 640, 480)
    assert math.isnan(unknown.position.z)


def rotated(quaternion, vector):
    """Return a vector after the rotation of a quaternion (Rodrigues' formula)."""
    axis = np.array([quaternion.x, quaternion.y, quaternion.z])
    across = 2 * np.cross(axis, vector)
    return vector + quaternion.w * across + np.cross(axis, across)


@pytest.mark.parametrize(('pose', 'forward', 'left'), [
    ((0, 0, 0), (0, 0, -1), (1, 0, 0)),             # looks into the camera
    ((0, 0, math.pi / 2), (-1, 0, 0), (0, 0, -1)),  # looks to the left of the image
    ((0, math.pi / 4, 0), (0, math.sqrt(0.5), -math.sqrt(0.5)), (1, 0, 0)),  # looks down
    ((math.pi / 2, 0, 0), (0, 0, -1), (0, 1, 0)),   # leans clockwise
    ((math.pi, 0, 0), (0, 0, -1), (-1, 0, 0)),      # upside down
])
def test_axes_of_a_face_follow_rep_103(pose, forward, left):
    face = Face(
        3, FaceState.DETECTED, Box(0, 0, 9, 9), 1.0, head_pose=HeadPose(*pose),
        position=Position(0.0, 0.0, 2.0))
    (transform,) = face_transforms([face], header(5))
    assert transform.child_frame_id == 'face_3'
    assert transform.header == header(5)
    assert transform.transform.translation.z == 2.0
    rotation = transform.transform.rotation
    assert rotated(rotation, np.array([1.0, 0, 0])) == pytest.approx(forward, abs=1e-6)
    assert rotated(rotation, np.array([0, 1.0, 0])) == pytest.approx(left, abs=1e-6)


def test_a_face_beside_the_middle_that_looks_into_the_camera_points_at_it():
    place = Position(0.8, -0.3, 1.2)
    face = Face(
        3, FaceState.DETECTED, Box(0, 0, 9, 9), 1.0, head_pose=HeadPose(0.0, 0.0, 0.0),
        position=place)
    (transform,) = face_transforms([face], header(5))
    towards = -np.array([place.x, place.y, place.z])
    towards /= np.linalg.norm(towards)
    forward = rotated(transform.transform.rotation, np.array([1.0, 0, 0]))
    assert forward == pytest.approx(towards, abs=1e-6)


def test_faces_without_position_have_no_frame():
    faces = [
        Face(1, FaceState.DETECTED, Box(0, 0, 9, 9), 1.0, head_pose=HeadPose(0, 0, 0)),
        Face(2, FaceState.DETECTED, Box(0, 0, 9, 9), 1.0, position=Position(0, 0, 1))]
    assert face_transforms(faces, header(5)) == []


@pytest.mark.parametrize(('remaps', 'expected'), [
    ({}, '/robot/camera_info'),
    ({'image_raw': '/cam/image'}, '/cam/camera_info'),
    ({'image_raw': '/cam/image/compressed'}, '/cam/camera_info'),
    ({'image_raw': '/cam/image', 'camera_info': '/elsewhere/info'}, '/elsewhere/info'),
])
def test_the_calibration_is_beside_the_images_raw_or_compressed(graph, remaps, expected):
    node = graph.add(FaceNode, namespace='/robot', remaps=remaps)
    assert info_topic(node, 'image_raw') == expected


def test_emotions_carry_positions_once_the_camera_is_calibrated(graph):
    graph.up(graph.add(EmotionNode), graph.add(FaceNode, tracker__min_hits=1))
    faces = graph.listen(FaceArray, 'faces')
    emotions = graph.listen(EmotionArray, 'emotions')
    images = graph.speaker(Image, 'image_raw', BEST_EFFORT)
    infos = graph.speaker(CameraInfo, 'camera_info', BEST_EFFORT)
    before = sample_message(0, 10**9)
    answer = graph.ask(images, before, emotions, stamp_ns(before.header.stamp))
    assert all(math.isnan(e.position.z) for e in answer.emotions)
    positions, stamp = [], 2 * 10**9

    def is_known():
        nonlocal stamp
        stamp += 10**8
        infos.publish(info())
        message = sample_message(0, stamp)
        answer = graph.ask(images, message, emotions, stamp)
        positions[:] = [e.position for e in answer.emotions]
        return positions and not math.isnan(positions[0].z)

    wait_until(is_known)
    # Of two faces on a 640 px wide image, with 600 px of focal length.
    assert len(positions) == 2
    assert all(0.2 < place.z < 3 for place in positions)
    assert positions[0].x * positions[1].x < 0, 'one is left of the middle, one right of it'
    sent = faces.wait_for_stamp(stamp)
    assert [f.position for f in sent.faces] == positions


def test_images_of_another_size_have_no_positions(graph):
    node = graph.add(FaceNode, tracker__min_hits=1)
    graph.up(node)
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw', BEST_EFFORT)
    infos = graph.speaker(CameraInfo, 'camera_info', BEST_EFFORT)
    wait_until(lambda: infos.get_subscription_count() > 0)
    for k in range(3):
        infos.publish(info(width=1280, height=720))
        message = sample_message(0, (k + 1) * 10**9)
        answer = graph.ask(images, message, faces, stamp_ns(message.header.stamp))
        assert all(math.isnan(face.position.z) for face in answer.faces)


@pytest.mark.skipif(HAS_TF, reason='tf2_msgs is installed')
def test_frames_need_tf2_msgs(graph):
    """Where the package is missing, the node says so instead of failing later."""
    node = graph.add(FaceNode, tf=True)
    with pytest.raises(AssertionError, match='tf2_msgs'):
        graph.up(node)


@pytest.mark.skipif(not HAS_TF, reason='no tf2_msgs: install ros-$ROS_DISTRO-tf2-msgs')
def test_frames_of_faces_are_broadcast(graph):
    from tf2_msgs.msg import TFMessage
    graph.up(graph.add(FaceNode, tracker__min_hits=1, tf=True))
    faces, frames = graph.listen(FaceArray, 'faces'), graph.listen(TFMessage, '/tf')
    images = graph.speaker(Image, 'image_raw', BEST_EFFORT)
    infos = graph.speaker(CameraInfo, 'camera_info', BEST_EFFORT)
    stamp = 0

    def is_broadcast():
        nonlocal stamp
        stamp += 10**8
        infos.publish(info())
        graph.ask(images, sample_message(0, stamp), faces, stamp)
        return list(frames)

    (message, *_) = wait_until(is_broadcast)
    sent = faces.wait_for_stamp(stamp_ns(message.transforms[0].header.stamp))
    assert [frame.child_frame_id for frame in message.transforms] == [
        f'face_{face.track_id}' for face in sent.faces]
    for frame, face in zip(message.transforms, sent.faces, strict=True):
        place = frame.transform.translation
        assert (place.x, place.y, place.z) == (
            face.position.x, face.position.y, face.position.z)
        assert frame.header == sent.header
