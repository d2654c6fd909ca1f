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

"""Coloured strips of emotions over time: those of the last minute, and that of a whole video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import tkinter as tk
from tkinter import font as tkfont

from fer_ros.apps.desktop.model.emotion_bins import strip
from fer_ros.apps.desktop.model.names import Names
from fer_ros.apps.desktop.views import theme
from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.values import Image
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage, ImageTk

Means = npt.NDArray[np.float32]

NAME_WIDTH = 96
ROW = 26
GAP = 6
LEGEND = 22
MAX_ROWS = 4


class StripsView(tk.Canvas):
    """A row for each person: the name, and the probabilities as stacked bands of colour."""

    def __init__(self, master: tk.Misc, names: Names, axis: Sequence[str]) -> None:
        """
        Make the widget.

        :param axis: texts along the time axis, at equal distances from its start to its end.
        """
        super().__init__(master, highlightthickness=0, borderwidth=0, height=1, takefocus=0)
        self._names = names
        self._axis = tuple(axis)
        self._photo: ImageTk.PhotoImage | None = None
        self._size = (0, 0)
        self._base: tuple[tuple[object, ...], Image] | None = None
        self.rows = 0
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        self.configure(background=theme.palette().window)

    @property
    def left(self) -> int:
        """Return where the time axis starts, in pixels."""
        return theme.px(self, NAME_WIDTH)

    def show(
        self, persons: Mapping[int, Means], cursor: float | None = None,
        axis: Sequence[str] | None = None, version: object = None,
    ) -> None:
        """
        Draw the persons, at most `MAX_ROWS`: those seen longest, in the order of their numbers.

        :param persons: (N, 7) by track ID, NaN where a person was not seen.
        :param cursor: a place on the time axis, 0 to 1, that is marked.
        :param version: changes with the persons; None: they are always drawn anew.
        """
        self._axis = tuple(axis) if axis is not None else self._axis
        seen = sorted(
            persons, key=lambda track_id: -int((~np.isnan(persons[track_id][:, 0])).sum()))
        kept = sorted(seen[:MAX_ROWS])
        colors = theme.palette()
        width = max(self.winfo_width() - self.left, 1)
        key = (version, width, colors)
        if version is None or self._base is None or self._base[0] != key:
            self._base = key, self._picture(persons, kept, width)
        picture = self._base[1].copy()
        if cursor is not None:
            place = min(max(round(cursor * width), 1), width - 2)
            picture[:, place - 1:place + 2] = theme.rgb(colors.accent)
        self._draw(kept, len(seen) - len(kept), picture)

    def _picture(
        self, persons: Mapping[int, Means], kept: Sequence[int], width: int,
    ) -> Image:
        colors = theme.palette()
        row, gap = theme.px(self, ROW), theme.px(self, GAP)
        height = max(len(kept), 1) * (row + gap)
        picture: Image = np.full((height, width, 3), theme.rgb(colors.window), np.uint8)
        for number in range(max(len(kept), 1)):
            top = number * (row + gap)
            if not kept:
                picture[top:top + row] = theme.rgb(colors.stage)
                continue
            drawn = strip(
                persons[kept[number]], row, theme.rgb(colors.stage), theme.rgb(colors.line))
            columns = np.arange(width) * drawn.shape[1] // width
            picture[top:top + row] = drawn[:, columns]
        return picture

    def _draw(self, kept: Sequence[int], others: int, picture: Image) -> None:
        colors = theme.palette()
        row, gap, legend = (theme.px(self, size) for size in (ROW, GAP, LEGEND))
        height, width = picture.shape[:2]
        self.delete('text')
        if self._photo is None or self._size != (width, height):
            self.delete('picture')
            self._photo = ImageTk.PhotoImage('RGB', (width, height), master=self)
            self._size = (width, height)
            self.create_image(
                self.left, 0, image=str(self._photo), anchor='nw', tags='picture')
            self.configure(height=height + legend)
        self.rows = len(kept)
        self._photo.paste(PillowImage.frombuffer(
            'RGB', (width, height), np.ascontiguousarray(picture), 'raw', 'RGB', 0, 1))
        for number, track_id in enumerate(kept):
            self.create_text(
                0, number * (row + gap) + row // 2, anchor='w', font='FerSmall', tags='text',
                text=self._shortened(self._names.of(track_id)), fill=colors.text)
        if not kept:
            self.create_text(
                self.left + width // 2, row // 2, anchor='center', font='FerSmall',
                fill=colors.faint, tags='text', text='no faces yet')
        for number, text in enumerate(self._axis):
            share = number / max(len(self._axis) - 1, 1)
            self.create_text(
                self.left + share * width, height, text=text, font='FerSmall', tags='text',
                anchor='nw' if number == 0 else 'ne' if share == 1 else 'n', fill=colors.faint)
        if others:
            self.create_text(
                0, height, anchor='nw', text=f'and {others} more', font='FerSmall',
                fill=colors.faint, tags='text')

    def _shortened(self, name: str) -> str:
        font = tkfont.nametofont('FerSmall', self)
        room = self.left - theme.px(self, 10)
        if font.measure(name) <= room:
            return name
        while name and font.measure(f'{name}…') > room:
            name = name[:-1]
        return f'{name}…'


class Legend(tk.Canvas):
    """The colours of the emotions, with their names."""

    def __init__(self, master: tk.Misc) -> None:
        """Make the widget."""
        super().__init__(master, highlightthickness=0, borderwidth=0, height=1, takefocus=0)
        self.restyle()

    def restyle(self) -> None:
        """Draw with the colours of the theme."""
        colors = theme.palette()
        self.configure(background=colors.window)
        self.delete('all')
        font = tkfont.nametofont('FerSmall', self)
        line, chip = font.metrics('linespace'), theme.px(self, 9)
        gap = theme.px(self, 12)
        x = 0
        for number, label in enumerate(LABELS):
            self.create_rectangle(
                x, (line - chip) / 2, x + chip, (line + chip) / 2, width=0,
                fill=theme.emotion_color(Emotion(number)))
            x += chip + theme.px(self, 5)
            self.create_text(
                x, line / 2, text=label, anchor='w', font='FerSmall', fill=colors.faint)
            x += font.measure(label) + gap
        self.configure(width=x - gap, height=line)
