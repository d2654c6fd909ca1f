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

"""The real window on a screen without a monitor, used as a person uses it."""

import signal
import subprocess
import sys
import threading
import time

import cv2
from fer_ros.apps.desktop.model.composition import fitted_size
from fer_ros.apps.desktop.model.player import Player
from fer_ros.apps.desktop.model.settings import DESKTOP, Settings
from fer_ros.apps.desktop.model.sources import Kind
from fer_ros.media.sources import SourceError
import numpy as np
from PIL import ImageGrab
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Answers:
    """Stands in for the dialogs: it answers, and remembers what was said."""

    def __init__(self):
        self.faults, self.asked = [], []
        self.may_camera, self.path, self.source = True, None, ''

    def fault(self, text):
        self.faults.append(text)

    def may_use_camera(self, name):
        self.asked.append(name)
        return self.may_camera

    def address(self):
        return self.source

    file_to_open = folder = address

    def file_to_write(self, title, name, kinds):
        self.asked.append(title)
        return self.path


class Desk:
    """A window with its player, and the ways to use it."""

    def __init__(self, window, answers, wait_for):
        self.window, self.player, self.answers = window, window.player, answers
        self._wait_for = wait_for

    def wait(self, condition):
        def work():
            # The other threads need the processor too.
            time.sleep(0.005)
            self.window.update()
        return self._wait_for(condition, work)

    def press(self, keys, widget=None):
        if widget is None:
            # Without a window manager nobody gives the focus to a window.
            self.window.focus_force()
            self.window.update()
        (widget or self.window).event_generate(keys)
        self.window.update()

    def open(self, source):
        """Open a source and wait for its first image with faces."""
        self.window.open(str(source))
        self.wait(lambda: self.player.last is not None and self.window.cards.cards)

    def picture(self):
        """Return what the window shows, (H, W, 3) RGB."""
        self.window.update()
        x, y = self.window.winfo_rootx(), self.window.winfo_rooty()
        screen = ImageGrab.grab(xdisplay=self.window.winfo_screen().split('.')[0])
        return np.asarray(screen.convert('RGB'))[
            y:y + self.window.winfo_height(), x:x + self.window.winfo_width()]


@pytest.fixture
def make_desk(screen, monkeypatch, wait):
    """Return a function that makes a window with these settings; all are closed after the test."""
    monkeypatch.setenv('DISPLAY', screen)
    from fer_ros.apps.desktop.views.garbage import collected_by_this_thread
    from fer_ros.apps.desktop.views.window import Window
    made = []

    def make(settings=None, player=None):
        answers = Answers()
        desk = Desk(
            Window(player or Player(settings or Settings()), lambda master: answers), answers,
            wait)
        desk.window.update()
        made.append(desk)
        return desk
    with collected_by_this_thread():
        yield make
        for desk in made:
            if not desk.window._is_closing:
                desk.window.close()
            desk.player.close()
            del desk.window
        made.clear()


@pytest.fixture
def desk(make_desk):
    """Return a window with the default settings."""
    return make_desk()


def test_the_empty_window_says_what_can_be_opened(desk):
    texts = [label.cget('text') for label in desk.window.picture._welcome_texts]
    assert any('Open a camera, a video or pictures' in text for text in texts)
    assert str(desk.window.toolbar.save.cget('state')) == 'disabled'
    for action in (desk.window.save_picture, desk.window.export_rows, desk.window.copy_selected,
                   desk.window.toggle_recording, desk.window.rename_selected):
        action()
    assert (desk.answers.faults, desk.answers.asked) == ([], [])


