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

"""A parameter file means the same to a node, in any namespace, as to `fer live`."""

import subprocess
import sys

from fer_ros.nodes.base.parameter_arguments import log_mistakes, plain_sections_for_all
from fer_ros.nodes.face_node import FaceNode
from fer_ros.parameters.parameter_files import read_config
from graph import DEADLINE_S, wait_until
import pytest
from rcl_interfaces.srv import GetParameters
import rclpy
from rclpy.node import Node

SECTIONS = (
    'face_node', '/face_node', 'robot/face_node', '/robot/face_node', '/**/face_node', '/**', '/*',
    '/*/face_node', '/robot/**', '/robot/*', '**/face_node', '*/face_node', '/*/**', '/**/*',
    '/a/b/face_node', '/**/robot/face_node', '/robot', '/a/**', '**', '/a/*/face_node',
    'emotion_node', '/**/emotion_node')


def text(*sections):
    """Return a file that sets crop_size of each section to another number."""
    return ''.join(
        f"'{name}':\n  ros__parameters:\n    crop_size: {20 + number}\n"
        for number, name in enumerate(sections))


def read_by_node(arguments, namespace):
    """Return crop_size as a node gets it from the arguments, None without it."""
    context = rclpy.Context()
    words = ['face_node', '--ros-args', *arguments, '-r', f'__ns:={namespace or "/"}']
    with plain_sections_for_all(words) as changed:
        rclpy.init(args=changed, context=context)
    try:
        node = Node(
            'face_node', context=context, automatically_declare_parameters_from_overrides=True)
        found = node.get_parameter_or('crop_size').value
        node.destroy_node()
    finally:
        rclpy.shutdown(context=context)
    return found


@pytest.mark.parametrize('namespace', ['', '/robot', '/a/b'])
@pytest.mark.parametrize('sections', [
    *((name,) for name in SECTIONS),
    ('face_node', '/**'), ('/**', 'face_node'), ('face_node', '/robot/face_node'),
    ('/robot/face_node', '/**/face_node', 'face_node'), ('face_node', '/**/face_node'),
], ids='+'.join)
def test_a_node_reads_what_fer_live_reads(tmp_path, sections, namespace):
    path = tmp_path / 'a.yaml'
    path.write_text(text(*sections))
    expected = read_config(path, namespace)['face_node'].get('crop_size')
    assert read_by_node(['--params-file', str(path)], namespace) == expected


def test_the_last_argument_wins(tmp_path):
    path = tmp_path / 'a.yaml'
    path.write_text(text('face_node'))
    file = ['--params-file', str(path)]
    assert read_by_node([*file, '-p', 'crop_size:=60'], '/robot') == 60
    assert read_by_node(['-p', 'crop_size:=60', *file], '/robot') == 20
    other = tmp_path / 'b.yaml'
    other.write_text(text('overlay_node', 'face_node'))
    assert read_by_node([*file, '--params-file', str(other)], '/robot') == 21
    assert read_by_node(['--params-file', str(other), *file], '/robot') == 20


def test_a_broken_file_is_left_to_ros(tmp_path):
    path = tmp_path / 'a.yaml'
    path.write_text('face_node: [1, 2\n')
    with plain_sections_for_all(['--ros-args', '--params-file', str(path)]) as changed:
        assert changed == ['--ros-args', '--params-file', str(path)]


def test_a_node_names_the_mistakes_that_concern_it(graph, tmp_path):
    path = tmp_path / 'a.yaml'
    path.write_text(text('faces_node', 'emotionnode', '/arm/gripper', '/left/face_node'))
    node = graph.add(FaceNode, namespace='/robot')
    log_mistakes([node], ['face_node', '--ros-args', '--params-file', str(path)])
    graph.wait_for_log(str(path), "did you mean 'face_node'?")
    graph.wait_for_log('/left/face_node does not count for /robot/face_node')
    graph.wait_for_log('sets nothing for a node of fer_ros in the namespace /robot')
    assert not graph.log("did you mean 'emotion_node'")
    assert len(graph.log(str(path))) == 3


@pytest.mark.slow
@pytest.mark.parametrize('module', ['fer_ros.nodes.overlay_node', 'pipeline'])
def test_the_executables_read_plain_sections_in_a_namespace(graph, tmp_path, module):
    path = tmp_path / 'a.yaml'
    path.write_text('overlay_node:\n  ros__parameters:\n    jpeg_quality: 33\n')
    command = (
        ['-c', 'from fer_ros.nodes.main import pipeline; pipeline()', 'overlay_node']
        if module == 'pipeline' else ['-m', module])
    client = graph.do(
        graph.probe.create_client, GetParameters, '/robot/overlay_node/get_parameters')
    process = subprocess.Popen(
        [sys.executable, *command, '--ros-args', '-r', '__ns:=/robot', '--params-file', str(path)])
    try:
        wait_until(client.service_is_ready, deadline_s=3 * DEADLINE_S)
        answer = graph.do(client.call_async, GetParameters.Request(names=['jpeg_quality']))
        wait_until(answer.done)
        assert answer.result().values[0].integer_value == 33
    finally:
        process.terminate()
        assert process.wait(DEADLINE_S) == 0
