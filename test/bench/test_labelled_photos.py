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

"""Labelled photographs are read as far as they are there."""

from fer_ros.bench.labelled_photos import (
    is_whole,
    labelled_photos,
    LabelledPhoto,
    sample_photo,
    whole_faces,
)
from fer_ros.core.values import Box
import numpy as np


def test_photographs_that_are_not_there_are_left_out(tmp_path):
    assert labelled_photos(tmp_path) == []
    assert len(sample_photo().faces) == 2


def test_faces_that_the_edge_cuts_are_not_whole():
    photo = LabelledPhoto('marked', np.zeros((60, 80, 3), np.uint8), [
        Box(0, 0, 20, 20), Box(-1, 5, 20, 20), Box(60, 40, 20, 20), Box(70, 10, 20, 20)])
    assert [is_whole(photo, face) for face in photo.faces] == [True, False, True, False]
    assert [index for _, index in whole_faces([photo])] == [0, 2]
