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

"""Data sets leave out what would make the figures dishonest, and nothing else; also fused ones."""

from data_files import noise, votes, write_csv, write_packed, write_picture, write_raf_db
from fer_ros.evaluation.data_sets import fuse, read_data
from fer_ros.evaluation.labelled_faces import SPLITS
import numpy as np
import pytest


def expect_numbers(faces, numbers):
    np.testing.assert_array_equal(faces.images, [noise(number) for number in numbers])


def expect_whole_report(data_set):
    """Each row that was read is kept or dropped for one reason, and those kept are there."""
    for split in SPLITS:
        splits_counts = [counts for counts in data_set.row_report.splits if counts.split == split]
        for counts in splits_counts:
            assert counts.read == counts.kept + sum(count for _, count in counts.dropped)
            assert all(count > 0 for _, count in counts.dropped)
        assert sum(counts.kept for counts in splits_counts) == len(data_set.faces(split))


def test_training_rows_that_stand_in_a_test_are_dropped(tmp_path):
    #        training          public   private
    pictures = [0, 1, 2, 3, 3, 4, 1, 5, 2, 6]
    usage = [0, 0, 0, 0, 0, 0, 1, 1, 2, 2]
    labels = [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]
    data_set = read_data(write_packed(tmp_path / 'rows.npz', pictures, labels, usage))
    # Pictures 1 and 2 stand in a test; picture 3 stands twice in Training, which is no harm.
    expect_numbers(data_set.training, [0, 3, 3, 4])
    assert data_set.training.labels.tolist() == [0, 3, 4, 5]
    np.testing.assert_array_equal(data_set.training.targets, np.eye(7)[[0, 3, 4, 5]])
    assert data_set.public.faces.labels.tolist() == [6, 0]
    assert data_set.public.also_in_training.tolist() == [True, False]
    assert data_set.private.faces.labels.tolist() == [1, 2]
    assert data_set.private.also_in_training.tolist() == [True, False]
    assert [counts.dropped for counts in data_set.row_report.splits] == [
        (('their pixels are also in a test split', 2),), (), ()]
    expect_whole_report(data_set)


def test_rows_that_stand_only_in_both_tests_are_not_in_training(tmp_path):
    data_set = read_data(write_packed(tmp_path / 'rows.npz', [0, 1, 1], [0, 1, 1], [0, 1, 2]))
    assert len(data_set.training) == 1
    assert not data_set.public.also_in_training.any()
    assert not data_set.private.also_in_training.any()


def test_a_picture_of_a_test_is_not_trained_on_even_where_it_is_not_measured_on(tmp_path):
    path = write_packed(
        tmp_path / 'rows.npz', [0, 1, 1], [0, 0, 0], [0, 0, 2],
        [votes(fear=10), votes(fear=10), votes(fear=5, anger=5)])
    data_set = read_data(path, 'ferplus')
    expect_numbers(data_set.training, [0])
    assert len(data_set.private) == 0
    expect_whole_report(data_set)
    # The same where the two rows come from different data sets.
    learned = read_data(write_packed(tmp_path / 'others.npz', [1, 2], [3, 4], [0, 0]))
    assert len(learned.training) == 2
    expect_numbers(fuse([learned, data_set]).training, [2, 0])


def test_fused_sets_guard_each_others_tests(tmp_path):
    one = read_data(write_packed(tmp_path / 'one.npz', [0, 1, 2, 3], [0, 1, 2, 3], [0, 0, 1, 2]))
    two = read_data(write_packed(tmp_path / 'two.npz', [4, 2, 1, 0], [4, 5, 6, 0], [0, 0, 1, 2]))
    fused = fuse([one, two])
    expect_numbers(fused.training, [4])
    expect_numbers(fused.public.faces, [2, 1])
    expect_numbers(fused.private.faces, [3, 0])
    assert fused.public.also_in_training.tolist() == [True, True]
    assert fused.private.also_in_training.tolist() == [False, True]
    assert fused.public.faces.labels.tolist() == [2, 6]
    dropped = [counts.dropped for counts in fused.row_report.splits if counts.split == 'training']
    reason = 'their pixels are also in a test split'
    assert dropped == [((reason, 2),), ((reason, 1),)]
    expect_whole_report(fused)


