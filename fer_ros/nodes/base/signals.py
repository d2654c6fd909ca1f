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

"""Signal handlers that end a process cleanly on SIGINT, SIGTERM and SIGHUP."""

from collections.abc import Callable
from queue import SimpleQueue
import signal
import threading

SIGNALS = (signal.SIGINT, signal.SIGTERM)

HANG_UP = signal.SIGHUP if hasattr(signal, 'SIGHUP') else None
"""A terminal or ssh session was closed; `nohup` ignores it."""

POLL_S = 0.2
"""Polling period: a signal delivered to another thread does not wake the waiting main thread."""


def setter_for_handlers(event: threading.Event) -> Callable[[], None]:
    """
    Return a function that sets the event and may be called by a signal handler.

    A handler that calls `event.set()` blocks forever if it interrupts `wait` or `set` of the same
    event in the main thread. `SimpleQueue.put` is reentrant.
    """
    requests: SimpleQueue[None] = SimpleQueue()

    def wait() -> None:
        requests.get()
        event.set()
    threading.Thread(target=wait, name='signals', daemon=True).start()
    return lambda: requests.put(None)


def stop_on_signals() -> threading.Event:
    """
    Return an event that SIGINT, SIGTERM and SIGHUP set from now on, instead of ending the process.

    A SIGHUP that is ignored, as under `nohup`, stays ignored.
    """
    stop = threading.Event()
    end = setter_for_handlers(stop)
    for number in SIGNALS:
        signal.signal(number, lambda *_: end())
    if HANG_UP is not None and signal.getsignal(HANG_UP) is not signal.SIG_IGN:
        signal.signal(HANG_UP, lambda *_: end())
    return stop


def ignore_signals() -> None:
    """Ignore SIGINT and SIGTERM while the process exits."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
