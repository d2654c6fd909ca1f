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

"""Drawing shows each face where it is, and never fails or paints elsewhere."""

import math

from fer_ros.core.emotions import Emotion
from fer_ros.core.values import Box, FaceEmotion, FaceState, HeadPose, no_probabilities
from fer_ros.media.drawing import COLORS, draw_emotions, DrawingOptions
import numpy as np
import pytest

NOTHING_ELSE = DrawingOptions(show_probabilities=False, show_head_pose=False)
RED, GREEN, BLUE = (60, 60, 230), (90, 200, 60), (240, 130, 60)
GREY = 100
NO_POSE = HeadPose()


def wall(height=480, width=640):
    return np.full((height, width, 3), GREY, np.uint8)


def seen(box, emotion=Emotion.HAPPY, pose=NO_POSE, state=FaceState.DETECTED, share=0.7):
    probabilities = no_probabilities()
    probabilities[:] = (1 - share) / 6
    if emotion is not Emotion.UNKNOWN:
        probabilities[emotion] = share
    return FaceEmotion(
        3, state, box, 0.9, pose, emotion=emotion, confidence=share, probabilities=probabilities)


def changed(image):
    return (image != GREY).any(axis=2)


def count_of(image, color):
    return int((image == color).all(axis=2).sum())


BOXES = [
    Box(200, 150, 120, 120), Box(-60, 100, 120, 120), Box(600, 100, 120, 120),
    Box(200, -60, 120, 120), Box(200, 430, 120, 120), Box(-300, -300, 50, 50),
    Box(900, 900, 50, 50), Box(-2000, -2000, 9000, 9000), Box(300, 200, 0.2, 0.2),
    Box(639, 479, 1, 1), Box(0, 0, 0, 0), Box(300, 200, -20, -20)]


@pytest.mark.parametrize('state', FaceState)
@pytest.mark.parametrize('shape', [(480, 640), (1, 1), (1, 300), (300, 1), (16, 16), (1080, 1920)])
@pytest.mark.parametrize('box', BOXES)
def test_boxes_anywhere_on_images_of_any_size_can_be_drawn(box, shape, state):
    image = wall(*shape)
    draw_emotions(image, [seen(box, pose=HeadPose(0.3, -0.2, 0.5), state=state)])
    assert image.shape == (*shape, 3)


@pytest.mark.parametrize('box', [Box(0, 0, 640, 480), Box(200, 150, 120, 120)])
def test_a_face_in_the_image_is_seen(box):
    image = wall()
    draw_emotions(image, [seen(box)])
    assert changed(image).any()


def test_without_faces_nothing_is_painted():
    image = wall()
    draw_emotions(image, [])
    assert not changed(image).any()


def test_of_a_face_outside_the_image_no_more_than_the_label_is_painted():
    image = wall()
    draw_emotions(image, [seen(Box(-5000, -5000, 40, 40))], NOTHING_ELSE)
    assert not changed(image)[40:, :].any()
    assert not changed(image)[:, 250:].any()


def test_the_pixels_of_the_face_and_around_its_plates_are_left_alone():
    image = wall()
    box = Box(200, 150, 120, 120)
    draw_emotions(image, [seen(box)], NOTHING_ELSE)
    rows, columns = np.nonzero(changed(image))
    edge = 3
    on_border = (
        (np.abs(columns - 200) <= edge) | (np.abs(columns - 320) <= edge)
        | (np.abs(rows - 150) <= edge) | (np.abs(rows - 270) <= edge))
    in_plate = (rows < 150) & (rows >= 150 - 40)
    assert (on_border | in_plate).all()
    inside_frame = (
        (columns >= 200 - edge) & (columns <= 320 + edge)
        & (rows >= 150 - edge) & (rows <= 270 + edge))
    assert (inside_frame | in_plate).all()


def test_bars_stand_beside_the_face_and_leave_it_free():
    plain, full = wall(), wall()
    face = seen(Box(200, 150, 120, 120))
    draw_emotions(plain, [face], NOTHING_ELSE)
    draw_emotions(full, [face], DrawingOptions(show_head_pose=False))
    columns = np.nonzero((plain != full).any(axis=2))[1]
    assert columns.min() > 320
    assert columns.max() < 320 + 200


def test_bars_stand_on_the_left_where_there_is_no_room_on_the_right():
    plain, full = wall(), wall()
    face = seen(Box(500, 150, 120, 120))
    draw_emotions(plain, [face], NOTHING_ELSE)
    draw_emotions(full, [face], DrawingOptions(show_head_pose=False))
    assert np.nonzero((plain != full).any(axis=2))[1].max() < 500


@pytest.mark.parametrize('emotion', [e for e in Emotion if e is not Emotion.UNKNOWN])
def test_a_bar_is_as_long_as_its_probability(emotion):
    pixels = []
    for share in (0.4, 0.8):
        plain, full = wall(), wall()
        face = seen(Box(200, 150, 120, 120), emotion, share=share)
        draw_emotions(plain, [face], NOTHING_ELSE)
        draw_emotions(full, [face], DrawingOptions(show_head_pose=False))
        pixels.append(count_of(full, COLORS[emotion]) - count_of(plain, COLORS[emotion]))
    assert pixels[0] > 100
    assert pixels[1] / pixels[0] == pytest.approx(2, rel=0.1)


