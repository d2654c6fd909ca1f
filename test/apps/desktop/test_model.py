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

"""The parts of the model that need neither a pipeline nor a window."""

import threading

from fer_ros.apps.desktop.model.composition import composed, face_picture, fitted_size, Look
from fer_ros.apps.desktop.model.emotion_bins import EmotionBins, PersonBins, strip
from fer_ros.apps.desktop.model.history import BINS, History
from fer_ros.apps.desktop.model.job_slot import Job, JobSlot
from fer_ros.apps.desktop.model.names import Names
from fer_ros.apps.desktop.model.sources import Kind, kind_of, path_of, uses_camera, watches_people
from fer_ros.core.emotions import Emotion
from fer_ros.core.values import Box, FaceEmotion, FaceState, HeadPose
from fer_ros.media.drawing import COLORS, DrawingOptions
import numpy as np
import pytest


def face(track_id, x=10.0, emotion=Emotion.HAPPY, size=40.0):
    probabilities = np.zeros(7, np.float32)
    probabilities[emotion] = 1
    return FaceEmotion(
        track_id, FaceState.DETECTED, Box(x, 10.0, size, size), 0.9, HeadPose(), emotion, 1.0,
        probabilities)


def job(number, must=False):
    return Job(np.zeros((4, 4, 3), np.uint8), number, 0.0, 0, 0.0, must=must)


# Sources

@pytest.mark.parametrize(('source', 'kind', 'is_watching', 'is_camera'), [
    ('0', Kind.LIVE, True, True), ('/dev/video2', Kind.LIVE, True, True),
    ('auto', Kind.LIVE, True, True), ('rtsp://a/b', Kind.LIVE, True, False),
    ('sample', Kind.LIVE, False, False), ('film.mp4', Kind.VIDEO, False, False)])
def test_the_kind_of_a_source(source, kind, is_watching, is_camera):
    assert kind_of(source) is kind
    assert watches_people(source) is is_watching
    assert uses_camera(source) is is_camera


def test_pictures_and_folders_are_pictures(folder):
    assert kind_of(str(folder)) is kind_of(str(folder / '1.jpg')) is Kind.PICTURES
    assert kind_of(f'file://{folder}/1.jpg') is Kind.PICTURES
    assert path_of(f'file://{folder}/a%20b.jpg') == folder / 'a b.jpg'


# The slot

def test_the_newest_image_replaces_one_that_waits():
    slot = JobSlot()
    for number in range(3):
        slot.put(job(number))
    assert (slot.take().number, slot.replaced, slot.is_full) == (2, 2, False)


def test_an_image_that_is_needed_is_not_replaced(wait):
    slot = JobSlot()
    slot.put(job(0, must=True))
    thread = threading.Thread(target=slot.put, args=(job(1),))
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    assert [slot.take().number, slot.take().number] == [0, 1]
    thread.join()


def test_a_closed_slot_keeps_nobody_waiting():
    slot = JobSlot()
    slot.poke()
    assert slot.take() is None
    slot.put(job(0, must=True))
    threads = [threading.Thread(target=slot.put, args=(job(1),))]
    threads[0].start()
    slot.close()
    threads[0].join(10)
    assert not threads[0].is_alive()


# Names

def test_names_are_tidied_and_can_be_taken_away():
    names = Names()
    names.rename(3, '  Grace\n Hopper ')
    assert (names.of(3), names.of(4), dict(names.given)) == (
        'Grace Hopper', 'Person 4', {3: 'Grace Hopper'})
    names.rename(3, 'x' * 100)
    assert len(names.of(3)) == 40
    names.rename(3, ' ')
    assert dict(names.given) == {}


def test_a_name_follows_the_face_to_its_new_identity():
    names = Names()
    names.rename(1, 'Ann')
    names.rename(2, 'Bob')
    names.carry_over([face(1, 10), face(2, 200)], [face(8, 205), face(7, 500)])
    assert dict(names.given) == {8: 'Bob'}
    names.carry_over([face(8)], [])
    assert dict(names.given) == {}


# Timelines

def test_bins_hold_means_and_forget_what_is_too_old():
    bins = EmotionBins(0.1, 20)
    row = np.eye(7, dtype=np.float32)
    for time_s, kind in ((0.0, 3), (0.01, 6), (0.35, 3), (1.95, 4)):
        bins.add(time_s, row[kind])
    means = bins.means(20, 20)
    assert means[0] == pytest.approx((row[3] + row[6]) / 2)
    # A gap of three bins is filled, a longer one is not.
    assert means[1:4] == pytest.approx(np.stack([means[0], means[0], row[3]]))
    assert np.isnan(means[4:19]).all()
    assert means[19] == pytest.approx(row[4])
    bins.add(2.05, row[0])
    assert np.isnan(bins.means(21, 21)[0]).all(), 'its place is used again'


