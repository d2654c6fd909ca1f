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

"""The main window: it puts the widgets together, and shows what the player delivers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
import gc
import time
import tkinter as tk
import traceback
from typing import Any

from fer_ros.apps.analyze.results_file import OutputError, RESULTS_FILES
from fer_ros.apps.desktop.model.history import BINS
from fer_ros.apps.desktop.model.player import Player
from fer_ros.apps.desktop.model.settings import DESKTOP
from fer_ros.apps.desktop.model.sources import Event, Kind, uses_camera, watches_people, What
from fer_ros.apps.desktop.model.worker import Shown
from fer_ros.apps.desktop.views import theme
from fer_ros.apps.desktop.views.dialogs import Dialogs
from fer_ros.apps.desktop.views.face_cards import FaceCards
from fer_ros.apps.desktop.views.film_strip import FilmStrip
from fer_ros.apps.desktop.views.garbage import collect_young
from fer_ros.apps.desktop.views.menus import make_menus
from fer_ros.apps.desktop.views.picture_view import PictureView
from fer_ros.apps.desktop.views.settings_window import SettingsWindow
from fer_ros.apps.desktop.views.strips import Legend, StripsView
from fer_ros.apps.desktop.views.toolbar import Toolbar
from fer_ros.apps.desktop.views.video_bar import VideoBar
from fer_ros.media.video_writer import FOURCC
import ttkbootstrap as ttk

TITLE = 'fer_ros'
TICK_MS = 8
CARDS_S, STRIPS_S = 0.1, 0.25
"""The list and the timelines change less often than the image: nobody reads faster."""

SIZE, MIN_SIZE = (1240, 820), (820, 560)

Painted = Callable[[Shown, float], None]
"""Gets an image that was painted, and the time of `time.perf_counter` after that."""


class Window(ttk.App):
    """The window. `must_restart` asks whoever made it for another one, in another scale."""

    def __init__(self, player: Player, dialogs: Callable[[tk.Misc], Dialogs] = Dialogs) -> None:
        """Make the window for a player, which may be playing already."""
        desktop = player.settings.desktop
        theme.register()
        super().__init__(
            title=TITLE, theme=f'{theme.FAMILY}-{desktop.theme}', light_theme='fer-light',
            dark_theme='fer-dark', scaling=theme.tk_scaling(desktop.scale_percent))
        self.player = player
        self.dialogs = dialogs(self)
        self.must_restart = False
        self.on_painted: Painted | None = None
        self.settings_window: SettingsWindow | None = None
        self._painted_at: deque[float] = deque()
        self._cards_at = self._strips_at = 0.0
        self._timer = ''
        self._is_closing = False
        self._failures: set[str] = set()
        self._camera_is_used = False
        theme.set_fonts(self)
        self._build()
        width = min(theme.px(self, SIZE[0]), self.winfo_screenwidth())
        height = min(theme.px(self, SIZE[1]), self.winfo_screenheight())
        self.geometry(f'{width}x{height}')
        self.minsize(
            min(theme.px(self, MIN_SIZE[0]), width), min(theme.px(self, MIN_SIZE[1]), height))
        self.protocol('WM_DELETE_WINDOW', self.close)
        self.report_callback_exception = self._failed
        self._accept_drops()
        self._show_kind()
        self._timer = self.after(TICK_MS, self._tick)

    # Widgets

    def _build(self) -> None:
        pad = theme.px(self, 12)
        make_menus(self)
        self.toolbar = Toolbar(self)
        self.toolbar.pack(fill='x')
        status = ttk.Frame(self, padding=(pad, theme.px(self, 4)))
        status.pack(side='bottom', fill='x')
        self._camera_sign = ttk.Label(status, font='FerSmall')
        self._camera_sign.pack(side='left')
        self.status = ttk.Label(status, font='FerSmall', text='Ready')
        self.status.pack(side='left', fill='x', expand=True)
        self._rate = ttk.Label(status, font='FerSmall', anchor='e')
        self._rate.pack(side='right')
        body = ttk.Frame(self, padding=(pad, pad, pad, 0))
        body.pack(fill='both', expand=True)
        side = ttk.Frame(body)
        side.pack(side='right', fill='y', padx=(pad, 0))
        ttk.Label(side, text='People', font='FerTitle').pack(anchor='w', pady=(0, pad // 2))
        self.cards = FaceCards(side, self.player.names, self.rename, self.copy_row)
        self.cards.pack(fill='both', expand=True)
        left = ttk.Frame(body)
        left.pack(side='left', fill='both', expand=True)
        self.minute = ttk.Frame(left)
        head = ttk.Frame(self.minute)
        head.pack(fill='x', pady=(0, theme.px(self, 6)))
        ttk.Label(head, text='Last minute', font='FerTitle').pack(side='left')
        self.legend = Legend(head)
        self.legend.pack(side='right')
        self.strips = StripsView(
            self.minute, self.player.names, ('−60 s', '−45 s', '−30 s', '−15 s', 'now'))
        self.strips.pack(fill='x')
        self.video_bar = VideoBar(left, self.player, self.toggle_analysis)
        self.film_strip = FilmStrip(left, self._go_to_picture)
        self.picture = PictureView(left, self.player.set_room, (
            ('camera-video', 'Camera', self.open_first_camera),
            ('film', 'Video or picture', self.open_file),
            ('folder2-open', 'Folder', self.open_folder),
            ('person-video2', 'Sample', lambda: self.open('sample'))))
        self._lower = (self.minute, self.video_bar, self.film_strip)
        self._pad = pad

    def _show_kind(self) -> None:
        """Show the controls that fit what is open."""
        kind = self.player.kind
        for widget in (*self._lower, self.picture):
            widget.pack_forget()
        shown = {
            Kind.LIVE: (self.minute,), Kind.VIDEO: (self.video_bar, self.minute),
            Kind.PICTURES: (self.film_strip,)}
        # Packed from below, so that the image gets the room that is left.
        for part in reversed(shown[kind] if kind is not None else (self.minute,)):
            part.pack(side='bottom', fill='x', pady=(self._pad, 0))
        self.picture.pack(fill='both', expand=True)
        if kind is None:
            self.picture.welcome()
        elif self.player.last is None:
            self.picture.say(f'Opening {self.player.source_name} …')
        self.toolbar.refresh()

    def _accept_drops(self) -> None:
        """Let files be dropped on the window, where the extension tkdnd can be loaded."""
        self.can_drop = False
        with suppress(ImportError, RuntimeError, tk.TclError):
            from tkinterdnd2 import DND_FILES, TkinterDnD
            TkinterDnD._require(self)
            self.tk.call('tkdnd::drop_target', 'register', str(self), DND_FILES)
            command = self.register(self.dropped)
            self.tk.call('bind', str(self), '<<Drop:DND_Files>>', f'{command} %D; list copy')
            self.can_drop = True

    def dropped(self, data: str) -> None:
        """Open the first of the dropped files; `data` is a Tcl list of their names."""
        names = self.tk.splitlist(data)
        if names:
            # The file manager waits for the answer, so the file is opened afterwards.
            self.after(1, lambda: self.open(str(names[0])))

    # Sources

    def open(self, source: str) -> None:
        """Open a source; before a camera, tell about it and ask."""
        if watches_people(source):
            name = 'the camera' if uses_camera(source) else 'this stream'
            if not self.dialogs.may_use_camera(name):
                return
        self._say(self.player.stop_recording())
        self.player.open(source)
        self._painted_at.clear()
        self._camera_is_used = watches_people(source)
        self.cards.update_faces(None, is_blurred=False, is_still=True)
        self.video_bar.opened(0, 0.0)
        self._show_kind()

    def open_first_camera(self) -> None:
        """Open the first camera that there is."""
        from fer_ros.media.sources.camera_list import cameras
        found = cameras()
        self.open(found[0].source if found else '0')

    def open_file(self) -> None:
        """Ask for a file and open it."""
        self._open_if(self.dialogs.file_to_open())

    def open_folder(self) -> None:
        """Ask for a folder and open it."""
        self._open_if(self.dialogs.folder())

    def open_stream(self) -> None:
        """Ask for an address and open it."""
        self._open_if(self.dialogs.address())

    def _open_if(self, source: str) -> None:
        if source:
            self.open(source)

    def close_source(self) -> None:
        """Close what is open."""
        gc.collect()
        self._say(self.player.close_source() or 'Ready')
        self._camera_is_used = False
        self.cards.update_faces(None, is_blurred=False, is_still=True)
        self._show_kind()

    # What the user can do

    def rename(self, track_id: int, name: str) -> None:
        """Name a person."""
        self.player.rename(track_id, name)
        self._cards_at = 0.0
        self._strips_at = 0.0

    def rename_selected(self) -> None:
        """Let the user type the name of the selected person."""
        card = self.cards.selected
        if card is not None:
            card.edit_name()

    def copy_row(self, track_id: int) -> None:
        """Put the row of a face on the clipboard."""
        text = self.player.row_text(track_id)
        if text:
            self.clipboard_clear()
            self.clipboard_append(text)
            self._say(f'Copied the row of {self.player.names.of(track_id)}.')

    def copy_selected(self) -> None:
        """Copy the row of the selected person."""
        card = self.cards.selected
        if card is not None:
            self.copy_row(card.track_id)

    def toggle_recording(self) -> None:
        """Start or end a recording of the annotated video."""
        if self.player.is_recording:
            self._say(self.player.stop_recording())
        elif self.player.kind in (Kind.LIVE, Kind.VIDEO):
            path = self.dialogs.file_to_write(
                'Record the annotated video', 'recording.mp4',
                [(f'Video ({ending})', ending) for ending in FOURCC])
            if path is not None:
                try:
                    self.player.start_recording(path)
                    self._say(f'Recording to {path}')
                except ValueError as error:
                    self.dialogs.fault(str(error))
        self.toolbar.refresh()

    def save_picture(self) -> None:
        """Save the annotated image."""
        if self.player.last is None:
            return
        path = self.dialogs.file_to_write(
            'Save the annotated picture', 'picture.png',
            [('PNG picture', '.png'), ('JPEG picture', '.jpg')])
        if path is not None:
            self._write(lambda: self.player.save_picture(path), f'Saved {path}.')

    def export_rows(self) -> None:
        """Write the rows of what is analysed."""
        if self.player.kind is None:
            return
        path = self.dialogs.file_to_write(
            'Export a row for each face and image', 'faces.csv',
            [(f'{ending[1:].upper()} table', ending) for ending in RESULTS_FILES])
        if path is not None:
            self._write(
                lambda: self._say(f'Wrote {self.player.export_rows(path)} rows to {path}.'))

    def _write(self, action: Callable[[], object], done: str = '') -> None:
        try:
            action()
        except OutputError as error:
            self.dialogs.fault(str(error))
        else:
            if done:
                self._say(done)

    def toggle_analysis(self) -> None:
        """Start the analysis of the whole video, or stop it while it runs."""
        analysis = self.player.analysis
        if analysis is None:
            self.player.start_analysis()
        elif not analysis.is_complete:
            self.player.stop_analysis()

    def toggle(self, name: str, section: str = DESKTOP) -> None:
        """Change a setting that is on or off."""
        settings = self.player.settings
        settings.set(section, name, not settings.get(section, name))
        self.apply_setting(section, name)

    def toggle_theme(self) -> None:
        """Change between light and dark."""
        settings = self.player.settings
        settings.set(DESKTOP, 'theme', 'dark' if settings.desktop.theme == 'light' else 'light')
        self.apply_setting(DESKTOP, 'theme')

    def zoom(self, percent: int) -> None:
        """Make texts and symbols larger or smaller."""
        now = self.player.settings.desktop.scale_percent or round(
            theme.px(self, 1000) / 10)
        scale = min(max((now + percent) // 25 * 25, 75), 400)
        self.player.settings.set(DESKTOP, 'scale_percent', scale)
        self.apply_setting(DESKTOP, 'scale_percent')

    def open_settings(self) -> None:
        """Show the settings."""
        if self.settings_window is not None and self.settings_window.window.winfo_exists():
            self.settings_window.window.lift()
            return
        self.settings_window = SettingsWindow(
            self, self.player.settings, self.apply_setting)

    def apply_setting(self, section: str, name: str) -> None:
        """
        Let a setting take effect, and keep it.

        :raises ValueError, OSError, ImportError: if a network cannot be loaded.
        """
        settings = self.player.settings
        if section == 'camera_node':
            if self.player.kind is Kind.LIVE and uses_camera(self.player.source):
                self.player.open(self.player.source)
        elif section in ('', 'face_node', 'emotion_node') or name == 'blur_faces':
            self.player.apply_settings()
            if self.player.gallery is not None:
                self.film_strip.opened(self.player.gallery)
        else:
            self.player.refresh()
        fault = settings.save()
        if fault:
            self._say(fault)
        if section in ('', DESKTOP):
            wanted = f'{theme.FAMILY}-{settings.desktop.theme}'
            if self.style.theme_use() != wanted:
                self.style.theme_use(wanted)
                self._restyle()
            scaling = theme.tk_scaling(settings.desktop.scale_percent)
            if scaling is not None and abs(scaling - float(self.tk.call('tk', 'scaling'))) > 0.01:
                self._restart()
                return
        self._cards_at = self._strips_at = 0.0
        self.toolbar.refresh()

    def _restyle(self) -> None:
        for part in (
                self.picture, self.cards, self.strips, self.legend, self.video_bar.strips,
                self.film_strip):
            part.restyle()

    # Keys

    def next_picture(self, pictures: int) -> None:
        """Go on in a folder; in a video, by five seconds."""
        if self.player.pictures is not None:
            self.player.pictures.step(pictures)
        else:
            self.video_bar.skip(5.0 * pictures)

    def _go_to_picture(self, number: int) -> None:
        if self.player.pictures is not None:
            self.player.pictures.go(number)

    # What the threads deliver

    def _tick(self) -> None:
        self._timer = self.after(TICK_MS, self._tick)
        while not self.player.events.empty():
            self._handle(self.player.events.get())
            if self._is_closing:
                return
        shown = self.player.take()
        if shown is not None:
            self._paint(shown)
        if self._is_closing:
            return
        now_s = time.monotonic()
        if now_s - self._cards_at >= CARDS_S:
            self._cards_at = now_s
            self._refresh_often()
        if now_s - self._strips_at >= STRIPS_S:
            self._strips_at = now_s
            self._refresh_rarely()

    def _paint(self, shown: Shown) -> None:
        self.picture.paint(shown.rgb)
        self.update_idletasks()
        now_s = time.perf_counter()
        self._painted_at.append(now_s)
        if self.on_painted is not None:
            self.on_painted(shown, now_s)

    def _refresh_often(self) -> None:
        player = self.player
        if player.last is not None:
            is_still = player.kind is Kind.PICTURES or (
                player.video is not None and not player.video.is_playing)
            self.cards.update_faces(
                player.last, is_blurred=player.settings.desktop.blur_faces, is_still=is_still)
        if player.video is not None:
            self.video_bar.refresh()
        if player.pictures is not None:
            self.film_strip.refresh(
                max(player.pictures.number, 0), is_blurred=player.settings.desktop.blur_faces)

    def _refresh_rarely(self) -> None:
        player = self.player
        if player.kind is not Kind.PICTURES:
            self.strips.show({
                track_id: means for track_id, means in player.history.persons().items()
                if len(means) == BINS})
        analysis = player.analysis
        if analysis is not None and analysis.fault:
            player.analysis = None
            self.dialogs.fault(analysis.fault)
        elif analysis is not None and analysis.is_complete and not self._is_taken_over(analysis):
            player.finish_analysis()
            self._say(f'Analysed {len(analysis.images)} images.')
        collect_young()
        now_s = time.perf_counter()
        while self._painted_at and now_s - self._painted_at[0] > 2.0:
            self._painted_at.popleft()
        is_moving = player.kind is Kind.LIVE or (
            player.video is not None and player.video.is_playing)
        self._rate.configure(text=f'{len(self._painted_at) / 2:.0f} images/s' if is_moving else '')
        self._camera_sign.configure(
            text='●  camera in use    ' if self._camera_is_used else '',
            foreground=self.style.colors.danger)
        self.toolbar.refresh()

    def _is_taken_over(self, analysis: object) -> bool:
        is_known = getattr(self, '_analysis_taken', None) is analysis
        self._analysis_taken = analysis
        return is_known

    def _handle(self, event: Event) -> None:
        if event.what is What.OPENED:
            self._say(event.text)
            self.video_bar.opened(event.count, event.rate_hz)
            if self.player.kind is Kind.PICTURES:
                self.player.start_gallery(event.paths)
                self.film_strip.opened(self.player.gallery)
        elif event.what is What.FAILED:
            self.close_source()
            self.dialogs.fault(event.text)
        elif event.what is What.RECORDING_FAILED:
            self.player.stop_recording()
            self.dialogs.fault(event.text)
        else:
            self._say(event.text)
            if event.what is What.NOTE and self.player.pictures is not None:
                # The picture that was asked for cannot be read.
                self.player.last = None
                self.picture.say(event.text)
                self.cards.update_faces(None, is_blurred=False, is_still=True)

    def _say(self, text: str) -> None:
        if text:
            self.status.configure(text=text)

    def _failed(self, kind: Any, error: BaseException, trace: Any) -> None:
        """Show an error in a callback, which Tk would only print."""
        text = f'{kind.__name__}: {error}'
        if text in self._failures:
            # What fails in every image must not open a dialog for every image.
            return
        self._failures.add(text)
        traceback.print_exception(kind, error, trace)
        with suppress(tk.TclError):
            self.dialogs.fault(f'Something went wrong: {text}')

    # The end

    def _restart(self) -> None:
        self.must_restart = True
        self._destroy()

    def close(self) -> None:
        """Close the window, also while a video plays or is recorded."""
        self.player.stop_recording()
        self._destroy()

    def _destroy(self) -> None:
        self._is_closing = True
        self.on_painted = None
        with suppress(tk.TclError):
            self.after_cancel(self._timer)
        self.destroy()
