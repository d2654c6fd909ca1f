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

"""Parameters: declared from the table, checked, changed at run time or refused with a sentence."""

from fer_msgs.msg import Emotion, EmotionArray, Face, FaceArray
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from fer_ros.parameters.node_options import NODE_OPTIONS
from graph import header, image_message, sample_message, wait_until
import numpy as np
import pytest
from rcl_interfaces.msg import Log, Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParameters
from sensor_msgs.msg import Image, RegionOfInterest

NODES = {
    'camera_node': CameraNode,
    'face_node': FaceNode,
    'emotion_node': EmotionNode,
    'overlay_node': OverlayNode,
}


def faces(stamp_ns, count=1):
    crop = np.random.default_rng(0).integers(0, 255, (96, 96)).astype(np.uint8)
    return FaceArray(
        header=header(stamp_ns),
        image_width=640,
        image_height=480,
        faces=[
            Face(
                track_id=k,
                state=Face.DETECTED,
                score=0.9,
                roi=RegionOfInterest(x_offset=10, y_offset=20, width=100, height=100),
                crop=image_message(crop, 'mono8', stamp_ns),
            )
            for k in range(1, count + 1)
        ],
    )


@pytest.mark.parametrize('name', NODES)
def test_every_row_of_the_table_is_declared_with_its_description(graph, name):
    node = graph.add(NODES[name])
    assert node.get_name() == name
    for row in NODE_OPTIONS[name].table():
        assert node.get_parameter(row.name).value == row.default
        descriptor = node.describe_parameter(row.name)
        assert row.description in descriptor.description
        assert row.unit in descriptor.description
        assert descriptor.additional_constraints == row.range


@pytest.mark.parametrize('name', NODES)
def test_descriptors_have_ranges_and_say_what_is_read_only(graph, name):
    """Tools such as rqt_reconfigure show sliders for them."""
    node = graph.add(NODES[name])
    client = graph.do(
        graph.probe.create_client, DescribeParameters, f'{name}/describe_parameters')
    assert client.wait_for_service(20)
    table = {row.name: row for row in NODE_OPTIONS[name].table()}
    future = client.call_async(DescribeParameters.Request(names=[*table, 'use_sim_time']))
    wait_until(future.done)
    *described, use_sim_time = future.result().descriptors
    assert use_sim_time.name == 'use_sim_time'
    ranges = 0
    for row, descriptor in zip(table.values(), described, strict=True):
        assert descriptor.name == row.name
        assert descriptor.read_only == row.read_only == (
            row.name in ('autostart', 'watchdog_s'))
        has_range = None not in (row.minimum, row.maximum)
        ranges += has_range
        found = [*descriptor.floating_point_range, *descriptor.integer_range]
        assert [(r.from_value, r.to_value) for r in found] == (
            [(row.minimum, row.maximum)] if has_range else [])
        assert len(descriptor.integer_range) == (has_range and row.type is int)
    assert ranges > 0
    assert node.describe_parameters([row.name for row in table.values()]) == described


def test_the_threshold_changes_at_run_time(graph):
    # The crop of the test is no face, so its quality is poor.
    node = graph.add(EmotionNode, rate_hz=0.0, min_confidence=0.0, min_quality=0.0)
    emotions = graph.listen(EmotionArray, 'emotions')
    speaker = graph.speaker(FaceArray, 'faces')
    graph.up(node)
    certain = graph.ask(speaker, faces(1), emotions, 1).emotions[0]
    assert certain.emotion == int(np.argmax(certain.probabilities))
    assert graph.set(node, min_confidence=1.0) == ''
    uncertain = graph.ask(speaker, faces(2), emotions, 2).emotions[0]
    assert uncertain.emotion == Emotion.UNKNOWN
    assert uncertain.label == 'unknown'
    assert uncertain.confidence == pytest.approx(certain.confidence, abs=1e-5)


def test_the_rate_changes_at_run_time(graph):
    node = graph.add(EmotionNode, rate_hz=1.0, max_age_s=0.0)
    emotions = graph.listen(EmotionArray, 'emotions')
    speaker = graph.speaker(FaceArray, 'faces')
    graph.up(node)

    def classified_at(stamp_ns):
        at = graph.ask(speaker, faces(stamp_ns), emotions, stamp_ns).emotions[0].classified_at
        return at.sec * 10**9 + at.nanosec

    first = 10**9
    assert classified_at(first) == first
    assert classified_at(first + 10**8) == first
    assert graph.set(node, rate_hz=0.0) == ''
    assert graph.set(node, input__max_delay_s=3.0) == ''
    assert node.worker.max_delay_s == 3.0
    assert classified_at(first + 5 * 10**9) == first + 5 * 10**9
    assert classified_at(first + 5 * 10**9 + 1) == first + 5 * 10**9 + 1


def test_the_number_of_faces_changes_at_run_time(graph):
    node = graph.add(FaceNode, tracker__min_hits=1)
    found = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw')
    graph.up(node)
    assert len(graph.ask(images, sample_message(0, 1), found, 1).faces) == 2
    assert graph.set(node, max_faces=1, tracker__timeout_s=0.0) == ''
    faces = graph.ask(images, sample_message(0, 10**9), found, 10**9).faces
    assert sum(face.state == Face.DETECTED for face in faces) == 1


