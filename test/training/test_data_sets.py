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

"""The reader of FER-2013 leaves out what would make the figures dishonest, and nothing else."""

from fer_ros.training.data_sets import read_fer2013
import numpy as np
import pytest


def save(path, pictures, labels, usage):
    """Write rows whose pictures are chosen by numbers; equal numbers are equal pixels."""
    random = np.random.default_rng(2)
    distinct = random.integers(0, 256, (max(pictures) + 1, 48, 48), dtype=np.uint8)
    np.savez(
        path, image=distinct[list(pictures)], emotion=np.array(labels, np.uint8),
        usage=np.array(usage, np.uint8))
    return distinct


def test_training_rows_that_stand_in_a_test_are_dropped(tmp_path):
    #        training          public   private
    pictures = [0, 1, 2, 3, 3, 4, 1, 5, 2, 6]
    usage = [0, 0, 0, 0, 0, 0, 1, 1, 2, 2]
    labels = [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]
    distinct = save(tmp_path / 'rows.npz', pictures, labels, usage)
    faces = read_fer2013(tmp_path / 'rows.npz')
    # Pictures 1 and 2 stand in a test; picture 3 stands twice in Training, which is no harm.
    np.testing.assert_array_equal(faces.training.images, distinct[[0, 3, 3, 4]])
    assert faces.training.labels.tolist() == [0, 3, 4, 5]
    assert faces.dropped_rows == 2
    assert faces.public_test.faces.labels.tolist() == [6, 0]
    assert faces.public_test.also_in_training.tolist() == [True, False]
    assert faces.private_test.faces.labels.tolist() == [1, 2]
    assert faces.private_test.also_in_training.tolist() == [True, False]
    assert '4 training rows (2 dropped' in faces.summary


def test_rows_that_stand_only_in_both_tests_are_not_in_training(tmp_path):
    save(tmp_path / 'rows.npz', [0, 1, 1], [0, 1, 1], [0, 1, 2])
    faces = read_fer2013(tmp_path / 'rows.npz')
    assert faces.dropped_rows == 0
    assert not faces.public_test.also_in_training.any()
    assert not faces.private_test.also_in_training.any()


def test_the_real_file_has_the_rows_that_its_description_counts(data_directory):
    path = data_directory / 'fer2013' / 'fer2013_ferplus.npz'
    faces = read_fer2013(path)
    assert len(faces.training) + faces.dropped_rows == 28709
    assert len(faces.public_test.faces) == len(faces.private_test.faces) == 3589
    assert faces.public_test.also_in_training.sum() == 280
    assert faces.private_test.also_in_training.sum() == 288
    # A second way to find equal rows: sort all of them as bytes.
    tests = np.concatenate([faces.public_test.faces.images, faces.private_test.faces.images])
    rows = np.concatenate([tests, faces.training.images]).reshape(-1, 48 * 48)
    _, first, inverse = np.unique(
        rows.view(f'V{rows.shape[1]}').ravel(), return_index=True, return_inverse=True)
    assert (first[inverse[len(tests):]] >= len(tests)).all()


def test_a_file_without_the_arrays_is_refused(tmp_path):
    np.savez(tmp_path / 'rows.npz', image=np.zeros((1, 48, 48), np.uint8))
    with pytest.raises(ValueError, match='has no emotion, usage; it holds image'):
        read_fer2013(tmp_path / 'rows.npz')


@pytest.mark.parametrize(('name', 'value', 'reason'), [
    ('image', np.zeros((2, 48, 48), np.float32), r'\(N, S, S\) uint8'),
    ('image', np.zeros((3, 48, 48), np.uint8), 'N labels and usages'),
    ('emotion', np.array([0, 7], np.uint8), 'emotion must be 0 to 6'),
    ('usage', np.array([0, 3], np.uint8), 'usage 0 to 2'),
])
def test_wrong_arrays_are_refused(tmp_path, name, value, reason):
    arrays = {
        'image': np.zeros((2, 48, 48), np.uint8), 'emotion': np.zeros(2, np.uint8),
        'usage': np.zeros(2, np.uint8), name: value}
    np.savez(tmp_path / 'rows.npz', **arrays)
    with pytest.raises(ValueError, match=reason):
        read_fer2013(tmp_path / 'rows.npz')
