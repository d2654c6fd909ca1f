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

"""Pictures are framed as the running pipeline frames faces, or left out where it finds none."""

import cv2
from data_files import noise
from fer_ros.core.classification.crop import upright_crop
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.evaluation.data_sets import fuse
from fer_ros.evaluation.detected_faces import mesh_features, pipeline_faces, with_faces
from fer_ros.evaluation.labelled_faces import assembled, LabelledFaces, one_hot
import numpy as np
from photographs import astronaut, likeness, picture_of_face
import pytest


@pytest.fixture(scope='module')
def photograph():
    return astronaut()


@pytest.mark.parametrize('size', [48, 96])
def test_a_picture_is_framed_as_in_the_whole_photograph(photograph, size):
    crops, found, _ = pipeline_faces(picture_of_face(photograph)[np.newaxis], size)
    assert found.tolist() == [True]
    assert crops.shape == (1, size, size)
    detector = create_detector(DetectorOptions())
    face = max(detector.detect(photograph), key=lambda face: face.box.area)
    detector.close()
    expected = upright_crop(photograph, face.box, face.key_points, size)
    assert likeness(cv2.GaussianBlur(expected, (0, 0), size / 48), crops[0]) > 0.9


def test_turned_faces_become_upright(photograph):
    upright, turned = picture_of_face(photograph), picture_of_face(photograph, 25)
    crops, found, _ = pipeline_faces(np.array([upright, turned]))
    assert found.all()
    assert likeness(upright, turned) < 0.75
    assert likeness(crops[0], crops[1]) > 0.9


def test_rows_without_a_face_keep_their_picture(photograph):
    images = np.array([noise(1), picture_of_face(photograph)])
    crops, found, _ = pipeline_faces(images)
    assert found.tolist() == [False, True]
    np.testing.assert_array_equal(crops[0], noise(1))
    np.testing.assert_array_equal(images[0], noise(1))
    assert pipeline_faces(images, 24)[0].shape == (2, 24, 24)


def test_a_row_does_not_depend_on_the_others(photograph):
    images = np.array([picture_of_face(photograph, angle) for angle in (0, 10, -20)])
    crops, *_ = pipeline_faces(images)
    np.testing.assert_array_equal(pipeline_faces(images[::-1])[0], crops[::-1])


def test_large_pictures_are_not_made_smaller_first(photograph):
    # Enlarged from 48 pixels, the fine structure could not be there.
    fine, found, _ = pipeline_faces(picture_of_face(photograph, edge=200)[np.newaxis], 160)
    coarse, *_ = pipeline_faces(picture_of_face(photograph)[np.newaxis], 160)
    assert found.all()
    sharpness = [cv2.Laplacian(crops[0], cv2.CV_64F).std() for crops in (fine, coarse)]
    assert sharpness[0] > 1.5 * sharpness[1]


def test_no_pictures_give_no_crops():
    crops, found, _ = pipeline_faces(np.zeros((0, 48, 48), np.uint8), 64)
    assert crops.shape == (0, 64, 64)
    assert found.shape == (0,)


def test_the_features_of_the_mesh_are_those_of_the_face_and_of_its_mirror_image(photograph):
    picture = picture_of_face(photograph, edge=96)
    images = np.array([picture, np.ascontiguousarray(picture[:, ::-1]), noise(1, 96)])
    features = mesh_features(images)
    assert features.shape == (3, 2, 288)
    assert not features[2].any()
    own, mirrored, swapped, back = features[:2].reshape(4, 288)

    def likeness_of(one, other):
        return np.corrcoef(one, other)[0, 1]

    # This face is nearly symmetric.
    least = min(likeness_of(own, back), likeness_of(mirrored, swapped))
    assert least > 0.97
    assert likeness_of(own, mirrored) < least - 0.01
    seen = pipeline_faces(images[:1])
    np.testing.assert_allclose(seen.features[0], own, atol=1e-4)
    labelled = LabelledFaces(images[:1], one_hot(np.array([3])))
    np.testing.assert_array_equal(seen.of(labelled).mesh[:, 0], seen.features)


def data_set_of(images, splits):
    labels = np.arange(len(images)) % 7
    return assembled(
        'pictures', LabelledFaces(np.array(images), one_hot(labels)), np.array(splits), 'none')


def test_training_pictures_without_a_face_are_left_out_and_counted(photograph):
    images = [noise(1), picture_of_face(photograph), noise(2), noise(3)]
    data_set = with_faces(data_set_of(images, [0, 0, 1, 2]))
    assert data_set.training.labels.tolist() == [1]
    assert (len(data_set.public), len(data_set.private)) == (1, 1)
    assert data_set.row_report.splits[0].dropped == (('the detector finds no face in them', 1),)
    everywhere = with_faces(data_set, ('training', 'public', 'private'))
    assert (len(everywhere.public), len(everywhere.private)) == (0, 0)
    assert [counts.kept for counts in everywhere.row_report.splits] == [1, 0, 0]
    # What was left out of a test is still none to train on.
    other = data_set_of([noise(2), noise(4)], [0, 0])
    np.testing.assert_array_equal(
        fuse([everywhere, other]).training.images, [images[1], noise(4)])


def test_progress_is_shown_on_standard_error_where_asked_for(capfd, photograph):
    images = picture_of_face(photograph)[np.newaxis]
    pipeline_faces(images, progress=True)
    shown = capfd.readouterr()
    assert 'detecting faces' in shown.err
    assert shown.out == ''
    pipeline_faces(images)
    assert 'detecting' not in capfd.readouterr().err


def test_most_faces_of_the_real_pictures_are_found(data_directory):
    with np.load(data_directory / 'fer2013' / 'fer2013_ferplus.npz') as arrays:
        images = arrays['image'][arrays['usage'] == 1][:200]
    found = pipeline_faces(images).found
    assert found.mean() > 0.95
