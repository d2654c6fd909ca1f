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

"""Folders of pictures by split and class."""

import cv2
from data_files import noise, write_picture
from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.data_sets import read_data
import numpy as np
import pytest


def test_pictures_lie_by_split_and_class(tmp_path):
    write_picture(tmp_path / 'train' / 'happy' / 'b.png', 1)
    write_picture(tmp_path / 'train' / 'happy' / 'a.png', 0)
    write_picture(tmp_path / 'train' / 'sad' / 'a.png', 2)
    write_picture(tmp_path / 'val' / 'fear' / 'a.png', 3)
    write_picture(tmp_path / 'test' / 'angry' / 'a.png', 4)
    data_set = read_data(tmp_path)
    np.testing.assert_array_equal(data_set.training.images, [noise(n) for n in (0, 1, 2)])
    assert data_set.training.labels.tolist() == [3, 3, 4]
    assert data_set.public.faces.labels.tolist() == [2]
    assert data_set.private.faces.labels.tolist() == [0]
    assert data_set.name == f'the folder {tmp_path.name}/'
    assert data_set.row_report.notes == (
        f'in {data_set.name}, test/ is private, train/ is training, val/ is public',)


@pytest.mark.parametrize(('names', 'label'), [
    (('angry', 'Anger'), 'anger'), (('disgust', 'DISGUSTED'), 'disgust'),
    (('fear', 'afraid', 'Fearful'), 'fear'), (('happy', 'Happiness', 'joy'), 'happiness'),
    (('sad', 'sadness'), 'sadness'), (('surprise', 'Surprised'), 'surprise'),
    (('neutral', 'Neutral'), 'neutral'),
])
def test_usual_spellings_of_the_classes(tmp_path, names, label):
    for number, name in enumerate(names):
        write_picture(tmp_path / str(number) / 'val' / name / '1.png', number)
        data_set = read_data(tmp_path / str(number))
        assert [LABELS[k] for k in data_set.public.faces.labels] == [label]


SPLIT_OF = {
    'tr': 'training', 'va': 'public', 'pu': 'public', 'te': 'private', 'pr': 'private'}


@pytest.mark.parametrize(('names', 'counts'), [
    (('Train', 'Valid', 'Test'), (1, 1, 1)), (('training', 'validation', 'testing'), (1, 1, 1)),
    (('train', 'val'), (1, 1, 0)), (('val',), (0, 1, 0)), (('test',), (0, 0, 1)),
    (('Training', 'PublicTest', 'PrivateTest'), (1, 1, 1)),
    (('TRAIN', 'public', 'private'), (1, 1, 1)), (('training', 'Public_Test'), (1, 1, 0)),
    (('Private Test',), (0, 0, 1)), (('train', 'private-test', 'val'), (1, 1, 1)),
    # Too few pictures to hold one of ten back.
    (('train', 'test'), (1, 0, 1)), (('Training',), (1, 0, 0)),
])
def test_splits_that_may_be_there(tmp_path, names, counts):
    for number, name in enumerate(names):
        write_picture(tmp_path / name / 'happy' / '1.png', number)
    data_set = read_data(tmp_path)
    assert (len(data_set.training), len(data_set.public), len(data_set.private)) == counts
    assert ('has no test/' in data_set.row_report.summary) == (counts[2] == 0)
    assert ('has no val/' in data_set.row_report.summary) == (counts[:2] == (1, 0))
    assert data_set.row_report.notes[0] == f'in {data_set.name}, ' + ', '.join(
        f'{name}/ is {SPLIT_OF[name[:2].lower()]}' for name in sorted(names))


def test_a_picture_that_lies_in_train_and_val_is_not_trained_on(tmp_path):
    for name, number in (('train/happy/1', 1), ('train/sad/2', 2), ('val/happy/3', 1)):
        write_picture(tmp_path / f'{name}.png', number)
    data_set = read_data(tmp_path)
    assert data_set.training.labels.tolist() == [4]
    assert data_set.public.also_in_training.tolist() == [True]


def test_colors_become_grey_and_sizes_equal(tmp_path):
    write_picture(tmp_path / 'val' / 'happy' / '1.png', 1, edge=200)
    blue = np.full((30, 30, 3), (255, 0, 0), np.uint8)
    cv2.imwrite(str(tmp_path / 'val' / 'happy' / '2.png'), blue)
    images = read_data(tmp_path, size=64).public.faces.images
    assert images.shape == (2, 64, 64)
    assert (images[1] == 29).all()  # ITU-R BT.601: 0.114 of blue


