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
"""What is measured on photographs, and how sure it is."""

import cv2
from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.values import Box
from fer_ros.evaluation.photograph_evaluation import (
    AnsweredFace,
    Answers,
    answers_of,
    with_intervals,
)
from fer_ros.evaluation.photographs import FaceInPhotograph
import numpy as np
import pytest

NONE = None


def sure_of(emotion, confidence=0.9):
    probabilities = np.full(len(LABELS), (1 - confidence) / 6, np.float32)
    probabilities[emotion] = confidence
    return probabilities


def answers(*triples):
    """Return answers from triples of photograph, label and answer; (…, …) is not found."""
    return Answers(
        np.array([label for _, label, *_ in triples]), np.array([one[0] for one in triples]),
        np.array([len(one) == 3 for one in triples]),
        np.stack([
            sure_of(one[2]) if len(one) == 3 and one[2] is not NONE else np.zeros(7, np.float32)
            for one in triples]))


def test_faces_that_are_not_found_or_not_named_are_wrong_answers():
    some = answers(
        (0, Emotion.HAPPY, Emotion.HAPPY), (1, Emotion.HAPPY, Emotion.SAD),
        (2, Emotion.HAPPY, NONE), (3, Emotion.SAD), (4, Emotion.SAD, Emotion.SAD))
    figures = some.figures()
    assert figures == pytest.approx({
        'found': 4 / 5, 'named': 3 / 5, 'accuracy': 2 / 5, 'accuracy_of_found': 2 / 4,
        'accuracy_of_named': 2 / 3, 'balanced_accuracy': (1 / 3 + 1 / 2) / 2,
        # F1 is 2 hits / (labels + answers): 2 / (3 + 1) and 2 / (2 + 2).
        'macro_f1': (2 / 4 + 2 / 4) / 2,
        # Sure by 0.9, right in two of three.
        'ece_of_named': 0.9 - 2 / 3}, abs=1e-6)
    confusion = np.array(some.to_mapping()['confusion'])
    assert confusion[Emotion.HAPPY].tolist() == [0, 0, 0, 1, 1, 0, 0, 1]
    assert confusion[Emotion.SAD].tolist() == [0, 0, 0, 0, 1, 0, 0, 1]
    assert confusion.sum() == 5


def test_an_emotion_that_is_only_answered_has_no_place_in_the_means():
    figures = answers(
        (0, Emotion.HAPPY, Emotion.HAPPY), (1, Emotion.HAPPY, Emotion.FEAR)).figures()
    assert figures['balanced_accuracy'] == 0.5
    assert figures['macro_f1'] == pytest.approx(2 / 3)


def test_nothing_found_is_no_error():
    mapping = answers((0, Emotion.HAPPY), (1, Emotion.SAD)).to_mapping()
    assert mapping['figures']['found'] == {'value': 0, 'low': 0, 'high': 0}
    assert mapping['figures']['accuracy_of_found'] == {'value': None, 'low': None, 'high': None}


def test_intervals_are_those_of_a_share():
    # 80 of 100 independent rows: the normal approximation of a binomial share is a second opinion.
    right = np.arange(100) < 80
    share = with_intervals(lambda rows: {'share': right[rows].mean()}, np.arange(100))['share']
    width = 1.96 * np.sqrt(0.8 * 0.2 / 100)
    assert share['value'] == 0.8
    assert share['low'] == pytest.approx(0.8 - width, abs=0.015)
    assert share['high'] == pytest.approx(0.8 + width, abs=0.015)


def test_faces_of_one_photograph_are_drawn_together():
    # Ten equal faces in each of ten photographs say no more than ten faces.
    right = np.arange(10) < 5
    alone = with_intervals(lambda rows: {'share': right[rows].mean()}, np.arange(10))
    equal = with_intervals(
        lambda rows: {'share': np.repeat(right, 10)[rows].mean()}, np.repeat(np.arange(10), 10))
    assert alone == equal


@pytest.fixture
def photograph(tmp_path):
    """Return the path of a photograph; what it shows is of no importance here."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((100, 200, 3), np.uint8))
    return tmp_path / 'a.png'


SMALL, LARGE = Box(0, 0, 20, 20), Box(100, 0, 50, 50)


@pytest.mark.parametrize(('box', 'answer'), [
    (None, Emotion.HAPPY),                 # the largest
    (Box(2, 2, 20, 20), Emotion.SAD),      # IoU 0.68
    (Box(104, 4, 50, 50), Emotion.HAPPY),
    (Box(40, 40, 20, 20), None),           # nothing there
    (Box(12, 0, 20, 20), None),            # IoU 0.25
])
def test_the_face_is_the_one_at_the_box_or_the_largest(photograph, box, answer):
    def find_faces(image):
        assert image.shape == (100, 200, 3)
        return [AnsweredFace(SMALL, sure_of(Emotion.SAD)), AnsweredFace(LARGE, sure_of(3))]

    found = answers_of([FaceInPhotograph(photograph, Emotion.HAPPY, box)], find_faces)
    assert found.found.tolist() == [answer is not None]
    assert found.answers.tolist() == [7 if answer is None else answer]


def test_each_photograph_is_searched_once(photograph):
    calls = []

    def find_faces(image):
        calls.append(image)
        return [AnsweredFace(SMALL, None), AnsweredFace(LARGE, sure_of(Emotion.HAPPY))]

    found = answers_of([
        FaceInPhotograph(photograph, Emotion.HAPPY, LARGE),
        FaceInPhotograph(photograph, Emotion.SAD, SMALL)], find_faces)
    assert len(calls) == 1
    assert found.photographs.tolist() == [0, 0]
    # The second is found, but its emotion is unknown.
    assert (found.found.tolist(), found.answers.tolist()) == ([True, True], [Emotion.HAPPY, 7])
