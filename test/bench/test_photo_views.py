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

"""The faces of views are where their boxes say, and degraded as stated."""

import math

from fer_ros.bench.labelled_photos import LabelledPhoto
from fer_ros.bench.photo_views import blurred, darkened, noisy, view
from fer_ros.core.values import Box
import numpy as np
import pytest


@pytest.fixture
def marked():
    """Return a grey picture with a white square as a face and a second face beside it."""
    image = np.full((300, 400, 3), 90, np.uint8)
    image[100:140, 150:190] = 255
    return LabelledPhoto('marked', image, [Box(150, 100, 40, 40), Box(250, 100, 40, 40)])


@pytest.mark.parametrize('edge', [20, 40, 90, 200])
@pytest.mark.parametrize('degrees', [0, 90])
def test_a_view_has_its_face_in_the_middle_at_the_size_asked_for(marked, edge, degrees):
    picture = view(marked, 0, edge, math.radians(degrees))
    assert picture.image.shape == (480, 640, 3)
    rows, columns = np.nonzero(picture.image[:, :, 0] > 170)
    assert len(rows) == pytest.approx(edge * edge, rel=0.06)
    assert (columns.mean(), rows.mean()) == pytest.approx((319.5, 239.5), abs=0.6)
    face = picture.faces[0]
    assert (*face.center, face.width) == pytest.approx((320, 240, edge))


def test_the_other_faces_turn_with_the_picture(marked):
    # Clockwise by a quarter, what was to the right is below.
    other = view(marked, 0, 40, math.radians(90)).faces[1]
    assert other.center == pytest.approx((320, 340))


def test_a_face_that_the_edge_of_a_view_cuts_is_neither_missed_nor_false(marked):
    # At four times the size, the other face is 400 px further right: from 640 to 800.
    assert view(marked, 0, 160).partial == []
    cut = view(marked, 0, 120)
    assert [box.x for box in cut.partial] == pytest.approx([560])
    assert len(cut.faces) == 1


def test_worse_pictures_are_worse_by_what_is_said():
    random = np.random.default_rng(1)
    grey = np.full((200, 200, 3), 100, np.uint8)
    dark = darkened(grey, 0.25, random)
    assert (dark.mean(), dark.std()) == pytest.approx((25, 3), abs=0.3)
    assert noisy(grey, 20, random).std() == pytest.approx(20, rel=0.02)
    assert blurred(grey, 0) is grey
    point = np.zeros((101, 101, 3), np.uint8)
    point[45:56, 45:56] = 255
    profile = blurred(point, 6)[50, :, 0].astype(float)
    places = np.arange(101)
    spread = np.sqrt((profile * (places - 50) ** 2).sum() / profile.sum())
    # That of the square, 11 wide, and the blur's own.
    assert spread == pytest.approx(math.hypot(6, 11 / math.sqrt(12)), rel=0.03)
