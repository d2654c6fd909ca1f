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

"""Faces, points and scores are those that MediaPipe's own graph finds."""

import cv2
from fer_ros.core.detection.blaze_face import BlazeFace, FULL_RANGE, SHORT_RANGE
from fer_ros.core.values import Box
from fer_ros.media.image_file import read_image
from fer_ros.media.sample_clip import SampleClip
import numpy as np
from photographs import astronaut
import pytest

MODELS = [pytest.param(SHORT_RANGE, id='short range'), pytest.param(FULL_RANGE, id='full range')]


def scaled(image, ratio):
    kind = cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, None, fx=ratio, fy=ratio, interpolation=kind)


def rolled(image, degrees, center):
    matrix = cv2.getRotationMatrix2D(center, degrees, 1)
    return cv2.warpAffine(image, matrix, image.shape[1::-1])


def photographs():
    """Yield name, image and the number of faces, None where the networks differ."""
    portrait, clip, large_clip = astronaut(), SampleClip(), SampleClip(3)
    frame = clip.frame(0)
    for ratio in (0.3, 0.5, 0.75, 1.5, 2.5):
        yield f'portrait scaled by {ratio}', scaled(portrait, ratio), 1
    for index in range(0, 300, 50):
        yield f'image {index}', clip.frame(index), 2
        yield f'large image {index}', large_clip.frame(index), 2
    for degrees in (-40, -20, 20, 40):
        yield f'portrait rolled by {degrees}', rolled(portrait, degrees, (225, 125)), 1
        yield f'image rolled by {degrees}', rolled(frame, degrees, (320, 240)), None
    yield 'wide', frame[120:330], None
    yield 'tall', frame[:, :330], None
    yield 'odd', portrait[3:302, 11:400], 1
    yield 'black', np.zeros((480, 640, 3), np.uint8), 0
    yield 'noise', np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8), 0


@pytest.fixture(scope='module')
def images():
    return list(photographs())


def by_the_graph(model, images):
    """Return boxes, key points and scores that MediaPipe finds in each image."""
    solutions = pytest.importorskip('mediapipe').solutions
    results = []
    with solutions.face_detection.FaceDetection(
            model_selection=[SHORT_RANGE, FULL_RANGE].index(model)) as graph:
        for image in images:
            height, width = image.shape[:2]
            faces = graph.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).detections or ()
            results.append([])
            for face in faces:
                location = face.location_data
                b = location.relative_bounding_box
                results[-1].append((
                    Box(b.xmin * width, b.ymin * height, b.width * width, b.height * height),
                    np.array([(p.x * width, p.y * height) for p in location.relative_keypoints]),
                    face.score[0]))
    return results


def assert_alike(found, expected):
    assert len(found) == len(expected)
    for box, key_points, score in expected:
        nearest = max(found, key=lambda face: face.box.iou(box))
        close = 0.01 * box.width
        for name in ('x', 'y', 'width', 'height'):
            assert getattr(nearest.box, name) == pytest.approx(getattr(box, name), abs=close)
        np.testing.assert_allclose(nearest.key_points, key_points, atol=close)
        assert nearest.score == pytest.approx(score, abs=0.02)


@pytest.mark.parametrize('model', MODELS)
def test_what_is_found_is_what_mediapipes_graph_finds(model, images):
    network = BlazeFace(model)
    expected = by_the_graph(model, [image for _, image, _ in images])
    for (name, image, count), theirs in zip(images, expected, strict=True):
        found = network.find(image)
        assert count in (None, len(found)), name
        assert_alike(found, theirs)


@pytest.mark.parametrize('model', MODELS)
def test_photographs_of_many_are_seen_as_by_mediapipes_graph(model, data_directory):
    network = BlazeFace(model)
    images = [
        read_image(path) for path in sorted((data_directory / 'photos').iterdir())
        if path.suffix in ('.jpg', '.png')]
    expected = by_the_graph(model, images)
    assert sum(map(len, expected)) >= 8
    for image, theirs in zip(images, expected, strict=True):
        assert_alike(network.find(image), theirs)


@pytest.mark.parametrize('model', MODELS)
def test_the_faces_with_the_highest_scores_come_first(model):
    clip, network = SampleClip(), BlazeFace(model)
    for index in range(0, 300, 20):
        scores = [face.score for face in network.find(clip.frame(index))]
        assert len(scores) == 2
        assert scores[0] >= scores[1] >= model.min_score


@pytest.mark.parametrize('model', MODELS)
def test_a_lower_score_can_be_asked_for(model):
    image, network = cv2.GaussianBlur(astronaut(), (0, 0), 9), BlazeFace(model)
    usual, more = network.find(image), network.find(image, None, 0.02)
    assert len(more) > len(usual)
    assert any(face.score < model.min_score for face in more)
    assert all(face.score >= 0.02 for face in more)


@pytest.mark.parametrize('model', MODELS)
def test_places_do_not_depend_on_the_resolution(model):
    network, image = BlazeFace(model), astronaut()
    (small,), (large,) = network.find(image), network.find(
        image.repeat(4, axis=0).repeat(4, axis=1))
    # Which pixels the network sees shifts by up to half of one of its own.
    pixel = 512 / model.edge
    np.testing.assert_allclose(large.key_points / 4, small.key_points, atol=pixel)
    assert large.box.iou(Box(*(4 * edge for edge in (
        small.box.x, small.box.y, small.box.width, small.box.height)))) > 0.85
