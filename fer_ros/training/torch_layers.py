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
Faster layers for trainings on the torch backend of Keras.

The layers of Keras copy all images into another memory order around each convolution, add the bias
separately, and use several operations for the normalisation. These layers use one operation of
PyTorch each, which is faster for `separable` (docs/benchmarks.md, `tools/time_training.py`).
Weights and results are the same, so a network that was trained with these layers is saved with
Keras' own.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers
import torch
from torch.nn import functional


class TorchConv2D(layers.Conv2D):  # type: ignore[misc]
    """Convolution with padding `same`."""

    def call(self, inputs: Any) -> Any:
        """Convolve (N, H, W, C)."""
        kernel = keras.ops.convert_to_tensor(self.kernel).permute(3, 2, 0, 1)
        return _convolved(self, inputs, kernel, groups=1)


class TorchDepthwiseConv2D(layers.DepthwiseConv2D):  # type: ignore[misc]
    """Depthwise convolution with padding `same` and a depth multiplier of 1."""

    def call(self, inputs: Any) -> Any:
        """Convolve each channel of (N, H, W, C) separately."""
        kernel = keras.ops.convert_to_tensor(self.kernel).permute(2, 3, 0, 1)
        return _convolved(self, inputs, kernel, groups=kernel.shape[0])


class TorchBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalisation that uses the operation of PyTorch during the training."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise (N, H, W, C) by the statistics of the batch, or by the moving ones."""
        if not training:
            return super().call(inputs, training=False, mask=mask)
        normalised = functional.batch_norm(
            inputs.permute(0, 3, 1, 2), self.moving_mean.value.detach(),
            self.moving_variance.value.detach(), self.gamma.value, self.beta.value,
            training=True, momentum=1 - self.momentum, eps=self.epsilon)
        return normalised.permute(0, 2, 3, 1)


def _convolved(layer: Any, inputs: Any, kernel: Any, groups: int) -> Any:
    """Return (N, H', W', F); PyTorch reads the same memory as (N, C, H, W)."""
    pixels = inputs.permute(0, 3, 1, 2)
    around = [
        max((math.ceil(edge / stride) - 1) * stride + size - edge, 0)
        for edge, size, stride in zip(
            pixels.shape[2:], layer.kernel_size, layer.strides, strict=True)]
    if any(whole % 2 for whole in around):
        # As in TensorFlow, the odd row or column is added at the end.
        top, left = (whole // 2 for whole in around)
        pixels = functional.pad(pixels, (left, around[1] - left, top, around[0] - top))
        around = [0, 0]
    bias = keras.ops.convert_to_tensor(layer.bias) if layer.use_bias else None
    convolved = functional.conv2d(
        pixels, kernel.contiguous(memory_format=torch.channels_last), bias, layer.strides,
        [whole // 2 for whole in around], groups=groups)
    return layer.activation(convolved.permute(0, 2, 3, 1))
