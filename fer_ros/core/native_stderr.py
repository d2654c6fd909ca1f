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

"""Discarding what native libraries write to the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
import sys
import threading

_lock = threading.Lock()


@contextmanager
def silenced() -> Iterator[None]:
    """
    Discard what native code writes to file descriptor 2 inside the `with` block.

    LiteRT prints a line for each delegate; FFmpeg and TensorFlow print warnings about things that
    users cannot change; none of them has an option to turn this off. Python's own errors are
    exceptions, which are not affected.
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
