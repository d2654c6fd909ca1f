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
"""`fer bench` prints tables, writes files, and says in words what is wrong."""

from functools import partial
import json

from click.testing import CliRunner
import cv2
from fer_ros.bench import (
    desktop_bench,
    quality_bench,
    ros_bench,
    serve_bench,
    speed_bench,
    work_bench,
)
from fer_ros.bench.commands import bench
from fer_ros.bench.results import write_json
import pytest

ABOUT = {
    'date': '2026-01-02T03:04:05+00:00', 'machine': 'an abacus, 2 cores', 'load_before': 0.5,
    'processor': {'family': '', 'flags': ['avx2', 'avx_vnni'], 'reference': {
        'python_ms': 8.0, 'filter_ms': 2.5}}}


def step(recall):
    return {
        'images': 4, 'faces': 4, 'found': 4 * recall, 'recall': recall, 'false': 1,
        'false_per_image': 0.25}


FIGURES = {
    'quality': {
        **ABOUT, 'left_out': {'mtcnn': 'no TensorFlow'},
        'classifier': {
            'mmacs': 93.0, 'private': {'accuracy': 0.8, 'macro_f1': 0.7, 'ece': 0.01},
            'scenes': {'20 px': 0.85}},
        'detection': {'haar': {
            'photos': step(0.5), **{
                condition: {'1': step(1.0), '2': step(0.25)}
                for condition in ('size', 'darkness', 'blur', 'noise', 'roll')}}},
        'far': {'640x480': {
            '24px': {'pictures': step(0.75), 'live': {'images': 9.0, 'within_one_second': 0.5}},
            '64px': {'pictures': step(1.0), 'mtcnn': step(0.25)}}},
        'leaning': {'0': step(1.0), '60': step(0.75)},
        'identity': {'choke1': {
            'mota': 0.9, 'idf1': 0.96, 'idf1_strict': 0.4, 'switches': 3, 'people': 70}},
        'clips': {'extra_identities': 1, 'raw_changes_per_minute': 30.0,
                  'smoothed_changes_per_minute': 4.0, 'by_clip': {'eat.mkv': {
                      'people': 1, 'identities': 2, 'found': 0.9, 'raw_changes_per_minute': 30.0,
                      'smoothed_changes_per_minute': 4.0}}},
        'step': {'raw_ms': 50.0, 'smoothed_ms': 300.0, 'added_ms': 250.0},
        'emotion_steps': {kind: {
            'accuracy': 0.9, 'delay_ms': 290.0, 'false_changes_per_minute': 9.0, 'ece': 0.03}
            for kind in ('raw', 'smoothed')},
        'roll': {'0': {'faces': 3, 'same_label': 1.0, 'roll_error_deg': float('nan')}}},
    'ros': {
        **ABOUT, 'inactive': {'cpu_percent': {'face_node': 0.3}, 'highest_cpu_percent': 0.3},
        'runs': {'four_processes_30': {
            'processes': 'four processes', 'rate_hz': 30.0, 'p50_ms': 9.0, 'p95_ms': 17.0,
            'p99_ms': 21.0, 'images': 400, 'lost': 2, 'cpu_percent': 50.0, 'rss_mib': 500.0,
            'first_emotion_s': None, 'cpu_percent_by_process': {'face_node': 31.0},
            'rss_mib_by_process': {'face_node': 99.0}}}},
    'desktop': {
        **ABOUT, 'runs': {'one_face_720p': {
            'width': 1280, 'height': 720, 'faces': 1, 'rate_hz': 30.0, 'images_per_s': 29.0,
            'p50_ms': 30.0, 'p95_ms': 41.0, 'p99_ms': 50.0, 'cpu_percent': 80.0,
            'ms_per_image': {'reader': 1.0, 'worker': 20.0, 'MainThread': 5.0}}}},
    'serve': {
        **ABOUT, 'workers': 2, 'http_ms': 2.5, 'throughput': 0.5,
        'alone': {name: {'images_per_s': 60.0, 'decoding_ms': 2.0, 'pipeline_ms': 30.0}
                  for name in ('one_process', 'all_processes')},
        'runs': {'clients_1': {
            'clients': 1, 'images_per_s': 28.0, 'server_cpu_ms': 1.0, 'p50_ms': 34.0,
            'p95_ms': 41.0, 'p99_ms': 50.0}}},
    'work': {
        **ABOUT, 'left_out': {}, 'network_mmacs': {'classifier': 400.0, 'mesh': 30.0},
        'calls': {'live, sample': {
            'calls_per_s': {'classifier': 20.0}, 'by_network': {'classifier': 300.0},
            'mmacs_per_image': 300.0, 'mmacs_per_face_and_image': 150.0}},
        'still_to_sample': 0.3,
        'instructions': {
            'tool': 'callgrind', 'per_image': {'all': 50.0}, 'per_further_face': {'all': 9.0}},
        'copied_bytes': {'image_raw': {
            'direct': 100.0, 'middleware': 5e6, 'processes': 6e6}}},
}


def run(*arguments):
    return CliRunner().invoke(bench, [str(a) for a in arguments], prog_name='fer bench')


def aims_of(output):
    """Return the rows of the table of aims: the aim, its bound, what was measured, the state."""
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in output.splitlines()]
    begin = next(k for k, row in enumerate(rows) if row[:2] == ['aim', 'bound'])
    return {row[0]: row[1:] for row in rows[begin + 2:] if len(row) == 4}


