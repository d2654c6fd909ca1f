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

"""Options take what their table permits, and say in words what is wrong with anything else."""

from dataclasses import dataclass, FrozenInstanceError
import math

from fer_ros.core.options import option, OptionError, Options
import pytest


@dataclass(frozen=True)
class WheelOptions(Options):
    spokes: int = option(32, 'How many spokes.', minimum=3, maximum=64)
    tyre: str = option('road', 'Which tyre.', choices=('road', 'gravel', ''))


@dataclass(frozen=True)
class BicycleOptions(Options):
    name: str = option('', 'What its owner calls it.')
    front: WheelOptions = WheelOptions()
    top_speed: float = option(12.0, 'It goes no faster.', unit='m/s', minimum=0.0, dynamic=True)
    has_bell: bool = option(True, 'Whether it rings.')
    tilt: float = option(0.0, 'How it leans.', maximum=1.5)


def test_the_table_lists_all_options_in_order_with_names_joined_by_dots():
    assert [row.name for row in BicycleOptions.table()] == [
        'name', 'front.spokes', 'front.tyre', 'top_speed', 'has_bell', 'tilt']


def test_a_row_of_the_table_holds_all_that_was_declared():
    row = {row.name: row for row in BicycleOptions.table()}['top_speed']
    assert (row.type, row.default, row.description, row.unit) == (
        float, 12.0, 'It goes no faster.', 'm/s')
    assert (row.minimum, row.maximum, row.choices, row.dynamic) == (0.0, None, (), True)


@pytest.mark.parametrize(('name', 'words'), [
    ('name', ''),
    ('front.spokes', '3 to 64'),
    ('front.tyre', "road, gravel, ''"),
    ('top_speed', '0 or more'),
    ('tilt', '1.5 or less'),
])
def test_ranges_are_said_in_words(name, words):
    assert {row.name: row.range for row in BicycleOptions.table()}[name] == words


def test_an_empty_mapping_gives_the_defaults():
    assert BicycleOptions.from_mapping({}) == BicycleOptions()


@pytest.mark.parametrize('values', [
    {'front.spokes': 20, 'front.tyre': 'gravel', 'has_bell': False},
    {'front': {'spokes': 20, 'tyre': 'gravel'}, 'has_bell': False},
    {'front': {'spokes': 20}, 'front.tyre': 'gravel', 'has_bell': False},
])
def test_names_may_have_dots_or_be_nested(values):
    assert BicycleOptions.from_mapping(values) == BicycleOptions(
        front=WheelOptions(spokes=20, tyre='gravel'), has_bell=False)


def test_to_mapping_is_the_reverse_of_from_mapping():
    values = {
        'name': 'Rosa', 'front.spokes': 3, 'front.tyre': '', 'top_speed': 1.5, 'has_bell': False,
        'tilt': -2.0}
    assert BicycleOptions.from_mapping(values).to_mapping() == values


@pytest.mark.parametrize('value', [0, 7, 10 ** 9])
def test_whole_numbers_become_floats_where_numbers_are_asked_for(value):
    options = BicycleOptions.from_mapping({'top_speed': value})
    assert options.top_speed == value
    assert type(options.top_speed) is float


def test_a_whole_number_becomes_text_where_text_is_asked_for():
    assert BicycleOptions.from_mapping({'name': 0}).name == '0'


@pytest.mark.parametrize(('name', 'value'), [
    ('front.spokes', 3), ('front.spokes', 64), ('top_speed', 0.0), ('top_speed', math.inf),
    ('tilt', 1.5), ('tilt', -math.inf), ('front.tyre', '')])
def test_the_ends_of_a_range_belong_to_it(name, value):
    assert BicycleOptions.from_mapping({name: value}).to_mapping()[name] == value


@pytest.mark.parametrize(('name', 'value', 'words'), [
    ('front.spokes', 2, 'front.spokes must be 3 to 64, not 2'),
    ('front.spokes', 65, 'front.spokes must be 3 to 64, not 65'),
    ('front.spokes', 20.0, 'front.spokes must be a whole number, not 20.0'),
    ('front.spokes', True, 'front.spokes must be a whole number, not True'),
    ('front.tyre', 'mud', "front.tyre must be one of road, gravel, '', not 'mud'"),
    ('top_speed', -0.1, 'top_speed must be 0 or more m/s, not -0.1'),
    ('top_speed', math.nan, 'top_speed must be 0 or more m/s, not nan'),
    ('top_speed', 'fast', "top_speed must be a number, not 'fast'"),
    ('top_speed', True, 'top_speed must be a number, not True'),
    ('top_speed', None, 'top_speed must be a number, not None'),
    ('tilt', 2, 'tilt must be 1.5 or less, not 2.0'),
    ('has_bell', 1, 'has_bell must be true or false, not 1'),
    ('name', 0.5, 'name must be a string, not 0.5'),
    ('name', False, 'name must be a string, not False'),
    ('front', 3, "there is no option 'front'"),
    ('saddle', 1, "there is no option 'saddle'"),
    ('front.hub', 1, "there is no option 'front.hub'"),
])
def test_a_wrong_value_is_refused_in_words(name, value, words):
    with pytest.raises(OptionError) as caught:
        BicycleOptions.from_mapping({name: value})
    assert str(caught.value).startswith(words)


def test_an_unknown_name_is_answered_with_those_that_there_are():
    with pytest.raises(OptionError, match=r'there are name, front\.spokes, .*, tilt$'):
        BicycleOptions.from_mapping({'wings': 2})


def test_every_fault_is_named():
    with pytest.raises(OptionError) as caught:
        BicycleOptions.from_mapping({'wings': 2, 'top_speed': -1, 'front': {'spokes': 'many'}})
    for name in ('wings', 'top_speed', 'front.spokes'):
        assert name in str(caught.value)


def test_options_made_by_hand_are_checked_as_well():
    with pytest.raises(OptionError, match='spokes'):
        WheelOptions(spokes=1)


def test_options_made_by_hand_turn_whole_numbers_into_floats():
    assert type(BicycleOptions(top_speed=3).top_speed) is float


def test_options_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        BicycleOptions().name = 'Rosa'


def test_a_class_that_adds_options_has_those_of_its_parent_first():
    @dataclass(frozen=True)
    class TandemOptions(BicycleOptions):
        seats: int = option(2, 'How many ride.')

    names = [row.name for row in TandemOptions.table()]
    assert names == [*(row.name for row in BicycleOptions.table()), 'seats']
    assert TandemOptions.from_mapping({'seats': 3, 'name': 'Rosa'}).seats == 3


@pytest.mark.parametrize(('name', 'words'), [
    ('rate', "did you mean 'rate_hz'?"), ('zzz', 'there are model, precision, threads')])
def test_an_unknown_name_is_answered_with_the_one_that_was_meant(name, words):
    from fer_ros.core.emotion_stage import EmotionOptions
    with pytest.raises(OptionError) as caught:
        EmotionOptions.from_mapping({name: 1})
    assert words in str(caught.value)