def test_a_face_that_was_not_classified_has_no_bars():
    plain, full = wall(), wall()
    face = FaceEmotion(3, FaceState.DETECTED, Box(200, 150, 120, 120), 0.9, HeadPose())
    draw_emotions(plain, [face], NOTHING_ELSE)
    draw_emotions(full, [face])
    assert np.array_equal(plain, full)


@pytest.mark.parametrize('emotion', Emotion)
def test_the_frame_has_the_color_of_the_emotion(emotion):
    image = wall()
    draw_emotions(image, [seen(Box(200, 150, 120, 120), emotion)], NOTHING_ELSE)
    for x, y in ((200, 210), (320, 210), (260, 270)):
        assert tuple(image[y, x]) == COLORS[emotion]


def test_colors_can_be_told_apart():
    colors = np.array([COLORS[emotion] for emotion in Emotion], float)
    distances = np.linalg.norm(colors[:, None] - colors, axis=2)
    assert set(COLORS) == set(Emotion)
    assert distances[~np.eye(len(colors), dtype=bool)].min() > 40


def test_of_a_predicted_face_only_the_corners_are_drawn():
    image = wall()
    face = seen(Box(200, 150, 120, 120), state=FaceState.TRACKED)
    draw_emotions(image, [face], NOTHING_ELSE)
    for x, y in ((200, 150), (320, 270), (200, 270), (205, 270), (320, 155)):
        assert changed(image)[y, x]
    for x, y in ((200, 210), (320, 210), (260, 270)):
        assert not changed(image)[y, x]


@pytest.mark.parametrize(('pose', 'color', 'direction'), [
    (HeadPose(0, 0, 0), RED, (1, 0)),
    (HeadPose(0, 0, 0), GREEN, (0, 1)),
    (HeadPose(math.pi / 2, 0, 0), RED, (0, 1)),
    (HeadPose(math.pi / 2, 0, 0), GREEN, (-1, 0)),
    (HeadPose(0, 0, 0.9), BLUE, (-1, 0)),
    (HeadPose(0, 0, -0.9), BLUE, (1, 0)),
    (HeadPose(0, 0.9, 0), BLUE, (0, 1)),
    (HeadPose(0, -0.9, 0), BLUE, (0, -1)),
])
def test_the_axes_of_the_head_point_where_it_looks(pose, color, direction):
    image = wall()
    draw_emotions(
        image, [seen(Box(200, 150, 120, 120), Emotion.SAD, pose)],
        DrawingOptions(show_probabilities=False))
    rows, columns = np.nonzero((image == color).all(axis=2))
    assert rows.size > 20
    off = np.array([columns.mean() - 260, rows.mean() - 210])
    assert np.dot(off, direction) / np.linalg.norm(off) > 0.95


@pytest.mark.parametrize('pose', [
    HeadPose(), HeadPose(0.1, 0.1, math.nan), HeadPose(math.nan, 0.1, 0.1),
    HeadPose(0.1, math.nan, 0.1)])
def test_an_unknown_pose_is_not_drawn(pose):
    plain, full = wall(), wall()
    draw_emotions(plain, [seen(Box(200, 150, 120, 120))], NOTHING_ELSE)
    draw_emotions(
        full, [seen(Box(200, 150, 120, 120), pose=pose)], DrawingOptions(show_probabilities=False))
    assert np.array_equal(plain, full)


def test_the_label_moves_into_the_image_where_there_is_no_room_above():
    image = wall()
    draw_emotions(image, [seen(Box(200, 3, 120, 120))], NOTHING_ELSE)
    assert changed(image)[10:25, 210:300].mean() > 0.95


def test_drawing_is_larger_on_larger_images():
    small, large = wall(), wall(1440, 1920)
    draw_emotions(small, [seen(Box(200, 150, 120, 120))], NOTHING_ELSE)
    draw_emotions(large, [seen(Box(600, 450, 360, 360))], NOTHING_ELSE)
    assert changed(large).sum() / changed(small).sum() == pytest.approx(9, rel=0.2)


def test_twenty_faces_can_be_drawn():
    image = wall()
    faces = [seen(Box(30 * k, 20 * k, 60, 60), Emotion(k % 7)) for k in range(20)]
    draw_emotions(image, faces)
    assert changed(image).any()


@pytest.mark.parametrize('options', [
    DrawingOptions(show_head_pose=False, show_probabilities=False), DrawingOptions()])
def test_bars_cover_no_other_face(options):
    # Side by side, with less room between them than the bars need.
    faces = [seen(Box(40.0 + 130 * k, 200.0, 90.0, 90.0)) for k in range(4)]
    image = wall()
    draw_emotions(image, faces, options)
    for face in faces:
        x, y = (round(c) for c in face.box.center)
        # The axes of the head are not drawn, as the pose is unknown: inside the frames is nothing.
        assert not changed(image)[y - 40:y + 40, x - 40:x + 40].any()


@pytest.mark.parametrize(('name', 'same'), [
    ('Zoë', 'Zoe'), ('Ångström', 'Angstrom'), ('山', '?')])
def test_a_name_is_drawn_instead_of_the_number(name, same):
    face = seen(Box(200, 150, 120, 120))
    images = [wall() for _ in range(3)]
    for image, names in zip(images, ({3: name}, {3: same}, {4: name}), strict=True):
        draw_emotions(image, [face], NOTHING_ELSE, names)
    assert (images[0] == images[1]).all()
    assert (images[0] != images[2]).any(), 'the name of somebody else'
