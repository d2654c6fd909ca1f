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

"""FER-2013's csv files are read as they are handed out; what is wrong is said with its line."""

from data_files import noise, votes, write_csv, write_packed, write_votes
from fer_ros.evaluation.data_sets import read_data
from fer_ros.evaluation.labelled_faces import SPLITS
import numpy as np
import pytest

PICTURES = [0, 1, 2, 3, 4]
EMOTIONS = [6, 3, 1, 4, 0]
USAGES = [0, 0, 0, 1, 2]
VOTES = [
    votes(neutral=10), votes(happiness=5, sadness=4, NF=1), votes(NF=10), votes(sadness=10),
    votes(anger=8, fear=2)]


@pytest.fixture
def csv_file(tmp_path):
    write_votes(tmp_path / 'fer2013new.csv', USAGES, VOTES)
    return write_csv(tmp_path / 'fer2013.csv', PICTURES, EMOTIONS, USAGES)


def edit(path, line, old, new):
    """Replace a text that stands in a line of a file; lines begin with 1."""
    lines = path.read_text().splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    path.write_text('\n'.join(lines) + '\n')


@pytest.mark.parametrize('labels', ['fer2013', 'ferplus'])
def test_csv_and_packed_file_say_the_same(csv_file, labels):
    packed = write_packed(csv_file.with_name('all.npz'), PICTURES, EMOTIONS, USAGES, VOTES)
    one, other = read_data(csv_file, labels), read_data(packed, labels)
    assert (one.name, one.row_report, one.terms) == (other.name, other.row_report, other.terms)
    for split in SPLITS:
        np.testing.assert_array_equal(one.faces(split).images, other.faces(split).images)
        np.testing.assert_array_equal(one.faces(split).targets, other.faces(split).targets)


def test_rows_are_read_as_they_were_written(csv_file):
    data_set = read_data(csv_file)
    np.testing.assert_array_equal(data_set.training.images, [noise(n) for n in (0, 1, 2)])
    assert data_set.training.labels.tolist() == [6, 3, 1]
    assert data_set.public.faces.labels.tolist() == [4]
    assert data_set.private.faces.labels.tolist() == [0]


def test_votes_become_shares(csv_file):
    data_set = read_data(csv_file, 'ferplus')
    np.testing.assert_allclose(
        data_set.training.targets, [[0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 5 / 9, 4 / 9, 0, 0]])
    assert data_set.private.faces.targets.tolist() == [[1, 0, 0, 0, 0, 0, 0]]


def test_columns_may_have_another_order_and_blanks(tmp_path):
    # So they stand in the copy named icml_face_data.csv.
    pixels = ' '.join(map(str, noise(1).ravel()))
    path = tmp_path / 'icml_face_data.csv'
    path.write_text(f'\ufeffemotion, Usage, pixels\n3, Training, {pixels}\n', encoding='utf-8')
    data_set = read_data(path)
    np.testing.assert_array_equal(data_set.training.images, [noise(1)])
    assert data_set.training.labels.tolist() == [3]


@pytest.mark.parametrize(('line', 'old', 'new', 'reason'), [
    (1, 'Usage', 'Split', 'line 1: there is no column Usage; the columns are emotion, pixels, Sp'),
    (3, '3,', '7,', "line 3: emotion must be a whole number, 0 to 6, not '7'"),
    (3, '3,', 'happy,', "line 3: emotion must be a whole number, 0 to 6, not 'happy'"),
    (4, 'Training', 'Train', 'line 4: Usage must be one of Training, PublicTest, PrivateTest'),
    (5, ' ', ' x', 'line 5: pixels must be whole numbers, 0 to 255'),
    (5, ' ', ' 256 ', 'line 5: pixels must be whole numbers, 0 to 255'),
    (5, ' ', ' -', 'line 5: pixels must be whole numbers, 0 to 255'),
    (6, ' ', ' 0 ', r'line 6: 2305 pixels instead of 2304 \(48x48\)'),
    (6, ',PrivateTest', '', 'line 6: 2 fields instead of 3; is the file truncated'),
])
def test_what_is_wrong_is_said_with_its_line(csv_file, line, old, new, reason):
    edit(csv_file, line, old, new)
    with pytest.raises(ValueError, match=f'fer2013.csv, {reason}'):
        read_data(csv_file)


@pytest.mark.parametrize(('line', 'old', 'new', 'reason'), [
    (1, 'contempt', 'scorn', 'line 1: there is no column contempt'),
    (2, ',10,', ',11,', "line 2: neutral must be a whole number, 0 to 10, not '11'"),
    (3, ',5,', ',five,', "line 3: happiness must be a whole number, 0 to 10, not 'five'"),
    (5, 'PublicTest', 'PrivateTest',
     'line 5: the row belongs to PrivateTest, but row 4 of fer2013.csv belongs to PublicTest'),
])
def test_what_is_wrong_with_the_votes_is_said_with_its_line(csv_file, line, old, new, reason):
    edit(csv_file.with_name('fer2013new.csv'), line, old, new)
    with pytest.raises(ValueError, match=f'fer2013new.csv, {reason}'):
        read_data(csv_file, 'ferplus')


@pytest.mark.parametrize('rows', [4, 6])
def test_files_with_different_numbers_of_rows_do_not_belong_together(csv_file, rows):
    write_votes(
        csv_file.with_name('fer2013new.csv'), [*USAGES, 2][:rows], [*VOTES, votes(fear=9)][:rows])
    with pytest.raises(
            ValueError, match=rf'fer2013new.csv has {rows} rows, but .*fer2013.csv has 5'):
        read_data(csv_file, 'ferplus')


def test_missing_votes_are_asked_for(csv_file):
    csv_file.with_name('fer2013new.csv').unlink()
    with pytest.raises(ValueError, match='fer2013new.csv is missing: FER.* beside fer2013.csv'):
        read_data(csv_file, 'ferplus')
    assert len(read_data(csv_file).training) == 3


@pytest.mark.parametrize(('content', 'reason'), [
    (b'', 'line 1: there is no column emotion, pixels, Usage; .*the file is empty'),
    (b'emotion,pixels,Usage\n', 'has no rows below its first line'),
    (b'emotion,pixels,Usage\n\xff\xfe', 'cannot be read as a csv file'),
])
def test_what_is_no_csv_is_refused(tmp_path, content, reason):
    path = tmp_path / 'fer2013.csv'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'fer2013.csv.* {reason}'):
        read_data(path)
