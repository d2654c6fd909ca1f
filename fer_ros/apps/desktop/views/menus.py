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

"""The menus, and the keys that do the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
import tkinter as tk
from typing import Any

from fer_ros.media.sources.camera_list import cameras
import ttkbootstrap as ttk

Action = Callable[[], object]

_TEXT_FIELDS = ('TEntry', 'Entry', 'TSpinbox', 'TCombobox', 'Text')


def fill_cameras(window: Any, menu: tk.Menu) -> None:
    """Put the cameras that there are now into a menu."""
    menu.delete(0, 'end')
    found = cameras()
    for camera in found:
        menu.add_command(
            label=f'{camera.name}   ({camera.source})',
            command=partial(window.open, camera.source))
    if not found:
        menu.add_command(label='No camera is connected', state='disabled')


def make_menus(window: Any) -> None:
    """Make the menu bar of a `Window`, which imports this module, and bind the keys."""
    bar = ttk.Menu(window)
    window.configure(menu=bar)

    def command(action: Action) -> Action:
        return action

    def skip(images: int) -> Action:
        return lambda: window.video_bar.step(images)
    sections: dict[str, list[tuple[str, str, str, Action] | None]] = {
        'File': [
            ('First camera', 'Ctrl+K', '<Control-k>', window.open_first_camera),
            ('Open picture or video…', 'Ctrl+O', '<Control-o>', window.open_file),
            ('Open folder…', 'Ctrl+Shift+O', '<Control-O>', window.open_folder),
            ('Open stream…', 'Ctrl+U', '<Control-u>', window.open_stream),
            ('Built-in sample', 'Ctrl+Shift+S', '<Control-S>', lambda: window.open('sample')),
            None,
            ('Record or stop', 'Ctrl+R', '<Control-r>', window.toggle_recording),
            ('Save picture…', 'Ctrl+S', '<Control-s>', window.save_picture),
            ('Export rows…', 'Ctrl+E', '<Control-e>', window.export_rows),
            None,
            ('Close source', 'Ctrl+W', '<Control-w>', window.close_source),
            ('Quit', 'Ctrl+Q', '<Control-q>', window.close)],
        'People': [
            ('Rename', 'F2', '<F2>', window.rename_selected),
            ('Copy row', 'Ctrl+C', '<Control-c>', window.copy_selected)],
        'Play': [
            ('Play or pause', 'Space', '<space>', lambda: window.video_bar.toggle()),
            ('One image back', ',', '<comma>', skip(-1)),
            ('One image forward', '.', '<period>', skip(1)),
            ('Previous picture, or 5 s back', 'Left', '<Left>', lambda: window.next_picture(-1)),
            ('Next picture, or 5 s forward', 'Right', '<Right>', lambda: window.next_picture(1)),
            ('Slower', '[', '<bracketleft>', lambda: window.video_bar.faster(-1)),
            ('Faster', ']', '<bracketright>', lambda: window.video_bar.faster(1)),
            None,
            ('Analyse whole video', 'Ctrl+T', '<Control-t>', window.toggle_analysis)],
        'View': [
            ('Overlay', 'Ctrl+L', '<Control-l>', lambda: window.toggle('show_overlay')),
            ('Blur faces', 'Ctrl+B', '<Control-b>', lambda: window.toggle('blur_faces')),
            ('Mirror camera', 'Ctrl+M', '<Control-m>', lambda: window.toggle('mirror_camera')),
            ('Light or dark', 'Ctrl+D', '<Control-d>', window.toggle_theme),
            None,
            ('Larger', 'Ctrl++', '<Control-plus>', lambda: window.zoom(25)),
            ('Smaller', 'Ctrl+-', '<Control-minus>', lambda: window.zoom(-25)),
            None,
            ('Settings…', 'Ctrl+,', '<Control-comma>', window.open_settings)],
    }
    for title, entries in sections.items():
        menu = ttk.Menu(bar, tearoff=False)
        bar.add_cascade(label=title, menu=menu)
        for entry in entries:
            if entry is None:
                menu.add_separator()
                continue
            label, keys, sequence, action = entry
            menu.add_command(label=label, accelerator=keys, command=command(action))
            window.bind(sequence, _unless_typing(window, action))
            if title == 'File' and label == 'First camera':
                inner = ttk.Menu(menu, tearoff=False)
                inner.configure(postcommand=lambda inner=inner: fill_cameras(window, inner))
                menu.add_cascade(label='Camera', menu=inner)


def _unless_typing(window: tk.Misc, action: Action) -> Callable[[tk.Event[tk.Misc]], None]:
    """Return a handler that leaves keys to text fields, and the space bar to buttons."""
    def handle(event: tk.Event[tk.Misc]) -> None:
        widget: Any = event.widget
        # A name of a widget that Tk made, or a widget of a dialog.
        if isinstance(widget, str) or widget.winfo_toplevel() is not window:
            return
        kind = widget.winfo_class()
        if kind in _TEXT_FIELDS:
            return
        if event.keysym in ('Left', 'Right') and kind in ('TScale', 'TCombobox'):
            return
        if event.keysym == 'space' and kind in ('TButton', 'TMenubutton', 'TCheckbutton'):
            return
        action()
    return handle
