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

"""The launch files and what they refer to agree; needs no launch packages."""

import ast
from pathlib import Path

from checkout import ROOT
from fer_ros.apps.startup import NODE_NAMES
from fer_ros.core.options import OptionError
from fer_ros.parameters.node_options import NODE_OPTIONS, ROS_PARAMETERS
from fer_ros.parameters.parameter_files import read_config
import pytest
import yaml

LAUNCH_FILES = sorted((ROOT / 'launch').glob('*.launch.py'))
CONFIGS = sorted((ROOT / 'config').glob('*.yaml'))


def executables_of_setup() -> set[str]:
    """Return the names of the console scripts in setup.py."""
    tree = ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8'))
    scripts = [
        ast.literal_eval(value) for node in ast.walk(tree) if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == 'console_scripts']
    return {entry.split('=')[0].strip() for entry in scripts[0]}


def tree_of_live() -> ast.Module:
    """Return the syntax tree of live.launch.py."""
    return ast.parse((ROOT / 'launch' / 'live.launch.py').read_text(encoding='utf-8'))


def calls(name: str) -> list[list[str]]:
    """Return the text arguments of each call of a function in live.launch.py, in order."""
    found = [
        node for node in ast.walk(tree_of_live())
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == name]
    return [
        [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        for call in sorted(found, key=lambda call: (call.lineno, call.col_offset))]


def test_every_launched_node_is_an_executable_of_the_package() -> None:
    launched = [name for name, *_ in calls('node')]
    assert launched == list(NODE_NAMES), 'subscribers are started before publishers'
    assert set(launched) == set(NODE_OPTIONS)
    assert set(launched) <= executables_of_setup()


def test_every_argument_that_becomes_a_parameter_is_one() -> None:
    declared = {name for name, *_ in calls('DeclareLaunchArgument')}
    ((*common,),) = calls('given')
    switches = next(
        ast.literal_eval(node.value) for node in tree_of_live().body
        if isinstance(node, ast.Assign) and node.targets[0].id == 'SWITCHES')
    for node, *own in calls('node'):
        types = {row.name: row.type for row in NODE_OPTIONS[node].table()}
        assert set(own) <= declared & types.keys()
        assert set(common) - ROS_PARAMETERS <= declared & types.keys()
        for name in {*common, *own} - ROS_PARAMETERS:
            assert (types[name] is bool) == (name in switches), name


def test_no_parameter_of_one_node_reaches_another_in_a_single_process() -> None:
    own = {name: set(own) for name, *own in calls('node')}
    for name, parameters in own.items():
        for other in own.keys() - {name}:
            assert not parameters & {row.name for row in NODE_OPTIONS[other].table()}, other
    assert 'pipeline' in executables_of_setup()
    assert [name for name, *_ in filter(None, calls('process'))] == ['pipeline']


def test_no_other_launch_file_has_nodes_of_its_own() -> None:
    for path in LAUNCH_FILES:
        names = {node.id for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
                 if isinstance(node, ast.Name)}
        assert ('Node' in names) == (path.name == 'live.launch.py')
        assert ('IncludeLaunchDescription' in names) == (path.name != 'live.launch.py')


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.name)
def test_every_parameter_of_a_config_is_declared_and_in_range(path: Path) -> None:
    values = read_config(path)
    assert any(values.values())
    for node, own in values.items():
        NODE_OPTIONS[node].from_mapping(own)


@pytest.mark.parametrize('node', NODE_OPTIONS)
def test_live_names_every_parameter_with_its_default(node: str) -> None:
    assert read_config('live')[node] == {
        row.name: row.default for row in NODE_OPTIONS[node].table()}


@pytest.mark.parametrize(('node', 'name', 'value'), [
    (node, row.name, limit + step)
    for node, options in NODE_OPTIONS.items() for row in options.table()
    for limit, step in ((row.minimum, -1), (row.maximum, 1)) if limit is not None])
def test_values_beyond_a_range_are_refused(node: str, name: str, value: float) -> None:
    row = next(r for r in NODE_OPTIONS[node].table() if r.name == name)
    with pytest.raises(OptionError, match=name):
        NODE_OPTIONS[node].from_mapping({name: row.type(value)})


def test_the_fast_dds_profile_has_room_for_an_image_of_1280x720() -> None:
    from xml.etree import ElementTree
    tree = ElementTree.parse(ROOT / 'config' / 'fastdds.xml')
    sizes = {element.tag.rsplit('}')[-1]: element.text for element in tree.iter()}
    assert int(sizes['maxMessageSize']) > 1280 * 720 * 3
    assert int(sizes['segment_size']) >= int(sizes['maxMessageSize'])


def test_rviz_shows_the_overlay_with_the_reliability_that_is_offered() -> None:
    content = yaml.safe_load((ROOT / 'config' / 'fer.rviz').read_text(encoding='utf-8'))
    topic = content['Visualization Manager']['Displays'][0]['Topic']
    assert topic['Value'] == 'emotions/overlay'
    assert topic['Reliability Policy'] == 'Best Effort'
