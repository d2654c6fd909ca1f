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

"""The parameters of all nodes from a configuration and what a command line sets; without ROS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fer_ros.core.options import OptionError
from fer_ros.parameters.configuration import ConfigError, find_config, NODE_OPTIONS, read_config
import yaml

Parameters = dict[str, dict[str, Any]]
"""Of each node, the values of its parameters."""


def parameters(
    config: str, settings: Sequence[str], own: Mapping[str, Mapping[str, Any]] | None = None,
) -> Parameters:
    """
    Return the parameters of all nodes, checked, with their defaults.

    :param config: name in config/ or path of a parameter file.
    :param settings: texts as `NODE.NAME=VALUE`; they count over the file.
    :param own: of each node, what options of the command's own set; it counts over all others.
    :raises ConfigError: where the file or a value is faulty; the text says which.
    """
    values = read_config(config)
    _checked(values, f'{find_config(config)}, ')
    for setting in settings:
        name, equals, text = setting.partition('=')
        node, _, parameter = name.partition('.')
        if not equals or node not in values or not parameter:
            raise ConfigError(
                f'--set {setting}: write NODE.NAME=VALUE, where NODE is one of '
                f'{", ".join(values)}.')
        try:
            values[node][parameter] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigError(
                f'--set {setting}: {text} is no value as YAML has them; put a text that begins '
                "with a special character between '…'.") from error
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
