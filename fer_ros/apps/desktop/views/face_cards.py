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

"""The list of the persons: a card for each, with picture, name, bars and figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import math
import time
import tkinter as tk
from tkinter import font as tkfont

from fer_ros.apps.desktop.model.composition import face_picture
from fer_ros.apps.desktop.model.names import Names
from fer_ros.apps.desktop.model.worker import Shown
from fer_ros.apps.desktop.views import theme
from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.values import FaceEmotion, Image
from PIL import Image as PillowImage, ImageTk
import ttkbootstrap as ttk

WIDTH = 300
PICTURE = 64
PAD = 12
ROW = 19
KEEP_S = 1.0
"""A card stays this long after its face was seen last, so that the list does not flicker."""


class FaceCard(tk.Canvas):
    """One person. Enter or F2 renames, Ctrl+C copies the row, the arrow keys go on."""

    def __init__(
        self, master: tk.Misc, track_id: int, rename: Callable[[int, str], None],
        copy: Callable[[int], None],
    ) -> None:
        """Make the card; `update_face` fills it."""
        self._unit = theme.px(master, 1)
        super().__init__(
            master, width=theme.px(master, WIDTH), highlightthickness=max(self._unit, 1),
            borderwidth=0, takefocus=1, cursor='hand2')
        self.track_id = track_id
        self.seen_at_s = time.monotonic()
        self._rename = rename
        self._photo = ImageTk.PhotoImage(
            'RGB', (theme.px(self, PICTURE), theme.px(self, PICTURE)), master=self)
        self._entry: ttk.Entry | None = None
        self._name = ''
        self._make_items()
        self.restyle()
        self.bind('<Button-1>', lambda event: self.focus_set())
        self.bind('<Double-Button-1>', lambda event: self.edit_name())
        for key in ('<F2>', '<Return>', '<KP_Enter>'):
            self.bind(key, lambda event: self.edit_name())
        self.bind('<Control-c>', lambda event: copy(self.track_id))
        self.bind('<Down>', lambda event: self._focus_on(self.tk_focusNext()))
        self.bind('<Up>', lambda event: self._focus_on(self.tk_focusPrev()))

    @staticmethod
    def _focus_on(widget: tk.Misc | None) -> str:
        if isinstance(widget, FaceCard):
            widget.focus_set()
        return 'break'

    def _make_items(self) -> None:
        pad, picture = theme.px(self, PAD), theme.px(self, PICTURE)
        width, row = theme.px(self, WIDTH), theme.px(self, ROW)
        left = pad + picture + pad
        self.create_image(pad, pad, image=str(self._photo), anchor='nw')
        self._name_item = self.create_text(
            left, pad, anchor='nw', font='FerTitle', width=0)
        chip = theme.px(self, 10)
        line = tkfont.nametofont('FerTitle', self).metrics('linespace')
        second = pad + line + theme.px(self, 5)
        half = tkfont.nametofont('FerBold', self).metrics('linespace') / 2
        self._chip = self.create_oval(
            left, second + half - chip / 2, left + chip, second + half + chip / 2, width=0)
        self._emotion_item = self.create_text(
            left + chip + theme.px(self, 6), second, anchor='nw', font='FerBold')
        third = second + 2 * half + theme.px(self, 4)
        self._figures_item = self.create_text(left, third, anchor='nw', font='FerSmall')
        small = tkfont.nametofont('FerSmall', self)
        top = max(pad + picture, third + small.metrics('linespace')) + theme.px(self, 10)
        label_width = max(small.measure(label) for label in LABELS)
        value_width = small.measure('100 %')
        self._bar_left = pad + label_width + theme.px(self, 10)
        self._bar_right = width - pad - value_width - theme.px(self, 8)
        self._bar_height = theme.px(self, 8)
        self._tracks, self._bars, self._values, self._labels = [], [], [], []
        for number, label in enumerate(LABELS):
            middle = top + row * number + row / 2
            self._labels.append(self.create_text(
                pad, middle, anchor='w', text=label, font='FerSmall'))
            place = (
                self._bar_left, middle - self._bar_height / 2, self._bar_right,
                middle + self._bar_height / 2)
            self._tracks.append(self.create_rectangle(*place, width=0))
            self._bars.append(self.create_rectangle(
                *place, width=0, fill=theme.emotion_color(Emotion(number))))
            self._values.append(self.create_text(
                width - pad, middle, anchor='e', font='FerSmall'))
        self.configure(height=round(top + row * len(LABELS) + pad - theme.px(self, 4)))

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colors = theme.palette()
        self.configure(
            background=colors.card, highlightbackground=colors.line,
            highlightcolor=colors.accent)
        self.itemconfigure(self._name_item, fill=colors.text)
        self.itemconfigure(self._emotion_item, fill=colors.text)
        self.itemconfigure(self._figures_item, fill=colors.faint)
        for item in self._tracks:
            self.itemconfigure(item, fill=colors.stage)
        for item in (*self._labels, *self._values):
            self.itemconfigure(item, fill=colors.faint)

    def update_face(self, face: FaceEmotion, name: str, picture: Image) -> None:
        """Show what is known of the face now; `picture` is (S, S, 3) uint8, RGB."""
        self.seen_at_s = time.monotonic()
        height, width = picture.shape[:2]
        self._photo.paste(PillowImage.frombuffer(
            'RGB', (width, height), picture, 'raw', 'RGB', 0, 1))
        self._name = name
        self.itemconfigure(self._name_item, text=self._shortened(name))
        is_known = face.emotion is not Emotion.UNKNOWN
        self.itemconfigure(
            self._emotion_item,
            text=f'{face.label}  {percent(face.confidence)}' if is_known else face.label)
        self.itemconfigure(self._chip, fill=theme.emotion_color(face.emotion))
        self.itemconfigure(self._figures_item, text=figures(face))
        reach = self._bar_right - self._bar_left
        for bar, value, probability in zip(
                self._bars, self._values, face.probabilities, strict=True):
            left, top, _, bottom = self.coords(bar)
            self.coords(bar, left, top, left + round(reach * float(probability)), bottom)
            self.itemconfigure(bar, state='normal' if probability >= 0.005 else 'hidden')
            self.itemconfigure(value, text=percent(float(probability)))

    def _shortened(self, name: str) -> str:
        font = tkfont.nametofont('FerTitle', self)
        room = theme.px(self, WIDTH - PICTURE - 3 * PAD)
        if font.measure(name) <= room:
            return name
        while name and font.measure(f'{name}…') > room:
            name = name[:-1]
        return f'{name}…'

    def edit_name(self) -> str:
        """Let the user type a name; Enter keeps it, Escape does not."""
        if self._entry is not None:
            return 'break'
        entry = self._entry = ttk.Entry(self)
        entry.insert(0, self._name)
        entry.selection_range(0, 'end')
        pad = theme.px(self, PAD)
        left = 2 * pad + theme.px(self, PICTURE)
        self.create_window(
            left - theme.px(self, 4), pad - theme.px(self, 6), anchor='nw', window=entry,
            width=theme.px(self, WIDTH) - left - pad + theme.px(self, 8), tags='entry')
        entry.bind('<Return>', lambda event: self._end_edit(is_kept=True))
        entry.bind('<KP_Enter>', lambda event: self._end_edit(is_kept=True))
        entry.bind('<FocusOut>', lambda event: self._end_edit(is_kept=True))
        entry.bind('<Escape>', lambda event: self._end_edit(is_kept=False))
        entry.focus_set()
        return 'break'

    @property
    def entry(self) -> ttk.Entry | None:
        """Return the field while the name is being edited."""
        return self._entry

    def _end_edit(self, *, is_kept: bool) -> str:
        entry, self._entry = self._entry, None
        if entry is not None:
            text = entry.get()
            self.delete('entry')
            entry.destroy()
            self.focus_set()
            if is_kept:
                self._rename(self.track_id, text)
        return 'break'


def percent(share: float) -> str:
    """
    Return a share as text.

    >>> percent(0.934)
    '93 %'
    """
    return f'{100 * share:.0f} %'


def figures(face: FaceEmotion) -> str:
    """Return yaw and quality as text."""
    yaw, quality = face.head_pose.yaw, face.quality
    return '   '.join((
        'yaw –' if math.isnan(yaw) else f'yaw {round(math.degrees(yaw)):+d}°'.replace('-', '−'),
        'quality –' if math.isnan(quality) else f'quality {percent(quality)}'))


class FaceCards(ttk.Frame):
    """The cards of all persons, with a scroll bar."""

    def __init__(
        self, master: tk.Misc, names: Names, rename: Callable[[int, str], None],
        copy: Callable[[int], None],
    ) -> None:
        """Make the list, without persons."""
        super().__init__(master)
        self._names, self._rename, self._copy = names, rename, copy
        self.cards: dict[int, FaceCard] = {}
        self._canvas = tk.Canvas(
            self, width=theme.px(self, WIDTH + 2), highlightthickness=0, borderwidth=0)
        bar = ttk.Scrollbar(self, command=self._canvas.yview, orient='vertical')
        self._canvas.configure(yscrollcommand=bar.set)
        self._bar = bar
        self._canvas.configure(yscrollincrement=theme.px(self, 20))
        self._canvas.pack(
            side='left', fill='both', expand=True, padx=(0, theme.px(self, 12)))
        self._inner = tk.Frame(self._canvas)
        self._canvas.create_window(0, 0, window=self._inner, anchor='nw')
        for widget in (self._inner, self._canvas):
            widget.bind('<Configure>', lambda event: self._resized())
        self._empty = tk.Label(self._inner, justify='left', anchor='w')
        self._empty.configure(
            text='Nobody yet. Each face that is found\ngets a card here.', font='TkDefaultFont')
        self._empty.pack(anchor='w', pady=theme.px(self, 6))
        self.restyle()

    def _resized(self) -> None:
        height = self._inner.winfo_reqheight()
        self._canvas.configure(scrollregion=(0, 0, self._inner.winfo_reqwidth(), height))
        # The place of the scroll bar is kept free, so that nothing moves when it appears.
        if height > self._canvas.winfo_height() > 1:
            self._bar.place(relx=1.0, rely=0.0, relheight=1.0, anchor='ne')
        else:
            self._bar.place_forget()
            self._canvas.yview_moveto(0.0)

    def _scroll(self, units: int) -> None:
        if self._bar.winfo_manager():
            self._canvas.yview_scroll(units, 'units')

    def _bind_wheel(self, widget: tk.Misc) -> None:
        widget.bind('<Button-4>', lambda event: self._scroll(-2))
        widget.bind('<Button-5>', lambda event: self._scroll(2))
        widget.bind('<MouseWheel>', lambda event: self._scroll(-1 if event.delta > 0 else 1))

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colors = theme.palette()
        for widget in (self._canvas, self._inner, self._empty):
            widget.configure(background=colors.window)
        self._empty.configure(foreground=colors.faint)
        for card in self.cards.values():
            card.restyle()

    def update_faces(self, shown: Shown | None, *, is_blurred: bool, is_still: bool) -> None:
        """
        Show the faces of an image.

        :param is_still: whether faces that are not in this image are removed at once.
        """
        faces: Sequence[FaceEmotion] = shown.faces if shown is not None else ()
        present = {face.track_id for face in faces}
        now_s = time.monotonic()
        for track_id, card in list(self.cards.items()):
            is_late = is_still or now_s - card.seen_at_s > KEEP_S
            if track_id not in present and is_late and card.entry is None:
                self.cards.pop(track_id).destroy()
        for face in faces:
            existing = self.cards.get(face.track_id)
            if existing is None:
                existing = self.cards[face.track_id] = FaceCard(
                    self._inner, face.track_id, self._rename, self._copy)
                existing.pack(anchor='w', pady=(0, theme.px(self, 10)))
                self._bind_wheel(existing)
            assert shown is not None
            existing.update_face(face, self._names.of(face.track_id), face_picture(
                shown.job.image, face, theme.px(self, PICTURE), is_blurred=is_blurred))
        if self.cards:
            self._empty.pack_forget()
        elif not self._empty.winfo_manager():
            self._empty.pack(anchor='w', pady=theme.px(self, 6))

    @property
    def selected(self) -> FaceCard | None:
        """Return the card that has the focus, else the first one."""
        focused = self.focus_get()
        if isinstance(focused, FaceCard):
            return focused
        return next(iter(self.cards.values()), None)
