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

from dataclasses import replace

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import LiteRtClassifier
from fer_ros.core.classification.model_folders import card_paths
from fer_ros.evaluation.classifier_evaluation import probabilities_of
from fer_ros.evaluation.evaluation_file import load_evaluation
from fer_ros.training.export import MAX_PROBABILITY_DIFFERENCE
from fer_ros.training.network_input import network_input
from fer_ros.training.networks import network
import keras
import numpy as np
from patterns import patterns
import pytest

MODELS = [pytest.param(path, id=path.parent.name) for path in card_paths()]

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize('path', MODELS)
def test_float32_file_and_source_agree(path):
    card = load_card(path)
    faces = patterns(70, seed=5)
    source = keras.models.load_model(load_evaluation(path).source.path)
    if card.uses_mesh:
        features = np.random.default_rng(6).normal(0, 1, (70, 1, 288)).astype(np.float32)
        faces = replace(faces, mesh=features)
    expected = keras.ops.convert_to_numpy(
        keras.ops.softmax(source(network_input(source, faces))))
    found = probabilities_of(LiteRtClassifier(card, precision='float32'), faces)
    # Pictures on which all answers are alike would show nothing.
    assert np.ptp(expected, axis=0).max() > 0.1
    np.testing.assert_allclose(found, expected, atol=MAX_PROBABILITY_DIFFERENCE)


@pytest.mark.parametrize('path', MODELS)
def test_one_can_start_from_it_and_imitate_it(path):
    source = keras.models.load_model(load_evaluation(path).source.path)
    edge = source.inputs[0].shape[1]
    made = network(source.name, edge, mesh=len(source.inputs) == 2)
    made.set_weights(source.get_weights())
    random = np.random.default_rng(4)
    given = [
        random.uniform(-1, 1, (3, *each.shape[1:])).astype(np.float32) for each in source.inputs]
    given = given if len(given) == 2 else given[0]
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(made(given)), keras.ops.convert_to_numpy(source(given)),
        rtol=1e-4, atol=1e-4)
