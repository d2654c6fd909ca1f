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

"""The command `fer desktop`: its options, and the loop that makes the window."""

from __future__ import annotations

from collections.abc import Callable
import gc
import importlib.util
import os
import signal
import sys
from typing import Any, TYPE_CHECKING

import click
from fer_ros.nodes.base.parent import end_with_parent
from fer_ros.parameters.parameter_files import ConfigError

if TYPE_CHECKING:
    from fer_ros.apps.desktop.model.player import Player
    from fer_ros.apps.desktop.views.window import Window

PACKAGES = ('ttkbootstrap', 'platformdirs')


@click.command()
@click.option(
    '--source', default='', help='Camera (0, /dev/video2), video, picture, folder, rtsp:// or '
    'http:// stream, or sample. Without it, the window asks.')
@click.option(
    '--config', default='live', show_default=True,
    help='Name of a file in config/, or path of a parameter file.')
@click.option(
    '--set', 'settings', multiple=True, metavar='NODE.NAME=VALUE',
    help='Set a parameter, such as emotion_node.smoothing_s=0. Can be repeated.')
@click.option(
    '--theme', type=click.Choice(['light', 'dark']), help='Colours of the window.')
@click.option(
    '--scale', type=click.IntRange(75, 400), metavar='PERCENT',
    help='Size of texts and symbols.')
@click.option(
    '--forget', is_flag=True, help='Neither use nor keep the settings of the last start.')
def desktop(
    source: str, config: str, settings: tuple[str, ...], theme: str | None, scale: int | None,
    forget: bool,
) -> None:
    """Open a window for cameras, videos and pictures."""
    _check()
    if end_with_parent():
        return
    from fer_ros.apps.desktop.model.player import Player
    from fer_ros.apps.desktop.model.settings import (
        configuration_folder,
        DESKTOP,
        FILE_NAME,
        Settings,
    )
    try:
        kept = Settings(
            None if forget else configuration_folder() / FILE_NAME, config, settings)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    if theme is not None:
        kept.set(DESKTOP, 'theme', theme)
    if scale is not None:
        kept.set(DESKTOP, 'scale_percent', scale)
    for note in kept.notes:
        click.echo(note, err=True)
    player = Player(kept)
    try:
        run(player, source)
    finally:
        text = player.close()
        if text:
            click.echo(text)


def _check() -> None:
    """
    Say which package is missing, in one line.

    :raises ClickException: if a package or a display is missing.
    """
    if importlib.util.find_spec('_tkinter') is None:
        raise click.ClickException(
            'Python has no tkinter: install the package python3-tk (sudo apt-get install '
            'python3-tk), or a Python that was built with Tk.')
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise click.ClickException(
            f'{" and ".join(missing)} cannot be imported: pip install -r '
            'requirements/desktop.txt')
    is_x11 = sys.platform.startswith('linux')
    if is_x11 and not os.environ.get('DISPLAY'):
        raise click.ClickException(
            'there is no display (DISPLAY is not set): start it on a desktop, or use fer analyze '
            'for files and fer live on a terminal.')


def run(player: Player, source: str, on_window: Callable[[Window], None] | None = None) -> None:
    """
    Show the window until the user closes it; another scale needs another window.

    :param on_window: called with each window before it is shown.
    :raises ClickException: if no window opens on the display.
    """
    from fer_ros.apps.desktop.views.garbage import collected_by_this_thread
    with collected_by_this_thread():
        while _one_window(player, source, on_window):
            source = ''
            gc.collect()


def _one_window(
    player: Player, source: str, on_window: Callable[[Window], None] | None,
) -> bool:
    """Show a window until it is closed; return whether another one is needed."""
    import tkinter as tk

    from fer_ros.apps.desktop.views.window import Window
    try:
        window = Window(player)
    except tk.TclError as error:
        raise click.ClickException(
            f'no window opens ({error}): check the display that DISPLAY names.') from error
    _end_on_signals(window)
    if on_window is not None:
        on_window(window)
    if source:
        window.after(1, window.open, source)
    window.mainloop()
    return window.must_restart


def _end_on_signals(window: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        # The handler runs when Tk's loop returns to Python, which a timer makes often enough. Not
        # as an idle task: painting an image runs these, and goes on with the window.
        signal.signal(number, lambda *_: window.after(1, window.close))
