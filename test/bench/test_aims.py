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
"""Aims are held or missed, and the file of aims is sound."""

from fer_ros.bench.aims import Aim, read_aims
from fer_ros.bench.results import with_aims
import pytest


@pytest.mark.parametrize(('bound', 'limit', 'measured', 'state'), [
    ('at_least', 8, 8.0, 'held'), ('at_least', 8, 7.99, 'missed'),
    ('at_most', 0.05, 0.05, 'held'), ('at_most', 0.05, 0.051, 'missed'),
    ('below', 1, 0.99, 'held'), ('below', 1, 1.0, 'missed'),
    ('at_most', 0, 0, 'held'), ('at_most', 0, 1, 'missed'),
    ('at_least', 8, float('nan'), 'not measured'), ('at_least', 8, None, 'not measured'),
])
def test_an_aim_is_held_or_missed(bound, limit, measured, state):
    judged = Aim('words', 'a.b', bound, limit).judged({'a': {'b': measured}})
    assert judged['state'] == state
    assert judged['bound'].endswith(f' {limit:g}')


@pytest.mark.parametrize(('flags', 'state', 'other'), [
    (['avx2', 'avx512_vnni'], 'held', 'for another processor'),
    (['asimd', 'asimddp'], 'held', 'for another processor'),
    (['avx2'], 'for another processor', 'held'),
    ([], 'for another processor', 'held'),
])
def test_an_aim_can_count_for_one_kind_of_processor(flags, state, other):
    figures = {'a': 1, 'processor': {'flags': flags}}
    with_vnni, without = (
        Aim('words', 'a', 'at_most', 1, kind).judged(figures) for kind in ('vnni', 'no vnni'))
    assert (with_vnni['state'], without['state']) == (state, other)
    assert with_vnni['aim'] == 'words (vnni)'


def test_an_unknown_kind_of_processor_is_named(tmp_path):
    path = tmp_path / 'aims.yaml'
    path.write_text('ros:\n  - {aim: a, measure: b, at_most: 1, processor: abacus}\n')
    with pytest.raises(ValueError, match=r'ros, aim 1: processor must be one of .* not .abacus'):
        read_aims('ros', path)


@pytest.mark.parametrize('figures', [{}, {'a': {}}, {'a': 3}, {'a': None}])
def test_what_was_left_out_is_not_measured(figures):
    assert Aim('words', 'a.b', 'at_most', 1).judged(figures)['state'] == 'not measured'


@pytest.mark.parametrize(('bench', 'measure', 'bound', 'limits'), [
    ('speed', 'ratios.fps_to.classic', 'at_least', {'vnni': 8, 'no vnni': 12}),
    ('speed', 'ratios.p95_to.classic', 'at_most', 1 / 20),
    ('speed', 'ratios.four_faces_add_ms', 'at_most', 8),
    ('speed', 'ratios.full_hd_to_480p', 'at_most', 1.5),
    ('ros', 'runs.one_process_30.p95_ms', 'at_most', {'vnni': 12, 'no vnni': 35}),
    ('ros', 'runs.four_processes_30.p95_ms', 'at_most', {'vnni': 18, 'no vnni': 40}),
    ('ros', 'runs.one_process_30.lost', 'at_most', 0),
    ('ros', 'inactive.highest_cpu_percent', 'below', 1),
    ('quality', 'identity.choke1.idf1', 'at_least', 0.95),
    ('quality', 'identity.street.idf1', 'at_least', 0.95),
    ('quality', 'clips.smoothed_changes_per_minute', 'at_most', 18.5),
    ('quality', 'emotion_steps.smoothed.false_changes_per_minute', 'at_most', 10),
    ('quality', 'emotion_steps.smoothed.delay_ms', 'at_most', 337),
    ('quality', 'classifier.private.accuracy', 'at_least', 0.875),
    ('quality', 'classifier.scenes.dark, a tenth of the light', 'at_least', 0.85),
])
def test_the_projects_aims_are_in_the_file(bench, measure, bound, limits):
    aims = [aim for aim in read_aims(bench) if aim.measure == measure]
    assert {aim.bound for aim in aims} == {bound}
    assert {aim.processor: aim.limit for aim in aims} == (
        limits if isinstance(limits, dict) else {'': limits})


def test_all_aims_of_a_run_are_judged():
    aims = with_aims('quality', {'identity': {'choke1': {'idf1': 0.9}}})['aims']
    states = {aim['measure']: aim['state'] for aim in aims}
    assert states.pop('identity.choke1.idf1') == 'missed'
    assert set(states.values()) == {'not measured'}


@pytest.mark.parametrize('row', [
    '{aim: a, measure: b}', '{aim: a, measure: b, at_least: 1, below: 2}',
    '{aim: a, at_least: 1}', '{aim: a, measure: b, at_least: 1, color: red}'])
def test_a_faulty_aim_is_named(tmp_path, row):
    path = tmp_path / 'aims.yaml'
    path.write_text(f'speed:\n  - {{aim: a, measure: b, below: 1}}\n  - {row}\n')
    with pytest.raises(ValueError, match=r'aims\.yaml, speed, aim 2: it needs aim, measure, and'):
        read_aims('speed', path)
