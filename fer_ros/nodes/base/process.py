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

"""Runs one or several nodes as a process, from rclpy.init to the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import sys
import threading

from fer_ros.nodes.base.executor import SpinThread
from fer_ros.nodes.base.heartbeat import Heartbeat
from fer_ros.nodes.base.lifecycle_node import PipelineNode
from fer_ros.nodes.base.log_folder import ensure_log_folder
from fer_ros.nodes.base.parameter_arguments import log_mistakes, plain_sections_for_all
from fer_ros.nodes.base.parent import end_with_parent
from fer_ros.nodes.base.signals import ignore_signals, POLL_S, stop_on_signals
from fer_ros.nodes.base.twin_watch import TwinWatch
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions


def run_node(
    create: Callable[[], PipelineNode], args: list[str] | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Run one node as `run_nodes` does."""
    return run_nodes([create], args, stop)


def run_nodes(
    creates: Sequence[Callable[[], PipelineNode]], args: list[str] | None = None,
    stop: threading.Event | None = None,
) -> int:
    """
    Spin nodes until the process is interrupted or terminated, then shut them down cleanly.

    :param creates: return the nodes, subscribers before publishers.
    :param stop: is set by the handlers of SIGINT and SIGTERM; None: they are installed here.
    :return: the exit code: 0, or 1 if a node of the same name was running already.
    """
    if stop is None:
        stop = stop_on_signals()
    ensure_log_folder()
    # rclpy's own handlers would shut the middleware down before the node is destroyed.
    args = sys.argv if args is None else args
    with plain_sections_for_all(args) as arguments:
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    if end_with_parent():
        stop.set()
    nodes = [create() for create in creates]
    log_mistakes(nodes, args)
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    twins: list[str] = []

    def end_for_twin(sentence: str) -> None:
        nodes[0].get_logger().fatal(sentence)
        twins.append(sentence)
        stop.set()

    for node in nodes:
        TwinWatch(node, node.identity, end_for_twin)
    heartbeat = Heartbeat(nodes)
    spinning = SpinThread(executor, nodes[0].get_logger())
    try:
        while not stop.wait(POLL_S):
            pass
    finally:
        spinning.stop()
        heartbeat.allow_long_work()
        for node in reversed(nodes):
            node.close()
        rclpy.try_shutdown()
        heartbeat.close()
        # launch sends a second Ctrl-C, which must not kill the process while the interpreter
        # exits.
        ignore_signals()
    return 1 if twins else 0
