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

"""The smiling face of the sample smiles, and its eyes are where the portrait says."""

import functools
import math

from fer_ros.media.sample_portraits import grace_hopper, PORTRAITS, smiling_face
import numpy as np
import pytest

# Landmarks of MediaPipe's face mesh: corners of the mouth (the person's right, left), inner edges
# of the lips (upper, lower), centers of the irises (right, left).
MOUTH, LIPS, IRISES = (61, 291), (13, 14), (468, 473)


@functools.cache
def mesh(read):
    """Return the landmarks that MediaPipe itself finds in a portrait, (478, 2) in pixels."""
    mediapipe = pytest.importorskip('mediapipe')
    image = read()
    with mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=True, refine_landmarks=True) as network:
        (face,) = network.process(np.ascontiguousarray(image[..., ::-1])).multi_face_landmarks
    height, width = image.shape[:2]
    return np.array([(point.x * width, point.y * height) for point in face.landmark])


def mouth(read):
    """Return the width of the mouth, and how high its corners are above its middle."""
    points = mesh(read)
    eyes = math.dist(*points[list(IRISES)])
    right, left = points[list(MOUTH)]
    rise = points[list(LIPS), 1].mean() - (right[1] + left[1]) / 2
    return math.dist(right, left) / eyes, rise / eyes


def test_the_corners_of_the_mouth_are_wider_apart_and_higher():
    width, rise = mouth(grace_hopper)
    smiling_width, smiling_rise = mouth(smiling_face)
    assert smiling_width > 1.04 * width
    assert abs(rise) < 0.02
    assert smiling_rise > 0.08


@pytest.mark.parametrize('portrait', PORTRAITS, ids=lambda portrait: portrait.name)
def test_the_pupils_are_where_the_landmarks_are(portrait):
    found = mesh(portrait.photograph)[list(IRISES)]
    for eye, iris in zip((portrait.right_eye, portrait.left_eye), found, strict=True):
        assert math.dist(eye, iris) < 0.04 * math.dist(*found)


def test_the_smiling_face_is_mirrored_and_leans_to_the_other_side():
    rolls = {}
    for portrait in PORTRAITS:
        (right, left) = mesh(portrait.photograph)[list(IRISES)]
        rolls[portrait.identity] = math.degrees(math.atan2(left[1] - right[1], left[0] - right[0]))
    assert rolls[1] == pytest.approx(-rolls[2], abs=1)
    assert rolls[2] < -2


def test_the_smiling_face_is_made_once_and_cannot_be_changed():
    face = smiling_face()
    assert smiling_face() is face
    with pytest.raises(ValueError, match='read-only'):
        face[0, 0] = 0
