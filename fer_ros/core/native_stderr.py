"""Keeps native libraries from writing to the terminal while they start."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
import sys
import threading

_lock = threading.Lock()


@contextmanager
def silenced() -> Iterator[None]:
    """
    Discard what native code writes to file descriptor 2 meanwhile.

    MediaPipe and LiteRT announce each delegate and warn of defaults that users cannot change, and offer no
    switch for it. Python's own errors are exceptions and are not affected.
    """
    with _lock:
        sys.stderr.flush()
        saved = os.dup(2)
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(null)
