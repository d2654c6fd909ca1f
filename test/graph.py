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

"""A small ROS graph for a test: real nodes, real middleware, deadlines in place of sleeps."""

from array import array
import functools
import gc
import threading
import time

from fer_ros.media.sample_clip import SampleClip
from fer_ros.nodes.base.executor import SpinThread
from fer_ros.nodes.face_conversion import to_stamp
import numpy as np
from rcl_interfaces.msg import Log
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image
from std_msgs.msg import Header

DEADLINE_S = 20.0
"""Only reached where a test fails."""

RELIABLE = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)
_HISTORY = QoSProfile(
    depth=1000, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


def wait_until(predicate, what='', deadline_s=DEADLINE_S):
    """
    Return the first true value of the predicate, or fail after the deadline.

    :param what: is awaited, in words, or a function that gives them when it is known what came.
    """
    end = time.monotonic() + deadline_s
    while True:
        value = predicate()
        if value:
            return value
        assert time.monotonic() < end, (
            f'not within {deadline_s:g} s: {what() if callable(what) else what or predicate}')
        time.sleep(0.005)


class Inbox(list):
    """What came on a topic."""

    def wait(self, predicate=lambda _: True, deadline_s=DEADLINE_S):
        """Return the first message that the predicate accepts, waiting for it."""
        return wait_until(
            lambda: next((m for m in list(self) if predicate(m)), None),
            lambda: f'among {len(self)} messages',
            deadline_s,
        )

    def wait_for_stamp(self, stamp_ns, deadline_s=DEADLINE_S):
        """Return the message with this stamp, waiting for it."""
        stamp = to_stamp(stamp_ns)
        return self.wait(lambda m: m.header.stamp == stamp, deadline_s)


class _Failures(list):
    """Stands for the logger of `SpinThread`: what a callback raises fails the test in the end."""

    def error(self, text, **_):
        self.append(text)


class Graph:
    """Nodes that share an executor and its thread, as in `fer live`, and a probe beside them."""

    def __init__(self):
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        self.failures = _Failures()
        self.nodes = []
        self.executor = SingleThreadedExecutor()
        self.probe = Node('probe')
        self.executor.add_node(self.probe)
        self._spinning = SpinThread(self.executor, self.failures)
        self._log = self.listen(Log, '/rosout', _HISTORY)

    def close(self):
        """Stop and destroy everything; fail where a callback raised."""
        for node in reversed(self.nodes):
            self.remove(node)
        self._spinning.stop()
        self.probe.destroy_node()
        rclpy.shutdown()
        # A node that is freed late would take the log of the next one of its name away.
        gc.collect()
        assert not self.failures, self.failures

    def do(self, function, *arguments):
        """Call a function in the executor's thread and return what it returns."""
        done = threading.Event()
        results = []

        def call():
            try:
                results.append((function(*arguments), None))
            except BaseException as error:
                results.append((None, error))
            done.set()

        self.executor.create_task(call)
        assert done.wait(DEADLINE_S), function
        ((result, error),) = results
        if error is not None:
            raise error
        return result

    def add(self, kind, *arguments, namespace='', remaps=None, **parameters):
        """Make a node; dots in names of parameters are written as two underscores."""
        words = [*arguments]
        if namespace:
            words += ['-r', f'__ns:={namespace}']
        for name, target in (remaps or {}).items():
            words += ['-r', f'{name}:={target}']
        overrides = [
            Parameter(name.replace('__', '.'), value=value) for name, value in parameters.items()
        ]
        node = kind(
            cli_args=['--ros-args', *words] if words else None, parameter_overrides=overrides
        )
        self.nodes.append(node)
        self.executor.add_node(node)
        return node

    def remove(self, node):
        """Stop and destroy a node."""
        self.nodes.remove(node)
        self.do(self.executor.remove_node, node)
        self.do(getattr(node, 'close', node.destroy_node))

    def change(self, node, *transitions):
        """Ask a node for transitions one after the other; return whether each succeeded."""
        return [
            self.do(getattr(node, f'trigger_{name}')) is TransitionCallbackReturn.SUCCESS
            for name in transitions
        ]

    def up(self, *nodes):
        """Configure and activate nodes."""
        for node in nodes:
            assert self.change(node, 'configure', 'activate') == [True, True], self.log()

    def set(self, node, **parameters):
        """Set parameters of a node; return the first refusal's reason, or ''."""
        results = self.do(
            node.set_parameters,
            [
                Parameter(name.replace('__', '.'), value=value)
                for name, value in parameters.items()
            ],
        )
        return next((result.reason for result in results if not result.successful), '')

    def listen(self, kind, topic, qos=RELIABLE):
        """Subscribe to a topic; the messages come into the inbox that is returned."""
        inbox = Inbox()
        inbox.subscription = self.do(
            functools.partial(self.probe.create_subscription, kind, topic, inbox.append, qos)
        )
        return inbox

    def speaker(self, kind, topic, qos=RELIABLE):
        """Return a publisher of the probe."""
        return self.do(self.probe.create_publisher, kind, topic, qos)

    def log(self, word='', level=Log.DEBUG):
        """Return what the nodes logged so far with this word in it, at this level or above."""
        return [m.msg for m in list(self._log) if word in m.msg and m.level >= level]

    def wait_for_log(self, *words, level=Log.INFO):
        """Return the first log message that holds all the words, waiting for it."""
        return self._log.wait(
            lambda m: m.level >= level and all(word in m.msg for word in words)
        ).msg

    def ask(self, publisher, message, answers, stamp_ns):
        """Publish a message, again until both sides know each other, and return its answer."""
        end = time.monotonic() + DEADLINE_S
        while True:
            publisher.publish(message)
            try:
                return answers.wait_for_stamp(stamp_ns, 0.3)
            except AssertionError:
                assert time.monotonic() < end, (
                    f'no answer to the message of {stamp_ns}: {self.log()}'
                )


@functools.cache
def sample():
    """Return the sample clip, made once."""
    return SampleClip()


def header(stamp_ns, frame_id='cam'):
    """Return a header."""
    return Header(stamp=to_stamp(stamp_ns), frame_id=frame_id)


def image_message(pixels, encoding='bgr8', stamp_ns=1, *, padding=0, frame_id='cam'):
    """
    Return an image message, written out by hand.

    :param pixels: (H, W) or (H, W, C) uint8.
    :param padding: so many bytes after each row.
    """
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    if padding:
        rows = np.hstack([rows, np.full((height, padding), 0xAA, np.uint8)])
    return Image(
        header=header(stamp_ns, frame_id),
        height=height,
        width=width,
        encoding=encoding,
        step=rows.shape[1],
        data=array('B', rows.tobytes()),
    )


def sample_message(index, stamp_ns, frame_id='cam'):
    """Return a frame of the sample clip as a message."""
    return image_message(sample().frame(index), stamp_ns=stamp_ns, frame_id=frame_id)