def test_a_video_is_opened_scrubbed_renamed_recorded_and_exported(desk, clip, tmp_path):
    desk.answers.source = str(clip)
    desk.press('<Control-o>')
    desk.wait(lambda: len(desk.window.cards.cards) == 2)
    # Pause by the space bar, then scrub by the mouse.
    desk.press('<space>')
    desk.wait(lambda: not desk.player.video.is_playing)
    slider = desk.window.video_bar.slider
    middle = slider.winfo_width() // 3
    expected = round(middle / (slider.winfo_width() - 1) * 44)
    slider.event_generate('<ButtonPress-1>', x=middle, y=slider.winfo_height() // 2)
    slider.event_generate('<ButtonRelease-1>', x=middle, y=slider.winfo_height() // 2)
    desk.wait(lambda: desk.player.last.job.number == expected)
    desk.press('<period>')
    desk.wait(lambda: desk.player.last.job.number == expected + 1)
    desk.press('<comma>')
    desk.wait(lambda: desk.player.last.job.number == expected)
    desk.wait(lambda: len(desk.player.last.faces) == 2)
    # Rename the first person.
    desk.wait(lambda: set(desk.window.cards.cards) == {
        face.track_id for face in desk.player.last.faces})
    card = next(iter(desk.window.cards.cards.values()))
    card.focus_force()
    desk.press('<F2>', card)
    card.entry.delete(0, 'end')
    card.entry.insert(0, 'Grace Hopper')
    card.entry.focus_force()
    desk.press('<Return>', card.entry)
    assert desk.player.names.of(card.track_id) == 'Grace Hopper'
    desk.wait(lambda: card.itemcget(card._name_item, 'text') == 'Grace Hopper')
    # Copy the row.
    card.focus_force()
    desk.press('<Control-c>', card)
    assert desk.window.clipboard_get().splitlines()[1].split('\t')[3] == str(card.track_id)
    # Analyse everything, then record the rest of the video, and export.
    desk.press('<Control-t>')
    desk.wait(lambda: desk.player.analysis is not None and desk.player.analysis.is_complete)
    desk.wait(lambda: desk.window.video_bar.strips.rows == 2)
    desk.answers.path = tmp_path / 'a.mp4'
    desk.press('<Control-r>')
    assert desk.player.is_recording
    desk.press('<space>')
    desk.wait(lambda: desk.player.video.number == 44)
    desk.wait(lambda: 'is at its end' in desk.window.status.cget('text'))
    desk.press('<Control-r>')
    assert not desk.player.is_recording
    assert 'Recorded' in desk.window.status.cget('text')
    video = cv2.VideoCapture(str(desk.answers.path))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) > 5
    video.release()
    desk.answers.path = tmp_path / 'rows.csv'
    desk.press('<Control-e>')
    assert len(desk.answers.path.read_text().splitlines()) > 80
    desk.answers.path = tmp_path / 'a.png'
    desk.press('<Control-s>')
    assert cv2.imread(str(desk.answers.path)).shape == (480, 640, 3)
    assert desk.answers.faults == []
    desk.window.close()
    desk.player.close()
    assert [t.name for t in threading.enumerate() if t.name in ('reader', 'worker')] == []


def test_what_is_painted_is_the_image_in_one_photo_image(desk):
    desk.open('sample')
    # The timeline takes its room when there are persons; the image is then smaller.
    desk.wait(lambda: desk.window.strips.rows == 2)
    view = desk.window.picture
    desk.wait(lambda: view._size == fitted_size(640, 480, (
        view.winfo_width(), view.winfo_height())))
    photo = view._photo
    painted = []
    desk.window.on_painted = lambda shown, time_s: painted.append(shown)
    desk.wait(lambda: len(painted) > 5)
    assert desk.window.picture._photo is photo
    assert len(desk.window.picture.find_all()) == 3, 'no items pile up'
    screen = desk.picture()
    height, width = painted[-1].rgb.shape[:2]
    x = view.winfo_rootx() - desk.window.winfo_rootx() + view.winfo_width() // 2 - width // 2
    y = view.winfo_rooty() - desk.window.winfo_rooty() + view.winfo_height() // 2 - height // 2
    found = screen[y:y + height, x:x + width]
    assert np.abs(found.astype(int) - desk.player.last.rgb).mean() < 3


@pytest.mark.parametrize(('theme', 'percent'), [('light', 100), ('dark', 200)])
def test_nothing_is_clipped_in_any_theme_and_size(make_desk, theme, percent):
    settings = Settings()
    settings.set(DESKTOP, 'theme', theme)
    settings.set(DESKTOP, 'scale_percent', percent)
    desk = make_desk(settings)
    desk.open('sample')
    window = desk.window
    desk.wait(lambda: len(window.cards.cards) == 2)
    brightness = desk.picture()[-3, 3].mean()
    assert brightness > 200 if theme == 'light' else brightness < 60
    for button in window.toolbar.pack_slaves():
        assert button.winfo_x() >= 0
        assert button.winfo_x() + button.winfo_width() <= window.winfo_width()
        assert button.winfo_width() >= button.winfo_reqwidth()
    for card in window.cards.cards.values():
        room = window.cards._canvas.winfo_rootx() + window.cards._canvas.winfo_width()
        assert card.winfo_rootx() + card.winfo_width() <= room
        for item in card.find_all():
            x0, y0, x1, y1 = card.bbox(item) or (0, 0, 0, 0)
            assert x0 >= 0
            assert x1 <= card.winfo_width()
            assert y1 <= card.winfo_height()
    # Twice the scale is twice the size, give or take the rounding of fonts.
    card = next(iter(window.cards.cards.values()))
    assert card.winfo_width() == pytest.approx(302 * percent / 100, abs=3)


def test_a_camera_is_announced_before_its_first_image(desk):
    opened = []

    def opener(source, options):
        opened.append(source)
        raise SourceError('/dev/video0 does not open as a camera: another program may be using it')
    desk.player._opener = opener
    desk.answers.may_camera = False
    desk.window.open('0')
    assert (desk.answers.asked, opened, desk.player.kind) == (['the camera'], [], None)
    desk.answers.may_camera = True
    desk.window.open('0')
    desk.wait(lambda: desk.answers.faults)
    assert opened == ['0']
    assert 'another program may be using it' in desk.answers.faults[0]
    assert desk.player.kind is None


def test_the_notice_and_the_faults_are_real_dialogs(make_desk, monkeypatch):
    from fer_ros.apps.desktop.views import dialogs
    desk = make_desk()
    shown = []

    class Quick(dialogs.MessageDialog):
        def answer(self):
            shown.append((self.window.title(), self.label.cget('text')))
            self.window.update()
            assert self.window.winfo_viewable()
            # Enter presses the last button, Escape none.
            self.window.focus_force()
            self.window.event_generate('<Return>' if len(shown) == 1 else '<Escape>')
            self.window.update()
            return self.result
    monkeypatch.setattr(dialogs, 'MessageDialog', Quick)
    real = dialogs.Dialogs(desk.window)
    assert real.may_use_camera('the camera') is True
    assert real.may_use_camera('this stream') is False
    assert real.address() == ''
    real.fault('a.mp4 is empty (0 bytes): copy or record it again')
    assert 'Nothing is stored or sent' in shown[0][1]
    assert shown[3] == ('A.mp4 is empty (0 bytes)', 'Copy or record it again.')


def test_a_folder_is_walked_by_the_arrow_keys(desk, folder):
    desk.open(folder)
    desk.wait(lambda: desk.player.gallery is not None and desk.player.gallery.is_complete)
    desk.press('<Right>')
    desk.wait(lambda: desk.player.last.job.number == 1)
    desk.press('<Right>')
    desk.wait(lambda: not desk.window.cards.cards)
    desk.press('<Left>')
    desk.wait(lambda: len(desk.window.cards.cards) == 2)
    canvas = desk.window.film_strip.canvas
    desk.wait(lambda: 'no face' in [
        canvas.itemcget(item, 'text') for item in canvas.find_all()
        if canvas.type(item) == 'text'])
    canvas.event_generate('<Button-1>', x=5, y=5)
    desk.wait(lambda: desk.player.last.job.number == 0)


def test_a_picture_that_cannot_be_read_is_told_in_its_place(desk, folder, tmp_path):
    (tmp_path / '1.jpg').write_bytes((folder / '1.jpg').read_bytes())
    (tmp_path / '2.png').write_bytes(b'\x89PNG\r\n\x1a\nno')
    desk.open(tmp_path)
    desk.press('<Right>')
    picture = desk.window.picture
    desk.wait(lambda: '2.png' in picture.itemcget(picture._message, 'text'))
    assert picture.itemcget(picture._message, 'state') == 'normal'
    assert desk.answers.faults == []
    desk.press('<Left>')
    desk.wait(lambda: desk.window.cards.cards)


def test_an_error_is_told_once(desk, capsys):
    def fail():
        raise ZeroDivisionError('of all things')
    for _ in range(3):
        desk.window.after_idle(fail)
    desk.wait(lambda: desk.answers.faults)
    assert desk.answers.faults == ['Something went wrong: ZeroDivisionError: of all things']
    assert 'Traceback' in capsys.readouterr().err


def test_a_file_can_be_dropped_on_the_window(desk, tmp_path, clip):
    path = tmp_path / 'my clip.mp4'
    path.write_bytes(clip.read_bytes())
    desk.window.dropped(f'{{{path}}} /another/file.mp4')
    desk.wait(lambda: desk.player.last is not None)
    assert desk.player.source == str(path)
    pytest.importorskip('tkinterdnd2')
    assert desk.window.can_drop
    assert desk.window.tk.call('bind', '.', '<<Drop:DND_Files>>')


def test_a_file_that_is_none_is_told_and_the_window_goes_on(desk, tmp_path):
    path = tmp_path / 'a.mp4'
    path.write_text('no video')
    desk.window.open(str(path))
    desk.wait(lambda: desk.answers.faults)
    assert 'is not a video or image' in desk.answers.faults[0]
    desk.open('sample')


def test_settings_take_effect_at_once_and_are_kept(make_desk, tmp_path):
    file = tmp_path / 'desktop.yaml'
    desk = make_desk(Settings(file))
    desk.open('sample')
    desk.press('<Control-comma>')
    window = desk.window.settings_window
    field = window.field('emotion_node', 'min_confidence')
    field.variable.set('1')
    desk.wait(lambda: {face.label for face in desk.player.last.faces} == {'unknown'})
    field.variable.set('3')
    desk.wait(lambda: '0 to 1' in field._label.cget('text') and 'must' in field._label.cget(
        'text'))
    assert desk.player.settings.get('emotion_node', 'min_confidence') == 1.0
    model = window.field('emotion_node', 'model')
    model.variable.set('oracle')
    desk.wait(lambda: 'oracle' in model._label.cget('text'))
    assert desk.player.settings.get('emotion_node', 'model') == 'default'
    window.field(DESKTOP, 'theme').variable.set('dark')
    desk.wait(lambda: desk.window.style.theme_use() == 'fer-dark')
    desk.wait(lambda: 'theme: dark' in file.read_text())
    assert Settings(file).get('emotion_node', 'min_confidence') == 1.0
    window.reset()
    desk.wait(lambda: desk.window.style.theme_use() == 'fer-light')
    desk.wait(lambda: 'unknown' not in {face.label for face in desk.player.last.faces})
    window.close()


def test_another_scale_needs_another_window_and_the_video_goes_on(make_desk, clip):
    desk = make_desk()
    desk.open(clip)
    desk.press('<Control-plus>')
    assert desk.window.must_restart
    again = make_desk(player=desk.player)
    assert float(again.window.tk.call('tk', 'scaling')) == pytest.approx(1.25 * 4 / 3, abs=0.01)
    again.wait(lambda: again.window.cards.cards)
    assert again.player.kind is Kind.VIDEO
    assert again.window.video_bar.winfo_ismapped()


def test_faces_are_blurred_at_once(desk):
    desk.open('sample')
    desk.press('<Control-b>')
    assert str(desk.player.settings.desktop.blur_faces) == 'True'

    def is_blurred():
        rgb, last = desk.player.last.rgb, desk.player.last
        if not last.faces:
            return False
        box, scale = last.faces[0].box, rgb.shape[0] / last.job.image.shape[0]
        x, y = (round(scale * v) for v in box.center)
        half = round(scale * box.width / 5)
        part = rgb[y + half // 2:y + half, x + half // 2:x + half].astype(int)
        return np.abs(np.diff(part, axis=1)).mean() < 2.5
    desk.wait(is_blurred)


def test_the_command_runs_and_ends_by_ctrl_c(screen, tmp_path):
    environment = {
        **__import__('os').environ, 'DISPLAY': screen, 'XDG_CONFIG_HOME': str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros', 'desktop', '--source', 'sample', '--theme', 'dark'],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        windows = ''
        for _ in range(600):
            windows = subprocess.run(
                [sys.executable, '-c', PROBE], env=environment, capture_output=True, text=True,
                check=False).stdout
            if 'shown' in windows or process.poll() is not None:
                break
        assert 'shown' in windows, process.communicate(timeout=1)[0]
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=60)[0]
    finally:
        process.kill()
    assert (process.returncode, output) == (0, '')
    assert list(tmp_path.iterdir()) == []


PROBE = """
import os
from PIL import ImageGrab
picture = ImageGrab.grab(xdisplay=os.environ['DISPLAY']).convert('RGB')
# A yellow box or bar: happiness.
print('shown' if (250, 200, 40) in picture.getdata() else picture.size)
"""


def test_what_is_missing_is_said_in_one_line(monkeypatch):
    from click.testing import CliRunner
    from fer_ros.apps.desktop import command
    monkeypatch.delenv('DISPLAY', raising=False)
    result = CliRunner().invoke(command.desktop, [])
    assert result.output == (
        'Error: there is no display (DISPLAY is not set): start it on a desktop, or use fer '
        'analyze for files and fer live on a terminal.\n')
    find = command.importlib.util.find_spec
    monkeypatch.setattr(
        command.importlib.util, 'find_spec',
        lambda name: None if name == 'ttkbootstrap' else find(name))
    result = CliRunner().invoke(command.desktop, [])
    assert result.output == (
        'Error: ttkbootstrap cannot be imported: pip install -r requirements/desktop.txt\n')
    monkeypatch.setattr(command.importlib.util, 'find_spec', lambda name: None)
    result = CliRunner().invoke(command.desktop, [])
    assert 'python3-tk' in result.output
