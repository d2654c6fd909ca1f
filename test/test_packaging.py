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

"""The package as colcon installs it: entry points, files, versions, who imports whom."""

import ast
import functools
from graphlib import CycleError, TopologicalSorter
import importlib
import os
from pathlib import Path
import re
import runpy
import sys
from xml.etree import ElementTree

from checkout import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
import pytest
import setuptools

# An import's name and its key in rosdep's python.yaml. ROS packages are not listed: their key is
# their name.
ROSDEP_KEYS = {
    'click': 'python3-click', 'cv2': 'python3-opencv', 'matplotlib': 'python3-matplotlib',
    'numpy': 'python3-numpy', 'PIL': 'python3-pil', 'rich': 'python3-rich',
    'pytest': 'python3-pytest', 'pytest_timeout': 'python3-pytest-timeout',
    'scipy': 'python3-scipy', 'skimage': 'python3-skimage', 'yaml': 'python3-yaml'}
# The first has no rosdep key, as package.xml says; the second is read by type checkers alone. The
# others belong to the extras `desktop` and `serve`, which no robot needs, and to their tests.
WITHOUT_KEY = {
    'ai_edge_litert', 'typing_extensions', 'ttkbootstrap', 'platformdirs', 'tkinterdnd2',
    'fastapi', 'starlette', 'pydantic', 'uvicorn', 'websockets', 'prometheus_client',
    'cryptography', 'httpx', 'schemathesis', 'playwright', 'axe_playwright_python'}
ROOMS = (
    'core', 'media', 'parameters', 'pipeline', 'nodes', 'evaluation', 'training', 'apps', 'bench',
    'cli')
"""The packages of fer_ros from the ground up: each may import itself and those before it."""

ROOMS_OF_CORE = (
    'emotions', 'options', 'resources', 'native_stderr', 'yaml_values', 'geometry', 'camera_model',
    'values', 'change', 'networks', 'detection', 'tracking', 'landmarks', 'head_pose',
    'classification', 'face_stage', 'emotion_stage')
"""The same for what is in `fer_ros.core`."""

ROOMS_ON_A_ROBOT = ('core', 'media', 'parameters', 'nodes', 'apps')

NOT_NEEDED = {
    'nodes': {'pipeline'}, 'evaluation': {'nodes'},
    'training': {'parameters', 'pipeline', 'nodes'}, 'apps': {'training'},
    'cli': set(ROOMS) - {'cli'}}
"""Rooms that a later one has no business with, although they come before it."""


@pytest.fixture(scope='module')
def setup_arguments():
    """Return what setup.py hands to setuptools."""
    taken = {}
    folder = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setuptools, 'setup', lambda **arguments: taken.update(arguments))
        try:
            os.chdir(ROOT)
            runpy.run_path('setup.py')
        finally:
            os.chdir(folder)
    return taken


def manifest(package):
    return ElementTree.parse(ROOT / package / 'package.xml').getroot()


def modules(part=''):
    return sorted((ROOT / 'fer_ros' / part).rglob('*.py'))


