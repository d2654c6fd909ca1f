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

"""Boxes agree with counting pixels, and the values agree with the messages."""

from dataclasses import FrozenInstanceError
import itertools
import math
import re

from checkout import ROOT
from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.values import Box, FaceEmotion, FaceState, Frame, HeadPose, no_probabilities
import numpy as np
import pytest

MESSAGES = ROOT / 'fer_msgs' / 'msg'

BOXES = [
    Box(0, 0, 10, 8), Box(4, 3, 10, 10), Box(2, 2, 3, 3), Box(10, 0, 5, 8), Box(20, 20, 4, 4),
    Box(-6, -4, 12, 9), Box(5, 5, 0, 7), Box(5, 5, -3, -3)]


def covered(box):
    """Return which pixels of a picture, whose corner lies at (-10, -10), a box covers."""
    picture = np.zeros((40, 40), bool)
    if box.width > 0 and box.height > 0:
        x, y = int(box.x) + 10, int(box.y) + 10
        picture[y:y + int(box.height), x:x + int(box.width)] = True
    return picture


@pytest.mark.parametrize('box', BOXES)
def test_area_is_the_number_of_pixels(box):
    assert box.area == covered(box).sum()


@pytest.mark.parametrize(('a', 'b'), list(itertools.product(BOXES, BOXES)))
def test_intersection_over_union_agrees_with_counting_pixels(a, b):
    both, either = (covered(a) & covered(b)).sum(), (covered(a) | covered(b)).sum()
    assert a.intersection(b).area == both
    assert a.iou(b) == pytest.approx(both / either if either else 0.0)


@pytest.mark.parametrize('box', BOXES)
def test_a_clipped_box_covers_the_pixels_inside_the_image(box):
    picture = covered(box)
    inside = np.zeros_like(picture)
    inside[10:16, 10:22] = picture[10:16, 10:22]
    assert box.clipped(12, 6).area == inside.sum()
    if inside.any():
        assert np.array_equal(covered(box.clipped(12, 6)), inside)


def test_the_center_is_the_middle():
    assert Box(10, 20, 30, 50).center == (25, 45)


def test_a_scaled_box_keeps_its_middle():
    assert Box(10, 20, 30, 50).scaled(2) == Box(-5, -5, 60, 100)


def constants(message):
    text = (MESSAGES / f'{message}.msg').read_text()
    found = re.findall(r'^uint8\s+([A-Z_]+)\s*=\s*(\d+)', text, re.MULTILINE)
    return {name: int(value) for name, value in found}


def test_emotions_have_the_values_of_the_message():
    assert {e.name: e.value for e in Emotion} == {
        name: value for name, value in constants('Emotion').items() if name in Emotion.__members__}


@pytest.mark.parametrize('message', ['Face', 'Emotion'])
def test_states_have_the_values_of_the_messages(message):
    found = {n: v for n, v in constants(message).items() if n in FaceState.__members__}
    assert found == {state.name: state.value for state in FaceState}


def test_labels_stand_in_the_order_of_fer2013():
    assert LABELS == (
        'anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral')
    assert [Emotion(k).label for k in range(7)] == list(LABELS)
    assert Emotion.UNKNOWN.label == 'unknown'


def test_a_face_is_unknown_before_it_is_classified():
    face = FaceEmotion(1, FaceState.DETECTED, Box(0, 0, 9, 9), 0.9, HeadPose())
    assert (face.emotion, face.label, face.confidence) == (Emotion.UNKNOWN, 'unknown', 0.0)
    assert face.classified_at_ns is None
    for row in (face.probabilities, face.raw_probabilities):
        assert (row.shape, row.dtype, row.any()) == ((7,), np.float32, False)


def test_faces_do_not_share_their_probabilities():
    a, b = no_probabilities(), no_probabilities()
    a[0] = 1
    assert not b.any()


def test_an_unknown_head_pose_is_nan():
    pose = HeadPose()
    assert all(map(math.isnan, (pose.roll, pose.pitch, pose.yaw)))


def test_values_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Box(0, 0, 1, 1).x = 3


@pytest.mark.parametrize(('image', 'words'), [
    (None, 'was the file read'),
    ([[1]], 'not list'),
    (np.zeros((4, 5), np.uint8), 'COLOR_GRAY2BGR'),
    (np.zeros((4, 5, 1), np.uint8), 'COLOR_GRAY2BGR'),
    (np.zeros((4, 5, 4), np.uint8), 'COLOR_BGRA2BGR'),
    (np.zeros((3, 4, 5), np.uint8), r'not \(3, 4, 5\)'),
    (np.zeros((4, 5, 3), np.float32), 'float32'),
    (np.zeros((0, 5, 3), np.uint8), r'\(0, 5, 3\)')])
def test_a_frame_takes_only_colour_images(image, words):
    with pytest.raises(ValueError, match=words):
        Frame(image, 0)


@pytest.mark.parametrize('stamp', [None, 1.5, float('nan'), '1', True])
def test_a_frame_takes_only_whole_nanoseconds(stamp):
    with pytest.raises(ValueError, match='integer in nanoseconds'):
        Frame(np.zeros((4, 5, 3), np.uint8), stamp)


def test_a_frame_takes_views_and_numbers_of_numpy():
    image = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    frame = Frame(image[:, ::-1], np.int64(7))
    assert frame.image.flags['C_CONTIGUOUS']
    assert (frame.image == image[:, ::-1]).all()
    assert type(frame.stamp_ns) is int
    assert Frame(image, 0).image is image