def test_fusing_names_every_source_and_its_terms_once(tmp_path):
    csv = read_data(write_packed(tmp_path / 'one.npz', [0, 1], [0, 0], [0, 1]))
    folder = write_raf_db(tmp_path / 'raf', [('train_00001', 4), ('test_0001', 5)])
    raf = read_data(folder)
    fused = fuse([csv, raf, csv])
    assert fused.name == f'{csv.name} + RAF-DB + {csv.name}'
    assert fused.terms == f'{csv.terms} {raf.terms}'
    assert fused.row_report.notes == raf.row_report.notes
    assert fused.training.labels.tolist() == [0, 3, 0]


def test_the_same_set_alone_is_not_changed_by_fusing(tmp_path):
    pictures, usages = [0, 1, 2, 1], [0, 0, 1, 2]
    data_set = read_data(write_packed(tmp_path / 'rows.npz', pictures, [0] * 4, usages))
    fused = fuse([data_set])
    assert fused.row_report == data_set.row_report
    expect_numbers(fused.training, [0])
    assert fused.private.also_in_training.tolist() == [True]


def test_pictures_of_different_sizes_are_not_fused(tmp_path):
    path = write_packed(tmp_path / 'rows.npz', [0, 1], [0, 0], [0, 1])
    with pytest.raises(ValueError, match=r'different sizes cannot be joined .*48.*96.*same size'):
        fuse([read_data(path), read_data(write_csv(
            tmp_path / 'fer2013.csv', [2], [0], [0]), size=96)])


def test_nothing_cannot_be_fused():
    with pytest.raises(ValueError, match='name at least one'):
        fuse([])


def test_pictures_are_brought_to_the_size(tmp_path):
    path = write_packed(tmp_path / 'rows.npz', [0, 1, 1], [0, 1, 1], [0, 0, 1])
    half = read_data(path, size=24)
    assert half.training.images.shape == (1, 24, 24)
    # Shrinking by two is the mean of two by two pixels.
    means = noise(0).reshape(24, 2, 24, 2).mean(axis=(1, 3))
    assert np.abs(half.training.images[0] - means).max() <= 0.5
    assert read_data(path, size=96).public.faces.images.shape == (1, 96, 96)


@pytest.mark.parametrize(('name', 'value', 'reason'), [
    ('image', np.zeros((2, 48, 48), np.float32), r'image must be \(N, S, S\) of uint8, not .*32'),
    ('image', np.zeros((2, 48, 47), np.uint8), r'image must be \(N, S, S\) of uint8'),
    ('image', np.zeros(2, np.uint8), r'image must be \(N, S, S\) of uint8'),
    ('image', np.zeros((3, 48, 48), np.uint8), 'emotion must be .* because there are 3 images'),
    ('emotion', np.array([0, 7], np.uint8), 'emotion must be 0 to 6, but row 1 has 7'),
    ('emotion', np.array([0.5, 1.0]), 'emotion must be .* whole numbers'),
    ('usage', np.array([-1, 0], np.int8), 'usage must be 0 to 2, but row 0 has -1'),
    ('ferplus_votes', np.zeros((2, 8), np.uint8), r'ferplus_votes must be \(2, 10\)'),
    ('ferplus_votes', np.full((2, 10), 11), 'ferplus_votes must be 0 to 10, but row 0 has 11'),
])
def test_wrong_arrays_are_refused(tmp_path, name, value, reason):
    arrays = {
        'image': np.zeros((2, 48, 48), np.uint8), 'emotion': np.zeros(2, np.uint8),
        'usage': np.zeros(2, np.uint8), 'ferplus_votes': np.zeros((2, 10), np.uint8), name: value}
    np.savez(tmp_path / 'rows.npz', **arrays)
    with pytest.raises(ValueError, match=f'rows.npz: {reason}'):
        read_data(tmp_path / 'rows.npz', 'ferplus')