@pytest.mark.parametrize(
    ('kind', 'parameter', 'value'),
    [
        (CameraNode, 'source', 'other.mp4'),
        (FaceNode, 'detector.min_score', 0.3),
        (EmotionNode, 'model', 'another'),
        (OverlayNode, 'input.reliability', 'reliable'),
    ],
)
def test_a_static_parameter_is_refused_while_configured(graph, kind, parameter, value):
    node = graph.add(kind, **({'source': 'sample'} if kind is CameraNode else {}))
    before = node.get_parameter(parameter).value
    graph.change(node, 'configure')
    reason = graph.set(node, **{parameter.replace('.', '__'): value})
    assert parameter in reason
    assert 'clean up' in reason
    assert reason.endswith('.')
    assert node.get_parameter(parameter).value == before
    graph.change(node, 'cleanup')
    assert graph.set(node, **{parameter.replace('.', '__'): value}) == ''
    assert node.get_parameter(parameter).value == value


@pytest.mark.parametrize(
    ('parameter', 'value', 'words'),
    [
        ('min_confidence', 1.5, ('min_confidence', '0 to 1', '1.5')),
        ('min_confidence', -0.1, ('min_confidence', '0 to 1')),
        ('min_confidence', float('nan'), ('min_confidence', 'nan')),
        ('min_confidence', 'much', ('min_confidence', 'a number', "'much'")),
        ('max_batch', 2.5, ('max_batch', 'a whole number')),
        ('max_batch', True, ('max_batch', 'a whole number')),
        ('model', 1.0, ('model', 'a string')),
        ('rate_hz', [1.0, 2.0], ('rate_hz', 'a number')),
    ],
)
def test_a_wrong_value_is_refused_and_the_old_one_stays(graph, parameter, value, words):
    node = graph.add(EmotionNode)
    for _ in range(2):
        before = node.get_parameter(parameter).value
        reason = graph.set(node, **{parameter: value})
        assert all(word in reason for word in words), reason
        assert node.get_parameter(parameter).value == before
        graph.change(node, 'configure')


def test_several_parameters_change_together_or_not_at_all(graph):
    node = graph.add(EmotionNode)
    graph.up(node)
    client = graph.do(graph.probe.create_client, SetParameters, 'emotion_node/set_parameters')
    assert client.wait_for_service(20)
    future = client.call_async(
        SetParameters.Request(
            parameters=[
                Parameter(
                    name='rate_hz',
                    value=ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=5),
                ),
                Parameter(
                    name='max_yaw_rad',
                    value=ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=9.0),
                ),
            ]
        )
    )
    wait_until(future.done)
    good, bad = future.result().results
    assert good.successful
    assert not bad.successful
    assert '0 to 3.2 rad' in bad.reason
    assert node._stage.options.rate_hz == 5.0
    assert node._stage.options.max_yaw_rad == 1.0


@pytest.mark.parametrize(
    ('kind', 'parameter', 'wrong', 'right', 'words'),
    [
        (EmotionNode, 'min_confidence', 7.0, 0.5, ('min_confidence', '0 to 1')),
        (EmotionNode, 'threads', 'two', 2, ('threads', 'a whole number')),
        (FaceNode, 'tracker.name', 'magic', 'none', ('tracker.name', 'association')),
        (OverlayNode, 'jpeg_quality', 0, 90, ('jpeg_quality', '1 to 100')),
        (CameraNode, 'rate_hz', 1e9, 30.0, ('rate_hz', '0 to 240')),
    ],
)
def test_a_wrong_value_at_the_start_is_told_and_can_be_corrected(
    graph, kind, parameter, wrong, right, words
):
    name = parameter.replace('.', '__')
    extra = {'source': 'sample'} if kind is CameraNode else {}
    node = graph.add(kind, **{name: wrong}, **extra)
    assert graph.change(node, 'configure') == [False]
    graph.wait_for_log('cannot be configured', *words, level=Log.ERROR)
    assert graph.set(node, **{name: right}) == ''
    graph.up(node)


def test_an_unknown_parameter_is_warned_about_with_a_suggestion(graph):
    node = graph.add(EmotionNode, min_confidense=0.5)
    graph.up(node)
    warning = graph.wait_for_log('min_confidense', level=Log.WARN)
    assert "did you mean 'min_confidence'?" in warning


def test_an_unknown_parameter_that_is_like_none_gets_the_list(graph):
    graph.up(graph.add(OverlayNode, qqq=1))
    assert 'jpeg_quality' in graph.wait_for_log("'qqq'", level=Log.WARN)


def test_parameters_of_other_nodes_and_of_ros_are_no_reason_to_warn(graph, tmp_path):
    file = tmp_path / 'all.yaml'
    file.write_text(
        '/**:\n  ros__parameters: {max_faces: 3, jpeg_quality: 50, use_sim_time: false}\n'
    )
    node = graph.add(OverlayNode, '--params-file', str(file))
    graph.up(node)
    assert node.get_parameter('jpeg_quality').value == 50
    graph.do(node.get_logger().info, 'a mark')
    graph.wait_for_log('a mark')
    assert graph.log('no parameter') == []
