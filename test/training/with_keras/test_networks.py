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

"""The networks' shapes and sizes."""

from fer_ros.training.networks import fastest_kinds, LayerKinds, network, NETWORKS, Style
from fer_ros.training.training_options import NETWORK_NAMES
import keras
from keras import layers
import numpy as np
import pytest

# Kind, edge and channels of the output, parameters: the table of layers that the network follows.
# Each convolution is followed by batch normalisation with four parameters a channel, and ReLU.
SEPARABLE = [
    ('full', 112, 32, 320),
    ('depthwise', 112, 32, 320), ('full', 112, 64, 2112),
    ('depthwise', 56, 64, 640), ('full', 56, 128, 8320),
    ('depthwise', 56, 128, 1280), ('full', 56, 128, 16512),
    ('depthwise', 28, 128, 1280), ('full', 28, 256, 33024),
    ('depthwise', 28, 256, 2560), ('full', 28, 512, 131584),
    ('depthwise', 14, 512, 5120), ('full', 14, 512, 262656),
    ('depthwise', 14, 512, 5120), ('full', 14, 512, 262656),
    ('depthwise', 14, 512, 5120), ('full', 14, 512, 262656),
    ('depthwise', 14, 512, 5120),
    ('depthwise', 7, 512, 5120), ('full', 7, 1024, 525312),
]


def counted(weights):
    return sum(int(np.prod(weight.shape)) for weight in weights)


def test_the_separable_network_has_the_stated_layers():
    made = network('separable', 224)
    assert made.count_params() == 2_286_631
    assert counted(made.trainable_weights) == 2_272_935
    stages = [[]]
    for layer in made.layers[1:]:
        if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D):
            stages.append([])
        stages[-1].append(layer)
    *stages, last = stages[1:]
    tail = last[3:]
    stages.append(last[:3])
    found = []
    for convolution, normalisation, relu in stages:
        kind = 'depthwise' if isinstance(convolution, layers.DepthwiseConv2D) else 'full'
        _, height, width, channels = relu.output.shape
        assert (height, convolution.padding, convolution.use_bias) == (width, 'same', True)
        assert isinstance(relu, layers.ReLU)
        assert normalisation.count_params() == 4 * channels
        found.append((kind, height, channels, convolution.count_params()))
    assert found == SEPARABLE
    assert [(type(layer).__name__, layer.output.shape[1:], layer.count_params())
            for layer in tail] == [
        ('AveragePooling2D', (1, 1, 1024), 0), ('Dense', (1, 1, 700), 717500),
        ('Dropout', (1, 1, 700), 0), ('Flatten', (700,), 0), ('Dense', (7,), 4907)]


def test_weights_learnt_on_small_pictures_fit_large_ones():
    small, large = network('separable', 64), network('separable', 224)
    large.set_weights(small.get_weights())


@pytest.mark.parametrize('name', NETWORKS)
def test_every_network_gives_float32_logits_of_the_seven_emotions(name):
    made = network(name, 32, Style(precision='mixed_bfloat16'))
    logits = keras.ops.convert_to_numpy(made(np.zeros((2, 32, 32, 1), np.float32)))
    assert (logits.shape, logits.dtype) == ((2, 7), np.float32)
    assert {str(weight.dtype) for weight in made.weights} == {'float32'}


@pytest.mark.parametrize('name', ['compact', 'residual', 'separable'])
def test_the_shipped_networks_have_less_than_three_million_parameters(name):
    assert network(name, 32).count_params() < 3_000_000


def test_the_options_name_every_network():
    assert tuple(NETWORKS) == NETWORK_NAMES


@pytest.mark.parametrize('edge', [32, 40])
@pytest.mark.parametrize('name', ['compact', 'separable'])
def test_the_fastest_layers_do_what_keras_does(name, edge):
    if fastest_kinds() == LayerKinds():
        pytest.skip('where Keras runs on torch only')
    pictures = np.random.default_rng(1).normal(0, 1, (64, edge, edge, 1)).astype(np.float32)
    plain, fast = (
        network(name, edge, Style(dropout=0.0, kinds=kinds))
        for kinds in (LayerKinds(), fastest_kinds()))
    random = np.random.default_rng(2)
    plain.set_weights([
        weight * random.uniform(0.8, 1.2, weight.shape) + random.uniform(0, 0.01, weight.shape)
        for weight in plain.get_weights()])
    fast.set_weights(plain.get_weights())
    for training in True, False:
        expected, found = (
            keras.ops.convert_to_numpy(made(pictures, training=training))
            for made in (plain, fast))
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
        # The moving variance is that of a sample there, of all values here.
        for there, here in zip(plain.get_weights(), fast.get_weights(), strict=True):
            np.testing.assert_allclose(here, there, rtol=2 / 64, atol=1e-4)
        fast.set_weights(plain.get_weights())