def imported(path):
    """Return the full names of all modules that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}:{node.lineno} has a relative import'
            names.add(node.module)
            names.update(f'{node.module}.{alias.name}' for alias in node.names)
    return names


def test_every_executable_can_be_called(setup_arguments):
    scripts = setup_arguments['entry_points']['console_scripts']
    assert {script.split('=')[0].strip() for script in scripts} == {
        'camera_node', 'face_node', 'emotion_node', 'overlay_node', 'pipeline', 'fer'}
    for script in scripts:
        module, function = script.split('=')[1].strip().split(':')
        assert callable(getattr(importlib.import_module(module), function)), script


def test_every_launch_config_and_model_file_is_installed(setup_arguments):
    installed = {
        f'{folder}/{Path(file).name}': ROOT / file
        for folder, files in setup_arguments['data_files'] for file in files}
    wanted = {
        f'share/fer_ros/{Path(folder, name).relative_to(ROOT).as_posix()}'
        for top in ('launch', 'config', 'models')
        for folder, _, names in os.walk(ROOT / top) for name in names
        if '__pycache__' not in folder and not name.startswith('.')}
    # Networks and logs from which models were made are not for robots.
    for_training = {
        target for target in wanted
        if re.fullmatch(r'share/fer_ros/models/[^/]+/training/.+', target)}
    assert {Path(target).name for target in for_training} >= {'model.keras', 'log.csv'}
    assert not any(target.endswith('.tflite') for target in for_training)
    wanted -= for_training
    shared = {target for target in installed if target.startswith('share/fer_ros/')}
    assert shared == wanted | {
        'share/fer_ros/package.xml', 'share/fer_ros/requirements/mediapipe.txt'}
    assert 'share/ament_index/resource_index/packages/fer_ros' in installed
    assert [str(source) for source in installed.values() if not source.is_file()] == []


def test_every_package_and_nothing_else_is_installed(setup_arguments):
    folders = {path.parent.relative_to(ROOT) for path in modules()}
    assert set(setup_arguments['packages']) == {'.'.join(folder.parts) for folder in folders}


def test_versions_agree(setup_arguments):
    versions = {
        manifest('.').findtext('version'), manifest('fer_msgs').findtext('version'),
        setup_arguments['version']}
    assert len(versions) == 1


def test_names_and_licences_agree(setup_arguments):
    assert manifest('.').findtext('name') == setup_arguments['name']
    for package in ('.', 'fer_msgs'):
        assert manifest(package).findtext('license') == setup_arguments['license'] == 'Apache-2.0'


def room_of(module, below='fer_ros'):
    """Return the room of a module: the first part of its name below a package."""
    return module[len(below) + 1:].split('.')[0]


def module_of(path):
    """Return the full name of a file's module; of a package's `__init__`, that of the package."""
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


@functools.cache
def imports_within():
    """Return for each module of fer_ros those of fer_ros that it imports, wherever in it."""
    paths = {module_of(path): path for path in modules()}
    within = {}
    for module, path in paths.items():
        found = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                # `from package import name` may import a module of the package.
                whole = {f'{node.module}.{alias.name}' for alias in node.names}
                found |= whole & paths.keys() or {node.module}
        within[module] = found & paths.keys() - {module}
    return within


@pytest.mark.parametrize(('package', 'rooms'), [
    ('fer_ros', ROOMS), ('fer_ros.core', ROOMS_OF_CORE)])
def test_imports_point_down(package, rooms):
    wrong = []
    for module, names in imports_within().items():
        if not module.startswith(f'{package}.') or room_of(module) == '__main__':
            continue
        room = room_of(module, package)
        permitted = set(rooms[:rooms.index(room) + 1]) - NOT_NEEDED.get(room, set())
        wrong += [
            f'{module} imports {name}' for name in names
            if name.startswith(f'{package}.') and room_of(name, package) not in permitted]
    assert wrong == []


def test_every_room_has_its_place():
    for package, rooms in (('fer_ros', ROOMS), ('fer_ros.core', ROOMS_OF_CORE)):
        found = {
            room_of(module, package) for module in imports_within()
            if module.startswith(f'{package}.')}
        assert found - {'__main__'} == set(rooms)


def test_no_two_modules_import_each_other():
    within = imports_within()
    sorter = TopologicalSorter(within)
    try:
        assert list(sorter.static_order())
    except CycleError as error:
        pytest.fail(f'modules import each other: {" <- ".join(error.args[1])}')


def test_only_the_command_line_names_commands_of_other_rooms():
    """Nobody but `cli` may know rooms above it, not even by a string."""
    wrong = []
    for path in modules():
        module = module_of(path)
        room = room_of(module)
        if room in ('', 'cli', '__main__'):
            continue
        above = set(ROOMS[ROOMS.index(room) + 1:])
        wrong += [
            f'{module} names {node.value}' for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            and re.fullmatch(r'fer_ros\.[\w.]+', node.value) and room_of(node.value) in above]
    assert wrong == []


@pytest.mark.parametrize(('name', 'layers'), [
    ('rclpy', {'nodes', 'apps', 'bench'}), ('fer_msgs', {'nodes', 'apps', 'bench'}),
    ('launch', {'apps'}), ('launch_ros', {'apps'}), ('argparse', {'training'}),
    ('click', {'cli.py', 'apps', 'evaluation', 'training', 'bench'}),
    ('tensorflow', {'training'}), ('keras', {'training'})])
def test_only_these_layers_import(name, layers):
    wrong = [
        str(path.relative_to(ROOT)) for path in modules()
        if path.relative_to(ROOT / 'fer_ros').parts[0] not in layers
        and name in {module.split('.')[0] for module in imported(path)}]
    assert wrong == []


@pytest.mark.parametrize('package', ['.', 'fer_msgs'])
def test_package_xml_names_only_keys_that_rosdep_has(package):
    declared = {element.text for element in manifest(package).iter() if 'depend' in element.tag}
    assert declared
    assert {name for name in declared if name.startswith('python3-')} <= set(ROSDEP_KEYS.values())


@pytest.mark.parametrize('package', ['.', 'fer_msgs'])
def test_package_xml_says_who_wrote_it_and_where_it_is_described(package):
    assert manifest(package).findtext('author')
    assert manifest(package).findtext('url').startswith('https://')


def test_package_xml_names_all_that_is_imported():
    declared = {
        element.text for tag in ('depend', 'exec_depend') for element in manifest('.').iter(tag)}
    paths = [
        *(path for room in ROOMS_ON_A_ROBOT for path in modules(room)),
        *(ROOT / 'launch').glob('*.py')]
    used = {name.split('.')[0] for path in paths for name in imported(path)}
    foreign = used - set(sys.stdlib_module_names) - {'fer_ros'} - WITHOUT_KEY
    assert {ROSDEP_KEYS.get(name, name) for name in foreign} - declared == set()
    assert declared - {ROSDEP_KEYS.get(name, name) for name in foreign} == set()


def pins(path, python):
    """Return the versions by name that a file of requirements names for a Python."""
    environment = {
        'python_version': python, 'python_full_version': f'{python}.9', 'sys_platform': 'linux',
        'platform_machine': 'x86_64'}
    found = {}
    for line in path.read_text().splitlines():
        text = line.split('#')[0].strip()
        if text and not text.startswith('-'):
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate(environment):
                name = canonicalize_name(requirement.name)
                assert name not in found, f'{path} names {name} twice for Python {python}'
                (only,) = requirement.specifier
                assert only.operator == '=='
                found[name] = only.version
    return found


@pytest.mark.parametrize('python', ['3.10', '3.11', '3.12'])
@pytest.mark.parametrize(('lock', 'parts'), [
    ('main', ('install', 'ros', 'build', 'run', 'desktop', 'serve', 'test')),
    ('kilted', ('install', 'ros_kilted', 'build', 'run', 'desktop', 'serve', 'test')),
    ('train', ('install', 'run', 'train', 'bench', 'mtcnn', 'test'))])
def test_lock_files_pin_what_the_requirements_ask_for(lock, parts, python):
    requirements = ROOT / 'requirements'
    locked = pins(requirements / 'lock' / f'{lock}.txt', python)
    for part in parts:
        asked = pins(requirements / f'{part}.txt', python)
        assert asked == {name: locked.get(name) for name in asked}, f'{lock} and {part}.txt'
