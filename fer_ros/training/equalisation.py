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

"""Equalises the ranges of a network's channels, so that int8 represents all of them well."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.training.network_input import NetworkInput
import keras
from keras import layers
import numpy as np
import numpy.typing as npt

_KEEP_CHANNELS = (layers.AveragePooling2D, layers.GlobalAveragePooling2D, layers.Dropout)
_MIX_CHANNELS = (layers.Conv2D, layers.Dense)
_MAX_FACTOR = 100.0
"""Limit of the factors, so that the weights still fit into float16."""


def equalise(network: keras.Model, faces: NetworkInput) -> None:
    """
    Divide channels by factors and multiply the next layer's weights; the answers do not change.

    An int8 network has one scale for all output channels of a layer. If one channel has a much
    larger range, the others lose precision. The output of a ReLU after a batch normalisation can
    be divided by any positive factor per channel if the weights of the only following layer are
    multiplied by it (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and
    Bias Correction", section 4.1). Before a depthwise convolution, whose weights have one scale
    per channel, the factor is the largest value of the channel. Before other layers it is the
    square root of the largest value divided by the largest weight, which makes both ranges equal.

    :param faces: input for faces from which the largest values are taken.
    """
    pairs = list(_pairs(network))
    if not pairs:
        return
    largest = keras.Model(
        network.input, [layers.GlobalMaxPooling2D()(relu.output) for _, relu, _ in pairs])
    found = keras.tree.flatten(largest.predict(faces, batch_size=64, verbose=0))
    for (normalisation, _, following), values in zip(pairs, found, strict=True):
        kernel, *bias = following.get_weights()
        factors = _factors(values.max(axis=0), following, kernel)
        gain, shift, *moments = normalisation.get_weights()
        normalisation.set_weights([gain / factors, shift / factors, *moments])
        # The second last axis of a kernel is that of its input channels.
        following.set_weights([kernel * factors[:, np.newaxis], *bias])


def _factors(
    values: npt.NDArray[np.float32], following: keras.Layer, kernel: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """Return the factor of each channel from its largest value; their geometric mean is 1."""
    weights = np.ones_like(values)
    power = 1.0
    if isinstance(following, _MIX_CHANNELS):
        weights = np.abs(kernel).max(axis=-1).reshape(-1, len(values)).max(axis=0)
        power = 0.5
    # A channel that is always zero needs no factor.
    used = (values > 0) & (weights > 0)
    logarithms = power * np.log(np.divide(values, weights, out=np.ones_like(values), where=used))
    if used.any():
        logarithms[used] -= logarithms[used].mean()
    return np.asarray(
        np.clip(np.exp(logarithms), 1 / _MAX_FACTOR, _MAX_FACTOR), np.float32)


def _pairs(network: keras.Model) -> Iterator[tuple[keras.Layer, keras.Layer, keras.Layer]]:
    """Yield each batch normalisation with its ReLU and the only layer that follows."""
    for normalisation in network.layers:
        if not isinstance(normalisation, layers.BatchNormalization):
            continue
        relu = _only_user(network, normalisation)
        if not isinstance(relu, layers.ReLU) or relu.max_value is not None or relu.threshold:
            continue
        following = _only_user(network, relu)
        while isinstance(following, _KEEP_CHANNELS):
            following = _only_user(network, following)
        if isinstance(following, (layers.DepthwiseConv2D, *_MIX_CHANNELS)):
            yield normalisation, relu, following


def _only_user(network: keras.Model, layer: keras.Layer) -> keras.Layer | None:
    """Return the layer that uses the output of another; None unless there is exactly one."""
    users = [
        other for other in network.layers if not isinstance(other, layers.InputLayer)
        and any(given is layer.output for given in keras.tree.flatten(other.input))]
    return users[0] if len(users) == 1 else None
