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

"""
Architectures of the networks.

Each maps images (N, edge, edge, 1) float32 to (N, 7) logits in the order of `LABELS`. The pipeline
applies the softmax. A network can also receive the features of the face mesh, (N, 288); rows of
zeros mean that there is no mesh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fer_ros.core.emotions import LABELS
from fer_ros.core.landmarks.mesh_features import FEATURE_COUNT
import keras
from keras import layers
import numpy as np
import numpy.typing as npt

LOGITS = 'logits'
"""Name of the last layer."""

_MESH = 'mesh_'
"""Begin of the names of the layers that only see the mesh."""

_WHITENING = f'{_MESH}whitening'
_WHITENED = 192
"""Directions of the largest variance that are kept of the 288."""

_NOISE_VARIANCE = 0.03
"""It is added to each direction's variance, so that small ones are not blown up to noise."""

_MESH_NOISE = 0.3
_MESH_UNITS = 256


@dataclass(frozen=True)
class LayerKinds:
    """The classes of the layers that take most of the time of a training."""

    convolution: type[layers.Conv2D] = layers.Conv2D
    depthwise: type[layers.DepthwiseConv2D] = layers.DepthwiseConv2D
    normalisation: type[layers.BatchNormalization] = layers.BatchNormalization


def fastest_kinds() -> LayerKinds:
    """Return the classes with which the current backend of Keras trains fastest."""
    if keras.backend.backend() != 'torch':
        return LayerKinds()
    from fer_ros.training import torch_layers
    return LayerKinds(
        torch_layers.TorchConv2D, torch_layers.TorchDepthwiseConv2D,
        torch_layers.TorchBatchNormalization)


@dataclass(frozen=True)
class Style:
    """
    Properties of a network that do not change its architecture.

    :param dropout: dropout rate before the last layer.
    :param precision: dtype policy of Keras for the inner layers; weights and output are float32.
    :param kinds: classes of the layers.
    """

    dropout: float = 0.3
    precision: str = 'float32'
    kinds: LayerKinds = LayerKinds()


def network(
    name: str, edge: int, style: Style = Style(), *, mesh: bool = False,
) -> keras.Model:
    """
    Return a network with random weights.

    :param name: one of `NETWORKS`.
    :param edge: edge of the input images in pixels.
    :param mesh: whether the second input is the features of the face mesh. Its whitening must be
        set before the training, see `set_whitening`.
    """
    inputs = [layers.Input((edge, edge, 1), name='image')]
    known = NETWORKS[name](inputs[0], style)
    if mesh:
        inputs.append(layers.Input((FEATURE_COUNT,), name='mesh'))
        known = layers.Concatenate(dtype='float32')([known, _shape_of_face(inputs[1], style)])
    logits = layers.Dense(len(LABELS), dtype='float32', name=LOGITS)(known)
    return keras.Model(inputs if mesh else inputs[0], logits, name=name)


def set_whitening(network: keras.Model, features: npt.NDArray[np.float32]) -> None:
    """
    Make the directions of the features of the mesh uncorrelated and, mostly, of variance 1.

    :param features: (N, 288), features of the training rows in which a mesh was found.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    variances, directions = np.linalg.eigh(np.cov(features.T, dtype=np.float64))
    # The last ones have the largest variance.
    scale = 1 / np.sqrt(variances[-_WHITENED:] + _NOISE_VARIANCE)
    kernel = directions[:, -_WHITENED:] * scale
    network.get_layer(_WHITENING).set_weights([kernel, -mean @ kernel])


def start_from(network: keras.Model, earlier: keras.Model) -> None:
    """
    Take over the weights of an earlier network of the same name.

    If only the new one receives the mesh, it answers at first as the earlier one.
    """
    if len(network.inputs) == len(earlier.inputs):
        network.set_weights(earlier.get_weights())
        return
    for own, known in zip(_image_layers(network), _image_layers(earlier), strict=True):
        own.set_weights(known.get_weights())
    kernel, bias = earlier.get_layer(LOGITS).get_weights()
    rows = network.get_layer(LOGITS).kernel.shape[0] - len(kernel)
    network.get_layer(LOGITS).set_weights([np.pad(kernel, ((0, rows), (0, 0))), bias])


def _image_layers(network: keras.Model) -> list[keras.Layer]:
    """Return the layers with weights that only see the image, in the order of their making."""
    return [
        layer for layer in network.layers
        if layer.weights and layer.name != LOGITS and not layer.name.startswith(_MESH)]


def _compact(
    image: keras.KerasTensor, style: Style, squeezed: bool = True,
) -> keras.KerasTensor:
    x = _convolution(image, style, 24)
    x = _convolution(x, style, 48, stride=2)
    return _head(_residual_stages(x, style, (48, 96, 192), (1, 2, 1), squeezed), style)


def _residual(image: keras.KerasTensor, style: Style) -> keras.KerasTensor:
    x = _convolution(image, style, 64, stride=2)
    return _head(_residual_stages(x, style, (64, 128, 208), (2, 2, 2)), style)


def _residual_light(image: keras.KerasTensor, style: Style) -> keras.KerasTensor:
    x = _convolution(image, style, 40, stride=2)
    return _head(_residual_stages(x, style, (40, 80, 160), (2, 2, 2)), style)


def _residual_wide(image: keras.KerasTensor, style: Style) -> keras.KerasTensor:
    x = _convolution(image, style, 96, stride=2)
    return _head(_residual_stages(x, style, (96, 192, 384), (2, 2, 2)), style)


def _separable(image: keras.KerasTensor, style: Style) -> keras.KerasTensor:
    """
    Return the 2,286,631-parameter network of depthwise-separable convolutions.

    It is designed for 224x224, where the last average is over 7x7; the weights fit any edge that
    is a multiple of 32.
    """
    x = _convolution(image, style, 32, stride=2, bias=True)
    pairs = (
        (64, 1), (128, 2), (128, 1), (256, 2), (512, 1), (512, 2), (512, 1), (512, 1))
    for filters, stride in pairs:
        x = _convolution(_depthwise(x, style, stride), style, filters, size=1, bias=True)
    x = _depthwise(_depthwise(x, style, 1), style, 2)
    x = _convolution(x, style, 1024, size=1, bias=True)
    x = layers.AveragePooling2D(x.shape[1], dtype='float32')(x)
    x = layers.Dense(700, dtype='float32')(x)
    x = layers.Dropout(style.dropout, dtype='float32')(x)
    return layers.Flatten(dtype='float32')(x)


NETWORKS: dict[str, Callable[[keras.KerasTensor, Style], keras.KerasTensor]] = {
    'compact': _compact,
    'residual': _residual,
    'residual_cnn48': partial(_compact, squeezed=False),
    'residual_light': _residual_light,
    'residual_wide': _residual_wide,
    'separable': _separable,
}
"""
From images to what the last layer sees, (N, C).

