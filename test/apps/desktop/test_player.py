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

"""The player with real files, the real pipeline and its threads, without a window."""

import csv
import json
import subprocess
import sys
import threading
import time

import cv2
from fer_ros.apps.analyze.results_file import COLUMNS, OutputError
from fer_ros.apps.desktop.model.sources import Event, Kind, What
from fer_ros.media.sources import FrameSource, SourceError
import numpy as np
import pytest


class Clock(FrameSource):
    """A camera whose images count: each has its number in the first pixel."""

    is_live = True

    def __init__(self, images, rate_hz=100.0):
        super().__init__('0', 'camera 0', 64, 48, rate_hz)
        self.left, self.number = images, -1

    def grab(self):
        time.sleep(0.001)
        self.number += 1
        return self.number < self.left

    def retrieve(self):
        image = np.full((48, 64, 3), 60, np.uint8)
        image[0, 0] = self.number % 256
        image[:, 48:] = 0
        return image


def events(player):
    found = []
    while not player.events.empty():
        found.append(player.events.get())
    return found


def shown(player, wait, number):
    """Wait until the image of this number is shown, and return it."""
    def is_there():
        player.take()
        return player.last is not None and player.last.job.number == number
    wait(is_there)
    return player.last


def opened(player, wait, source):
    """Open a video, paused at its first image."""
    player.open(str(source))
    wait(lambda: not player.events.empty())
    player.video.play(False)
    player.video.seek(0)
    shown(player, wait, 0)


# Sources

def test_the_sample_plays_and_has_two_persons(player, wait):
    player.open('sample')
    wait(lambda: player.take() is not None and len(player.last.faces) == 2)
    assert events(player) == [
        Event(What.OPENED, 'The built-in sample clip, two moving faces', 30.0)]
    assert player.kind is Kind.LIVE
    assert player.last.rgb.shape == (480, 640, 3)
    assert len(player.history.persons()) == 2


def test_a_camera_that_ends_says_so_and_may_be_mirrored(player, wait):
    player.settings.set('desktop', 'mirror_camera', True)
    player._opener = lambda source, options: Clock(30)
    player.open('0')
    wait(lambda: [event for event in events(player) if event.what is What.ENDED])
    wait(lambda: player.take() is not None)
    assert player.last.job.image[0, -1, 0] > 0
    assert player.last.job.image[10, 0, 0] == 0


@pytest.mark.parametrize(('error', 'text'), [
    (SourceError('the camera is in use: close it'), 'the camera is in use: close it')])
def test_a_camera_that_does_not_open_is_told(player, wait, error, text):
    def opener(source, options):
        raise error
    player._opener = opener
    player.open('0')
    wait(lambda: not player.events.empty())
    assert events(player) == [Event(What.FAILED, text)]


@pytest.mark.parametrize('name', ['nothing.mp4', 'text.mp4', 'empty.jpg'])
def test_a_file_that_is_none_is_told(player, wait, tmp_path, name):
    (tmp_path / 'text.mp4').write_text('no video')
    (tmp_path / 'empty.jpg').touch()
    player.open(str(tmp_path / name))
    wait(lambda: not player.events.empty())
    (event,) = events(player)
    assert event.what is What.FAILED
    assert name in event.text


def test_a_model_that_is_missing_is_told_and_the_settings_stay(player, wait):
    player.open('sample')
    wait(lambda: player.take() is not None)
    player.settings.set('emotion_node', 'model', 'oracle')
    with pytest.raises(ValueError, match='oracle'):
        player.apply_settings()
    wait(lambda: player.take() is not None)


def test_closing_ends_all_threads_whatever_they_do(player, wait, clip):
    before = set(threading.enumerate())
    player.open(str(clip))
    player.start_analysis()
    wait(lambda: player.take() is not None)
    player.open('sample')
    player.close_source()
    wait(lambda: set(threading.enumerate()) <= before)
    assert (player.kind, player.last, player.take()) == (None, None, None)


# Videos

def test_a_video_plays_to_its_end_in_its_time(player, wait, clip):
    begin = time.monotonic()
    player.open(str(clip))
    wait(lambda: [event for event in events(player) if event.what is What.ENDED])
    assert time.monotonic() - begin >= 44 / 15
    assert not player.video.is_playing
    player.video.play(True)
    wait(lambda: player.video.number < 20)


def test_every_image_of_a_video_can_be_shown_with_its_faces(player, wait, clip, clip_images):
    opened(player, wait, clip)
    for number in (30, 31, 30, 5, 44, 0, 1):
        player.video.seek(number)
        image = shown(player, wait, number).job.image
        other = clip_images[number - 3 if number > 30 else number + 3]
        difference = cv2.absdiff(image, clip_images[number]).mean()
        assert difference < min(4, cv2.absdiff(image, other).mean())
        # The tracker reports a face in its second image.
        assert len(player.last.faces) == (2 if number else 0)


