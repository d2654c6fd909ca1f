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
"""Folders of photographs with a labels.csv."""

from fer_ros.core.emotions import Emotion
from fer_ros.core.values import Box
from fer_ros.evaluation.photographs import is_photographs, read_photographs
import pytest


def folder_with(path, *lines, heading='file,emotion,x,y,width,height'):
    for name in 'a.jpg', 'b.jpg':
        (path / name).touch()
    (path / 'labels.csv').write_text('\n'.join([heading, *lines]) + '\n')
    return path


def test_faces_have_an_emotion_and_perhaps_a_box(tmp_path):
    folder = folder_with(tmp_path, 'a.jpg, Happiness ,10,20.5,30,40', 'b.jpg,scared,,,,')
    first, second = read_photographs(folder)
    assert (first.path, first.emotion) == (tmp_path / 'a.jpg', Emotion.HAPPY)
    assert first.box == Box(10, 20.5, 30, 40)
    assert (second.path, second.emotion, second.box) == (tmp_path / 'b.jpg', Emotion.FEAR, None)


def test_columns_of_the_box_are_not_needed(tmp_path):
    face, = read_photographs(folder_with(tmp_path, 'sad,a.jpg', heading='emotion,file'))
    assert (face.emotion, face.box) == (Emotion.SAD, None)


def test_all_faults_are_named_at_once(tmp_path):
    folder = folder_with(
        tmp_path, 'a.jpg,happy,,,,', 'lost.jpg,happy,,,,', 'b.jpg,contempt,,,,',
        'b.jpg,sad,1,2,3,', 'b.jpg,sad,1,2,0,4', 'b.jpg,sad,1,2,inf,4', 'b.jpg,sad,1,two,3,4')
    with pytest.raises(ValueError, match='6 faults') as caught:
        read_photographs(folder)
    heading, *faults = str(caught.value).splitlines()
    assert heading.startswith('6 faults in the labels')
    table = tmp_path / 'labels.csv'
    for number, (fault, part) in enumerate(zip(faults, [
            'lost.jpg does not exist', "'contempt' is none of anger,", 'the box 1, 2, 3, ',
            'the box 1, 2, 0, 4', 'the box 1, 2, inf, 4', 'the box 1, two, 3, 4'], strict=True)):
        assert fault.startswith(f'{table}, line {number + 3}: ')
        assert part in fault


def test_of_two_faces_in_a_photograph_each_needs_a_box(tmp_path):
    folder = folder_with(tmp_path, 'a.jpg,happy,1,2,3,4', 'a.jpg,sad,5,6,7,8', 'b.jpg,sad,,,,')
    assert len(read_photographs(folder)) == 3
    folder_with(tmp_path, 'a.jpg,happy,1,2,3,4', 'a.jpg,sad,,,,')
    with pytest.raises(ValueError, match=r'a\.jpg has 2 lines, so each needs a box'):
        read_photographs(folder)


def test_a_folder_without_labels_is_another_data_set(tmp_path):
    assert not is_photographs(tmp_path)
    assert is_photographs(folder_with(tmp_path))
    with pytest.raises(ValueError, match='labels no face'):
        read_photographs(tmp_path)
