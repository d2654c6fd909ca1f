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

"""Faces and emotions to messages and back."""

from array import array
import math

from fer_ros.core.emotions import Emotion
from fer_ros.core.values import Box, Face, FaceEmotion, FaceState, HeadPose
from fer_ros.nodes.face_conversion import (
    from_emotion_message,
    from_face_message,
    from_region,
    stamp_ns,
    to_emotion_message,
    to_face_message,
    to_region,
    to_stamp,
)
from graph import header
import numpy as np
import pytest


@pytest.mark.parametrize('time_ns', [0, 1, 999_999_999, 1_000_000_000, 1_795_217_110_217_887_764])
def test_stamps(time_ns):
    assert stamp_ns(to_stamp(time_ns)) == time_ns


@pytest.mark.parametrize(
    ('box', 'expected'),
    [
        (Box(10.4, 20.6, 30, 40), (10, 21, 30, 40)),
        (Box(-5, -7, 20, 20), (0, 0, 15, 13)),
        (Box(90, 70, 50, 50), (90, 70, 10, 10)),
        (Box(-100, -100, 1000, 1000), (0, 0, 100, 80)),
        # A face that has all but left the image still has a pixel of it.
        (Box(99.8, 79.9, 10, 10), (99, 79, 1, 1)),
        (Box(-10, -10, 10.1, 10.1), (0, 0, 1, 1)),
    ],
)
def test_regions_lie_inside_the_image(box, expected):
    region = to_region(box, 100, 80)
    assert (region.x_offset, region.y_offset, region.width, region.height) == expected
    assert from_region(region) == Box(*map(float, expected))


def test_a_face_there_and_back():
    crop = np.arange(256, dtype=np.uint8).reshape(16, 16)
    points = np.arange(12, dtype=np.float32).reshape(6, 2)
    features = np.arange(288, dtype=np.float32)
    face = Face(
        7,
        FaceState.DETECTED,
        Box(1, 2, 30, 40),
        0.75,
        points,
        HeadPose(0.5, -0.25, 0.125),
        crop,
        mesh_features=features,
    )
    message = to_face_message(face, header(3), 640, 480)
    assert message.crop.header == header(3)
    back = from_face_message(message)
    assert (back.track_id, back.state, back.box, back.score, back.head_pose) == (
        7,
        FaceState.DETECTED,
        Box(1, 2, 30, 40),
        0.75,
        HeadPose(0.5, -0.25, 0.125),
    )
    np.testing.assert_array_equal(back.key_points, points)
    np.testing.assert_array_equal(back.crop, crop)
    np.testing.assert_array_equal(back.mesh_features, features)
    message.mesh_features = array('f', [1, 2, 3])
    assert from_face_message(message).mesh_features is None


def test_key_points_that_are_not_known_stay_so():
    points = np.full((6, 2), np.nan, np.float32)
    points[:4] = [(1, 2), (3, 4), (5, 6), (7, 8)]
    face = Face(7, FaceState.DETECTED, Box(1, 2, 30, 40), 0.75, points)
    message = to_face_message(face, header(3), 640, 480)
    assert [math.isnan(point.x) for point in message.key_points] == [False] * 4 + [True] * 2
    np.testing.assert_array_equal(from_face_message(message).key_points, points)


def test_a_predicted_face_has_no_crop_no_points_and_no_pose():
    message = to_face_message(
        Face(7, FaceState.TRACKED, Box(1, 2, 30, 40), 0.5), header(3), 640, 480
    )
    assert message.crop.width == 0
    assert message.key_points == []
    assert math.isnan(message.head_pose.yaw)
    back = from_face_message(message)
    assert back.crop is None
    assert back.key_points is None
    assert back.mesh_features is None
    assert math.isnan(back.head_pose.roll)


def test_an_emotion_there_and_back():
    shares = np.array([0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.015625], np.float32)
    face = FaceEmotion(
        3,
        FaceState.DETECTED,
        Box(1, 2, 30, 40),
        0.5,
        HeadPose(0.5, 0.25, -0.5),
        Emotion.ANGRY,
        0.5,
        shares,
        shares[::-1].copy(),
        12_345_678_901,
        0.625,
    )
    message = to_emotion_message(face, 640, 480)
    assert message.label == 'anger'
    back = from_emotion_message(message)
    assert (back.emotion, back.confidence, back.classified_at_ns, back.quality) == (
        Emotion.ANGRY,
        0.5,
        12_345_678_901,
        0.625,
    )
    np.testing.assert_array_equal(back.probabilities, shares)
    np.testing.assert_array_equal(back.raw_probabilities, shares[::-1])


def test_an_unknown_emotion():
    face = FaceEmotion(3, FaceState.TRACKED, Box(1, 2, 30, 40), 0.5, HeadPose())
    message = to_emotion_message(face, 640, 480)
    assert (message.emotion, message.label, message.confidence) == (
        message.UNKNOWN,
        'unknown',
        0.0,
    )
    assert stamp_ns(message.classified_at) == 0
    assert math.isnan(message.quality)
    assert not message.probabilities.any()