def test_a_file_without_the_arrays_is_refused(tmp_path):
    np.savez(tmp_path / 'rows.npz', image=np.zeros((1, 48, 48), np.uint8))
    with pytest.raises(ValueError, match='rows.npz has no emotion, usage; it holds image'):
        read_data(tmp_path / 'rows.npz')


def test_a_file_without_votes_has_only_its_own_labels(tmp_path):
    path = write_packed(tmp_path / 'rows.npz', [0, 1], [0, 0], [0, 1])
    with pytest.raises(ValueError, match='has no ferplus_votes'):
        read_data(path, 'ferplus')
    assert read_data(path).name == 'FER-2013 with its own labels'


def test_a_truncated_file_is_refused(tmp_path):
    path = write_packed(tmp_path / 'rows.npz', [0, 1], [0, 0], [0, 1])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match='rows.npz is not an .npz, or is truncated: copy it'):
        read_data(path)


def test_a_damaged_file_is_refused(tmp_path):
    path = write_packed(tmp_path / 'rows.npz', [0, 1], [0, 0], [0, 1])
    content = bytearray(path.read_bytes())
    content[1000] ^= 1  # within the pixels, whose checksum then differs
    path.write_bytes(content)
    with pytest.raises(ValueError, match='rows.npz is damaged .*copy it again'):
        read_data(path)


def test_objects_are_not_called_damaged(tmp_path):
    np.savez(
        tmp_path / 'rows.npz', image=np.array([noise(1), None], object),
        emotion=np.zeros(2, np.uint8), usage=np.zeros(2, np.uint8))
    with pytest.raises(ValueError, match='rows.npz holds Python objects.*save image, emotion, us'):
        read_data(tmp_path / 'rows.npz')


def test_what_is_no_data_set_is_refused(tmp_path):
    with pytest.raises(ValueError, match='nothing.csv does not exist: check the path'):
        read_data(tmp_path / 'nothing.csv')
    text = tmp_path / 'labels.txt'
    text.write_text('happy')
    with pytest.raises(ValueError, match=r'labels.txt is not a data set: give a \.csv'):
        read_data(text)
    with pytest.raises(ValueError, match="labels must be one of fer2013, ferplus, not 'fer'"):
        read_data(text, 'fer')


def test_a_folder_has_no_votes(tmp_path):
    write_picture(tmp_path / 'val' / 'happy' / '1.png', 1)
    with pytest.raises(ValueError, match='has only its own labels'):
        read_data(tmp_path, 'ferplus')


@pytest.mark.parametrize(('labels', 'training', 'public', 'private', 'twins'), [
    ('fer2013', 28006, 3589, 3589, (280, 288)),
    ('ferplus', 27626, 3186, 3137, None),
])
def test_the_real_file_has_the_rows_that_its_description_counts(
    data_directory, labels, training, public, private, twins,
):
    data_set = read_data(data_directory / 'fer2013' / 'fer2013_ferplus.npz', labels)
    assert [counts.read for counts in data_set.row_report.splits] == [28709, 3589, 3589]
    assert [len(data_set.faces(split)) for split in SPLITS] == [training, public, private]
    expect_whole_report(data_set)
    if twins:
        marks = data_set.public.also_in_training, data_set.private.also_in_training
        assert tuple(mark.sum() for mark in marks) == twins
    # A second way to find equal rows: sort all of them as bytes.
    tests = np.concatenate([data_set.public.faces.images, data_set.private.faces.images])
    rows = np.concatenate([tests, data_set.training.images]).reshape(-1, 48 * 48)
    _, first, inverse = np.unique(
        rows.view(f'V{rows.shape[1]}').ravel(), return_index=True, return_inverse=True)
    assert (first[inverse[len(tests):]] >= len(tests)).all()
