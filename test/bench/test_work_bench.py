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
"""Multiply-accumulates against hand calculations, and the calls of the networks."""

from ai_edge_litert import schema_py_generated as schema
from fer_ros.bench import work_bench
from fer_ros.bench.counted_processes import by_library, ToolError
from fer_ros.bench.network_work import counted_calls, multiply_accumulates
from fer_ros.bench.work_scenes import Scene
from fer_ros.bench.work_worker import pipeline, process
import flatbuffers
import numpy as np
import pytest
from tiny_models import EDGE, linear_model, linear_weights

OPERATORS = schema.BuiltinOperator
TYPES = schema.TensorType


def convolutions():
    """
    Return a network of two layers: 3x3 with stride 2, then 3x3 of each channel.

    Its sizes are 8x8x3, 4x4x5 and 4x4x5.
    """
    shapes = [(1, 8, 8, 3), (5, 3, 3, 3), (5,), (1, 4, 4, 5), (1, 3, 3, 5), (5,), (1, 4, 4, 5)]
    buffers, tensors = [schema.BufferT()], []
    for number, shape in enumerate(shapes):
        if number in (1, 2, 4, 5):
            data = np.zeros(shape, np.float32).tobytes()
            buffers.append(schema.BufferT(data=np.frombuffer(data, np.uint8)))
        tensors.append(schema.TensorT(
            shape=list(shape), type=TYPES.FLOAT32, name=str(number),
            buffer=len(buffers) - 1 if number in (1, 2, 4, 5) else 0))
    first = schema.OperatorT(
        opcodeIndex=0, inputs=[0, 1, 2], outputs=[3],
        builtinOptionsType=schema.BuiltinOptions.Conv2DOptions,
        builtinOptions=schema.Conv2DOptionsT(
            padding=schema.Padding.SAME, strideW=2, strideH=2, dilationWFactor=1,
            dilationHFactor=1))
    second = schema.OperatorT(
        opcodeIndex=1, inputs=[3, 4, 5], outputs=[6],
        builtinOptionsType=schema.BuiltinOptions.DepthwiseConv2DOptions,
        builtinOptions=schema.DepthwiseConv2DOptionsT(
            padding=schema.Padding.SAME, strideW=1, strideH=1, depthMultiplier=1,
            dilationWFactor=1, dilationHFactor=1))
    model = schema.ModelT(
        version=3, buffers=buffers,
        operatorCodes=[
            schema.OperatorCodeT(builtinCode=code, deprecatedBuiltinCode=code, version=1)
            for code in (OPERATORS.CONV_2D, OPERATORS.DEPTHWISE_CONV_2D)],
        subgraphs=[schema.SubGraphT(
            tensors=tensors, inputs=[0], outputs=[6], operators=[first, second])])
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b'TFL3')
    return bytes(builder.Output())


@pytest.mark.parametrize('whole_numbers', [False, True])
def test_a_fully_connected_layer(whole_numbers):
    model = linear_model(*linear_weights(outputs=7), whole_numbers=whole_numbers)
    assert multiply_accumulates(model_content=model) == 7 * EDGE * EDGE


def test_convolutions():
    # 4x4 places with 5 channels; 3x3 weights of 3 channels, then of 1 channel.
    assert multiply_accumulates(model_content=convolutions()) == 80 * 27 + 80 * 9


def test_the_calls_in_a_clip_are_those_of_the_schedule():
    scene = Scene('sample')
    with counted_calls() as calls, pipeline('live') as own:
        process(own, scene, 0, 9, scene.rate_hz)
        assert calls.rows['face_detection_full_range_sparse'] >= 3
        calls.reset()
        process(own, scene, 9, 15, scene.rate_hz)
        # Two faces have ten turns per second, two in six images; one that has not changed waits.
        assert 1 <= calls.rows['classifier'] <= 4
        # Every third image is searched; in all images each face has its landmarks.
        assert calls.rows['face_landmark'] >= 2 * 4
    assert set(calls.rows) == set(calls.network_macs)


def test_the_still_scene_has_noise_and_no_motion():
    scene = Scene('still')
    first, second = (scene.image(index).astype(float) for index in (0, 1))
    assert 2 < (first - second).std() < 4
    assert abs((first - second).mean()) < 0.1
    np.testing.assert_array_equal(scene.image(0), scene.image(16))


PROFILE = """\
# callgrind format
events: Ir

ob=(1) /usr/lib/libpython3.11.so.1.0
fn=(1) run
12 100
cob=(2) /venv/ai_edge_litert/libpywrap_litert_common.so
cfn=(2) invoke
calls=1 0
12 5000
+1 50

ob=(2)
fn=(2)
0 4000
cob=(3) /venv/cv2/cv2.abi3.so
cfn=(3) warp
calls=2 0
* 1000

ob=(3)
fn=(3)
-3 1000
ob=(4) /usr/lib/libfoo.so
0 7
totals: 5157
"""


def test_instructions_by_library():
    counts = by_library(PROFILE)
    assert {name: count for name, count in counts.items() if count} == {
        'all': 5157, 'Python': 150, 'networks (LiteRT)': 4000, 'OpenCV': 1000, 'others': 7}


def test_what_cannot_be_counted_is_named(monkeypatch):
    def missing(*_):
        raise ToolError('valgrind is not installed')
    monkeypatch.setattr(work_bench, 'instructions', missing)
    monkeypatch.setattr(work_bench, 'copied_bytes', missing)
    monkeypatch.setattr(work_bench, 'CONFIGS', {'live': 30.0})
    monkeypatch.setattr(work_bench, 'SECONDS', 0.2)
    monkeypatch.setattr(work_bench, 'WARM_UP_S', 0.2)
    figures = work_bench.run()
    assert figures['left_out'] == dict.fromkeys(
        ('instructions', 'copied bytes'), 'valgrind is not installed')
    sample = figures['calls']['live, sample']
    assert sample['mmacs_per_image'] == pytest.approx(sum(sample['by_network'].values()))
    assert sample['mmacs_per_face_and_image'] == pytest.approx(sample['mmacs_per_image'] / 2)