def test_a_video_is_stepped(player, wait, clip):
    opened(player, wait, clip)
    player.video.seek(20)
    shown(player, wait, 20)
    player.video.step(1)
    assert len(shown(player, wait, 21).faces) == 2
    player.video.step(-1)
    assert len(shown(player, wait, 20).faces) == 2
    player.video.step(-100)
    shown(player, wait, 0)
    player.video.step(100)
    shown(player, wait, 44)


def test_only_the_last_of_many_jumps_counts(player, wait, clip):
    opened(player, wait, clip)
    for number in range(1, 41):
        player.video.seek(number)
    shown(player, wait, 40)
    assert player._worker.processed < 40


def test_the_speed_changes_the_time_of_a_video(player, wait, clip):
    opened(player, wait, clip)
    player.video.speed = 4.0
    begin = time.monotonic()
    player.video.play(True)
    wait(lambda: not player.video.is_playing)
    assert time.monotonic() - begin >= 43 / 15 / 4
    player.video.speed = 0.25
    player.video.play(True)
    begin = time.monotonic()
    wait(lambda: 5 <= player.video.number < 40)
    assert time.monotonic() - begin >= 3 / 15 / 0.25


def test_the_analysis_gives_every_image_the_same_persons(player, wait, clip):
    opened(player, wait, clip)
    player.video.seek(30)
    face = shown(player, wait, 30).faces[0]
    player.rename(face.track_id, 'Grace')
    player.start_analysis()
    wait(lambda: player.analysis.is_complete)
    assert player.analysis.progress == 1
    assert len(player.analysis.images) == 45
    assert set(player.analysis.bins.persons) == {1, 2}
    player.take()
    player.finish_analysis()
    wait(lambda: player.take() is not None)
    # The name has gone to the same face, which has another number now.
    (named,) = (other for other in player.last.faces if other.track_id in player.names.given)
    assert named.box.iou(face.box) > 0.7
    for number in (3, 40, 1):
        player.video.seek(number)
        assert {other.track_id for other in shown(player, wait, number).faces} == {1, 2}
    player.settings.set('emotion_node', 'min_confidence', 1.0)
    player.apply_settings()
    assert player.analysis is None, 'its results are those of other settings'
    wait(lambda: player.take() is not None)
    assert {other.label for other in player.last.faces} == {'unknown'}


def test_an_analysis_can_be_stopped(player, wait, clip):
    opened(player, wait, clip)
    player.start_analysis()
    wait(lambda: player.analysis.progress > 0)
    player.stop_analysis()
    assert player.analysis is None
    player.start_analysis()
    wait(lambda: player.analysis.is_complete)


# Pictures

def test_the_pictures_of_a_folder_are_found_with_their_emotions(player, wait, folder):
    player.open(str(folder))
    wait(lambda: not player.events.empty())
    (event,) = events(player)
    assert [path.name for path in event.paths] == ['1.jpg', '2.jpg', '10.jpg']
    assert len(shown(player, wait, 0).faces) == 2
    player.start_gallery(event.paths)
    wait(lambda: player.gallery.is_complete)
    assert [len(entry.faces) for _, entry in sorted(player.gallery.entries.items())] == [2, 2, 0]
    assert player.gallery.entries[0].largest.label == 'happiness'
    thumbnail = player.gallery.entries[0].shown(is_blurred=False)
    assert thumbnail.shape == (192, 256, 3)
    assert (player.gallery.entries[0].shown(is_blurred=True) != thumbnail).any()
    player.pictures.step(1)
    shown(player, wait, 1)
    player.pictures.step(5)
    assert len(shown(player, wait, 2).faces) == 0
    player.pictures.go(0)
    shown(player, wait, 0)
    assert player.row_text(player.last.faces[0].track_id).splitlines()[1].startswith(
        f'{folder}/1.jpg\t0\t0.0\t')


def test_a_picture_that_cannot_be_read_does_not_stop_a_folder(player, wait, folder, tmp_path):
    (tmp_path / '1.png').write_bytes(b'\x89PNG\r\n\x1a\nno')
    (tmp_path / '2.jpg').write_bytes((folder / '1.jpg').read_bytes())
    player.open(str(tmp_path))
    wait(lambda: player.events.qsize() == 2)
    opening, fault = events(player)
    assert (opening.what, fault.what) == (What.OPENED, What.NOTE)
    assert '1.png' in fault.text
    player.start_gallery(opening.paths)
    player.pictures.step(1)
    shown(player, wait, 1)
    wait(lambda: player.gallery.is_complete)
    assert player.gallery.entries[0].thumbnail is None
    assert '1.png' in player.gallery.entries[0].fault


