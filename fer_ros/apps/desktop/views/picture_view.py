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

"""The large image: one PhotoImage that is painted over in place; and what stands there before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import tkinter as tk

from fer_ros.apps.desktop.views import theme
from fer_ros.core.values import Image
from PIL import Image as PillowImage, ImageTk
import ttkbootstrap as ttk


class PictureView(tk.Canvas):
    """Shows images in its middle. `on_room` is called with the size that images may have."""

    def __init__(
        self, master: tk.Misc, on_room: Callable[[int, int], None],
        actions: Sequence[tuple[str, str, Callable[[], None]]],
    ) -> None:
        """
        Make the widget.

        :param actions: icon, text and command of the buttons that are shown while it is empty.
        """
        super().__init__(master, highlightthickness=0, borderwidth=0, takefocus=0)
        self._on_room = on_room
        self._photo: ImageTk.PhotoImage | None = None
        self._size = (0, 0)
        self._item = self.create_image(0, 0, anchor='center')
        self._message = self.create_text(0, 0, anchor='center', justify='center', state='hidden')
        self._welcome = self._make_welcome(actions)
        self._welcome_item = self.create_window(0, 0, window=self._welcome, anchor='center')
        self.bind('<Configure>', self._resized)
        self.restyle()

    def _make_welcome(
        self, actions: Sequence[tuple[str, str, Callable[[], None]]],
    ) -> tk.Frame:
        frame = tk.Frame(self)
        self._welcome_texts = [tk.Label(frame), tk.Label(
            frame, text='What a face shows', font='FerLarge'), tk.Label(
            frame, text='Open a camera, a video or pictures, or drop a file here.')]
        for label in self._welcome_texts:
            label.pack(pady=theme.px(self, 4))
        row = tk.Frame(frame)
        row.pack(pady=(theme.px(self, 14), 0))
        self._welcome_parts = [frame, row]
        for number, (icon, text, command) in enumerate(actions):
            ttk.Button(
                row, text=f' {text}', icon=icon, command=command,
                bootstyle='primary' if number == 0 else 'neutral',
            ).pack(side='left', padx=theme.px(self, 4))
        self._note = tk.Label(
            frame, font='FerSmall',
            text='Everything stays on this computer. Nothing is stored unless you ask.')
        self._note.pack(pady=(theme.px(self, 18), 0))
        self._welcome_texts.append(self._note)
        return frame

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colors = theme.palette()
        self.configure(background=colors.stage)
        self.itemconfigure(self._message, fill=colors.faint, font='TkDefaultFont')
        for part in self._welcome_parts:
            part.configure(background=colors.stage)
        for number, label in enumerate(self._welcome_texts):
            label.configure(
                background=colors.stage, foreground=colors.text if number == 1 else colors.faint)
        self._icon = ttk.Icon('person-bounding-box', size=56, color=colors.accent)
        self._welcome_texts[0].configure(image=str(self._icon))

    def _resized(self, event: tk.Event[tk.Canvas]) -> None:
        for item in (self._item, self._message, self._welcome_item):
            self.coords(item, event.width // 2, event.height // 2)
        self.itemconfigure(self._message, width=max(event.width - theme.px(self, 48), 100))
        self._on_room(max(event.width, 1), max(event.height, 1))

    def paint(self, image: Image) -> None:
        """Show an image, (H, W, 3) uint8 RGB; the PhotoImage is kept while the size stays."""
        height, width = image.shape[:2]
        picture = PillowImage.frombuffer('RGB', (width, height), image, 'raw', 'RGB', 0, 1)
        if self._photo is None or self._size != (width, height):
            self._photo = ImageTk.PhotoImage('RGB', (width, height), master=self)
            self._size = (width, height)
            self.itemconfigure(self._item, image=str(self._photo), state='normal')
            self._hide(self._welcome_item, self._message)
        self._photo.paste(picture)

    def _hide(self, *items: int) -> None:
        for item in items:
            self.itemconfigure(item, state='hidden')

    def say(self, text: str) -> None:
        """Show a text instead of an image, for example while a source opens."""
        self._clear()
        self._hide(self._welcome_item)
        self.itemconfigure(self._message, text=text, state='normal')

    def welcome(self) -> None:
        """Show what can be opened."""
        self._clear()
        self._hide(self._message)
        self.itemconfigure(self._welcome_item, state='normal')

    def _clear(self) -> None:
        self.itemconfigure(self._item, image='', state='hidden')
        self._photo, self._size = None, (0, 0)
