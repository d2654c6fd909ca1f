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
Finds and reads parameter files, the ordinary ROS 2 YAML files with `ros__parameters`.

The same files serve `ros2 launch`, `fer` and `Pipeline.from_config`. Names and ranges of the
parameters are in `node_options`; which section counts for which node is in `sections`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from fer_ros.core.options import flattened, OptionError, Options
from fer_ros.core.resources import share_directory
from fer_ros.core.yaml_values import load_yaml
from fer_ros.parameters.node_options import NODE_OPTIONS, ROS_PARAMETERS
from fer_ros.parameters.sections import counts_for, mistakes, nothing_counts
import yaml

AnyOptions = TypeVar('AnyOptions', bound=Options)

ALL_PARAMETERS = frozenset(
    row.name for options in NODE_OPTIONS.values() for row in options.table())
"""The parameters of all nodes."""


class ConfigError(ValueError):
    """A parameter file is missing or invalid; the text says which and what to correct."""


def find_config(path_or_name: str | Path) -> Path:
    """
    Return the path of a parameter file.

    :param path_or_name: a path, or the name of a file in config/ without its extension.
    :raises ConfigError: if there is no such file; the text lists the names in config/.
    """
    path = Path(path_or_name).expanduser()
    if path.suffix in ('.yaml', '.yml') or path.is_file():
        if not path.is_file():
            raise ConfigError(f'There is no configuration file {path}.')
        return path
    folder = share_directory() / 'config'
    named = folder / f'{path_or_name}.yaml'
    if not named.is_file():
        names = ', '.join(sorted(p.stem for p in folder.glob('*.yaml')))
        raise ConfigError(
            f'There is no configuration {str(path_or_name)!r}: give the path of a YAML file or '
            f'one of {names}.')
    return named


def parameter_sections(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """
    Return the sections of a ROS parameter file: each node's name and its parameters.

    The nodes may belong to other packages.

    :raises ConfigError: if the file cannot be read or is not a parameter file.
    """
    try:
        content = load_yaml(path.read_text(encoding='utf-8')) or {}
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f'{path} is not valid YAML: {error}') from error
    except OSError as error:
        raise ConfigError(f'{path} cannot be read: {error.strerror}.') from error
    if not isinstance(content, Mapping):
        raise ConfigError(
            f'{path} is not a ROS parameter file: it must begin with the name of a node.')
    return list(_sections(path, content, ''))


def _sections(
    path: Path, content: Mapping[str, Any], namespace: str,
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, body in content.items():
        section = f'{namespace}{name}'
        parameters = body.get('ros__parameters') if isinstance(body, Mapping) else None
        if isinstance(parameters, Mapping):
            yield section, parameters
        elif body and isinstance(body, Mapping) and all(
                isinstance(below, Mapping) for below in body.values()):
            yield from _sections(path, body, f'{section}/')
        else:
            raise ConfigError(
                f'{path}: the section {section} has no "ros__parameters:" below it, which ROS '
                'parameter files need.')


def read_config(
    path_or_name: str | Path, namespace: str | None = None,
) -> dict[str, dict[str, Any]]:
    """
    Return the values that a ROS parameter file sets for each node of this package.

    Nested names are joined by dots. The values are not checked. Of the sections that count for a
    node (`sections.counts_for`), the last one wins. `/**` applies to every node that has the
    parameter. Sections of other nodes are ignored.

    :param namespace: of the nodes, such as '' or '/robot'; None: any.
    :return: for each node, parameter names and values.
    :raises ConfigError: if the file is missing or is not a parameter file.
    """
    values: dict[str, dict[str, Any]] = {}
    sections = parameter_sections(find_config(path_or_name))
    for node, options in NODE_OPTIONS.items():
        known = {row.name for row in options.table()}
        values[node] = {
            name: value for section, parameters in sections
            if counts_for(section, node, namespace)
            for name, value in flattened(parameters)
            if not _is_of_ros(name) and (name in known or not section.endswith('*'))}
    return values


def read_ros_parameters(
    path_or_name: str | Path, namespace: str | None = None,
) -> dict[str, dict[str, Any]]:
    """
    Return what a file sets for each node of the parameters that every ROS node has.

    :raises ConfigError: as `read_config`.
    """
    sections = parameter_sections(find_config(path_or_name))
    return {
        node: {
            name: value for section, parameters in sections
            if counts_for(section, node, namespace)
            for name, value in flattened(parameters) if _is_of_ros(name)}
        for node in NODE_OPTIONS}


def config_warnings(path_or_name: str | Path, namespace: str | None = None) -> list[str]:
    """
    Return sentences about what a parameter file sets in vain, and probably should not.

    :raises ConfigError: as `read_config`.
    """
    path = find_config(path_or_name)
    sections = parameter_sections(path)
    names = [name for name, _ in sections]
    sentences = mistakes(names, namespace)
    for section, parameters in sections:
        if section.rsplit('/', 1)[-1] == '**':
            sentences += [
                f'In {section}: {_unknown(name)}' for name, _ in flattened(parameters)
                if name not in ALL_PARAMETERS and not _is_of_ros(name)]
    if not sentences and (sentence := nothing_counts(names, namespace)):
        sentences = [sentence]
    return [f'{path}: {sentence}' for sentence in sentences]


def _unknown(name: str) -> str:
    near = get_close_matches(name, ALL_PARAMETERS, 1)
    meant = f'; did you mean {near[0]!r}?' if near else '.'
    return f'no node of fer_ros has a parameter {name!r}; it is ignored{meant}'


def _is_of_ros(name: str) -> bool:
    return name.split('.')[0] in ROS_PARAMETERS


def load_options(path_or_name: str | Path, node: str, kind: type[AnyOptions]) -> AnyOptions:
    """
    Return the options of one node from a parameter file; missing parameters have their defaults.

    :param kind: class of the node's options in `NODE_OPTIONS`.
    :raises ConfigError: if the file is missing or invalid, or a value is not allowed.
    """
    values = read_config(path_or_name)[node]
    try:
        return kind.from_mapping(values)
    except OptionError as error:
        raise ConfigError(f'{find_config(path_or_name)}, {node}: {error}.') from error