def test_a_folder_without_pictures_is_told(player, wait, tmp_path):
    player.open(str(tmp_path))
    wait(lambda: not player.events.empty())
    assert 'contains no picture: choose' in events(player)[0].text


# Files

def test_what_is_recorded_is_what_is_shown(player, wait, clip, clip_images, tmp_path):
    path = tmp_path / 'a.avi'
    opened(player, wait, clip)
    player.start_recording(path)
    player.video.play(True)
    wait(lambda: not player.video.is_playing)
    shown(player, wait, 44)
    assert player.stop_recording().startswith('Recorded ')
    video = cv2.VideoCapture(str(path))
    images = []
    while (answer := video.read())[0]:
        images.append(answer[1])
    video.release()
    assert images[-1].shape == clip_images[44].shape
    difference = cv2.absdiff(images[-1], clip_images[44])
    assert difference.max() > 100, 'the overlay'
    assert np.median(difference) < 6


def test_a_recording_that_cannot_be_written_is_told(player, wait, clip, tmp_path):
    opened(player, wait, clip)
    with pytest.raises(ValueError, match='its name must end in'):
        player.start_recording(tmp_path / 'a.gif')
    path = tmp_path / 'a.avi'
    path.mkdir()
    player.start_recording(path)
    player.video.play(True)
    wait(lambda: [event for event in events(player) if event.what is What.RECORDING_FAILED])
    assert 'cannot be written' in player.stop_recording()


def test_nothing_is_written_where_nothing_is_asked(player, wait, clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    player.open(str(clip))
    wait(lambda: player.take() is not None)
    player.close_source()
    assert list(tmp_path.iterdir()) == []


def test_the_picture_is_saved_with_blurred_faces(player, wait, folder, tmp_path):
    player.open(str(folder / '1.jpg'))
    wait(lambda: player.take() is not None)
    player.settings.set('desktop', 'show_overlay', False)
    player.save_picture(tmp_path / 'plain.png')
    player.settings.set('desktop', 'blur_faces', True)
    player.save_picture(tmp_path / 'blurred.png')
    plain, blurred = (cv2.imread(str(tmp_path / f'{name}.png')) for name in ('plain', 'blurred'))
    assert (plain == player.last.job.image).all()
    box = player.last.faces[0].box
    middle = np.s_[int(box.y):int(box.y + box.height), int(box.x):int(box.x + box.width)]
    assert cv2.absdiff(plain[middle], blurred[middle]).mean() > 10
    for name in ('a.xyz', 'nowhere/a.png'):
        with pytest.raises(OutputError, match='cannot be written'):
            player.save_picture(tmp_path / name)


def test_the_rows_are_those_of_fer_analyze(player, wait, clip, tmp_path):
    from click.testing import CliRunner
    from fer_ros.cli import fer
    opened(player, wait, clip)
    player.start_analysis()
    wait(lambda: player.analysis.is_complete)
    count = player.export_rows(tmp_path / 'a.csv')
    assert player.export_rows(tmp_path / 'a.json') == count > 80
    done = CliRunner().invoke(fer, ['analyze', str(clip), '--csv', str(tmp_path / 'b.csv')])
    assert done.exit_code == 0, done.output
    assert (tmp_path / 'a.csv').read_text() == (tmp_path / 'b.csv').read_text()
    assert len(json.loads((tmp_path / 'a.json').read_text())) == count
    with pytest.raises(OutputError, match=r'must end in \.csv, \.json'):
        player.export_rows(tmp_path / 'a.txt')


def test_the_rows_of_a_live_source_are_those_of_the_last_minute(player, wait, tmp_path):
    player.open('sample')
    wait(lambda: player.take() is not None and len(player.history.images()) > 5)
    player.export_rows(tmp_path / 'a.csv')
    with (tmp_path / 'a.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert {row['file'] for row in rows} == {'sample'}
    assert {row['track_id'] for row in rows} == {'1', '2'}
    wait(lambda: player.take() is not None)
    header, values = player.row_text(2).splitlines()
    assert header.split('\t') == list(COLUMNS)
    assert values.split('\t')[3] == '2'
    assert player.row_text(77) == ''


def test_the_model_needs_neither_tk_nor_ros():
    code = (
        'import sys, fer_ros.apps.desktop.model.player, fer_ros.apps.desktop.command\n'
        "print([name for name in ('tkinter', 'ttkbootstrap', 'rclpy') if name in sys.modules])")
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == '[]\n'
