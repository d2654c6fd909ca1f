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

"""Parameter files mean the same to `fer`, which needs no ROS, and to the nodes, which use rcl."""

import math

from fer_ros.core.yaml_values import dump_yaml, load_yaml
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions
from fer_ros.parameters.parameter_files import load_options
import pytest
import rclpy
from rclpy.node import Node
from yaml_texts import VALUES


def read_by_rcl(path):
    """Return the parameters that a node gets from a file."""
    context = rclpy.Context()
    rclpy.init(args=['--ros-args', '--params-file', str(path)], context=context)
    try:
        node = Node(
            'reader', context=context, automatically_declare_parameters_from_overrides=True)
        found = {name: node.get_parameter(name).value for name in node._parameters}
        node.destroy_node()
    finally:
        rclpy.shutdown(context=context)
    return found


def test_rcl_gives_plain_values_the_same_types(tmp_path):
    path = tmp_path / 'a.yaml'
    lines = [f'p{k}: {text}' for k, (text, _) in enumerate(VALUES)]
    lines += ['undefined: .nan', 'y: 1', 'n: {on: 2}']
    path.write_text('\n    '.join(['reader:\n  ros__parameters:', *lines]) + '\n')
    found = read_by_rcl(path)
    mine = load_yaml(path.read_text())['reader']['ros__parameters']
    # Names are texts.
    assert (found['y'], found['n.on']) == (mine['y'], mine['n']['on']) == (1, 2)
    assert math.isnan(found['undefined'])
    assert math.isnan(mine['undefined'])
    for k, (text, value) in enumerate(VALUES):
        for read in (found[f'p{k}'], mine[f'p{k}']):
            assert (type(read), read) == (type(value), value), text


def test_rcl_reads_what_is_written_for_the_nodes(tmp_path):
    values = {f'p{k}': value for k, (_, value) in enumerate(VALUES)}
    # Texts that look like numbers, as names of files or models may.
    values.update({f't{k}': text for k, (text, _) in enumerate(VALUES)})
    path = tmp_path / 'a.yaml'
    path.write_text(dump_yaml({'/**/reader': {'ros__parameters': values}}))
    found = read_by_rcl(path)
    assert {name: (type(found[name]), found[name]) for name in values} == {
        name: (type(value), value) for name, value in values.items()}


@pytest.mark.parametrize(('kind', 'options', 'lines'), [
    (FaceNode, FaceNodeOptions, ['input.max_delay_s: 5e-1', 'tracker.timeout_s: 1E0']),
    (EmotionNode, EmotionNodeOptions, ['smoothing_s: 1e-1', 'mirrored: y', 'model: "1e3"']),
])
def test_a_node_and_the_pipeline_have_the_same_options(graph, tmp_path, kind, options, lines):
    path = tmp_path / 'a.yaml'
    path.write_text('\n    '.join(['/**:\n  ros__parameters:', *lines]) + '\n')
    node = graph.add(kind, '--params-file', str(path))
    expected = load_options(path, node.get_name(), options)
    assert expected != options()
    assert expected.to_mapping() == {
        row.name: node.get_parameter(row.name).value for row in options.table()}
