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

"""A process that hangs is killed by the watchdog beside it; one that only rests is not."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray
from fer_ros.nodes.base import watchdog
from fer_ros.nodes.base.diagnostics import AUTOSTART_KEY, PROCESS_KEY
from graph import DEADLINE_S, wait_until
import pytest

NODE = """
import re, sys, time
from fer_ros.nodes.base.lifecycle_node import PipelineNode
from fer_ros.nodes.base.process import run_node
from fer_ros.parameters.node_options import EmotionNodeOptions, InputOptions

class Tested(PipelineNode):
    OPTIONS = EmotionNodeOptions
    def __init__(self):
        super().__init__('tested')
    def configure(self):
        {configure}
    def activate(self):
        receive = self.start_worker(self.work, InputOptions(max_delay_s=0.1))
        receive('a message')
        self.create_timer(0.1, self.work_in_executor)
    def work(self, message):
        {work}
    def work_in_executor(self):
        {callback}

sys.exit(run_node(Tested))
"""

NATIVE_LOOP = "re.match('(a+)+b', 'a' * 64)"
"""Takes years, in C, without giving Python's lock back."""


@pytest.fixture
def processes():
    begun = []

    def begin(*command, **options):
        begun.append(subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **options))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def watch(processes, process):
    return processes(
        sys.executable, '-I', '-S', watchdog.__file__, str(process.pid), '/robot/face_node', '10')


def say(dog, *lines):
    for line in lines:
        dog.stdin.write(f'{line}\n')
    dog.stdin.flush()


def run(processes, watchdog_s, configure='pass', work='pass', callback='pass'):
    """Start a node in a process of its own that does this in its three places."""
    return processes(
        sys.executable, '-c', NODE.format(configure=configure, work=work, callback=callback),
        '--ros-args', '-p', 'autostart:=true', '-p', f'watchdog_s:={watchdog_s}')


def is_active(graph, process):
    reports = graph.listen(DiagnosticArray, '/diagnostics')
    rows = {PROCESS_KEY: str(process.pid), AUTOSTART_KEY: 'done'}
    reports.wait(lambda m: rows.items() <= {
        row.key: row.value for row in m.status[0].values}.items())


def children(process):
    return Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()


def test_silence_kills_and_is_told(processes):
    process = processes('sleep', '1000')
    dog = watch(processes, process)
    say(dog, 1000, 0.5)
    assert process.wait(DEADLINE_S) == -signal.SIGKILL
    _, errors = dog.communicate(timeout=DEADLINE_S)
    assert dog.returncode == 0
    assert f'The process {process.pid} of /robot/face_node hangs' in errors
    assert 'watchdog_s (10 s)' in errors


@pytest.mark.parametrize('lines', [(), (1000,), (0.4, 1000)])
def test_it_ends_with_its_input_and_kills_nothing(processes, lines):
    process = processes('sleep', '1000')
    dog = watch(processes, process)
    say(dog, *lines)
    _, errors = dog.communicate(timeout=DEADLINE_S)
    assert (dog.returncode, errors, process.poll()) == (0, '', None)


def test_time_in_which_both_were_stopped_does_not_count(processes):
    process = processes('sleep', '1000')
    dog = watch(processes, process)
    say(dog, 2)
    # It has read the line when it sleeps again.
    wait_until(lambda: 'S (sleeping)' in Path(f'/proc/{dog.pid}/status').read_text())
    dog.send_signal(signal.SIGSTOP)
    end = time.monotonic() + 2.5
    wait_until(lambda: time.monotonic() > end)
    dog.send_signal(signal.SIGCONT)
    say(dog, 1000)
    assert dog.communicate(timeout=DEADLINE_S) == ('', '')
    assert process.poll() is None


def test_a_process_in_a_debugger_is_left_alone(processes):
    """The test is the debugger: its child asks to be traced by it (PTRACE_TRACEME is 0)."""
    process = processes(
        sys.executable, '-c', 'import ctypes, time; '
        'print(ctypes.CDLL(None).ptrace(0, 0, 0, 0), flush=True); time.sleep(1000)')
    if process.stdout.readline() != '0\n':
        pytest.skip('this machine does not permit ptrace')
    dog = watch(processes, process)
    say(dog, 0)
    end = time.monotonic() + 5 * watchdog.POLL_S
    wait_until(lambda: time.monotonic() > end)
    assert dog.poll() is None
    assert dog.communicate(timeout=DEADLINE_S) == ('', '')
    assert process.poll() is None


@pytest.mark.slow
def test_a_stopped_node_is_killed(graph, processes):
    node = run(processes, 3.0)
    is_active(graph, node)
    node.send_signal(signal.SIGSTOP)
    assert node.wait(DEADLINE_S) == -signal.SIGKILL
    assert f'The process {node.pid} of /tested hangs' in node.communicate()[1]


@pytest.mark.slow
def test_a_node_in_an_endless_native_loop_is_killed(processes):
    node = run(processes, 1.0, callback=NATIVE_LOOP)
    assert node.wait(3 * DEADLINE_S) == -signal.SIGKILL
    assert f'The process {node.pid} of /tested hangs' in node.communicate()[1]


@pytest.mark.slow
def test_a_node_that_never_finishes_a_message_is_killed(processes):
    node = run(processes, 0.5, work='time.sleep(1000)')
    assert node.wait(3 * DEADLINE_S) == -signal.SIGKILL
    errors = node.communicate()[1]
    assert 'tested has worked on one message for 3 s' in errors
    assert f'The process {node.pid} of /tested hangs' in errors


@pytest.mark.slow
def test_a_transition_may_take_longer(graph, processes):
    node = run(processes, 3.0, configure='time.sleep(5)')
    is_active(graph, node)
    assert children(node), 'it is watched'
    node.send_signal(signal.SIGINT)
    assert node.wait(DEADLINE_S) == 0


@pytest.mark.slow
def test_the_watchdog_ends_with_its_node(graph, processes):
    node = run(processes, 10.0)
    is_active(graph, node)
    (dog,) = children(node)
    # A Ctrl-C reaches both.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(int(dog), number)
    node.send_signal(signal.SIGINT)
    assert node.wait(DEADLINE_S) == 0
    assert not Path(f'/proc/{dog}').exists()
    assert 'Traceback' not in node.communicate()[1]


@pytest.mark.slow
def test_a_parameter_switches_it_off(graph, processes):
    node = run(processes, 0.0)
    is_active(graph, node)
    assert children(node) == []
    node.send_signal(signal.SIGINT)
    assert node.wait(DEADLINE_S) == 0


@pytest.mark.slow
def test_a_killed_watchdog_is_told_of(graph, processes):
    node = run(processes, 10.0)
    is_active(graph, node)
    (dog,) = children(node)
    os.kill(int(dog), signal.SIGKILL)
    graph.wait_for_log('watchdog of this process has ended')
    node.send_signal(signal.SIGINT)
    assert node.wait(DEADLINE_S) == 0
