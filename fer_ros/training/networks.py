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

"""Networks that tell the seven emotions apart."""

from __future__ import annotations

from fer_ros.core.emotions import LABELS
import keras
from keras import layers


def residual_cnn(
    edge: int = 48, *, dropout: float = 0.3, precision: str = 'float32',
) -> keras.Model:
    """
    Return a compact residual network (He et al. 2016) without weights from elsewhere.

    Only convolutions, batch normalisation, ReLU and averages, so that it also works well in whole
    numbers.

    :param edge: of the grey input in pixels.
    :param precision: Keras' dtype policy for the inside; the weights and the output are always
        float32.
    :return: (N, edge, edge, 1) float32 to (N, 7) logits in the order of `LABELS`.
    """
    image = layers.Input((edge, edge, 1), name='image')
    x = _convolution(image, 24, precision=precision)
    x = _convolution(x, 48, stride=2, precision=precision)
    x = _residual(x, 48, precision=precision)
    x = _residual(x, 96, stride=2, precision=precision)
    x = _residual(x, 96, precision=precision)
    x = _residual(x, 192, stride=2, precision=precision)
    x = layers.GlobalAveragePooling2D(dtype='float32')(x)
    x = layers.Dropout(dropout, dtype='float32')(x)
    logits = layers.Dense(len(LABELS), dtype='float32', name='logits')(x)
    return keras.Model(image, logits, name=f'residual_cnn{edge}')


def _convolution(
    x: keras.KerasTensor, filters: int, *, size: int = 3, stride: int = 1, relu: bool = True,
    first_gain: str = 'ones', precision: str,
) -> keras.KerasTensor:
    x = layers.Conv2D(
        filters, size, strides=stride, padding='same', use_bias=False,
        kernel_initializer='he_normal', dtype=precision)(x)
    x = layers.BatchNormalization(momentum=0.97, gamma_initializer=first_gain, dtype=precision)(x)
    return layers.ReLU(dtype=precision)(x) if relu else x


def _residual(
    x: keras.KerasTensor, filters: int, *, stride: int = 1, precision: str,
) -> keras.KerasTensor:
    y = _convolution(x, filters, stride=stride, precision=precision)
    # A branch that starts at zero lets a freshly made network learn at a high rate (Goyal et al.
    # 2017, 5.1).
    y = _convolution(y, filters, relu=False, first_gain='zeros', precision=precision)
    if stride > 1:
        x = layers.AveragePooling2D(stride, dtype=precision)(x)
    if x.shape[-1] != filters:
        x = _convolution(x, filters, size=1, relu=False, precision=precision)
    return layers.ReLU(dtype=precision)(layers.Add(dtype=precision)([x, y]))
