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

"""Colours, fonts and sizes: one place, so that light and dark, and 100 % and 200 %, fit."""

from __future__ import annotations

from dataclasses import dataclass
import shutil
import subprocess
import sys
import tkinter as tk
from tkinter import font as tkfont

from fer_ros.core.emotions import Emotion
from fer_ros.media.drawing import COLORS
import ttkbootstrap as ttk
from ttkbootstrap.utils import scale_size

FAMILY = 'fer'

_POINTS_PER_PIXEL = 4 / 3
"""Tk's scaling of a screen of 96 dpi."""

FONT_PT = 10


@dataclass(frozen=True)
class Palette:
    """The colours of what is drawn by hand, as #rrggbb; ttkbootstrap styles everything else."""

    window: str
    card: str
    text: str
    faint: str
    line: str
    accent: str
    stage: str

    @property
    def is_dark(self) -> bool:
        """Return whether the theme is dark."""
        return rgb(self.window)[0] < 128


LIGHT = Palette(
    window='#f4f5f8', card='#ffffff', text='#1b2130', faint='#5c6475', line='#d9dde6',
    accent='#3858d6', stage='#e4e7ee')
DARK = Palette(
    window='#15181e', card='#1e222b', text='#e8ebf2', faint='#a0a8b8', line='#333947',
    accent='#7d97ff', stage='#0c0e12')


def register() -> None:
    """Make the themes known; call it before the window is made."""
    ttk.Theme(
        name=FAMILY, primary='#3858d6', success='#1f9d63', info='#2b8fb3', warning='#c77d0a',
        danger='#d63a4a',
        light={'background': LIGHT.window, 'foreground': LIGHT.text},
        dark={'background': DARK.window, 'foreground': DARK.text}).register()


def palette() -> Palette:
    """Return the colours of the theme that is used now."""
    style = ttk.Style.get_instance()
    return DARK if style is not None and style.theme_use() == f'{FAMILY}-dark' else LIGHT


def rgb(color: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of #rrggbb."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def emotion_color(emotion: Emotion) -> str:
    """Return the colour of an emotion, as `draw_emotions` draws it."""
    blue, green, red = COLORS[emotion]
    return f'#{red:02x}{green:02x}{blue:02x}'


def px(widget: tk.Misc, size: float) -> int:
    """Return a length in pixels that is `size` pixels long on a screen of 96 dpi."""
    return int(scale_size(widget, size))


def screen_percent() -> int:
    """
    Return the scale that the desktop asks for; 0 if Tk knows it itself.

    On Linux, Tk computes it from the size that the monitor states, which is often wrong; other
    programs use `Xft.dpi` of the X resources, and 96 dpi where it is not set.
    """
    if not sys.platform.startswith('linux'):
        return 0
    if shutil.which('xrdb') is None:
        return 100
    done = subprocess.run(['xrdb', '-query'], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        name, _, value = line.partition(':')
        if name.strip() == 'Xft.dpi' and value.strip().isdigit():
            return round(int(value) / 96 * 100)
    return 100


def tk_scaling(percent: int) -> float | None:
    """Return Tk's scaling for a size in percent; None to leave it as it is."""
    percent = percent or screen_percent()
    return _POINTS_PER_PIXEL * percent / 100 if percent else None


def set_fonts(root: tk.Misc) -> None:
    """Give Tk's named fonts sizes in points, which grow with the scale, and make our own."""
    for name in tkfont.names(root):
        if name.startswith('Tk'):
            tkfont.nametofont(name, root).configure(size=FONT_PT)
    family = tkfont.nametofont('TkDefaultFont', root).actual('family')
    for name, size, weight in (
            ('FerSmall', FONT_PT - 1, 'normal'), ('FerBold', FONT_PT, 'bold'),
            ('FerTitle', FONT_PT + 1, 'bold'), ('FerLarge', FONT_PT + 6, 'bold')):
        if name not in tkfont.names(root):
            root.tk.call('font', 'create', name)
        root.tk.call(
            'font', 'configure', name, '-family', family, '-size', size, '-weight', weight)
