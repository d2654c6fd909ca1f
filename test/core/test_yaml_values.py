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

"""YAML values have the types that ROS gives them; test/nodes compares the same values with rcl."""

import math

from fer_ros.core.yaml_values import dump_yaml, load_yaml
import pytest
import yaml
from yaml_texts import VALUES


@pytest.mark.parametrize(('text', 'value'), VALUES)
def test_a_plain_value_has_the_type_of_ros(text, value):
    for document, take in (
            (text, lambda read: read), (f'a: {text}', lambda read: read['a']),
            (f'[{text}, {text}]', lambda read: read[1])):
        read = take(load_yaml(document))
        assert type(read) is type(value)
        assert read == value


@pytest.mark.parametrize('text', ['nan', '.nan', '.NaN', 'NaN'])
def test_not_a_number(text):
    assert math.isnan(load_yaml(text))


@pytest.mark.parametrize(('text', 'value'), [
    ('', None), ('~', None), ('null', None), ('a: {<<: {b: 1e-3}, c: 2}', {
        'a': {'b': 0.001, 'c': 2}}),
    ('&x [1e-3]', [0.001]), ('!!str 1e-3', '1e-3'), ('|\n  1e-3', '1e-3'),
])
def test_the_rest_of_yaml_is_unchanged(text, value):
    assert load_yaml(text) == value


def test_names_are_texts_or_whole_numbers():
    assert load_yaml('{n: 1, on: 2, 1e3: 3, 1: 4, null: 5, inf: {y: 6}, x: {<<: {no: 7}}}') == {
        'n': 1, 'on': 2, '1e3': 3, 1: 4, 'null': 5, 'inf': {'y': 6}, 'x': {'no': 7}}
    # They need no quotes then, but a text in their place does.
    assert dump_yaml({'n': 'n', 'off': ['on', {'y': 'y'}]}) == (
        "n: 'n'\noff:\n- 'on'\n- y: 'y'\n")


@pytest.mark.parametrize('text', [
    '[1, 2', 'a: b: c', '!!python/object/apply:os.system [ls]', '!!int x', '!!float x', '!!map 3',
    '!unknown 3'])
def test_faulty_and_unsafe_yaml_is_refused(text):
    with pytest.raises(yaml.YAMLError):
        load_yaml(text)


@pytest.mark.parametrize('value', [
    *(value for _, value in VALUES), *(text for text, _ in VALUES), '', '~', 'null', 1e-5, 1e300,
    -0.5, None])
def test_what_is_written_is_read_again(value):
    read = load_yaml(dump_yaml({'a': value}))['a']
    assert (type(read), read) == (type(value), value)
