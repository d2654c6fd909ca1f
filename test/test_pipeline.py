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

"""The whole way from an image to emotions, with the shipped model."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
import doctest
import math
import subprocess
import sys
import threading

import cv2
from fer_ros import Emotion, FaceState, Frame, LABELS, Pipeline, pipeline
from fer_ros.core.emotion_stage import EmotionOptions
from fer_ros.core.face_stage import FaceOptions
from fer_ros.core.tracking.tracker import TrackerOptions
from fer_ros.core.values import NS_PER_S
from fer_ros.media.sample_clip import SampleClip
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions
from fer_ros.parameters.parameter_files import ConfigError, load_options
import numpy as np
from photographs import astronaut
import pytest


@pytest.fixture(scope='module')
def clip():
    return SampleClip()


def live_at_leisure(**options):
    """Return the pipeline of 'live' with as much time as a busy machine needs."""
    emotion = load_options('live', 'emotion_node', EmotionNodeOptions)
    return Pipeline(
        load_options('live', 'face_node', FaceNodeOptions),
        replace(emotion, budget_ms=0.0, **options))


def play(pipeline, clip, images, begin=0):
    return [
        pipeline.process(Frame(clip.frame(k), (begin + k) * NS_PER_S // 30))
        for k in range(images)]


def identities(faces):
    return [face.track_id for face in faces]


def test_the_example_of_the_documentation_runs():
    assert doctest.testmod(pipeline).attempted >= 4
    assert doctest.testmod(pipeline).failed == 0


@pytest.fixture(scope='module')
def live(clip):
    with live_at_leisure() as pipeline:
        return play(pipeline, clip, 60)


@pytest.mark.parametrize('config', ['low_power', 'mtcnn_csrt'])
def test_other_presets_follow_both_faces(clip, config):
    if config == 'mtcnn_csrt':
        pytest.importorskip('mtcnn', reason='requirements/mtcnn.txt is not installed')
    emotion = load_options(config, 'emotion_node', EmotionNodeOptions)
    face = load_options(config, 'face_node', FaceNodeOptions)
    with Pipeline(face, replace(emotion, budget_ms=0.0)) as pipeline:
        images = play(pipeline, clip, 45)
    assert [identities(faces) for faces in images[25:]] == [[1, 2]] * 20
    assert all(face.confidence > 0 for face in images[-1])


def test_live_follows_both_faces(live):
    assert identities(live[0]) == []
    assert all(identities(faces) == [1, 2] for faces in live[1:])


def test_live_faces_lie_where_the_truth_says(live, clip):
    for index, faces in enumerate(live[1:], 1):
        for true in clip.truth(index):
            assert max(face.box.iou(true.box) for face in faces) > 0.5


def test_live_classifies_every_face_that_changes_at_ten_hertz(live, clip):
    with live_at_leisure(max_age_s=0.0) as always:
        played = play(always, clip, len(live))
    for place in (0, 1):
        stamps = {faces[place].classified_at_ns for faces in played[1:]}
        assert len(stamps) == pytest.approx(20, abs=2)
        assert min(stamps) == NS_PER_S // 30
        # A head may move without a change of its upright crop.
        assert {faces[place].classified_at_ns for faces in live[1:]} <= stamps


def test_a_still_scene_is_classified_once_per_second_and_says_so(clip):
    image, ages = clip.frame(0), []
    with live_at_leisure() as pipeline:
        for k in range(95):
            stamp_ns = k * NS_PER_S // 30
            faces = pipeline.process(Frame(image, stamp_ns))
            ages += [(stamp_ns - face.classified_at_ns) / NS_PER_S for face in faces]
    assert identities(faces) == [1, 2]
    assert [face.label for face in faces] == ['happiness', 'neutral']
    assert 0.9 < max(ages) < 1.01


def test_probabilities_sum_to_one_and_name_the_emotion(live):
    for face in (face for faces in live[1:] for face in faces):
        assert face.probabilities.sum() == pytest.approx(1, abs=1e-4)
        assert face.raw_probabilities.sum() == pytest.approx(1, abs=1e-4)
        assert face.confidence == pytest.approx(face.probabilities.max())
        if face.confidence >= 0.4:
            assert face.label == LABELS[face.probabilities.argmax()]
        else:
            assert face.emotion is Emotion.UNKNOWN


def test_the_smiling_face_is_happy(live, clip):
    seen = []
    for index, faces in enumerate(live[1:], 1):
        smiling = clip.truth(index)[0].box
        seen.append(max(faces, key=lambda face: face.box.iou(smiling)).emotion)
    assert seen.count(Emotion.HAPPY) > 0.9 * len(seen)


def test_live_is_what_the_defaults_are(live, clip):
    with Pipeline(emotion=EmotionOptions(budget_ms=0.0)) as pipeline:
        again = play(pipeline, clip, 5)
    for faces, others in zip(live[:5], again, strict=True):
        assert identities(faces) == identities(others)
        for face, other in zip(faces, others, strict=True):
            assert face.box == other.box
            np.testing.assert_allclose(face.probabilities, other.probabilities, atol=1e-5)


def test_in_still_every_image_stands_alone(clip):
    with Pipeline.from_config('still') as pipeline:
        first = pipeline.process(Frame(clip.frame(0), 0))
        pipeline.process(Frame(clip.frame(150), 0))
        again = pipeline.process(Frame(clip.frame(0), 0))
    assert len(first) == len(again) == 2
    assert not set(identities(first)) & set(identities(again))
    for face, other in zip(first, again, strict=True):
        assert face.state is FaceState.DETECTED
        assert (face.box, face.emotion) == (other.box, other.emotion)
        np.testing.assert_array_equal(face.probabilities, face.raw_probabilities)
        np.testing.assert_allclose(face.probabilities, other.probabilities, atol=1e-6)


@pytest.mark.parametrize('angle', [-60, -30, 30, 60])
def test_a_leaning_face_is_classified_as_the_upright_one(angle):
    photograph = astronaut()
    matrix = cv2.getRotationMatrix2D((225, 125), -angle, 1.0)
    leaning = cv2.warpAffine(photograph, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    with Pipeline.from_config('still') as pipeline:
        (upright,) = pipeline.process(Frame(photograph, 0))
        (face,) = pipeline.process(Frame(leaning, 0))
    assert upright.emotion is face.emotion is Emotion.HAPPY
    np.testing.assert_allclose(face.probabilities, upright.probabilities, atol=0.1)
    turn = math.degrees(face.head_pose.roll - upright.head_pose.roll)
    assert turn == pytest.approx(angle, abs=3)
    assert face.head_pose.yaw == pytest.approx(upright.head_pose.yaw, abs=math.radians(5))
    assert face.head_pose.pitch == pytest.approx(upright.head_pose.pitch, abs=math.radians(5))


@pytest.mark.parametrize('angle', [0, 30])
def test_a_mirrored_face_has_the_negative_roll_and_yaw(angle):
    photograph = astronaut()
    matrix = cv2.getRotationMatrix2D((225, 125), -angle, 1.0)
    image = cv2.warpAffine(photograph, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    with Pipeline.from_config('still') as pipeline:
        (face,) = pipeline.process(Frame(image, 0))
        (mirrored,) = pipeline.process(Frame(image[:, ::-1], 0))
    assert math.degrees(face.head_pose.roll) == pytest.approx(angle + 3, abs=4)
    for one, other in (
            (-face.head_pose.roll, mirrored.head_pose.roll),
            (-face.head_pose.yaw, mirrored.head_pose.yaw),
            (face.head_pose.pitch, mirrored.head_pose.pitch)):
        assert math.degrees(one) == pytest.approx(math.degrees(other), abs=5)
    assert mirrored.emotion is face.emotion


def test_in_still_every_face_of_a_crowd_is_classified():
    row = np.hstack([astronaut()[50:200, 150:300]] * 5)
    with Pipeline.from_config('still') as pipeline:
        faces = pipeline.process(Frame(np.vstack([row] * 4), 0))
    assert len(faces) == 20
    assert all(face.emotion is Emotion.HAPPY for face in faces)
    assert all(face.quality > 0.5 for face in faces)


def test_after_a_reset_faces_are_new(clip):
    with live_at_leisure() as pipeline:
        before = play(pipeline, clip, 3)[-1]
        pipeline.reset()
        after = play(pipeline, clip, 3, begin=3)
    assert identities(before) == [1, 2]
    assert identities(after[0]) == []
    assert identities(after[1]) == [3, 4]
    assert all(face.classified_at_ns > 2 * NS_PER_S // 30 for face in after[1])


def test_images_without_faces_are_answered_as_well():
    with Pipeline.from_config('live') as pipeline:
        for k in range(3):
            assert pipeline.process(Frame(np.zeros((480, 640, 3), np.uint8), k)) == []


def test_options_can_be_given_directly(clip):
    face = FaceOptions(tracker=TrackerOptions(min_hits=1), max_faces=1)
    with Pipeline(face, EmotionOptions(min_confidence=1.0)) as pipeline:
        (largest,) = pipeline.process(Frame(clip.frame(0), 0))
    assert largest.emotion is Emotion.UNKNOWN
    assert largest.probabilities.sum() == pytest.approx(1, abs=1e-4)


def test_a_file_of_parameters_can_be_given(tmp_path, clip):
    file = tmp_path / 'mine.yaml'
    file.write_text('/**/face_node:\n  ros__parameters:\n    tracker.min_hits: 1\n')
    with Pipeline.from_config(file) as pipeline:
        assert len(pipeline.process(Frame(clip.frame(0), 0))) == 2


def test_the_model_is_named():
    with Pipeline() as pipeline:
        assert pipeline.model.startswith('ferplus_light48/')


def test_an_unknown_configuration_is_refused_in_words():
    names = 'live, low_power, mtcnn_csrt, replay, still'
    with pytest.raises(ConfigError, match=f"no configuration 'lively'.* {names}"):
        Pipeline.from_config('lively')


def test_a_mistyped_section_of_a_configuration_is_warned_of(tmp_path):
    file = tmp_path / 'mine.yaml'
    file.write_text('faces_node:\n  ros__parameters:\n    max_faces: 1\n')
    with pytest.warns(UserWarning, match="did you mean 'face_node'"):
        Pipeline.from_config(file).close()


def test_neither_ros_nor_tensorflow_is_imported():
    code = (
        'import sys; from fer_ros import Frame, Pipeline; '
        'print([m for m in ("rclpy", "tensorflow") if m in sys.modules])')
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == '[]'


def test_what_is_no_frame_is_refused_in_words():
    pipeline = Pipeline.from_config('still')
    with pytest.raises(TypeError, match='takes a Frame'):
        pipeline.process(SampleClip().frame(0))
    pipeline.close()
    with pytest.raises(RuntimeError, match='closed'):
        pipeline.process(Frame(SampleClip().frame(0), 0))


@pytest.mark.parametrize('config', ['still', 'live'])
def test_threads_can_share_a_pipeline(clip, config):
    images = [clip.frame(0), np.zeros((480, 640, 3), np.uint8), clip.frame(0)[:, :320]]
    # Nothing is tracked, so that the results do not depend on the order of the images.
    face = replace(
        load_options(config, 'face_node', FaceNodeOptions), tracker=TrackerOptions(name='none'),
        rotated_search_interval=0)
    emotion = replace(load_options(config, 'emotion_node', EmotionNodeOptions), budget_ms=0.0)
    with Pipeline(face, emotion) as pipeline:
        expected = [pipeline.process(Frame(image, 0)) for image in images]
        assert [len(faces) for faces in expected] == [2, 0, 1]
        start = threading.Barrier(3)

        def work(place):
            start.wait(60)
            results = []
            for _ in range(15):
                results.append(pipeline.process(Frame(images[place], 0)))
                if place == 1:
                    pipeline.reset()
            return results
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(work, range(3)))
    for faces, results in zip(expected, answers, strict=True):
        for result in results:
            assert [face.box for face in result] == [face.box for face in faces]
            for face, other in zip(result, faces, strict=True):
                np.testing.assert_allclose(face.probabilities, other.probabilities, atol=1e-6)
    ids = [face.track_id for results in answers for result in results for face in result]
    assert len(set(ids)) == len(ids) == 15 * 3


def test_each_thread_can_have_a_pipeline_of_its_own(clip):
    def work(begin):
        with live_at_leisure() as pipeline:
            return [
                [(face.box, face.label) for face in
                 pipeline.process(Frame(clip.frame(begin + k), k * NS_PER_S // 30))]
                for k in range(20)]
    expected = [work(begin) for begin in (0, 100)]
    assert expected[0] != expected[1]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, (0, 100))) == expected


def test_tracks_stay_whole_if_threads_take_turns(clip):
    with live_at_leisure() as pipeline:
        turn, done = threading.Condition(), []

        def work(parity):
            for k in range(parity, 30, 2):
                with turn:
                    assert turn.wait_for(lambda k=k: len(done) == k, 60)
                    done.append(pipeline.process(Frame(clip.frame(k), k * NS_PER_S // 30)))
                    turn.notify_all()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, range(2)))
    assert [identities(faces) for faces in done] == [[]] + [[1, 2]] * 29


def test_a_pipeline_that_is_closed_in_the_middle_completes_the_image(clip):
    pipeline = Pipeline.from_config('still')
    first = threading.Event()

    def work():
        results = []
        try:
            while True:
                results.append(len(pipeline.process(Frame(clip.frame(0), 0))))
                first.set()
        except RuntimeError as error:
            return results, str(error)
    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(work) for _ in range(2)]
        assert first.wait(60)
        pipeline.close()
        for worker in workers:
            results, reason = worker.result(60)
            assert set(results) <= {2}
            assert reason == 'the pipeline is closed; make a new one'


def test_what_a_caller_gets_cannot_change_what_comes_next():
    with Pipeline.from_config('still') as pipeline:
        faces = pipeline.process(Frame(SampleClip().frame(0), 0))
    with pytest.raises(ValueError, match='read-only'):
        faces[0].probabilities[:] = 0
    with pytest.raises(ValueError, match='read-only'):
        faces[0].raw_probabilities[:] = 0
    assert len(set(faces)) == 2
