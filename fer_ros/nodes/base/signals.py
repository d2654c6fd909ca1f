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

"""Ending by Ctrl-C or a service manager, from the first moment of a process to the last."""

from collections.abc import Callable
from queue import SimpleQueue
import signal
import threading

SIGNALS = (signal.SIGINT, signal.SIGTERM)

POLL_S = 0.2
"""A signal that the system gives to another thread does not wake a main thread that waits."""


def setter_for_handlers(event: threading.Event) -> Callable[[], None]:
    """
    Return what sets the event from a signal's handler.

    A handler that set it itself would wait for ever where it interrupts the event's own `wait` or
    `set`; `SimpleQueue.put` may be interrupted by itself.
    """
    wishes: SimpleQueue[None] = SimpleQueue()

    def wait() -> None:
        wishes.get()
        event.set()
    threading.Thread(target=wait, name='signals', daemon=True).start()
    return lambda: wishes.put(None)


def stop_on_signals() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set from now on, in place of ending the process."""
    stop = threading.Event()
    end = setter_for_handlers(stop)
    for number in SIGNALS:
        signal.signal(number, lambda *_: end())
    return stop


def ignore_signals() -> None:
    """Let what has ended its work end in peace."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
