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

"""Dialogs: faults with a remedy, the notice before a camera, and the choice of files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import tkinter as tk
from tkinter import filedialog
from typing import Any

from fer_ros.apps.desktop.views import theme
import ttkbootstrap as ttk

WRAP = 420


def fault_and_remedy(text: str) -> tuple[str, str]:
    """
    Split a sentence of this project into what is wrong, and what to do.

    >>> fault_and_remedy('/dev/video0 does not open: another program may be using it')
    ('/dev/video0 does not open', 'Another program may be using it.')
    """
    fault, _, remedy = text.strip().rstrip('.').partition(': ')
    return fault[:1].upper() + fault[1:] if not fault.startswith('/') else fault, (
        f'{remedy[:1].upper()}{remedy[1:]}.' if remedy else '')


class MessageDialog:
    """A dialog with an icon, a headline, a text and buttons; the last button is the default."""

    def __init__(
        self, master: tk.Misc, icon: str, color: str, headline: str, text: str,
        buttons: Sequence[str],
    ) -> None:
        """Show it; `answer` waits for it."""
        self.result = ''
        self._is_open = True
        self.window = ttk.Toplevel(master=master, title=headline, resizable=(False, False))
        self.window.withdraw()
        self.window.transient(master.winfo_toplevel())
        self.window.configure(
            highlightthickness=theme.px(master, 1),
            highlightbackground=theme.palette().line, highlightcolor=theme.palette().line)
        pad = theme.px(master, 20)
        body = ttk.Frame(self.window, padding=pad)
        body.pack(fill='both', expand=True)
        self._image = ttk.Icon(icon, size=32, color=color)
        ttk.Label(body, image=str(self._image)).grid(
            row=0, column=0, rowspan=2, sticky='n', padx=(0, pad))
        wrap = theme.px(master, WRAP)
        ttk.Label(body, text=headline, font='FerTitle', wraplength=wrap, justify='left').grid(
            row=0, column=1, sticky='w')
        self.label = ttk.Label(body, text=text, wraplength=wrap, justify='left')
        self.label.grid(row=1, column=1, sticky='w', pady=(theme.px(master, 6), 0))
        self.extra = ttk.Frame(body)
        self.extra.grid(row=2, column=1, sticky='we', pady=(theme.px(master, 8), 0))
        row = ttk.Frame(body)
        row.grid(row=3, column=0, columnspan=2, sticky='e', pady=(pad, 0))
        self.buttons = []
        for number, name in enumerate(buttons):
            is_default = number == len(buttons) - 1
            button = ttk.Button(
                row, text=name, bootstyle='primary' if is_default else 'neutral',
                command=lambda name=name: self.close(name))
            button.pack(side='left', padx=(theme.px(master, 8), 0))
            self.buttons.append(button)
        default = buttons[-1]
        self.window.bind('<Return>', lambda event: self.close(default))
        self.window.bind('<Escape>', lambda event: self.close(''))
        self.window.protocol('WM_DELETE_WINDOW', lambda: self.close(''))
        self._center(master.winfo_toplevel())
        self.window.deiconify()
        self.buttons[-1].focus_set()

    def _center(self, over: tk.Misc) -> None:
        self.window.update_idletasks()
        x = over.winfo_rootx() + (over.winfo_width() - self.window.winfo_reqwidth()) // 2
        y = over.winfo_rooty() + (over.winfo_height() - self.window.winfo_reqheight()) // 3
        tk.Wm.geometry(self.window, f'+{max(x, 0)}+{max(y, 0)}')

    def close(self, result: str) -> None:
        """Close it with a result, the name of a button or ''."""
        if self._is_open:
            self._is_open = False
            self.result = result
            self.window.destroy()

    def answer(self) -> str:
        """Wait for the user; nothing else in the program can be clicked meanwhile."""
        if self._is_open:
            self.window.wait_visibility()
            self.window.grab_set()
            self.window.wait_window()
        return self.result


class Dialogs:
    """All questions to the user; tests replace it."""

    def __init__(self, master: tk.Misc) -> None:
        """Prepare."""
        self._master = master

    def fault(self, text: str) -> None:
        """Say what is wrong and what to do, and wait until it is read."""
        fault, remedy = fault_and_remedy(text)
        MessageDialog(
            self._master, 'exclamation-triangle-fill', 'danger', fault, remedy, ['OK']).answer()

    def may_use_camera(self, name: str) -> bool:
        """Tell that a camera is going to be used, and ask whether it may."""
        return MessageDialog(
            self._master, 'camera-video-fill', 'primary', f'Use {name}?',
            'The faces of everybody in front of it will be searched and their expressions '
            'recognised, on this computer only. Nothing is stored or sent unless you record, save '
            'or export it. Tell the people that a camera watches them. What a face shows is not '
            'what a person feels.', ['Cancel', 'Use camera']).answer() == 'Use camera'

    def address(self) -> str:
        """Ask for the address of a stream; '' means none."""
        dialog = MessageDialog(
            self._master, 'broadcast', 'primary', 'Open a stream',
            'Address of a camera or video in the network, such as rtsp://192.168.1.20/live or '
            'http://192.168.1.20/video.mjpg', ['Cancel', 'Open'])
        text = tk.StringVar(dialog.window)
        entry = ttk.Entry(dialog.extra, textvariable=text, width=48)
        entry.pack(fill='x')
        entry.focus_set()
        return text_if(dialog.answer() == 'Open', text)

    def file_to_open(self) -> str:
        """Ask for a picture or a video; '' means none."""
        return str(filedialog.askopenfilename(
            parent=self._master, title='Open a picture or a video') or '')

    def folder(self) -> str:
        """Ask for a folder of pictures; '' means none."""
        return str(filedialog.askdirectory(
            parent=self._master, title='Open a folder of pictures', mustexist=True) or '')

    def file_to_write(
        self, title: str, name: str, kinds: Sequence[tuple[str, str]],
    ) -> Path | None:
        """Ask where to write; `kinds` are names and endings, the first one is proposed."""
        options: dict[str, Any] = {
            'parent': self._master, 'title': title, 'initialfile': name,
            'defaultextension': kinds[0][1],
            'filetypes': [(kind, f'*{ending}') for kind, ending in kinds]}
        path = filedialog.asksaveasfilename(**options)
        return Path(path) if path else None


def text_if(is_given: bool, text: tk.StringVar) -> str:
    """Return the text of a field if the dialog was confirmed, else ''."""
    return text.get().strip() if is_given else ''
