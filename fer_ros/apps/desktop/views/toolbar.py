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

"""The buttons above the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fer_ros.apps.desktop.model.sources import Kind
from fer_ros.apps.desktop.views import theme
from fer_ros.apps.desktop.views.menus import fill_cameras
import ttkbootstrap as ttk


class Toolbar(ttk.Frame):
    """Left: what can be opened. Right: what can be done with it."""

    def __init__(self, window: Any) -> None:
        """Make the buttons of a `Window`, which imports this module."""
        super().__init__(window, bootstyle='@chrome', padding=theme.px(window, 8))
        self._window = window
        self._gap = theme.px(window, 4)
        self._menu = ttk.Menu(self, tearoff=False)
        self.camera = self._button(
            'Camera', 'camera-video', 'Choose a camera (Ctrl+K: the first one)',
            self._choose_camera, side='left')
        for text, icon, tip, command in (
                ('Open', 'film', 'Open a picture or a video (Ctrl+O)', window.open_file),
                ('Folder', 'folder2-open', 'Open a folder of pictures (Ctrl+Shift+O)',
                 window.open_folder),
                ('Stream', 'broadcast', 'Open a stream by its address (Ctrl+U)',
                 window.open_stream)):
            self._button(text, icon, tip, command, side='left')
        self.settings = self._button(
            '', 'sliders', 'Settings (Ctrl+,)', window.open_settings, side='right')
        self.theme = self._button(
            '', 'moon-stars', 'Light or dark (Ctrl+D)', window.toggle_theme, side='right')
        self._separate()
        self.blur = self._button(
            '', 'eye-slash', 'Blur faces (Ctrl+B)', lambda: window.toggle('blur_faces'),
            side='right')
        self.overlay = self._button(
            '', 'bounding-box', 'Show the overlay (Ctrl+L)',
            lambda: window.toggle('show_overlay'), side='right')
        self._separate()
        self.export = self._button(
            'Export', 'table', 'Export rows (Ctrl+E)', window.export_rows, side='right')
        self.save = self._button(
            'Save', 'image', 'Save the picture (Ctrl+S)', window.save_picture, side='right')
        self.record = self._button(
            'Record', 'record-circle', 'Record the annotated video (Ctrl+R)',
            window.toggle_recording, side='right')
        self._state: tuple[object, ...] = ()

    def _button(
        self, text: str, icon: str, tip: str, command: Callable[[], None], *, side: Any,
    ) -> Any:
        button = ttk.Button(
            self, text=f' {text}' if text else '', icon=icon, command=command,
            bootstyle='@chrome ghost')
        button.pack(side=side, padx=self._gap)
        ttk.ToolTip(button, text=tip)
        return button

    def _choose_camera(self) -> None:
        fill_cameras(self._window, self._menu)
        below = self.camera.winfo_rooty() + self.camera.winfo_height()
        self._menu.tk_popup(self.camera.winfo_rootx(), below)

    def _separate(self) -> None:
        ttk.Separator(self, orient='vertical').pack(
            side='right', fill='y', padx=2 * self._gap, pady=self._gap)

    def refresh(self) -> None:
        """Show what is on, and what is possible."""
        player = self._window.player
        desktop = player.settings.desktop
        state = (player.kind, player.is_recording, desktop, player.last is None)
        if state == self._state:
            return
        self._state = state
        is_open = player.kind is not None
        has_image = player.last is not None
        for button, is_possible in (
                (self.record, player.kind in (Kind.LIVE, Kind.VIDEO)), (self.save, has_image),
                (self.export, is_open)):
            button.configure(state='normal' if is_possible else 'disabled')
        self.record.configure(
            text=' Stop' if player.is_recording else ' Record',
            icon='stop-fill' if player.is_recording else 'record-circle',
            bootstyle='danger' if player.is_recording else '@chrome ghost')
        for button, is_on in (
                (self.blur, desktop.blur_faces), (self.overlay, desktop.show_overlay)):
            button.configure(bootstyle='primary' if is_on else '@chrome ghost')
        self.theme.configure(icon='sun' if desktop.theme == 'dark' else 'moon-stars')
