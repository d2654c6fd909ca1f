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
"""Multiply-accumulates of LiteRT networks, from the operations and shapes in their files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import math
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ai_edge_litert.interpreter import Interpreter, OpResolverType
from fer_ros.core.classification import classifier
from fer_ros.core.networks import mediapipe_network
from fer_ros.core.networks.mediapipe_files import NetworkFile, read_network

NOT_COUNTED = ('TRANSPOSE_CONV', 'CONV_3D', 'CONV_3D_TRANSPOSE', 'BATCH_MATMUL')
"""Operations with multiply-accumulates that none of the networks has."""


def multiply_accumulates(**model: Any) -> int:
    """
    Return the multiply-accumulates of one run of a network, for a batch of one.

    Convolutions and fully connected layers are counted, with all their weights: zeros of a sparse
    network count too. Other operations, such as additions and activations, count as none.

    :param model: `model_path` or `model_content`, as for `Interpreter`.
    :raises ValueError: if the network has an operation that this function does not know.
    """
    # A delegate such as XNNPACK would replace the operations by one of its own.
    interpreter = Interpreter(
        **model, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    interpreter.allocate_tensors()
    shapes = {
        tensor['index']: [int(n) for n in tensor['shape']]
        for tensor in interpreter.get_tensor_details()}
    total = 0
    for operation in interpreter._get_ops_details():
        name = operation['op_name']
        if name in NOT_COUNTED:
            raise ValueError(f'the multiply-accumulates of {name} cannot be counted')
        if name in ('CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED'):
            weights = shapes[operation['inputs'][1]]
            outputs = math.prod(shapes[operation['outputs'][0]])
            # Shapes of the weights: (out, rows, columns, in), (1, rows, columns, out), (out, in).
            total += outputs * math.prod(
                weights[1:-1] if name == 'DEPTHWISE_CONV_2D' else weights[1:])
    return total


class Calls:
    """Counts the calls of each network and its multiply-accumulates."""

    def __init__(self) -> None:
        """Start at zero."""
        self.network_macs: dict[str, int] = {}
        """Multiply-accumulates of one call for one face or image, by network."""
        self.rows: dict[str, int] = {}
        """Number of views or crops that each network processed."""

    def reset(self) -> None:
        """Start at zero again."""
        self.rows = dict.fromkeys(self.network_macs, 0)

    def interpreter(self, name: str, model: dict[str, Any], **others: Any) -> Interpreter:
        """Return an interpreter whose calls are counted."""
        self.network_macs[name] = multiply_accumulates(**model)
        self.rows.setdefault(name, 0)
        calls = self

        class Counting(Interpreter):  # type: ignore[misc]
            def invoke(self) -> None:
                calls.rows[name] += int(self.get_input_details()[0]['shape'][0])
                super().invoke()
        return Counting(**model, **others)


@contextmanager
def counted_calls() -> Iterator[Calls]:
    """Count the calls of the networks that are loaded within this context."""
    calls = Calls()

    def of_mediapipe(file: NetworkFile, instead: str) -> Interpreter:
        content, _ = read_network(file)
        interpreter = calls.interpreter(
            Path(file.name).stem, {'model_content': content}, num_threads=1)
        interpreter.allocate_tensors()
        return interpreter

    def of_classifier(model_content: bytes, **others: Any) -> Interpreter:
        return calls.interpreter('classifier', {'model_content': model_content}, **others)
    with (patch.object(mediapipe_network, '_loaded', of_mediapipe),
          patch.object(classifier, 'Interpreter', of_classifier)):
        yield calls
