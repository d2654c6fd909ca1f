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

"""Combines a parameter file with values from a command line; needs no ROS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fer_ros.core.options import OptionError
from fer_ros.core.yaml_values import load_yaml
from fer_ros.parameters.node_options import NODE_OPTIONS
from fer_ros.parameters.parameter_files import ConfigError, find_config, read_config
import yaml

Parameters = dict[str, dict[str, Any]]
"""For each node, parameter names and values."""


def parameters(
    config: str, settings: Sequence[str], own: Mapping[str, Mapping[str, Any]] | None = None,
    *, base: str = '', namespace: str | None = None,
) -> Parameters:
    """
    Return the parameters of all nodes, checked, with their defaults.

    :param config: name of a file in config/, or path of a parameter file.
    :param settings: texts of the form `NODE.NAME=VALUE`; they override the file.
    :param own: for each node, values from the command's other options; they override all else.
    :param base: name of a file in config/ whose values replace the defaults; '': none.
    :param namespace: of the nodes, such as '' or '/robot'; None: any.
    :raises ConfigError: if the file or a value is invalid; the text says which.
    """
    values = read_config(config, namespace)
    _checked(values, f'{find_config(config)}, ')
    if base:
        values = {node: {**of_base, **values[node]} for node, of_base in read_config(base).items()}
    for setting in settings:
        name, equals, text = setting.partition('=')
        node, _, parameter = name.partition('.')
        if not equals or node not in values or not parameter:
            raise ConfigError(
                f'--set {setting}: write NODE.NAME=VALUE, where NODE is one of '
                f'{", ".join(values)}.')
        try:
            values[node][parameter] = load_yaml(text)
        except yaml.YAMLError as error:
            raise ConfigError(
                f'--set {setting}: {text} is not a YAML value; put a text that begins with a '
                "special character in quotes: '…'.") from error
    for node, changes in (own or {}).items():
        values[node].update(changes)
    return _checked(values)


def _checked(values: Mapping[str, Mapping[str, Any]], origin: str = '') -> Parameters:
    checked = {}
    for node, options in NODE_OPTIONS.items():
        try:
            checked[node] = dict(options.from_mapping(values[node]).to_mapping())
        except OptionError as error:
            end = '' if str(error).endswith('?') else '.'
            raise ConfigError(f'{origin}{node}: {error}{end}') from error
    return checked
