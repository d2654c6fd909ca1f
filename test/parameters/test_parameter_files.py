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

"""Configuration files say what the parameter table says, and faults in them are named in words."""

import importlib.util

from checkout import ROOT
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions, NODE_OPTIONS
from fer_ros.parameters.overrides import parameters
from fer_ros.parameters.parameter_files import (
    config_warnings,
    ConfigError,
    find_config,
    load_options,
    parameter_sections,
    read_config,
    read_ros_parameters,
)
import pytest

NODES = pytest.mark.parametrize(('node', 'kind'), NODE_OPTIONS.items(), ids=NODE_OPTIONS)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file and returns its path."""
    def write(text, name='mine.yaml'):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path
    return write


def section(name, *lines):
    return '\n'.join([f'{name}:', '  ros__parameters:', *(f'    {line}' for line in lines), ''])


def written_files():
    spec = importlib.util.spec_from_file_location(
        'write_parameters', ROOT / 'tools' / 'write_parameters.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FILES


@pytest.mark.parametrize(
    ('path', 'text'), written_files().items(), ids=lambda value: getattr(value, 'name', ''))
def test_files_made_from_the_table_are_up_to_date(path, text):
    assert path.read_text(encoding='utf-8') == text(), 'run tools/write_parameters.py'


@NODES
def test_live_holds_every_parameter_with_its_default(node, kind):
    assert read_config('live')[node] == kind().to_mapping()
    assert load_options('live', node, kind) == kind()


@NODES
@pytest.mark.parametrize('name', sorted(path.stem for path in (ROOT / 'config').glob('*.yaml')))
def test_the_shipped_files_are_permitted(name, node, kind):
    load_options(name, node, kind)


def test_still_follows_and_smooths_nothing():
    face = load_options('still', 'face_node', FaceNodeOptions)
    emotion = load_options('still', 'emotion_node', EmotionNodeOptions)
    assert face.tracker.name == 'none'
    assert (emotion.rate_hz, emotion.smoothing_s, emotion.mirrored) == (0.0, 0.0, True)
    assert emotion.max_batch >= face.max_faces


def test_mtcnn_csrt_is_the_classic_design():
    face = load_options('mtcnn_csrt', 'face_node', FaceNodeOptions)
    emotion = load_options('mtcnn_csrt', 'emotion_node', EmotionNodeOptions)
    assert (face.detector.name, face.detector.interval, face.tracker.name) == ('mtcnn', 10, 'csrt')
    assert emotion.rate_hz == 30 / 5


def test_low_power_searches_and_classifies_less_than_live():
    low, live = (load_options(n, 'face_node', FaceNodeOptions) for n in ('low_power', 'live'))
    assert low.detector.interval > live.detector.interval
    # Association alone would not see the faces between two searches.
    assert low.tracker.name not in ('association', 'none')
    low, live = (
        load_options(n, 'emotion_node', EmotionNodeOptions) for n in ('low_power', 'live'))
    assert low.rate_hz < live.rate_hz


@NODES
def test_every_parameter_is_described_and_its_default_permitted(node, kind):
    for row in kind.table():
        assert len(row.description.split()) >= 3, row.name
        assert row.checked(row.default) == row.default
        if row.type is float and not row.choices:
            assert row.minimum is not None, row.name


@pytest.mark.parametrize('name', ['/**/face_node', '/robot/face_node', 'face_node', '/face_node'])
def test_a_section_counts_for_the_node_of_its_name(write, name):
    path = write(section(name, 'crop_size: 48', 'tracker.timeout_s: 1'))
    options = load_options(path, 'face_node', FaceNodeOptions)
    assert (options.crop_size, options.tracker.timeout_s) == (48, 1.0)
    assert load_options(path, 'emotion_node', EmotionNodeOptions) == EmotionNodeOptions()


@pytest.mark.parametrize(('name', 'namespaces'), [
    ('face_node', {'', '/robot', '/robot/left'}),
    ('/**/face_node', {'', '/robot', '/robot/left'}),
    ('/**', {'', '/robot', '/robot/left'}),
    ('/face_node', {''}),
    ('robot/face_node', {'/robot'}),
    ('/robot/face_node', {'/robot'}),
    ('/robot/**', {'/robot', '/robot/left'}),
    ('/robot/left/face_node', {'/robot/left'}),
    ('/*/face_node', {'/robot'}),
    ('/other/face_node', set()),
    ('/**/emotion_node', set()),
])
def test_a_section_counts_in_its_namespace(write, name, namespaces):
    path = write(section(name, 'crop_size: 48'))
    found = {
        namespace for namespace in ('', '/robot', '/robot/left')
        if read_config(path, namespace)['face_node']}
    assert found == namespaces


def test_the_last_section_that_counts_wins(write):
    path = write(
        section('face_node', 'crop_size: 48', 'max_faces: 3')
        + section('/robot/face_node', 'crop_size: 64') + section('/left/**', 'crop_size: 72'))
    assert [read_config(path, n)['face_node'] for n in ('', '/robot', '/left')] == [
        {'crop_size': size, 'max_faces': 3} for size in (48, 64, 72)]


def test_what_every_ros_node_has_is_read_apart(write):
    path = write(
        section('/**', 'use_sim_time: true', 'crop_size: 48')
        + section('/robot/face_node', 'qos_overrides./image_raw.subscription.depth: 3'))
    assert read_ros_parameters(path, '/robot')['face_node'] == {
        'use_sim_time': True, 'qos_overrides./image_raw.subscription.depth': 3}
    assert read_ros_parameters(path, '')['face_node'] == {'use_sim_time': True}


@pytest.mark.parametrize(('name', 'words'), [
    ('faces_node', ['faces_node', "did you mean 'face_node'?"]),
    ('emotionnode', ["did you mean 'emotion_node'?"]),
    ('/robot/Camera_Node', ["'Camera_Node'", "did you mean 'camera_node'?"]),
    ('/left/face_node', ['/left/face_node does not count for /robot/face_node', '/**/face_node']),
])
def test_a_section_that_was_probably_meant_for_a_node_is_named(write, name, words):
    path = write(section(name, 'crop_size: 48') + section('overlay_node', 'jpeg_quality: 60'))
    (sentence,) = config_warnings(path, '/robot')
    for word in [str(path), *words]:
        assert word in sentence


@pytest.mark.parametrize('name', [
    'camera', '/arm/gripper', 'face_detection', 'emotion_speech_node', 'joy_node'])
def test_sections_of_other_nodes_of_a_robot_are_no_mistake(write, name):
    path = write(section(name, 'force: 3.0') + section('face_node', 'crop_size: 48'))
    assert config_warnings(path, '/robot') == []
    assert load_options(path, 'face_node', FaceNodeOptions).crop_size == 48
    assert parameters(str(path), ())['face_node']['crop_size'] == 48


def test_a_file_for_both_cameras_of_a_robot_is_no_mistake(write):
    path = write(section('/left/face_node', 'crop_size: 48') + section('/right/**', 'max_faces: 3')
                 + section('/right/face_node', 'crop_size: 64'))
    assert config_warnings(path, '/left') == config_warnings(path, '/right') == []
    assert parameters(str(path), (), namespace='/right')['face_node']['crop_size'] == 64


def test_a_file_that_sets_nothing_for_our_nodes_is_named(write):
    path = write(section('emotions', 'rate_hz: 5.0') + section('/arm/gripper', 'force: 3.0'))
    (sentence,) = config_warnings(path, '/robot')
    for word in (str(path), 'nothing', 'emotions, /arm/gripper', 'face_node, emotion_node'):
        assert word in sentence


def test_a_parameter_for_all_that_no_node_has_is_named(write):
    path = write(section('/**', 'crop_sise: 48', 'battery: low', 'use_sim_time: false'))
    mistyped, unknown = config_warnings(path)
    assert mistyped == (
        f"{path}: In /**: no node of fer_ros has a parameter 'crop_sise'; it is ignored; did you "
        "mean 'crop_size'?")
    assert "'battery'; it is ignored." in unknown
    assert not any(read_config(path).values())


def test_the_shipped_files_hold_no_mistake():
    for path in (ROOT / 'config').glob('*.yaml'):
        assert config_warnings(path, '/robot') == []


def test_nested_names_are_joined(write):
    path = write(section('face_node', 'tracker:', '  timeout_s: 2.0', '  min_hits: 5'))
    options = load_options(path, 'face_node', FaceNodeOptions)
    assert (options.tracker.timeout_s, options.tracker.min_hits) == (2.0, 5)


@pytest.mark.parametrize(('text', 'value'), [
    ('1e-1', 0.1), ('5E-1', 0.5), ('1e0', 1.0), ('+.5e1', 5.0), ('2.e0', 2.0), ('3', 3.0)])
def test_numbers_can_have_an_exponent(write, text, value):
    path = write(section('emotion_node', f'smoothing_s: {text}'))
    assert load_options(path, 'emotion_node', EmotionNodeOptions).smoothing_s == value
    found = parameters('live', [f'emotion_node.smoothing_s={text}'])
    assert found['emotion_node']['smoothing_s'] == value


@pytest.mark.parametrize('text', ['1:30', '2026-01-13', '1_000'])
def test_a_text_that_looks_like_a_time_stays_a_text(write, text):
    path = write(section('camera_node', f'source: {text}'))
    assert read_config(path)['camera_node'] == {'source': text}
    assert parameters('live', [f'camera_node.source={text}'])['camera_node']['source'] == text


@pytest.mark.parametrize('text', ['"1e-1"', '1e400', '1e', '1,5'])
def test_a_text_is_no_number(write, text):
    path = write(section('emotion_node', f'smoothing_s: {text}'))
    with pytest.raises(ConfigError, match='smoothing_s must be a number'):
        load_options(path, 'emotion_node', EmotionNodeOptions)


@pytest.mark.parametrize('name', ['/**', '/robot/**'])
def test_a_section_for_all_counts_for_the_nodes_that_have_the_option(write, name):
    path = write(section(name, 'input.max_delay_s: 0.5', 'crop_size: 64'))
    face = load_options(path, 'face_node', FaceNodeOptions)
    emotion = load_options(path, 'emotion_node', EmotionNodeOptions)
    assert (face.input.max_delay_s, face.crop_size, emotion.input.max_delay_s) == (0.5, 64, 0.5)
    assert read_config(path)['camera_node'] == {}


def test_a_later_section_counts_more(write):
    path = write(section('/**', 'rate_hz: 5.0') + section('emotion_node', 'rate_hz: 7.0'))
    values = read_config(path)
    assert (values['camera_node'], values['emotion_node']) == ({'rate_hz': 5.0}, {'rate_hz': 7.0})


@pytest.mark.parametrize('line', [
    'use_sim_time: true', 'qos_overrides./image_raw.publisher.depth: 3',
    'start_type_description_service: false'])
def test_what_every_ros_node_has_may_stand_in_the_file(write, line):
    path = write(section('/**', line) + section('face_node', line))
    assert load_options(path, 'face_node', FaceNodeOptions) == FaceNodeOptions()


def test_an_empty_file_leaves_the_defaults(write):
    path = write('# nothing yet\n')
    assert load_options(path, 'face_node', FaceNodeOptions) == FaceNodeOptions()


def test_namespaces_can_be_nested_as_ros_permits(write):
    path = write(
        'robot:\n  left:\n    face_node:\n      ros__parameters:\n        crop_size: 48\n')
    assert load_options(path, 'face_node', FaceNodeOptions).crop_size == 48


def test_the_sections_of_other_nodes_are_those_of_a_parameter_file(write):
    path = write(section('/arm/gripper', 'force: 3.0') + section('/**/face_node', 'crop_size: 48'))
    assert parameter_sections(path) == [
        ('/arm/gripper', {'force': 3.0}), ('/**/face_node', {'crop_size': 48})]


@pytest.mark.parametrize(('text', 'words'), [
    ('robot:\n  face_node:\n    crop_size: 48\n', ['robot/face_node', 'ros__parameters']),
    (section('/**/face_node', 'crop_edge: 48'), ['face_node', "'crop_edge'", 'crop_size']),
    (section('face_node', 'crop_size: 8'), ['face_node', 'crop_size', '16 to 512', '8']),
    (section('face_node', 'crop_size: big'), ['face_node', 'crop_size', "'big'", 'whole number']),
    (section('face_node', 'crop_size: 48.0'), ['crop_size', 'a whole number', '48.0']),
    (section('face_node', 'tracker: 3'), ["'tracker'"]),
    (section('face_node', 'crop_size:'), ['crop_size', 'None']),
    (section('face_node', 'detector.name: yolo'), ['detector.name', 'mediapipe_short', 'yolo']),
    (section('face_node', 'crop_size: 8', 'max_faces: 0'), ['crop_size', 'max_faces']),
    ('face_node:\n  crop_size: 48\n', ['face_node', 'ros__parameters']),
    ('face_node: 3\n', ['face_node', 'ros__parameters']),
    ('- face_node\n', ['not a ROS parameter file']),
    ('just words', ['not a ROS parameter file']),
    ('face_node: [1, 2\n', ['not valid YAML', 'line']),
    (b'\xff\xfe\x00broken', ['not valid YAML']),
    (section('face_node', 'crop_size: 2026-13-45'), ['whole number', "'2026-13-45'"]),
    (section('face_node', 'crop_size: !!int x'), ['not valid YAML']),
])
def test_a_faulty_file_is_refused_with_its_name_and_the_fault(write, text, words):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_options(path, 'face_node', FaceNodeOptions)
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r'no configuration file .*/none\.yaml'):
        load_options(tmp_path / 'none.yaml', 'face_node', FaceNodeOptions)


def test_a_name_that_does_not_exist_is_answered_with_those_that_do():
    names = 'live, low_power, mtcnn_csrt, replay, still'
    with pytest.raises(ConfigError, match=f"no configuration 'lively'.* one of {names}"):
        find_config('lively')


def test_a_path_in_the_home_folder_is_found(write, monkeypatch):
    path = write('')
    monkeypatch.setenv('HOME', str(path.parent))
    assert find_config('~/mine.yaml') == path


@pytest.mark.parametrize('ending', ['.yml', '.yaml', ''])
def test_any_ending_of_a_file_will_do(write, ending):
    path = write(section('face_node', 'crop_size: 48'), f'mine{ending}')
    assert load_options(path, 'face_node', FaceNodeOptions).crop_size == 48
