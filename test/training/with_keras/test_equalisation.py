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

"""What int8 loses is made small, and the network answers as before."""

from fer_ros.training.equalisation import equalise
from fer_ros.training.export import int8_model, lite_model, logits_of
from fer_ros.training.networks import network, NETWORKS
import keras
from keras import layers
import numpy as np
import pytest

EDGE = 32
PIXELS = np.random.default_rng(1).uniform(-1, 1, (16, EDGE, EDGE, 1)).astype(np.float32)


def uneven(name):
    """Return a network some of whose channels are thirty times as large as others."""
    keras.utils.set_random_seed(3)
    made = network(name, EDGE)
    random = np.random.default_rng(2)
    for layer in made.layers:
        if isinstance(layer, layers.BatchNormalization):
            _, shift, mean, variance = layer.get_weights()
            gain = 10 ** random.uniform(-1.5, 0, shift.shape)
            shift = gain * random.uniform(-0.5, 1, shift.shape)
            layer.set_weights([gain, shift, mean, variance])
    return made


def unevenness(made):
    """Return the median over the ReLUs of their largest channel by their median one."""
    relus = [layer.output for layer in made.layers if isinstance(layer, layers.ReLU)]
    largest = keras.Model(made.input, [layers.GlobalMaxPooling2D()(relu) for relu in relus])
    found = [values.max(axis=0) for values in largest.predict(PIXELS, verbose=0)]
    return np.median([values.max() / np.median(values) for values in found])


@pytest.mark.parametrize('name', NETWORKS)
def test_the_answers_stay(name):
    made = uneven(name)
    before = made.predict(PIXELS, verbose=0)
    equalise(made, PIXELS)
    after = made.predict(PIXELS, verbose=0)
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-4 * np.abs(before).max())


def test_channels_become_alike():
    made = uneven('separable')
    before = unevenness(made)
    equalise(made, PIXELS)
    assert before > 5
    assert unevenness(made) < before / 2


def test_channels_that_are_always_zero_are_no_obstacle():
    made = uneven('separable')
    first = next(
        layer for layer in made.layers if isinstance(layer, layers.BatchNormalization))
    gain, shift, *moments = first.get_weights()
    first.set_weights([0 * gain, np.where(np.arange(len(shift)) < 5, -1, shift), *moments])
    before = made.predict(PIXELS, verbose=0)
    equalise(made, PIXELS)
    np.testing.assert_allclose(
        made.predict(PIXELS, verbose=0), before, rtol=0, atol=1e-4 * np.abs(before).max())


def test_what_several_layers_take_is_left_alone():
    image = layers.Input((EDGE, EDGE, 1))
    x = layers.Conv2D(4, 3)(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Add()([layers.Conv2D(4, 1)(x), x])
    made = keras.Model(image, layers.GlobalAveragePooling2D()(x))
    before = made.get_weights()
    equalise(made, PIXELS)
    for weight, other in zip(made.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_int8_logits_are_those_of_the_network_in_the_mean():
    made = uneven('separable')
    before = made.get_weights()
    wanted = made.predict(PIXELS, verbose=0).mean(axis=0)
    plain, corrected = (
        np.abs(logits_of(model, PIXELS).mean(axis=0) - wanted).mean()
        for model in (lite_model(made, PIXELS), int8_model(made, PIXELS)))
    assert corrected < plain / 2
    for weight, other in zip(made.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, other)
