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

"""
Lets only the thread of the window collect garbage.

Python collects cycles in whatever thread happens to allocate memory. If this is not the thread of
the window, deleting an image or a variable of Tk there waits for the window's loop, and for a
second each when the window is closed: the images of a camera would stop meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import gc


@contextmanager
def collected_by_this_thread() -> Iterator[None]:
    """Collect nothing of its own accord inside the `with` block, and everything at its end."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        if was_enabled:
            gc.enable()


def collect_young() -> None:
    """Collect what was made a short time ago, which takes about a millisecond."""
    if not gc.isenabled():
        gc.collect(1)
