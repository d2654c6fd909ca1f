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
Reads and writes YAML; plain values have the types that ROS gives them in parameter files.

PyYAML follows YAML 1.1, in which `1e-3` is a text, because it has no decimal point, `1:30` is the
number 90, and `2026-01-13` is a date. The parser of ROS (rcl_yaml_param_parser), OpenCV and
yaml-cpp read a number and two texts. All YAML files of this package are read by these rules.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

_TAG = 'tag:yaml.org,2002:'

# rcl_yaml_param_parser reads integers by strtoll with base 0 and floats by strtod.
_TYPES = (
    ('bool', 'yYnNtTfFoO',
     r'y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF'),
    ('int', '-+0123456789', r'[-+]?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)'),
    ('float', '-+.0123456789iInN',
     r'[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|(?i:\.?(?:inf|nan)|infinity))'),
    # The only difference: ROS has no null and reads the text "null". Model cards need null; in a
    # parameter file it is refused, because no parameter has this value.
    ('null', '~nN\0', r'~|null|Null|NULL|'),
    ('merge', '<', r'<<'),
)

_TRUE = ('y', 'yes', 'true', 'on')

_NO_KEYS = tuple(f'{_TAG}{name}' for name in ('bool', 'float', 'null'))
"""Names such as `n` or `on` are texts, as in ROS. Whole numbers as keys stay numbers."""


class YamlLoader(yaml.SafeLoader):
    """Reads plain values as ROS does."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping whose keys are texts or whole numbers."""
        self.flatten_mapping(node)
        for key, _ in node.value:
            if key.tag in _NO_KEYS:
                key.tag = f'{_TAG}str'
        return dict(super().construct_mapping(node, deep))


class YamlDumper(yaml.SafeDumper):
    """Puts texts into quotes that `YamlLoader` or ROS would read as something else."""

    yaml_implicit_resolvers = {}
    _is_key = False

    def serialize_node(self, node: yaml.Node, parent: yaml.Node | None, index: Any) -> None:
        """Write a node; PyYAML calls this for a key with no index."""
        self._is_key = isinstance(parent, yaml.MappingNode) and index is None
        super().serialize_node(node, parent, index)

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Return the tag that `YamlLoader` gives to a plain value or key."""
        tag = str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]
        return f'{_TAG}str' if self._is_key and tag in _NO_KEYS else tag


for _kind in YamlLoader, YamlDumper:
    for _name, _first, _pattern in _TYPES:
        _kind.add_implicit_resolver(
            _TAG + _name, re.compile(f'^(?:{_pattern})$'), [c.strip('\0') for c in _first])


def _bool(loader: YamlLoader, node: yaml.ScalarNode) -> bool:
    return str(loader.construct_scalar(node)).lower() in _TRUE


def _float(loader: YamlLoader, node: yaml.ScalarNode) -> float | str:
    text = str(loader.construct_scalar(node))
    word = text.lstrip('+-').lstrip('.').lower()
    if word in ('inf', 'infinity', 'nan'):
        return float(f'{text[0] if text[0] in "+-" else ""}{word}')
    value = float(text)
    # As in ROS, a number that no float can hold stays a text.
    return text if math.isinf(value) else value


YamlLoader.add_constructor(f'{_TAG}bool', _bool)
YamlLoader.add_constructor(f'{_TAG}float', _float)


def load_yaml(text: str, loader: type[YamlLoader] = YamlLoader) -> Any:
    """
    Return the content of a YAML text.

    :param loader: a subclass of `YamlLoader` if the file has tags of its own.
    :raises yaml.YAMLError: if it is not valid YAML.
    """
    try:
        return yaml.load(text, loader)
    except ValueError as error:
        # From a tag whose value is wrong, such as `!!int x`.
        raise yaml.YAMLError(str(error)) from error


def dump_yaml(values: Any) -> str:
    """Return values as YAML that `load_yaml` and ROS read as the same values."""
    return str(yaml.dump(values, Dumper=YamlDumper, sort_keys=False))
