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

"""Signals that come at any moment."""

import subprocess
import sys
import threading
import time

from fer_ros.nodes.base.executor import SpinThread
from graph import DEADLINE_S
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

PROGRAM = """
import signal
from fer_ros.nodes.base.signals import stop_on_signals
stop = stop_on_signals()
# As the main thread does for a moment in each `wait`; a handler can run right then.
with stop._cond:
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)
assert stop.wait(30)
print('ended')
"""


def test_a_signal_amid_a_wait_does_not_block_the_process():
    run = subprocess.run(
        [sys.executable, '-c', PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout) == (0, 'ended\n'), run.stderr


@pytest.mark.parametrize('round_number', range(20))
def test_an_executor_can_be_stopped_at_the_very_moment_it_begins(graph, round_number):
    executor = SingleThreadedExecutor()
    executor.add_node(graph.do(Node, f'begins_{round_number}'))
    spinning = SpinThread(executor, graph.probe.get_logger())
    time.sleep(0.0005 * round_number)
    ending = threading.Thread(target=spinning.stop, daemon=True)
    ending.start()
    ending.join(DEADLINE_S)
    assert not ending.is_alive()
