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

"""LiteRT models of one layer, small enough to compute by hand, and cards for them."""

import hashlib

from ai_edge_litert import schema_py_generated as schema
from fer_ros.core.emotions import LABELS
import flatbuffers
import numpy as np
import yaml

EDGE = 4

# What the whole numbers stand for in models of int8: value = (number - zero point) * scale.
INPUT_SCALE, INPUT_ZERO = 2 / 255, -1
WEIGHT_SCALE = 1 / 127
OUTPUT_SCALE, OUTPUT_ZERO = 12 / 255, 3


def linear_weights(outputs=7, edge=EDGE, seed=7):
    """Return weights (outputs, edge * edge) in [-1, 1] and biases (outputs,) in [-1, 1]."""
    random = np.random.default_rng(seed)
    weights = random.uniform(-1, 1, (outputs, edge * edge)).astype(np.float32)
    return weights, random.uniform(-1, 1, outputs).astype(np.float32)


def linear_model(
        weights, bias, *, edge=EDGE, whole_numbers=False, batch=-1, plain_integers=False,
        mesh_weights=None):
    """
    Return a LiteRT file that computes `weights @ picture + bias`.

    :param mesh_weights: (outputs, 288), None for a model without the second input; the model of
        float32 adds `mesh_weights @ features`.
    :param whole_numbers: int8 for input, weights and output.
    :param batch: -1: any number of pictures.
    :param plain_integers: the input is int32 that stands for nothing but itself.
    """
    outputs = len(bias)
    buffers = [schema.BufferT()]
    tensors = []

    def tensor(name, shape, kind, data=None, scale=None, zero=0):
        if data is not None:
            buffers.append(schema.BufferT(data=np.frombuffer(data.tobytes(), np.uint8)))
        quantization = None
        if scale is not None:
            quantization = schema.QuantizationParametersT(scale=[scale], zeroPoint=[zero])
        tensors.append(schema.TensorT(
            shape=[abs(n) for n in shape], shapeSignature=list(shape), type=kind, name=name,
            buffer=len(buffers) - 1 if data is not None else 0, quantization=quantization))

    types = schema.TensorType
    if whole_numbers:
        whole_weights = np.rint(weights / WEIGHT_SCALE).astype(np.int8)
        whole_bias = np.rint(bias / (INPUT_SCALE * WEIGHT_SCALE)).astype(np.int32)
        tensor('image', (batch, edge, edge, 1), types.INT8, None, INPUT_SCALE, INPUT_ZERO)
        tensor('weights', weights.shape, types.INT8, whole_weights, WEIGHT_SCALE)
        tensor('bias', bias.shape, types.INT32, whole_bias, INPUT_SCALE * WEIGHT_SCALE)
        tensor('logits', (batch, outputs), types.INT8, None, OUTPUT_SCALE, OUTPUT_ZERO)
    else:
        tensor('image', (batch, edge, edge, 1), types.FLOAT32)
        tensor('weights', weights.shape, types.FLOAT32, weights)
        tensor('bias', bias.shape, types.FLOAT32, bias)
        tensor('logits', (batch, outputs), types.FLOAT32)
    layer = schema.OperatorT(
        inputs=[0, 1, 2], outputs=[3],
        builtinOptionsType=schema.BuiltinOptions.FullyConnectedOptions,
        builtinOptions=schema.FullyConnectedOptionsT())
    operators, entries, output = [layer], [0], 3
    if mesh_weights is not None:
        tensor('mesh', (batch, 288), types.FLOAT32)
        tensor('mesh_weights', mesh_weights.shape, types.FLOAT32, mesh_weights)
        tensor('from_mesh', (batch, outputs), types.FLOAT32)
        tensor('sum', (batch, outputs), types.FLOAT32)
        operators += [
            schema.OperatorT(
                inputs=[4, 5, -1], outputs=[6],
                builtinOptionsType=schema.BuiltinOptions.FullyConnectedOptions,
                builtinOptions=schema.FullyConnectedOptionsT()),
            schema.OperatorT(
                opcodeIndex=2, inputs=[3, 6], outputs=[7],
                builtinOptionsType=schema.BuiltinOptions.AddOptions,
                builtinOptions=schema.AddOptionsT())]
        # In the other order than the card, which LiteRT permits.
        entries, output = [4, 0], 7
    if plain_integers:
        tensor('integers', (batch, edge, edge, 1), types.INT32)
        entries = [len(tensors) - 1]
        operators.insert(0, schema.OperatorT(opcodeIndex=1, inputs=entries, outputs=[0]))
    kinds = schema.BuiltinOperator
    codes = kinds.FULLY_CONNECTED, kinds.CAST, kinds.ADD
    model = schema.ModelT(
        version=3, buffers=buffers,
        operatorCodes=[
            schema.OperatorCodeT(builtinCode=code, deprecatedBuiltinCode=code, version=version)
            for code, version in zip(codes, (4, 1, 1), strict=True)],
        subgraphs=[schema.SubGraphT(
            tensors=tensors, inputs=entries, outputs=[output], operators=operators)])
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b'TFL3')
    return bytes(builder.Output())


def file_fields(name, content):
    """Return what a card says of a file."""
    return {
        'file': name, 'size_bytes': len(content), 'sha256': hashlib.sha256(content).hexdigest()}


def card_fields(files, /, **changes):
    """
    Return the fields of a correct card.

    :param files: the card's mapping of files.
    :param changes: new values by field; names may have dots, None removes the field.
    """
    fields = {
        'name': 'tiny', 'version': '0.1.0', 'description': 'One layer.', 'files': files,
        'input': {'width': EDGE, 'height': EDGE, 'channels': 1},
        'preprocessing': {'scale': 1 / 127.5, 'offset': -1.0, 'framing': 'fer2013'},
        'output': {'kind': 'logits'},
        'labels': list(LABELS), 'terms': 'none',
    }
    return changed(fields, changes)


def evaluation_fields(**changes):
    """Return the fields of a correct evaluation file; for changes see `card_fields`."""
    fields = {'parameters': 119, 'data': 'none', 'training': 'none', 'figures': {}}
    return changed(fields, changes)


def changed(fields, changes):
    """Set or remove fields, and return the mapping."""
    for name, value in changes.items():
        *groups, last = name.split('.')
        place = fields
        for group in groups:
            place = place[group]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return fields


def write_model(folder, model=None, *, int8=None, evaluation=None, **changes):
    """
    Write a model, its card and its evaluation file into a folder, and return the card's path.

    :param model: content of the float32 file; by default a correct model.
    :param int8: content of a second file, of whole numbers.
    :param evaluation: changes to the evaluation file, see `card_fields`.
    :param changes: changes to the card, see `card_fields`.
    """
    model = linear_model(*linear_weights()) if model is None else model
    files = {'float32': file_fields('model.tflite', model)}
    (folder / 'model.tflite').write_bytes(model)
    if int8 is not None:
        files['int8'] = file_fields('model_int8.tflite', int8)
        (folder / 'model_int8.tflite').write_bytes(int8)
    card = folder / 'model.yaml'
    card.write_text(yaml.safe_dump(card_fields(files, **changes)))
    fields = evaluation_fields(**(evaluation or {}))
    (folder / 'evaluation.yaml').write_text(yaml.safe_dump(fields))
    return card