`compact` and `residual`, `_light` and `_wide`, are residual networks (He et al. 2016) with squeeze
and excitation (Hu et al. 2018). `residual_cnn48`, the network of `models/fer2013_cnn48`, is
`compact` without squeeze and excitation. `separable` follows MobileNet (Howard et al. 2017).
"""


def _head(x: keras.KerasTensor, style: Style) -> keras.KerasTensor:
    x = layers.GlobalAveragePooling2D(dtype='float32')(x)
    return layers.Dropout(style.dropout, dtype='float32')(x)


def _shape_of_face(mesh: keras.KerasTensor, style: Style) -> keras.KerasTensor:
    """Return what the last layer sees of the features of the mesh (N, 288)."""
    x = layers.Dense(_WHITENED, trainable=False, dtype='float32', name=_WHITENING)(mesh)
    x = layers.GaussianNoise(_MESH_NOISE, dtype='float32')(x)
    for place in range(2):
        x = layers.Dense(
            _MESH_UNITS, activation='relu', dtype='float32', name=f'{_MESH}dense_{place}')(x)
        x = layers.Dropout(style.dropout, dtype='float32')(x)
    return x


def _residual_stages(
    x: keras.KerasTensor, style: Style, widths: tuple[int, ...], depths: tuple[int, ...],
    squeezed: bool = True,
) -> keras.KerasTensor:
    for stage, (filters, depth) in enumerate(zip(widths, depths, strict=True)):
        for place in range(depth):
            x = _residual_block(x, style, filters, 2 if stage and not place else 1, squeezed)
    return x


def _residual_block(
    x: keras.KerasTensor, style: Style, filters: int, stride: int, squeezed: bool,
) -> keras.KerasTensor:
    y = _convolution(x, style, filters, stride=stride)
    # A residual branch that starts at zero permits a high initial learning rate (Goyal et al.
    # 2017, section 5.1).
    y = _convolution(y, style, filters, relu=False, first_gain='zeros')
    if squeezed:
        y = _squeezed(y, style)
    if stride > 1:
        x = layers.AveragePooling2D(stride, dtype=style.precision)(x)
    if x.shape[-1] != filters:
        x = _convolution(x, style, filters, size=1, relu=False)
    return layers.ReLU(dtype=style.precision)(layers.Add(dtype=style.precision)([x, y]))


def _squeezed(x: keras.KerasTensor, style: Style) -> keras.KerasTensor:
    channels, precision = x.shape[-1], style.precision
    gate = layers.GlobalAveragePooling2D(keepdims=True, dtype=precision)(x)
    convolution = style.kinds.convolution
    gate = convolution(channels // 8, 1, padding='same', activation='relu', dtype=precision)(gate)
    gate = convolution(channels, 1, padding='same', activation='sigmoid', dtype=precision)(gate)
    return layers.Multiply(dtype=precision)([x, gate])


def _convolution(
    x: keras.KerasTensor, style: Style, filters: int, *, size: int = 3, stride: int = 1,
    relu: bool = True, bias: bool = False, first_gain: str = 'ones',
) -> keras.KerasTensor:
    x = style.kinds.convolution(
        filters, size, strides=stride, padding='same', use_bias=bias,
        kernel_initializer='he_normal', dtype=style.precision)(x)
    return _normalised(x, style, relu, first_gain)


def _depthwise(x: keras.KerasTensor, style: Style, stride: int) -> keras.KerasTensor:
    x = style.kinds.depthwise(
        3, strides=stride, padding='same', depthwise_initializer='he_normal',
        dtype=style.precision)(x)
    return _normalised(x, style)


def _normalised(
    x: keras.KerasTensor, style: Style, relu: bool = True, first_gain: str = 'ones',
) -> keras.KerasTensor:
    x = style.kinds.normalisation(
        momentum=0.97, gamma_initializer=first_gain, dtype=style.precision)(x)
    return layers.ReLU(dtype=style.precision)(x) if relu else x