def test_a_strip_has_the_colours_of_the_emotions_in_their_shares():
    means = np.full((4, 7), np.nan, np.float32)
    means[0] = 0
    means[0, [Emotion.ANGRY, Emotion.HAPPY]] = 0.25, 0.75
    means[1] = 0
    picture = strip(means, 20, (1, 2, 3), (4, 5, 6))
    assert picture.shape == (20, 4, 3)
    angry, happy = COLORS[Emotion.ANGRY][::-1], COLORS[Emotion.HAPPY][::-1]
    assert (picture[15:, 0] == angry).all()
    assert (picture[:15, 0] == happy).all()
    assert (picture[:, 1] == (4, 5, 6)).all()
    assert (picture[:, 2:] == (1, 2, 3)).all()


def test_the_history_is_one_minute_long():
    history = History()
    for second in range(100):
        history.add(second, float(second), [face(1 if second < 30 else 2)])
    assert [image.number for image in history.images()] == list(range(39, 100))
    persons = history.persons()
    assert set(persons) == {2}
    assert persons[2].shape == (BINS, 7)
    assert persons[2][-1] == pytest.approx(face(2).probabilities)
    history.clear()
    assert (history.images(), history.persons()) == ([], {})


def test_persons_are_counted_apart():
    bins = PersonBins(1.0, 3)
    bins.add(0.5, [face(1), face(2, emotion=Emotion.SAD)])
    assert bins.persons[2].means(1, 1)[0, Emotion.SAD] == 1


# Images

@pytest.mark.parametrize(('size', 'room', 'fitted'), [
    ((1280, 720), (640, 640), (640, 360)), ((640, 480), (10_000, 720), (960, 720)),
    ((20, 10), (1000, 1000), (60, 30)), ((5000, 10), (100, 100), (100, 1))])
def test_images_fit_into_the_room(size, room, fitted):
    assert fitted_size(*size, room) == fitted


def test_the_overlay_is_scaled_with_the_image_which_stays_as_it_is():
    image = np.full((100, 200, 3), 90, np.uint8)
    before = image.copy()
    look = Look(DrawingOptions(show_probabilities=False, show_head_pose=False))
    small = composed(image, [face(1, 60, size=60)], look, (100, 50))
    assert (image == before).all()
    assert small.shape == (50, 100, 3)
    near = np.abs(small.astype(int) - COLORS[Emotion.HAPPY]).max(axis=2) < 40
    rows, columns = np.nonzero(near[25:])
    # The box reaches from (60, 10) to (120, 70) in the image, half of that in the result.
    assert (columns.min(), columns.max()) == pytest.approx((30, 60), abs=2)
    assert rows.max() + 25 == pytest.approx(35, abs=2)
    plain = composed(image, [face(1)], Look(DrawingOptions(), show_overlay=False))
    assert (plain == image).all()


def test_a_blurred_face_cannot_be_recognised_any_more(clip_images):
    from fer_ros.media.sample_clip import SampleClip
    truth = SampleClip().truth(0)[0].box
    shown = FaceEmotion(1, FaceState.DETECTED, truth, 1.0, HeadPose())
    image = clip_images[0]
    blurred = composed(
        image, [shown], Look(DrawingOptions(), show_overlay=False, blur_faces=True))
    part = np.s_[int(truth.y):int(truth.y + truth.height), int(truth.x):int(truth.x + truth.width)]

    def detail(picture):
        return np.abs(np.diff(picture.astype(np.int32), axis=1)).mean()
    assert detail(blurred[part]) < 0.25 * detail(image[part])
    far = np.s_[:, -100:]
    assert (blurred[far] == image[far]).all()


@pytest.mark.parametrize('size', [400.0, 30.0])
def test_the_picture_of_a_face_shows_its_middle(size):
    image = np.zeros((480, 640, 3), np.uint8)
    image[190:210, 290:310] = (255, 0, 0)
    shown = FaceEmotion(
        1, FaceState.DETECTED, Box(300 - size / 2, 200 - size / 2, size, size), 1.0, HeadPose())
    picture = face_picture(image, shown, 60, is_blurred=False)
    assert picture.shape == (60, 60, 3)
    assert picture[30, 30] == pytest.approx((0, 0, 255), abs=30), 'RGB'
    rows, columns = np.nonzero(picture[..., 2] > 128)
    assert (rows.mean(), columns.mean()) == pytest.approx((29.5, 29.5), abs=1.5)


def test_a_face_at_the_edge_has_a_picture_too():
    image = np.full((50, 50, 3), 7, np.uint8)
    shown = FaceEmotion(1, FaceState.TRACKED, Box(-30.0, 40.0, 40.0, 40.0), 1.0, HeadPose())
    assert face_picture(image, shown, 16, is_blurred=True).shape == (16, 16, 3)
