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

"""Views of distant faces have the face where they say, in the size that was asked for."""

from fer_ros.bench import far_faces
from fer_ros.bench.far_faces import far_view, textured_background
from fer_ros.bench.labelled_photos import LabelledPhoto
from fer_ros.core.values import Box
import numpy as np
from photographs import astronaut
import pytest


@pytest.fixture(scope='module')
def squares():
    """Return an image with a red square for a face, 200 pixels wide."""
    image = np.full((900, 1200, 3), 60, np.uint8)
    image[300:500, 400:600] = (0, 0, 255)
    return LabelledPhoto('squares', image, [Box(400, 300, 200, 200)])


@pytest.mark.parametrize('edge', [16, 33, 128, 240])
def test_the_face_is_where_the_view_says(squares, edge):
    random = np.random.default_rng(5)
    background = np.full((720, 1280, 3), 120, np.uint8)
    view = far_view(squares, 0, edge, background, random)
    red = view.image[:, :, 2].astype(int) - view.image[:, :, 0] > 128
    rows, columns = np.nonzero(red)
    (box,) = view.faces
    assert box.width == box.height == edge
    assert columns.min() == pytest.approx(box.x, abs=1)
    assert columns.max() + 1 == pytest.approx(box.x + edge, abs=1)
    assert rows.min() == pytest.approx(box.y, abs=1)
    assert rows.max() + 1 == pytest.approx(box.y + edge, abs=1)
    assert (background == 120).all()


def test_backgrounds_have_texture_and_differ():
    random = np.random.default_rng(5)
    first, second = (textured_background(640, 480, random) for _ in range(2))
    assert first.shape == (480, 640, 3)
    assert first.std() > 15
    assert not np.array_equal(first, second)


def test_a_run_counts_pictures_and_live_images(monkeypatch):
    monkeypatch.setattr(far_faces, 'SIZES', ((640, 480),))
    monkeypatch.setattr(far_faces, 'WIDTHS', (8, 48))
    monkeypatch.setattr(far_faces, 'LIVE_WIDTHS', (48,))
    monkeypatch.setattr(far_faces, 'MTCNN_SIZES', ((640, 480),))
    monkeypatch.setattr(far_faces, 'MTCNN_WIDTHS', ())
    photo = LabelledPhoto('astronaut', astronaut(), [Box(175.6, 75.4, 99.6, 99.6)])
    cells = far_faces.run([photo], lambda text: None)['640x480']
    assert cells['8px']['pictures']['found'] == 0
    assert cells['48px']['pictures']['found'] == 1
    assert cells['48px']['pictures']['false'] == 0
    assert cells['48px']['live']['within_one_second'] == 1
    assert 2 <= cells['48px']['live']['images'] <= 31
