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

"""Batches: what they hold, and that they depend on seed and place alone."""

from dataclasses import replace

from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.evaluation.labelled_faces import LabelledFaces
from fer_ros.evaluation.simulated_scenes import SceneViews
from fer_ros.training.batches import Batch, Batches, mixed
from fer_ros.training.network_input import NORMALISATION
from fer_ros.training.training_options import TrainingOptions
import numpy as np
from patterns import EDGE, patterns
import pytest

PREPROCESSING = Preprocessing(EDGE, EDGE, **NORMALISATION)


def batches(faces, detected=None, seen_in=None, **options):
    chosen = TrainingOptions(**{'batch_size': 32, 'edge': EDGE, **options})
    return Batches(faces, detected, PREPROCESSING, chosen, seen_in)


def test_an_epoch_is_the_same_however_it_is_reached():
    faces = patterns(160, 1)
    whole = [batch for number in range(2) for batch in batches(faces).epoch(number)]
    second = list(batches(faces).epoch(1))
    assert len(whole) == 2 * len(second) == 10
    for before, after in zip(whole[5:], second, strict=True):
        for one, other in zip(before[:3], after[:3], strict=True):
            np.testing.assert_array_equal(one, other)
    assert (whole[0][0] != whole[5][0]).any()
    other_seed = next(batches(faces, seed=2).epoch(0))
    assert (other_seed[0] != whole[0][0]).any()


def test_every_row_is_seen_once_an_epoch():
    faces = patterns(140, 1)
    seen = np.concatenate([
        batch.targets for batch in batches(faces, batch_size=20).epoch(0)])
    np.testing.assert_array_equal(seen.sum(axis=0), np.full(7, 20))


def test_unchanged_pictures_are_what_the_pipeline_shows_its_network():
    faces = patterns(32, 1)
    pixels, *_ = next(batches(faces, augmentation=0.0).epoch(0))
    known = PREPROCESSING.network_input(list(faces.images))
    known = {array.tobytes() for array in (*known, *known[:, :, ::-1])}
    assert {np.ascontiguousarray(array).tobytes() for array in pixels} <= known


@pytest.mark.parametrize('share', [0.0, 0.25, 1.0])
def test_a_share_of_the_pictures_is_shown_as_detected(share):
    own = LabelledFaces(np.zeros((400, EDGE, EDGE), np.uint8), patterns(400, 1).targets)
    detected = np.full_like(own.images, 255)
    pixels, *_ = next(batches(
        own, detected, batch_size=400, augmentation=0.0, pipeline_crops=share).epoch(0))
    assert abs((pixels.mean(axis=(1, 2, 3)) > 0).mean() - share) < 0.08
    assert own.images.max() == 0


@pytest.mark.parametrize('share', [0.25, 1.0])
def test_a_share_of_the_pictures_is_shown_in_scenes_with_the_mesh_seen_there(share):
    rows, mesh = 400, np.full((400, 2, 288), 1, np.float32)
    own = LabelledFaces(
        np.zeros((rows, EDGE, EDGE), np.uint8), patterns(rows, 1).targets, mesh)
    # In the scene with the number k, the face's mesh is 2 + k and its mirror image's 12 + k. In
    # every tenth row no face was found.
    crops = np.zeros((rows, 2, EDGE, EDGE), np.uint8)
    crops[:, 0, :4] = crops[:, 1, :8] = 255
    features = np.zeros((rows, 2, 2, 288), np.float32)
    features[:] = np.array([[2, 12], [3, 13]])[None, :, :, None]
    scenes = SceneViews(crops, features)
    crops[::10] = 0
    batch = next(batches(
        own, None, scenes, batch_size=rows, augmentation=0.0, scenes=share, mesh=True,
        mesh_absent=0.0, image_absent=0.0).epoch(0))
    bright = (batch.pixels > 0).mean(axis=(1, 2, 3)) * EDGE
    kinds, counts = np.unique(
        np.stack([bright, batch.mesh.mean(axis=1) % 10]), axis=1, return_counts=True)
    assert kinds.T.tolist() == [[0, 1], [4, 2], [8, 3]]
    assert counts[0] == pytest.approx(rows * (1 - 0.9 * share), abs=30)
    assert set(np.unique(batch.mesh)) == {1, 2, 3, 12, 13}


