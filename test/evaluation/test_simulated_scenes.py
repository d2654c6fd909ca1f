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

"""Pictures of faces become a camera's images, of which size, roll and light are known."""

import cv2
from data_files import noise
from fer_ros.core.classification.crop import FRAME_SCALE
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.evaluation.simulated_scenes import (
    CANVAS_SCALE,
    random_scene,
    random_scene_views,
    scene_faces,
    simulated_images,
    SIMULATED_SCENES,
    SimulatedScene,
)
import numpy as np
from photographs import astronaut, likeness, picture_of_face
import pytest

PICTURE = 100 * FRAME_SCALE
SIZE = round(CANVAS_SCALE * PICTURE)
MIDDLE = (slice(SIZE // 2 - 20, SIZE // 2 + 20),) * 2


@pytest.fixture(scope='module')
def photograph():
    return astronaut()


def test_a_picture_stands_in_the_middle_in_its_size():
    white = np.full((48, 48), 200, np.uint8)
    white[24:, 24:] = 0
    framed, continued = simulated_images(white, SimulatedScene('', face_px=100))
    assert framed.shape == continued.shape == (SIZE, SIZE, 3)
    # The frame is the picture's mean grey.
    assert framed[10, 10].tolist() == [150] * 3
    assert continued[10, 10].tolist() == [200] * 3
    columns = np.flatnonzero(framed[SIZE // 2 - 20, :, 0] > 175)
    assert columns.min() == pytest.approx((SIZE - PICTURE) / 2, abs=2)
    assert columns.max() == pytest.approx((SIZE + PICTURE) / 2, abs=2)
    dark = np.argwhere(framed[..., 0] < 75)
    assert dark.min(axis=0) == pytest.approx((SIZE / 2, SIZE / 2), abs=2)


def test_roll_is_clockwise():
    # A bright bar that points to the right points down after a quarter of a turn.
    bar = np.zeros((48, 48), np.uint8)
    bar[22:26, 24:] = 255
    _, turned = simulated_images(bar, SimulatedScene('', roll_deg=90))
    rows, columns = np.nonzero(turned[..., 0] > 128)
    assert rows.min() > SIZE / 2 - 6
    assert np.abs(columns - SIZE / 2).max() < 8


def test_light_and_noise_are_as_stated():
    grey = np.full((48, 48), 120, np.uint8)
    dim, _ = simulated_images(grey, SimulatedScene('', light=0.25, noise=4))
    assert dim[MIDDLE].mean() == pytest.approx(30, abs=1)
    assert dim[MIDDLE].std() == pytest.approx(4, rel=0.2)
    again, _ = simulated_images(grey, SimulatedScene('', light=0.25, noise=4))
    np.testing.assert_array_equal(again, dim)
    other, _ = simulated_images(grey, SimulatedScene('', light=0.25, noise=4), seed=1)
    assert not np.array_equal(other, dim)


def test_before_a_window_only_the_face_is_dark():
    grey = np.full((48, 48), 120, np.uint8)
    for image in simulated_images(grey, SimulatedScene('', light_before_white=0.25, noise=4)):
        assert image[MIDDLE].mean() == pytest.approx(30, abs=1)
        assert image[:20].min() > 230
        dark = np.argwhere(image[..., 0] < 128)
        height, width = np.ptp(dark, axis=0)
        assert (height, width) == pytest.approx((0.95 * PICTURE, 0.75 * PICTURE), abs=3)


def test_blur_is_in_edges_of_the_face():
    edge = np.zeros((48, 48), np.uint8)
    edge[:, 24:] = 240
    sharp, blurred = (
        simulated_images(edge, SimulatedScene('', face_px=300, blur=blur))[1][300, :, 0]
        for blur in (0, 0.1))
    # A blurred edge rises over 2.56 sigma from a tenth to nine tenths.
    rise = [
        np.count_nonzero((line > 24) & (line < 216)) for line in (sharp, blurred)]
    assert np.sqrt(rise[1] ** 2 - rise[0] ** 2) == pytest.approx(2.56 * 30, rel=0.15)


@pytest.mark.parametrize('face_px', [60, 100, 300])
def test_the_box_that_is_found_has_the_stated_size(photograph, face_px):
    framed, _ = simulated_images(picture_of_face(photograph), SimulatedScene('', face_px=face_px))
    detector = create_detector(DetectorOptions())
    face = max(detector.detect(framed), key=lambda face: face.box.area)
    detector.close()
    assert np.sqrt(face.box.area) == pytest.approx(face_px, rel=0.25)


def test_crops_are_upright_whatever_the_roll(photograph):
    pictures = np.array([picture_of_face(photograph), noise(1)])
    upright, found, features = scene_faces(pictures, SIMULATED_SCENES[0], 48)
    assert found.tolist() == [True, False]
    assert not upright[1].any()
    assert features.any(axis=1).tolist() == [True, False]
    rolled, *_ = scene_faces(pictures, SimulatedScene('', roll_deg=40), 48)
    assert likeness(upright[0], rolled[0]) > 0.98
    assert likeness(upright[0], cv2.GaussianBlur(pictures[0], (3, 3), 0)) > 0.6


def test_each_scene_differs_in_one_thing_from_the_first():
    first, *others = SIMULATED_SCENES
    for scene in others:
        changed = {
            name for name, value in vars(scene).items() if value != getattr(first, name)}
        assert len(changed - {'name', 'noise'}) == 1
    assert len({scene.name for scene in SIMULATED_SCENES}) == len(SIMULATED_SCENES)


def test_random_scenes_cover_what_is_hard():
    scenes = [random_scene(np.random.default_rng(seed)) for seed in range(300)]
    assert min(scene.face_px for scene in scenes) < 16
    assert max(scene.face_px for scene in scenes) > 100
    assert min(scene.light for scene in scenes) < 0.1
    before_white = [scene for scene in scenes if scene.light_before_white < 1]
    assert len(before_white) == pytest.approx(90, abs=30)
    # A face before a window is dark already.
    assert all(scene.light == 1 for scene in before_white)
    assert sum(scene.blur > 0 for scene in scenes) == pytest.approx(120, abs=30)


def test_random_views_of_a_face(photograph):
    faces = np.stack([picture_of_face(photograph), noise(1)])
    views = random_scene_views(faces, 4, 48)
    found = views.crops.any(axis=(2, 3))
    assert found[0].sum() >= 2
    assert not found[1].any()
    assert not views.features[~found].any()
    meshed = views.features[0].any(axis=-1)
    assert (meshed[:, 0] == meshed[:, 1]).sum() >= 3
    assert meshed.any()
    again = random_scene_views(faces, 4, 48)
    np.testing.assert_array_equal(again.crops, views.crops)
    np.testing.assert_array_equal(again.features, views.features)
    seen, mirrored = views.features[0][meshed.all(axis=1)][0]
    assert not np.allclose(seen, mirrored, atol=0.1)
