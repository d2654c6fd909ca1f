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

"""A session: two pipelines whose parameters change between two images."""

from dataclasses import replace
import threading

from fer_ros.apps.session import Session
from fer_ros.core.classification.model_card import ModelError
from fer_ros.core.options import OptionError
from fer_ros.core.values import Frame
from fer_ros.media.sample_clip import SampleClip
from fer_ros.media.timed_video import TimedImage
from fer_ros.parameters.overrides import parameters
from fer_ros.parameters.picture_parameters import picture_parameters
from fer_ros.pipeline import Pipeline
import pytest

STEP_NS = 33_333_333


def of(*settings):
    """Return the parameters for videos and pictures with these settings."""
    return parameters('live', settings), picture_parameters(None, settings, {})


def frames(count):
    clip = SampleClip()
    return [Frame(clip.frame(k), k * STEP_NS) for k in range(count)]


@pytest.fixture
def session():
    with Session(*of()) as made:
        yield made


def test_pictures_stand_alone_and_videos_do_not(session):
    first, second = frames(2)
    assert [len(session.process(frame, is_video=True)) for frame in (first, second)] == [0, 2]
    assert len(session.process(first, is_video=False)) == 2


def test_results_are_those_of_the_pipeline(session):
    images = [TimedImage(k, k / 30, frame.image) for k, frame in enumerate(frames(4))]
    results = list(session.results(images, is_video=True))
    assert [result.timed.number for result in results] == [0, 1, 2, 3]
    with Pipeline.from_config('live') as pipeline:
        expected = [
            pipeline.process(Frame(image.image, round(image.time_s * 1e9))) for image in images]
    assert [[face.box for face in result.faces] for result in results] == [
        [face.box for face in faces] for faces in expected]


def test_a_dynamic_parameter_changes_and_the_persons_stay(session):
    *before, last = frames(4)
    for frame in before:
        known = session.process(frame, is_video=True)
    pipeline = session.pipeline(True)
    session.set_parameters(*of('emotion_node.min_confidence=1.0'))
    faces = session.process(last, is_video=True)
    assert session.pipeline(True) is pipeline
    assert [face.track_id for face in faces] == [face.track_id for face in known]
    assert [face.label for face in faces] == ['unknown', 'unknown']


def test_another_model_replaces_the_pipelines_that_are_in_use(session):
    picture = session.pipeline(False)
    session.set_parameters(*of('emotion_node.model=fer2013_cnn48'))
    assert session.pipeline(False) is not picture
    assert session.pipeline(False).model.startswith('fer2013_cnn48')
    with pytest.raises(RuntimeError, match='closed'):
        picture.process(frames(1)[0])
    assert session.pipeline(True).model.startswith('fer2013_cnn48')


def test_a_model_that_is_missing_changes_nothing(session):
    picture = session.pipeline(False)
    with pytest.raises(ModelError, match='oracle'):
        session.set_parameters(*of('emotion_node.model=oracle'))
    assert session.pipeline(False) is picture
    assert len(session.process(frames(1)[0], is_video=False)) == 2


def test_parameters_may_change_while_another_thread_works(session):
    faults = []

    def work():
        try:
            for frame in frames(12):
                session.process(frame, is_video=False)
        except RuntimeError as error:
            faults.append(error)
    thread = threading.Thread(target=work)
    thread.start()
    for model in ('fer2013_cnn48', 'default', 'fer2013_cnn48'):
        session.set_parameters(*of(f'emotion_node.model={model}'))
    thread.join()
    assert faults == []


def test_a_pipeline_refuses_what_it_cannot_change():
    with Pipeline.from_config('still') as pipeline:
        face, emotion = pipeline.options
        with pytest.raises(OptionError, match=r'^crop_size, model cannot change'):
            pipeline.set_options(
                replace(face, crop_size=64), replace(emotion, model='fer2013_cnn48'))
        pipeline.set_options(replace(face, max_faces=1), emotion)
        assert len(pipeline.process(frames(1)[0])) == 1
