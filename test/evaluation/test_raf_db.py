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

"""RAF-DB's layout, on files in its format."""

from data_files import write_raf_db
from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.data_sets import read_data
import pytest

# As in RAF-DB's own description.
RAF_DB_LABELS = {
    1: 'surprise', 2: 'fear', 3: 'disgust', 4: 'happiness', 5: 'sadness', 6: 'anger',
    7: 'neutral'}


def test_labels_are_renumbered(tmp_path):
    lines = [(f'train_{label:05}', label) for label in RAF_DB_LABELS]
    lines += [(f'test_{label:04}', label) for label in reversed(RAF_DB_LABELS)]
    data_set = read_data(write_raf_db(tmp_path / 'basic', lines))
    labels = list(RAF_DB_LABELS.values())
    assert [LABELS[k] for k in data_set.training.labels] == labels
    assert [LABELS[k] for k in data_set.private.faces.labels] == labels[::-1]
    assert data_set.training.images.shape == (7, 48, 48)


def test_every_tenth_row_of_an_emotion_is_held_back(tmp_path):
    lines = [(f'train_{number:05}', 4 if number % 2 else 5) for number in range(1, 61)]
    folder = write_raf_db(tmp_path / 'basic', [*lines, ('test_0001', 4)], edge=24)
    data_set = read_data(folder, size=24)
    assert len(data_set.training) == 54
    # The numbers are odd for 4, even for 5: the tenth of each are the 19th and the 20th.
    held_back = [18, 19, 38, 39, 58, 59]
    assert data_set.public.faces.labels.tolist() == [3, 4] * 3
    assert len(data_set.private) == 1
    assert 'every tenth' in data_set.row_report.summary
    again = read_data(folder, size=24)
    assert (again.public.faces.images == data_set.public.faces.images).all()
    # Which pictures they are: a folder whose test rows are just these.
    tests = [lines[place] for place in held_back]
    renamed = [(name.replace('train', 'test'), label) for name, label in tests]
    other = tmp_path / 'other'
    write_raf_db(other, renamed, edge=24)
    for (name, _), (new_name, _) in zip(tests, renamed, strict=True):
        (other / 'aligned' / f'{new_name}_aligned.jpg').write_bytes(
            (folder / 'aligned' / f'{name}_aligned.jpg').read_bytes())
    expected = read_data(other, size=24).private.faces.images
    assert (expected == data_set.public.faces.images).all()


@pytest.mark.parametrize(('line', 'reason'), [
    ('train_00002.jpg 8', "the label must be 1 to 7, not '8'"),
    ('train_00002.jpg happy', "the label must be 1 to 7, not 'happy'"),
    ('train_00002.jpg', 'must be an image and a label'),
    ('valid_00002.jpg 1', "the name 'valid_00002.jpg' must begin with train_ or test_"),
    ('train_00003.jpg 1', '.*train_00003_aligned.jpg is missing'),
])
def test_what_is_wrong_is_said_with_its_line(tmp_path, line, reason):
    folder = write_raf_db(tmp_path / 'basic', [('train_00001', 1)])
    with (folder / 'list_patition_label.txt').open('a') as file:
        file.write(f'{line}\n')
    with pytest.raises(ValueError, match=rf'list_patition_label\.txt, line 2: .*{reason}'):
        read_data(folder)


def test_pictures_that_cannot_be_decoded_are_named(tmp_path):
    folder = write_raf_db(tmp_path / 'basic', [('train_00001', 1), ('test_0001', 2)])
    picture = folder / 'aligned' / 'test_0001_aligned.jpg'
    picture.write_bytes(picture.read_bytes()[:-300])
    with pytest.raises(ValueError, match=r'test_0001_aligned\.jpg is truncated'):
        read_data(folder)


def test_an_empty_list_is_refused(tmp_path):
    folder = write_raf_db(tmp_path / 'basic', [])
    with pytest.raises(ValueError, match='list_patition_label.txt is empty'):
        read_data(folder)
