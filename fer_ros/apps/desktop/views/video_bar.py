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

"""The controls of a video: play, step, slider, speed, analysis, and the timeline below them."""

from __future__ import annotations

from collections.abc import Callable
import tkinter as tk
from typing import Any

from fer_ros.apps.desktop.model.player import Player
from fer_ros.apps.desktop.model.readers import SPEEDS
from fer_ros.apps.desktop.model.video_analysis import BINS
from fer_ros.apps.desktop.views import theme
from fer_ros.apps.desktop.views.strips import Means, StripsView
import ttkbootstrap as ttk


def clock(seconds: float) -> str:
    """Return a time as minutes, seconds and tenths."""
    tenths = round(seconds * 10)
    return f'{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}'


class VideoBar(ttk.Frame):
    """Shown while a video is open."""

    def __init__(self, master: tk.Misc, player: Player, on_analyse: Callable[[], None]) -> None:
        """Make the controls."""
        super().__init__(master)
        self._player = player
        self._count, self._rate_hz = 0, 30.0
        self._is_dragging = self._is_setting = False
        self._version: tuple[object, ...] = ()
        self._persons: dict[int, Means] = {}
        gap = theme.px(self, 4)
        top = ttk.Frame(self)
        top.pack(fill='x')
        self._back = self._button(top, 'chevron-left', 'One image back (,)', -1)
        self.play = ttk.Button(
            top, icon='pause-fill', bootstyle='primary', command=self.toggle)
        self.play.pack(side='left', padx=gap)
        ttk.ToolTip(self.play, text='Play or pause (Space)')
        self._forward = self._button(top, 'chevron-right', 'One image forward (.)', 1)
        self.time = ttk.Label(top, width=16, anchor='center', font='TkFixedFont')
        self.time.pack(side='left', padx=gap)
        self._speed = tk.StringVar(self, '1×')
        self.speed = ttk.Combobox(
            top, textvariable=self._speed, state='readonly', width=6,
            values=[f'{speed:g}×' for speed in SPEEDS])
        self.speed.bind('<<ComboboxSelected>>', self._speed_chosen)
        self.analyse = ttk.Button(
            top, text=' Analyse whole video', icon='graph-up', command=on_analyse,
            bootstyle='neutral')
        self.analyse.pack(side='right', padx=(gap, 0))
        ttk.ToolTip(self.analyse, text='Find the emotions of the whole video (Ctrl+T)')
        self.speed.pack(side='right', padx=gap)
        ttk.ToolTip(self.speed, text='Speed ([ and ])')
        self._place = tk.DoubleVar(self, 0.0)
        self.slider = ttk.Scale(
            top, variable=self._place, from_=0, to=1, command=self._moved, takefocus=True)
        self.slider.pack(side='left', fill='x', expand=True, padx=gap)
        self.slider.bind('<ButtonPress-1>', self._pressed)
        self.slider.bind('<ButtonRelease-1>', self._released)
        self.progress = ttk.Progressbar(self, maximum=1.0)
        self.strips = StripsView(self, player.names, ())
        self.strips.bind('<Button-1>', self._clicked)
        self.strips.bind('<B1-Motion>', self._clicked)

    def _button(self, master: tk.Misc, icon: str, tip: str, images: int) -> Any:
        button = ttk.Button(
            master, icon=icon, bootstyle='neutral', command=lambda: self.step(images))
        button.pack(side='left')
        ttk.ToolTip(button, text=tip)
        return button

    def opened(self, count: int, rate_hz: float) -> None:
        """Prepare for another video."""
        self._count, self._rate_hz = count, rate_hz or 30.0
        self.slider.configure(to=max(count - 1, 1))
        self._speed.set('1×')
        self.progress.pack_forget()
        self.strips.pack_forget()

    def _moved(self, value: str) -> None:
        if self._is_setting or self._player.video is None:
            return
        self._player.video.seek(round(float(value)))

    def _pressed(self, event: tk.Event[Any]) -> str:
        self._is_dragging = True
        self.slider.focus_set()
        width = max(self.slider.winfo_width() - 1, 1)
        # A click beside the handle goes there, and not one step in this direction.
        if 'slider' not in str(self.slider.identify(event.x, event.y)):
            self._place.set(min(max(event.x / width, 0), 1) * max(self._count - 1, 1))
            self._moved(str(self._place.get()))
            return 'break'
        return ''

    def _released(self, event: tk.Event[Any]) -> None:
        self._is_dragging = False

    def _clicked(self, event: tk.Event[Any]) -> None:
        width = max(self.strips.winfo_width() - self.strips.left, 1)
        share = min(max((event.x - self.strips.left) / width, 0), 1)
        if self._player.video is not None:
            self._player.video.seek(round(share * (self._count - 1)))

    def toggle(self) -> None:
        """Play or pause."""
        video = self._player.video
        if video is not None:
            video.play(not video.is_playing)

    def step(self, images: int) -> None:
        """Go forward or back."""
        if self._player.video is not None:
            self._player.video.step(images)

    def skip(self, seconds: float) -> None:
        """Go forward or back by a time, without a change of playing or pause."""
        video = self._player.video
        if video is not None:
            video.seek(video.number + round(seconds * self._rate_hz))

    def faster(self, steps: int) -> None:
        """Choose a speed further up or down the list."""
        video = self._player.video
        if video is not None:
            place = min(max(SPEEDS.index(video.speed) + steps, 0), len(SPEEDS) - 1)
            video.speed = SPEEDS[place]
            self._speed.set(f'{SPEEDS[place]:g}×')

    def _speed_chosen(self, event: tk.Event[Any]) -> None:
        if self._player.video is not None:
            self._player.video.speed = float(self._speed.get().rstrip('×'))
        self.speed.selection_clear()

    def refresh(self) -> None:
        """Show where the video is, and how far its analysis."""
        video, last = self._player.video, self._player.last
        if video is None:
            return
        icon = 'pause-fill' if video.is_playing else 'play-fill'
        if icon != getattr(self, '_icon', ''):
            self._icon = icon
            self.play.configure(icon=icon)
        number = last.job.number if last is not None else 0
        time_s = last.job.time_s if last is not None else 0.0
        self.time.configure(text=f'{clock(time_s)} / {clock(self._count / self._rate_hz)}')
        if not self._is_dragging:
            self._is_setting = True
            self._place.set(number)
            self._is_setting = False
        self._refresh_analysis(number)

    def _refresh_analysis(self, number: int) -> None:
        analysis = self._player.analysis
        is_running = analysis is not None and not analysis.is_complete and not analysis.fault
        self.analyse.configure(text=' Stop analysis' if is_running else (
            ' Analysed' if analysis is not None and analysis.is_complete
            else ' Analyse whole video'))
        if analysis is None or analysis.fault:
            self.progress.pack_forget()
            self.strips.pack_forget()
            return
        if is_running:
            self.progress.configure(value=analysis.progress)
            if not self.progress.winfo_manager():
                self.progress.pack(fill='x', pady=(theme.px(self, 6), 0))
        else:
            self.progress.pack_forget()
        if not self.strips.winfo_manager():
            self.strips.pack(fill='x', pady=(theme.px(self, 8), 0))
        bins = analysis.bins
        if bins is not None:
            # In steps of a hundredth, because drawing takes longer than the images come.
            version = analysis, round(100 * analysis.progress), analysis.is_complete
            if version != self._version:
                self._version = version
                self._persons = {
                    track_id: person.means(BINS, BINS)
                    for track_id, person in list(bins.persons.items())}
            self.strips.show(
                self._persons, number / max(self._count - 1, 1),
                [clock(analysis.duration_s * k / 4) for k in range(5)], version)
