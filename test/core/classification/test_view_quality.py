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

"""The better a view of a face, the higher its quality; it is the share of accuracy left."""

from itertools import pairwise
import math

import cv2
from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import LiteRtClassifier
from fer_ros.core.classification.crop import upright_crop
from fer_ros.core.classification.view_quality import view_quality
from fer_ros.core.values import Box, HeadPose
from fer_ros.evaluation.data_sets import read_data
from fer_ros.media.sample_clip import SampleClip
import numpy as np
import pytest

FRONTAL = HeadPose(0.0, 0.0, 0.0)
NEAR = Box(0, 0, 150, 150)
FRAME = 60
"""An image of the clip in which both faces are about 100 pixels wide."""


def seen(change=lambda image: image, identity=1, scale=1.0, size=96):
    """Return crop and box of a face of the sample clip after a change to the camera's image."""
    clip = SampleClip()
    image = change(clip.frame(FRAME))
    box = next(face.box for face in clip.truth(FRAME) if face.identity == identity)
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    box = Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)
    return upright_crop(image, box, None, size), box


def quality(*args, **kwargs):
    return view_quality(*seen(*args, **kwargs), FRONTAL)


def blurred(sigma):
    return lambda image: cv2.GaussianBlur(image, (0, 0), sigma)


def moved(dx, dy):
    """Return a blur by motion so far during the exposure."""
    kernel = np.zeros((61, 61), np.float32)
    cv2.line(
        kernel, (30 - dx // 2, 30 - dy // 2), (30 + dx // 2, 30 + dy // 2), color=1.0)
    return lambda image: cv2.filter2D(image, -1, kernel / kernel.sum())


def smeared(width, height):
    """Return a blur by motion in a small picture."""
    return lambda image: cv2.blur(image, (width, height), borderType=cv2.BORDER_REPLICATE)


def dimmed(share):
    return lambda image: np.rint(image * share).astype(np.uint8)


def greyed(share):
    return lambda image: np.rint(128 + (image - 128.0) * share).astype(np.uint8)


def noisy(sigma):
    def change(image):
        noise = np.random.default_rng(1).normal(0, sigma, image.shape)
        return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)
    return change


@pytest.mark.parametrize('identity', [1, 2])
def test_a_sharp_bright_frontal_view_is_nearly_perfect(identity):
    assert 0.9 < quality(identity=identity) <= 1


@pytest.mark.parametrize('identity', [1, 2])
@pytest.mark.parametrize('changes', [
    [blurred(s) for s in (0.5, 3, 5, 8, 12)],
    [moved(d, 0) for d in (0, 12, 24, 50)],
    [moved(0, d) for d in (0, 24, 60)],
    [moved(d, d) for d in (0, 10, 20, 40)],
    [moved(d, -d) for d in (0, 10, 20, 40)],
    [dimmed(s) for s in (1, 0.1, 0.03, 0.02, 0.004)],
    [greyed(s) for s in (1, 0.1, 0.03, 0.02, 0.004)],
    [noisy(s) for s in (0, 130, 250, 500)],
], ids=['blur', 'motion across', 'motion down', 'diagonal', 'other diagonal',
        'dark', 'low contrast', 'noise'])
def test_each_worse_image_has_a_lower_quality(changes, identity):
    qualities = [quality(change, identity) for change in changes]
    assert all(better > worse for better, worse in pairwise(qualities))
    assert qualities[0] > 0.9
    assert qualities[-1] < 0.7


def test_the_fewer_pixels_a_face_has_the_lower_is_its_quality():
    edge = seen()[1].width
    qualities = [quality(scale=pixels / edge) for pixels in (edge, 40, 20, 12, 8, 4)]
    assert all(better > worse for better, worse in pairwise(qualities))
    assert qualities[1] > 0.8
    assert qualities[-1] < 0.2


@pytest.mark.parametrize('change', [dimmed(0.1), greyed(0.1)])
def test_a_tenth_of_the_contrast_costs_next_to_nothing(change):
    assert quality(change) == pytest.approx(quality(), abs=0.05)


@pytest.mark.parametrize('size', [48, 64, 128, 256])
def test_the_size_of_the_crop_hardly_matters(size):
    assert quality(size=size) == pytest.approx(quality(size=96), abs=0.05)


def test_a_bright_background_does_not_make_up_for_a_dark_face():
    crop, box = seen(dimmed(0.05))
    before = view_quality(crop, box, FRONTAL)
    crop[:, :12] = crop[:, -12:] = 255
    assert view_quality(crop, box, FRONTAL) <= before + 0.05


@pytest.mark.parametrize('sign', [-1, 1])
@pytest.mark.parametrize('turned', [
    lambda angle: HeadPose(0.0, 0.0, angle), lambda angle: HeadPose(0.0, angle, 0.0)],
    ids=['yaw', 'pitch'])
def test_an_oblique_view_keeps_the_share_that_was_measured(turned, sign):
    crop, box = seen()
    qualities = [
        view_quality(crop, box, turned(sign * angle)) for angle in (0.15, 0.25, 0.5, 0.7)]
    # Accuracies at these angles on FER-2013's PublicTest, chance taken off.
    accuracies = np.array([0.91, 0.89, 0.87, 0.83]) - 1 / 7
    np.testing.assert_allclose(
        np.divide(qualities, qualities[0]), accuracies / accuracies[0], atol=0.05)


def test_yaw_and_pitch_together_are_one_angle_and_one_cost():
    crop, box = seen()
    # Turned by yaw, then by pitch: cos(angle) = cos(yaw) cos(pitch).
    angle = math.acos(math.cos(0.4) * math.cos(0.3))
    assert view_quality(crop, box, HeadPose(0.0, 0.3, 0.4)) == pytest.approx(
        view_quality(crop, box, HeadPose(0.0, 0.0, angle)))


@pytest.mark.parametrize('pose', [HeadPose(), HeadPose(1.0, 0.0, 0.0)])
def test_an_unknown_pose_and_a_rolled_head_count_as_frontal(pose):
    crop, box = seen()
    assert view_quality(crop, box, pose) == view_quality(crop, box, FRONTAL)


def test_the_back_of_a_head_is_worth_nothing():
    crop, box = seen()
    assert view_quality(crop, box, HeadPose(0.0, 0.0, math.pi)) == 0


@pytest.mark.parametrize('crop', [
    np.zeros((96, 96), np.uint8), np.full((48, 48), 255, np.uint8),
    np.full((1, 1), 7, np.uint8)])
def test_a_crop_without_anything_in_it_is_worth_nothing(crop):
    assert view_quality(crop, NEAR, FRONTAL) == 0


@pytest.mark.parametrize('crop', [
    np.random.default_rng(0).integers(0, 256, (96, 96), np.uint8),
    np.tile(np.array([(0, 255), (255, 0)], np.uint8), (24, 24)),
    np.repeat(np.arange(96, dtype=np.uint8)[None], 96, axis=0),
    np.pad(np.ones((1, 1), np.uint8), 40)], ids=['noise', 'checks', 'ramp', 'dot'])
@pytest.mark.parametrize('box', [NEAR, Box(0, 0, 1, 1), Box(0, 0, 0, 0)])
def test_whatever_the_crop_shows_a_quality_is_between_0_and_1(crop, box):
    assert 0 <= view_quality(crop, box, FRONTAL) <= 1


@pytest.fixture(scope='module')
def rate(data_directory):
    """Return labelled pictures, and what tells a classifier's accuracy above chance on them."""
    path = data_directory / 'fer2013' / 'fer2013_ferplus.npz'
    faces = read_data(path, 'ferplus').faces('public')
    labels, images = np.asarray(faces.labels)[:600], list(faces.images[:600])
    classifier = LiteRtClassifier(load_card('default'))

    def above_chance(crops):
        return np.mean(classifier.classify(crops).argmax(axis=1) == labels) - 1 / 7

    return images, above_chance


@pytest.mark.parametrize('degrade', [
    blurred(1.25), blurred(2), blurred(3), blurred(5), smeared(5, 1), smeared(13, 1),
    smeared(1, 5), smeared(1, 13), moved(4, 4), moved(8, 8), moved(4, -4), moved(8, -8),
    moved(9, 4), dimmed(0.1), dimmed(0.02), noisy(15), noisy(30)],
    ids=['blur 1.25', 'blur 2', 'blur 3', 'blur 5', 'across 5', 'across 13', 'down 5', 'down 13',
         'diagonal 6', 'diagonal 11', 'other diagonal 6', 'other diagonal 11', 'oblique 10',
         'dim 0.1', 'dim 0.02', 'noise 15', 'noise 30'])
def test_the_quality_is_the_share_of_the_accuracy_that_is_left(degrade, rate):
    images, above_chance = rate
    degraded = [degrade(image) for image in images]
    mean = np.mean([view_quality(crop, NEAR, FRONTAL) for crop in degraded])
    assert mean == pytest.approx(above_chance(degraded) / above_chance(images), abs=0.15)