@pytest.mark.parametrize(('name', 'module', 'states'), [
    ('quality', quality_bench, {
        'IDF1 on choke1, boxes with jitter, a fifth left out': ['≥ 0.95', '0.96', 'held'],
        'single-face clips, identities beyond the first': ['≤ 0', '1', 'missed'],
        'the same, million multiply-accumulates for one face': ['≤ 100', '93', 'held'],
        'the same on PublicTest, faces of 20 px': ['≥ 0.84', '0.85', 'held'],
        'sample clip, identity switches': ['≤ 0', '–', 'not measured']}),
    ('ros', ros_bench, {
        'four processes, 30 images/s, stamp to /emotions, p95 in ms (vnni)': [
            '≤ 18', '17', 'held'],
        'four processes, 30 images/s, stamp to /emotions, p95 in ms (no vnni)': [
            '≤ 40', '17', 'for another processor'],
        'four processes, 30 images/s, images without emotions': ['≤ 0', '2', 'missed'],
        'the busiest inactive node, CPU in % of one core': ['< 1', '0.3', 'held']}),
    ('desktop', desktop_bench, {
        '1280x720, one face, 30 images/s, shown images/s': ['≥ 29.5', '29', 'missed']}),
    ('serve', serve_bench, {
        'one client, CPU time of HTTP per picture, in ms': ['≤ 3', '1', 'held'],
        '16 clients, pictures/s relative to the pipeline alone': ['≥ 0.75', '0.5', 'missed']}),
    ('work', work_bench, {
        'still scene, multiply-accumulates relative to the sample': ['≤ 0.25', '0.3', 'missed']}),
])
def test_tables_json_and_chart(monkeypatch, tmp_path, name, module, states):
    monkeypatch.setattr(module, 'run', lambda *_, **__: FIGURES[name])
    result = run(name, '--json', tmp_path / 'a' / 'b.json', '--plot', tmp_path / 'c' / 'd.png')
    assert result.exit_code == 0, result.output
    assert 'an abacus, 2 cores' in result.stdout
    assert '2026-01-02' in result.stdout
    assert 'flags: avx2 avx_vnni; reference load: Python 8.0 ms, filters 2.5 ms' in result.stdout
    aims = aims_of(result.stdout)
    assert {aim: aims[aim] for aim in states} == states
    document = json.loads((tmp_path / 'a' / 'b.json').read_text())
    assert {aim['aim']: aim['state'] for aim in document['aims']} == {
        aim: row[-1] for aim, row in aims.items()}
    assert cv2.imread(str(tmp_path / 'c' / 'd.png')) is not None


def test_what_was_left_out_is_named(monkeypatch):
    monkeypatch.setattr(quality_bench, 'run', lambda *_, **__: FIGURES['quality'])
    assert '| mtcnn | no TensorFlow |' in run('quality').stdout


@pytest.mark.timeout(300)
def test_speed_with_what_is_here(monkeypatch, tmp_path):
    monkeypatch.setattr(speed_bench, 'training_python', lambda: None)
    monkeypatch.setattr(
        speed_bench, 'run',
        partial(speed_bench.run, scenarios=(speed_bench.REFERENCE,), images=10))
    monkeypatch.setattr('fer_ros.bench.time_by_module.IMAGES', 5)
    monkeypatch.setattr('fer_ros.bench.scene_cost.SECONDS', 1.0)
    monkeypatch.delenv('FER_ROS_DATA', raising=False)
    out = tmp_path / 'a.json'
    result = run('speed', '--rounds', 1, '--json', out, '--plot', tmp_path / 'a.png')
    assert result.exit_code == 0, result.output
    document = json.loads(out.read_text())
    assert document['scenarios'][0]['results']['default']['images'] == 10
    modules = document['profile']['1 face, 640x480']['modules']
    assert {'detection.mediapipe', 'classification.classifier'} <= modules.keys()
    assert all(0 < ms <= modules['face_stage'] + modules['emotion_stage']
               for name, ms in modules.items() if name != 'pipeline')
    assert list(document['scenes']) == ['sample']
    assert 'still sample, CPU per image relative to the moving one' in aims_of(result.stdout)
    assert '| sample | moving ' in result.stdout
    assert '| fer_ros with its defaults ' in result.stdout
    assert 'classic' in result.stdout


def test_a_folder_of_data_that_does_not_exist(monkeypatch, tmp_path):
    monkeypatch.setenv('FER_ROS_DATA', str(tmp_path / 'nothing'))
    result = run('quality')
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        f'Error: FER_ROS_DATA names {tmp_path / "nothing"}, which is not a folder.')


def test_without_ros(monkeypatch):
    monkeypatch.setattr(ros_bench, 'find_spec', lambda name: None)
    result = run('ros')
    assert result.exit_code == 1
    assert 'ROS cannot be imported (rclpy)' in result.stderr


def test_nodes_that_do_not_run_are_told_with_their_last_words(monkeypatch):
    monkeypatch.setattr(ros_bench, 'WARM_UP_S', 'soon')
    result = run('ros', '--rounds', 1)
    assert result.exit_code == 1
    assert 'the nodes could not be run (one_process, 30 images/s)' in result.stderr


def test_what_was_not_measured_is_null_in_json(tmp_path):
    write_json(tmp_path / 'a.json', {'a': float('nan'), 'b': [1.23456789, {'c': None}]})
    assert json.loads((tmp_path / 'a.json').read_text()) == {'a': None, 'b': [1.2346, {'c': None}]}
