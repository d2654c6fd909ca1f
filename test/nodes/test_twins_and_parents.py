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

"""A second node of the same name ends, and nodes end with the process that started them."""

import os
import signal
import subprocess
import sys

from diagnostic_msgs.msg import DiagnosticArray
from fer_ros.nodes.base.diagnostics import PROCESS_KEY
from fer_ros.nodes.base.parent import PARENT_VARIABLE
from fer_ros.nodes.base.twin_watch import TwinWatch
from fer_ros.nodes.emotion_node import EmotionNode
from graph import DEADLINE_S, wait_until
import pytest

NODE = (sys.executable, '-m', 'fer_ros.nodes.emotion_node', '--ros-args', '-p', 'autostart:=true')

PARENT = f"""
import os, subprocess, time
node = subprocess.Popen({NODE!r}, env={{**os.environ, '{PARENT_VARIABLE}': str(os.getpid())}},
                        start_new_session=True)
print(node.pid, flush=True)
time.sleep(1000)
"""
"""A program that starts a node as launch does."""


def test_the_node_that_was_started_later_notices_the_earlier_one(graph):
    earlier = graph.add(EmotionNode)
    later = graph.add(EmotionNode)
    later.identity = earlier.identity[0] + 1.0, *earlier.identity[1:]
    sentences = {'earlier': [], 'later': []}
    for name, node in (('earlier', earlier), ('later', later)):
        graph.do(TwinWatch, node, node.identity, sentences[name].append)
    graph.up(earlier, later)
    wait_until(lambda: sentences['later'])
    assert '/emotion_node already runs, in process' in sentences['later'][0]
    assert sentences['earlier'] == []


def test_nodes_of_other_namespaces_are_no_twins(graph):
    first = graph.add(EmotionNode)
    second = graph.add(EmotionNode, namespace='/other')
    sentences = []
    for node in first, second:
        graph.do(TwinWatch, node, node.identity, sentences.append)
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    graph.up(first, second)
    wait_until(lambda: len(reports) >= 8)
    assert sentences == []


@pytest.mark.slow
def test_a_second_process_of_the_same_name_is_refused_in_a_sentence(graph, tmp_path):
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    with (tmp_path / 'first').open('w') as output, subprocess.Popen(
            NODE, stdout=output, stderr=output) as first:
        try:
            reports.wait(lambda m: m.status[0].name == 'emotion_node')
            second = subprocess.run(
                NODE, capture_output=True, text=True, timeout=3 * DEADLINE_S, check=False)
            assert second.returncode == 1, second.stderr
            assert f'already runs, in process {first.pid}' in second.stderr
            assert 'Traceback' not in second.stderr
            assert first.poll() is None
        finally:
            first.send_signal(signal.SIGINT)
            assert first.wait(DEADLINE_S) == 0, (tmp_path / 'first').read_text()


@pytest.mark.slow
def test_a_node_ends_when_its_parent_was_killed(graph):
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    with subprocess.Popen(
            (sys.executable, '-c', PARENT), stdout=subprocess.PIPE, text=True) as parent:
        node = int(parent.stdout.readline())
        reports.wait(lambda m: any(
            row.key == PROCESS_KEY and row.value == str(node) for row in m.status[0].values))
        parent.kill()

    def is_gone():
        try:
            os.kill(node, 0)
        except ProcessLookupError:
            return True
        with open(f'/proc/{node}/stat') as stat:
            return stat.read().rpartition(')')[2].split()[0] == 'Z'

    wait_until(is_gone)


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGHUP, signal.SIGTERM])
def test_a_closed_session_ends_a_node_cleanly(graph, number):
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    with subprocess.Popen(
            NODE, stderr=subprocess.PIPE, text=True,
            # The tests themselves may run under nohup, which the node would inherit.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)) as node:
        reports.wait(lambda m: m.status[0].name == 'emotion_node')
        node.send_signal(number)
        assert node.wait(DEADLINE_S) == 0
        assert 'Traceback' not in node.stderr.read()