def rare():
    """Return pictures of which every tenth is of one emotion and the others of another."""
    faces = patterns(700, 1)
    common, few = faces.where(faces.labels == 3), faces.where(faces.labels == 1)
    few = few.where(np.arange(len(few)) < len(common) // 9)
    return LabelledFaces(
        np.concatenate([common.images, few.images]), np.concatenate([common.targets, few.targets]))


def test_sampling_shows_rare_emotions_as_often_as_others():
    faces = rare()
    drawn = batches(faces, balance='sampling', balance_strength=1.0)
    seen = np.concatenate([
        batch.targets for number in range(20) for batch in drawn.epoch(number)])
    assert abs(seen[:, 1].mean() - 0.5) < 0.05


def test_weights_make_rare_emotions_count_as_much_as_others():
    faces = rare()
    of_batches = [batch for number in range(20) for batch in batches(
        faces, balance='weights', balance_strength=1.0).epoch(number)]
    weights = np.concatenate([batch.weights for batch in of_batches])
    targets = np.concatenate([batch.targets for batch in of_batches])
    assert abs(weights @ targets[:, 1] / weights.sum() - 0.5) < 0.05
    assert targets[:, 1].mean() < 0.2


def test_smoothing_and_mixing_keep_targets_shares():
    faces = patterns(64, 1)
    smooth = next(batches(faces, label_smoothing=0.14).epoch(0)).targets
    np.testing.assert_allclose(np.sort(smooth)[:, [0, -1]], [[0.02, 0.88]] * 32, rtol=1e-5)
    both = next(batches(faces, label_smoothing=0.14, mixup=1.0).epoch(0)).targets
    np.testing.assert_allclose(both.sum(axis=1), 1, rtol=1e-5)
    assert both.max() < 0.88


def test_the_weight_of_a_mixture_is_mixed():
    faces = rare()
    _, targets, weights, _ = next(batches(
        faces, balance='weights', balance_strength=1.0, mixup=1.0, batch_size=100).epoch(0))
    one_of_each = {batch.targets[0].argmax(): batch.weights[0] for batch in batches(
        faces, balance='weights', balance_strength=1.0, batch_size=1 + 1).epoch(0)}
    expected = targets[:, 1] * one_of_each[1] + targets[:, 3] * one_of_each[3]
    np.testing.assert_allclose(weights, expected, rtol=1e-5)
    assert len(np.unique(weights)) > 2


@pytest.mark.parametrize('balance', ['none', 'sampling'])
def test_without_weights_all_mixtures_count_the_same(balance):
    drawn = batches(patterns(640, 1), balance=balance, mixup=0.2).epoch(0)
    assert {value for batch in drawn for value in batch.weights} == {1.0}


def with_mesh(faces, absent=0):
    """Return the faces with features that tell row and side, and the first rows without any."""
    rows = np.arange(len(faces), dtype=np.float32) + 1
    rows[:absent] = 0
    features = np.stack([rows, -rows], axis=1)[..., None] * np.ones(288, np.float32)
    return replace(faces, mesh=features)


def test_mirrored_pictures_have_the_features_of_their_mirror_images():
    faces = with_mesh(patterns(64, 1))
    known = PREPROCESSING.network_input(list(faces.images))
    batch = next(batches(
        faces, batch_size=64, augmentation=0.0, mesh=True, mesh_absent=0.0, image_absent=0.0
    ).epoch(0))
    sides = set()
    for pixels, features in zip(batch.pixels, batch.mesh, strict=True):
        row, side = int(abs(features[0])) - 1, int(features[0] < 0)
        sides.add(side)
        assert (features == faces.mesh[row, side]).all()
        np.testing.assert_array_equal(pixels, known[row, :, ::-1] if side else known[row])
    assert sides == {0, 1}
    assert batch.inputs == [batch.pixels, batch.mesh]


def test_shares_of_the_rows_hide_the_mesh_or_the_pixels_and_never_both():
    faces = with_mesh(patterns(1400, 1), absent=100)
    batch = next(batches(
        faces, batch_size=1400, augmentation=0.0, mesh=True, mesh_absent=0.2, image_absent=0.3
    ).epoch(0))
    without_mesh = ~batch.mesh.any(axis=1)
    without_pixels = ~batch.pixels.any(axis=(1, 2, 3))
    assert abs(without_mesh.mean() - (100 + 0.2 * 1300) / 1400) < 0.03
    assert abs(without_pixels.mean() - 0.3 * 1300 / 1400) < 0.03
    assert not (without_mesh & without_pixels).any()


def test_a_network_without_mesh_receives_pixels_alone():
    batch = next(batches(with_mesh(patterns(32, 1))).epoch(0))
    assert batch.mesh is None
    assert batch.inputs is batch.pixels


def test_features_that_are_wanted_and_missing_are_told():
    with pytest.raises(ValueError, match='features of the mesh are wanted, but the faces have no'):
        batches(patterns(32, 1), mesh=True)


def test_mixed_rows_have_the_same_shares_of_everything():
    rows = np.eye(7, dtype=np.float32)
    numbers = np.arange(7, dtype=np.float32)
    found = mixed(Batch(rows, rows, numbers, 2 * rows), 0.4, np.random.default_rng(3))
    np.testing.assert_array_equal(found.pixels, found.targets)
    np.testing.assert_allclose(found.mesh, 2 * found.targets)
    np.testing.assert_allclose(found.weights, found.targets @ numbers, rtol=1e-6)
    np.testing.assert_allclose(found.targets.sum(axis=1), 1, rtol=1e-6)
    assert ((found.targets > 0).sum(axis=1) == 2).any()


def test_too_few_rows_are_told():
    with pytest.raises(ValueError, match='31 training rows are fewer than one batch of 32; lower'):
        batches(patterns(31, 1))
