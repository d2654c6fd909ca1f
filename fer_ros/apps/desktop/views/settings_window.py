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

"""The settings as a window, made from the options table; each change takes effect at once."""

from __future__ import annotations

from collections.abc import Callable
import tkinter as tk
from typing import Any

from fer_ros.apps.desktop.model.settings import GROUPS, Settings
from fer_ros.apps.desktop.views import theme
from fer_ros.core.options import Option, OptionError, Value
import ttkbootstrap as ttk
from ttkbootstrap.widgets.scrolled import ScrolledFrame

WRAP = 470
DELAY_MS = 400
"""A number takes effect this long after the last key, so that half a number does not."""


def title_of(row: Option) -> str:
    """
    Return the name of an option in words.

    >>> title_of(Option('tracker.timeout_s', float, 0.7, '', unit='s'))
    'Timeout (s)'
    """
    words = row.name.rsplit('.', 1)[-1].split('_')
    if len(words) > 1 and words[-1] in (row.unit.lower(), 'percent'):
        del words[-1]
    words = [{'min': 'minimum', 'max': 'maximum'}.get(word, word) for word in words]
    text = ' '.join(words)
    return text[:1].upper() + text[1:] + (f' ({row.unit})' if row.unit else '')


class SettingsWindow:
    """All options of `GROUPS`, a page for each group."""

    def __init__(
        self, master: tk.Misc, settings: Settings, apply: Callable[[str, str], None],
    ) -> None:
        """
        Show the window.

        :param apply: called after each change, with the section and the name of the option.
        """
        self._settings = settings
        self._apply = apply
        self._fields: dict[tuple[str, str], _Field] = {}
        self.window = ttk.Toplevel(master=master, title='Settings')
        self.window.transient(master.winfo_toplevel())
        pad = theme.px(master, 14)
        self.pages = ttk.Notebook(self.window)
        self.pages.pack(fill='both', expand=True, padx=pad, pady=(pad, 0))
        for group in GROUPS:
            page = ScrolledFrame(
                self.pages, padding=pad, height=theme.px(master, 430),
                width=theme.px(master, WRAP + 70), auto_hide=False)
            self.pages.add(page.container, text=f' {group.title} ')
            for section, name in group.options:
                field = _Field(page, settings, section, name, self._apply)
                field.frame.pack(fill='x', pady=(0, theme.px(master, 14)), padx=(0, pad))
                self._fields[section, name] = field
        row = ttk.Frame(self.window, padding=pad)
        row.pack(fill='x')
        ttk.Button(
            row, text='Reset all', icon='arrow-counterclockwise', bootstyle='neutral',
            command=self.reset).pack(side='left')
        ttk.Button(row, text='Close', bootstyle='primary', command=self.close).pack(side='right')
        over = master.winfo_toplevel()
        self.window.geometry(
            f'+{over.winfo_rootx() + 2 * pad}+{over.winfo_rooty() + 5 * pad}')
        self.window.bind('<Escape>', lambda event: self.close())
        self.window.protocol('WM_DELETE_WINDOW', self.close)

    def field(self, section: str, name: str) -> _Field:
        """Return the field of an option."""
        return self._fields[section, name]

    def reset(self) -> None:
        """Return to the defaults."""
        self._settings.reset()
        for (section, name), field in self._fields.items():
            field.show(self._settings.get(section, name))
        self._apply('', '')

    def close(self) -> None:
        """Close the window."""
        self.window.destroy()


class _Field:
    """An option: its name, a widget for its value, and its sentence."""

    def __init__(
        self, master: tk.Misc, settings: Settings, section: str, name: str,
        apply: Callable[[str, str], None],
    ) -> None:
        self._settings, self._section, self._name = settings, section, name
        self._apply = apply
        self._row = row = settings.row(section, name)
        self._timer = ''
        self._is_showing = False
        self.frame = ttk.Frame(master)
        top = ttk.Frame(self.frame)
        top.pack(fill='x')
        ttk.Label(top, text=title_of(row), font='FerBold').pack(side='left')
        self.variable: tk.Variable = (
            tk.BooleanVar(master) if row.type is bool else tk.StringVar(master))
        self.widget = self._make(top)
        self.widget.pack(side='right')
        extent = row.range if not row.choices else ''
        self._sentence = row.description + (f' ({extent})' if extent else '')
        self._label = ttk.Label(
            self.frame, text=self._sentence, font='FerSmall', wraplength=theme.px(master, WRAP),
            justify='left', foreground=theme.palette().faint)
        self._label.pack(fill='x', pady=(theme.px(master, 3), 0))
        self.show(settings.get(section, name))
        self.variable.trace_add('write', lambda *_: self._changed())

    def _make(self, master: tk.Misc) -> Any:
        row = self._row
        if row.type is bool:
            return ttk.Checkbutton(master, variable=self.variable, bootstyle='round-toggle')
        if row.choices:
            is_closed = self._name != 'model'
            return ttk.Combobox(
                master, textvariable=self.variable, values=row.choices, width=20,
                state='readonly' if is_closed else 'normal')
        if row.type is str:
            return ttk.Entry(master, textvariable=self.variable, width=12)
        low = row.minimum if row.minimum is not None else -1e9
        high = row.maximum if row.maximum is not None else 1e9
        step = 1.0 if row.type is int else 0.05 if high - low <= 10 else 0.5
        return ttk.Spinbox(
            master, textvariable=self.variable, from_=low, to=high, increment=step, width=10,
            format='%.0f' if row.type is int else '%.2f')

    def show(self, value: Value) -> None:
        """Show a value that is set already."""
        self._is_showing = True
        self.variable.set(f'{value:g}' if isinstance(value, float) else value)
        self._is_showing = False
        self._say('')

    def _say(self, fault: str) -> None:
        self._label.configure(
            text=fault or self._sentence,
            foreground=ttk.Style.get_instance().colors.danger if fault else theme.palette().faint)

    def _changed(self) -> None:
        if self._is_showing:
            return
        if self._timer:
            self.frame.after_cancel(self._timer)
        is_typed = not self._row.choices and self._row.type is not bool
        self._timer = self.frame.after(DELAY_MS if is_typed else 1, self._take)

    def _take(self) -> None:
        self._timer = ''
        before = self._settings.get(self._section, self._name)
        try:
            self._settings.set(self._section, self._name, self._value())
        except OptionError as error:
            self._say(f'{error}.')
            return
        try:
            self._apply(self._section, self._name)
            self._say('')
        except (ValueError, OSError, ImportError) as error:
            self._settings.set(self._section, self._name, before)
            self._say(f'{error}.')

    def _value(self) -> Any:
        text = self.variable.get()
        if self._row.type in (bool, str):
            return text
        try:
            return self._row.type(text.replace(',', '.'))
        except ValueError:
            return text
