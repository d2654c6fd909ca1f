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

"""The pictures of a folder as thumbnails, each with the emotion of its largest face."""

from __future__ import annotations

from collections.abc import Callable
import tkinter as tk
from tkinter import font as tkfont

import cv2
from fer_ros.apps.desktop.model.gallery import Entry, Gallery
from fer_ros.apps.desktop.views import theme
from fer_ros.core.emotions import Emotion
import numpy as np
from PIL import Image as PillowImage, ImageTk
import ttkbootstrap as ttk

TILE_WIDTH, TILE_HEIGHT = 112, 84
GAP = 8


class FilmStrip(ttk.Frame):
    """A row of thumbnails that is scrolled to the picture that is shown."""

    def __init__(self, master: tk.Misc, go: Callable[[int], None]) -> None:
        """Make the strip, without pictures."""
        super().__init__(master)
        self._go = go
        self._gallery: Gallery | None = None
        self._photos: dict[int, ImageTk.PhotoImage] = {}
        self._state: tuple[object, ...] = ()
        self._first = 0
        line = tkfont.nametofont('FerSmall', self).metrics('linespace')
        self._text_height = line + theme.px(self, 6)
        self.canvas = tk.Canvas(
            self, height=theme.px(self, TILE_HEIGHT) + self._text_height + theme.px(self, 6),
            highlightthickness=0, borderwidth=0)
        self.canvas.pack(fill='x')
        self.canvas.bind('<Button-1>', self._clicked)
        self.canvas.bind('<Configure>', lambda event: self._forget())

    def restyle(self) -> None:
        """Take the colours of the theme."""
        self._forget()

    def _forget(self) -> None:
        self._state = ()

    def opened(self, gallery: Gallery | None) -> None:
        """Show the pictures of another folder."""
        if gallery is not self._gallery:
            self._gallery = gallery
            self._photos.clear()
            self._first = 0
            self._forget()

    def refresh(self, selected: int, *, is_blurred: bool) -> None:
        """Draw the thumbnails that fit, around the selected one, if something has changed."""
        gallery = self._gallery
        if gallery is None:
            return
        state = (gallery.version, selected, is_blurred, self.canvas.winfo_width())
        if state == self._state:
            return
        if self._state and self._state[2] != is_blurred:
            self._photos.clear()
        self._state = state
        colors = theme.palette()
        self.canvas.configure(background=colors.window)
        self.canvas.delete('all')
        step = theme.px(self, TILE_WIDTH + GAP)
        fitting = max(self.canvas.winfo_width() // step, 1)
        # The selected picture stays inside, with a neighbour on each side where there is one.
        first = min(self._first, max(selected - 1, 0))
        first = max(first, selected + 2 - fitting, 0)
        self._first = min(first, max(len(gallery.paths) - fitting, 0))
        last = min(self._first + fitting + 1, len(gallery.paths))
        for number in [n for n in self._photos if not self._first - 20 <= n <= last + 20]:
            del self._photos[number]
        for number in range(self._first, last):
            self._draw(number, (number - self._first) * step, number == selected, is_blurred)

    def _draw(self, number: int, left: int, is_selected: bool, is_blurred: bool) -> None:
        assert self._gallery is not None
        colors = theme.palette()
        width, height, edge = (
            theme.px(self, size) for size in (TILE_WIDTH, TILE_HEIGHT, 2))
        entry = self._gallery.entries.get(number)
        self.canvas.create_rectangle(
            left + edge, edge, left + width - edge, height - edge, fill=colors.stage,
            outline=colors.accent if is_selected else colors.line,
            width=2 * edge if is_selected else max(edge // 2, 1))
        text, color = '…', colors.faint
        if entry is not None:
            text, color = caption(entry), colors.faint
            face = entry.largest
            if face is not None:
                color = theme.emotion_color(face.emotion)
            photo = self._photo(number, entry, is_blurred)
            if photo is not None:
                self.canvas.create_image(left + width // 2, height // 2, image=str(photo))
        chip = theme.px(self, 9)
        middle = height + self._text_height // 2
        if entry is not None and entry.faces:
            self.canvas.create_rectangle(
                left + edge, middle - chip // 2, left + edge + chip, middle + chip // 2,
                fill=color, width=0)
        self.canvas.create_text(
            left + edge + (chip + theme.px(self, 5) if entry is not None and entry.faces else 0),
            middle, text=text, anchor='w', font='FerSmall',
            fill=colors.text if is_selected else colors.faint)

    def _photo(self, number: int, entry: Entry, is_blurred: bool) -> ImageTk.PhotoImage | None:
        if number not in self._photos:
            image = entry.shown(is_blurred=is_blurred)
            if image is None:
                return None
            room = theme.px(self, TILE_WIDTH - 8), theme.px(self, TILE_HEIGHT - 8)
            scale = min(room[0] / image.shape[1], room[1] / image.shape[0])
            size = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
            small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            rgb = np.ascontiguousarray(small[..., ::-1])
            self._photos[number] = ImageTk.PhotoImage(
                PillowImage.fromarray(rgb), master=self)
        return self._photos[number]

    def _clicked(self, event: tk.Event[tk.Canvas]) -> None:
        number = self._first + int(event.x) // theme.px(self, TILE_WIDTH + GAP)
        if self._gallery is not None and number < len(self._gallery.paths):
            self._go(number)


def caption(entry: Entry) -> str:
    """Return the emotion of the largest face, and how many others there are."""
    if entry.fault:
        return 'cannot be read'
    face = entry.largest
    if face is None:
        return 'no face'
    label = face.label if face.emotion is not Emotion.UNKNOWN else 'unknown'
    others = len(entry.faces) - 1
    return f'{label} +{others}' if others else label
