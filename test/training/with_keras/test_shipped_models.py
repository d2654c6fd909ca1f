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

"""The shipped files of a model are one network."""

from fer_ros.core.classifier import LiteRtClassifier
from fer_ros.core.model_card import card_paths, load_card, SOURCE
from fer_ros.training.evaluate import probabilities_of
from fer_ros.training.export import LARGEST_DIFFERENCE
import keras
import numpy as np
from patterns import patterns
import pytest


@pytest.mark.timeout(600)
@pytest.mark.parametrize('path', [
    pytest.param(path, id=path.parent.name) for path in card_paths()
    if {SOURCE, 'float32'} <= load_card(path).files.keys()])
def test_float32_file_and_source_agree(path):
    card = load_card(path)
    faces = patterns(70, seed=5)
    pixels = card.preprocessing.network_input(list(faces.images))
    source = keras.models.load_model(card.files[SOURCE].path)
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(source(pixels)))
    found = probabilities_of(LiteRtClassifier(card, precision='float32'), faces)
    # Pictures on which all answers are alike would show nothing.
    assert np.ptp(expected, axis=0).max() > 0.1
    np.testing.assert_allclose(found, expected, atol=LARGEST_DIFFERENCE)
