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

"""A number of a face is never given twice, whatever ends and starts the node."""

from itertools import islice
import os
import signal
import subprocess
import sys

from fer_msgs.msg import FaceArray
from fer_ros.nodes import track_ids as module
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.track_ids import MAX_ID, state_file, TrackIds
from graph import DEADLINE_S, sample_message
import pytest
from sensor_msgs.msg import Image

NODE = '/robot/face_node'

ENDLESS = f"""
from fer_ros.nodes.track_ids import TrackIds
for number in TrackIds({NODE!r}, print):
    print(number, flush=True)
"""


def fail(sentence):
    raise AssertionError(sentence)


def start(node=NODE):
    return TrackIds(node, fail)


def test_the_first_numbers_are_small_and_no_start_repeats_one():
    assert list(islice(start(), 3)) == [1, 2, 3]
    second, third = list(islice(start(), 250)), list(islice(start(), 3))
    assert second[0] == 101
    assert not {1, 2, 3} & set(second)
    assert not set(second) & set(third)
    assert len(set(second)) == 250
    assert third[0] < 1000


def test_nodes_of_other_names_count_for_themselves():
    for node in (NODE, '/other/face_node', '/face_node'):
        assert next(start(node)) == 1
    assert len({state_file(node) for node in (NODE, '/face_node', '/robot/left_face')}) == 3


def test_many_numbers_cause_few_writes(monkeypatch):
    writes = []
    monkeypatch.setattr(os, 'fsync', writes.append)
    assert list(islice(start(), 10_000)) == [*range(1, 10_001)]
    assert len(writes) < 8


@pytest.mark.slow
def test_a_kill_repeats_no_number():
    given = []
    for _ in range(2):
        with subprocess.Popen(
                [sys.executable, '-c', ENDLESS], stdout=subprocess.PIPE, text=True) as process:
            given += [int(process.stdout.readline()) for _ in range(150)]
            process.send_signal(signal.SIGKILL)
            # The last line may be incomplete.
            given += [int(line) for line in process.stdout if line.endswith('\n')]
    assert len(set(given)) == len(given)
    assert next(start()) not in given


@pytest.mark.slow
def test_processes_of_one_name_share_no_number():
    code = f"""
from itertools import islice
from fer_ros.nodes.track_ids import TrackIds
for _ in range(50):
    print(*islice(TrackIds({NODE!r}, print), 120))
"""
    processes = [
        subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)]
    given = []
    for process in processes:
        output, _ = process.communicate(timeout=3 * DEADLINE_S)
        given += map(int, output.split())
    assert len(given) == len(set(given)) == 3 * 50 * 120


@pytest.mark.parametrize('content', ['', 'x', '-5', '9' * 40])
def test_a_broken_file_is_replaced(content, monkeypatch):
    monkeypatch.setattr(module.time, 'time', lambda: 1_000.0)
    file = state_file(NODE)
    file.parent.mkdir(parents=True)
    file.write_text(content)
    first = next(start())
    assert 1 <= first <= MAX_ID
    assert (first == 1) == (content == '')
    assert next(start()) == (first + 99) % MAX_ID + 1


def test_after_the_largest_number_comes_one():
    file = state_file(NODE)
    file.parent.mkdir(parents=True)
    file.write_text(f'{MAX_ID - 1}\n')
    assert list(islice(start(), 4)) == [MAX_ID - 1, MAX_ID, 1, 2]
    assert next(start()) == 99


@pytest.mark.parametrize('home', ['/proc', '/dev/null', '/dev/full/x'])
def test_without_a_file_the_clock_keeps_the_numbers_apart(monkeypatch, home):
    monkeypatch.setenv('ROS_HOME', home)
    now = [1_795_992_025.0]
    monkeypatch.setattr(module.time, 'time', lambda: now[0])
    sentences = []
    first = TrackIds(NODE, sentences.append)
    given = list(islice(first, 1000))
    assert len(set(given)) == 1000, 'also over several blocks'
    assert max(given) < 10_002_000
    assert len(sentences) == 1
    for word in (home, 'ROS_HOME', 'clock'):
        assert word in sentences[0]
    now[0] += 101.0
    assert not set(given) & set(islice(TrackIds(NODE, sentences.append), 1000))


def test_a_full_disk_is_told_of(monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')

    ids = start()
    list(islice(ids, 100))
    monkeypatch.setattr(os, 'pwrite', full)
    sentences = []
    monkeypatch.setattr(ids, '_warn', sentences.append)
    assert next(ids) > 100
    assert 'No space left' in sentences[0]


def test_a_new_container_begins_at_the_time_of_the_clock(monkeypatch, tmp_path):
    mark = tmp_path / '.dockerenv'
    mark.touch()
    monkeypatch.setattr(module, 'CONTAINER_MARKS', (str(mark),))
    monkeypatch.setattr(module.time, 'time', lambda: 7_000_012_345.0)
    assert next(start()) == 1, 'ROS_HOME is set, perhaps to a volume'
    monkeypatch.delenv('ROS_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert next(start()) == 123_451
    assert next(start()) == 123_551, 'the container runs on'
    assert (tmp_path / '.ros/fer_ros/track_ids/robot.face_node').is_file()


def identities(graph, stamp_s, **parameters):
    """Return the identities that a new node gives in one image, and again after a clean-up."""
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw')
    node = graph.add(FaceNode, tracker__min_hits=1, **parameters)
    found = []
    for k in range(2):
        graph.up(node)
        stamp_ns = (stamp_s + k) * 10**9
        message = graph.ask(images, sample_message(0, stamp_ns), faces, stamp_ns)
        found.append([face.track_id for face in message.faces])
        assert graph.change(node, 'deactivate', 'cleanup') == [True, True]
    graph.remove(node)
    return found


def test_a_node_that_is_started_again_gives_new_numbers(graph):
    assert identities(graph, 1) == [[1, 2], [3, 4]]
    assert identities(graph, 3) == [[101, 102], [103, 104]]


def test_results_can_be_repeated(graph):
    assert identities(graph, 1, unique_ids=False) == [[1, 2], [1, 2]]
    assert identities(graph, 3, unique_ids=False) == [[1, 2], [1, 2]]