def test_what_file_managers_leave_is_passed_over(tmp_path):
    folder = write_picture(tmp_path / 'val' / 'happy' / '1.png', 1).parent
    for name in ('.DS_Store', 'Thumbs.db', 'desktop.ini'):
        (folder / name).write_bytes(b'x')
    (tmp_path / '.cache').mkdir()
    assert len(read_data(tmp_path).public) == 1


def test_what_lies_in_no_class_is_told(tmp_path):
    write_picture(tmp_path / 'train' / 'happy' / '1.png', 1)
    write_picture(tmp_path / 'val' / 'happy' / '1.png', 2)
    write_picture(tmp_path / 'train' / '2.png', 3)
    for name in ('train/3.png', 'train/.hidden', 'val/Thumbs.db', 'README'):
        (tmp_path / name).write_bytes(b'x')
    data_set = read_data(tmp_path)
    assert (len(data_set.training), len(data_set.public)) == (1, 1)
    of_train, = (note for note in data_set.row_report.notes if 'ignored' in note)
    assert of_train.endswith(
        'train/ that are in no folder of an emotion were ignored: 2, such as 2.png')


def test_test_pictures_stay_private_without_a_folder_for_validation(tmp_path):
    """Kaggle's FER-2013 has only train/ and test/."""
    numbers = {'angry': range(30), 'happy': range(30, 55), 'sad': range(55, 64)}
    for emotion, row in numbers.items():
        for number in row:
            write_picture(tmp_path / 'train' / emotion / f'{number:03}.png', number)
    for number in range(70, 75):
        write_picture(tmp_path / 'test' / 'happy' / f'{number}.png', number)
    data_set = read_data(tmp_path)
    # The tenth, twentieth, ... of each emotion; there are only nine sad ones.
    held_back = [9, 19, 29, 39, 49]
    np.testing.assert_array_equal(
        data_set.public.faces.images, [noise(number) for number in held_back])
    assert data_set.public.faces.labels.tolist() == [0, 0, 0, 3, 3]
    np.testing.assert_array_equal(
        data_set.training.images, [noise(n) for n in range(64) if n not in held_back])
    np.testing.assert_array_equal(
        data_set.private.faces.images, [noise(number) for number in range(70, 75)])
    assert f'in {data_set.name}, test/ is private, train/ is training' in (
        data_set.row_report.notes)
    assert 'every tenth training picture of each emotion' in data_set.row_report.summary


def test_nothing_is_held_back_where_there_is_a_folder_for_validation(tmp_path):
    for number in range(20):
        write_picture(tmp_path / 'train' / 'happy' / f'{number:02}.png', number)
    write_picture(tmp_path / 'PublicTest' / 'happy' / 'a.png', 20)
    data_set = read_data(tmp_path)
    assert (len(data_set.training), len(data_set.public)) == (20, 1)
    assert 'every tenth' not in data_set.row_report.summary


@pytest.mark.parametrize(('name', 'reason'), [
    ('train/contempt', "train/contempt: the name 'contempt' is none of angry, .*rename"),
    ('happy', "happy: the name 'happy' is none of train, .*images belong into train/happy/"),
])
def test_unknown_names_are_refused(tmp_path, name, reason):
    write_picture(tmp_path / 'train' / 'sad' / '1.png', 1)
    write_picture(tmp_path / 'val' / 'sad' / '1.png', 2)
    (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match=reason):
        read_data(tmp_path)


def test_folders_without_pictures_are_refused(tmp_path):
    with pytest.raises(ValueError, match='none of train/, val/ and test/'):
        read_data(tmp_path)
    (tmp_path / 'val' / 'sad').mkdir(parents=True)
    with pytest.raises(ValueError, match='val holds no images'):
        read_data(tmp_path)


def test_pictures_that_cannot_be_decoded_are_named(tmp_path):
    path = write_picture(tmp_path / 'val' / 'happy' / '1.png', 1)
    path.write_bytes(b'no picture')
    with pytest.raises(ValueError, match=r'val/happy/1\.png is damaged or not an image'):
        read_data(tmp_path)


def test_pictures_that_are_not_square_are_named(tmp_path):
    path = write_picture(tmp_path / 'val' / 'happy' / '1.png', 1)
    cv2.imwrite(str(path), np.zeros((48, 64), np.uint8))
    with pytest.raises(ValueError, match=r'1\.png has 64x48 pixels: .*square.*crop the face'):
        read_data(tmp_path)
