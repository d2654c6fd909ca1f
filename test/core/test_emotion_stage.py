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

"""The emotion stage with a classifier that says what the test writes into the crops."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
import math
from types import SimpleNamespace

import cv2
from fer_ros.core.emotion_stage import EmotionOptions, EmotionStage
from fer_ros.core.emotions import Emotion
from fer_ros.core.values import Box, Face, FaceState, HeadPose, NS_PER_S
import numpy as np
import pytest

UNSMOOTHED = EmotionOptions(rate_hz=0.0, smoothing_s=0.0)


# A picture with fine and coarse detail, as a sharp photograph has.
SHARP = np.clip(
    128 + sum(
        cv2.GaussianBlur(np.random.default_rng(k).normal(0, 60 * 2**k, (48, 48)), (0, 0), 2**k)
        for k in range(4)), 0, 255).astype(np.uint8)
# The head has moved by half of the picture during the exposure.
BLURRED = np.asarray(cv2.blur(SHARP, (25, 1)))
# In a fortieth of the light, with a camera's noise.
DARK = np.clip(
    SHARP / 40 + np.random.default_rng(9).normal(0, 4, SHARP.shape), 0, 255).astype(np.uint8)


class ScriptedClassifier:
    """
    Reads from a crop's first two pixels the emotion and its probability in percent.

    `now` is the time in seconds, in which nothing but its own work passes.
    """

    card = SimpleNamespace(title='scripted 1.0')

    def __init__(self, ms_per_face=0.0):
        self.batches = []
        self.ms_per_face = ms_per_face
        self.now = 0.0

    def classify(self, crops, features=None):
        self.now += len(crops) * self.ms_per_face / 1000
        self.batches.append([int(crop[0, 0]) for crop in crops])
        self.features = features
        rows = np.empty((len(crops), 7), np.float32)
        for row, crop in zip(rows, crops, strict=True):
            row[:] = (1 - crop[0, 1] / 100) / 6
            row[crop[0, 0]] = crop[0, 1] / 100
        return rows


def shows(emotion, percent=100, view=SHARP):
    # So large that what is written into it does not show in the picture.
    crop = np.kron(view, np.ones((4, 4), np.uint8))
    crop[0, :2] = emotion, percent
    return crop


def face(track_id, crop, yaw=0.0, pitch=0.0):
    """Return a face; without a crop it is only predicted, and its pose is unknown."""
    state = FaceState.TRACKED if crop is None else FaceState.DETECTED
    pose = HeadPose() if crop is None else HeadPose(0.1, pitch, yaw)
    return Face(track_id, state, Box(9, 9, 50, 50), 0.9, head_pose=pose, crop=crop)


def stage(options=None, ms_per_face=0.0, max_age_s=0.0):
    """
    Return a stage and its classifier, whose calls are counted from here on.

    Two pixels that the classifier reads are no change of a view, so views are not remembered.
    """
    classifier = ScriptedClassifier(ms_per_face)
    made = EmotionStage(
        replace(options or UNSMOOTHED, max_age_s=max_age_s), classifier,
        clock=lambda: classifier.now)
    classifier.batches.clear()
    return made, classifier


def at(seconds):
    return round(seconds * NS_PER_S)


@pytest.mark.parametrize('emotion', [e for e in Emotion if e is not Emotion.UNKNOWN])
def test_a_face_has_the_emotion_that_the_classifier_saw(emotion):
    (result,) = stage()[0].process([face(4, shows(emotion, 80))], at(3))
    assert (result.emotion, result.label) == (emotion, emotion.label)
    assert result.confidence == pytest.approx(0.8)
    assert result.probabilities[emotion] == pytest.approx(0.8)
    np.testing.assert_array_equal(result.raw_probabilities, result.probabilities)
    assert result.classified_at_ns == at(3)


def test_mirrored_is_as_sure_of_a_face_as_of_its_mirror_image():
    def found(mirrored):
        options = EmotionOptions(rate_hz=0.0, budget_ms=0.0, smoothing_s=0.0, mirrored=mirrored)
        faces = [face(1, SHARP), face(2, SHARP[:, ::-1])]
        return [one.probabilities for one in EmotionStage(options).process(faces, 0)]

    np.testing.assert_allclose(*found(mirrored=True), atol=1e-6)
    one, other = found(mirrored=False)
    assert np.abs(one - other).max() > 1e-3


def test_what_is_known_of_the_face_is_passed_on():
    seen = face(4, shows(Emotion.SAD), yaw=0.2)
    (result,) = stage()[0].process([seen], 0)
    assert (result.track_id, result.state, result.box, result.score, result.head_pose) == (
        seen.track_id, seen.state, seen.box, seen.score, seen.head_pose)


def test_the_classifier_receives_the_features_of_the_faces_that_it_classifies():
    made, classifier = stage()
    features = np.ones(288, np.float32)
    known = replace(face(2, shows(Emotion.HAPPY)), mesh_features=features)
    made.process([face(1, None), face(3, shows(Emotion.FEAR)), known], at(3))
    assert len(classifier.features) == 2
    assert sum(given is features for given in classifier.features) == 1
    assert sum(given is None for given in classifier.features) == 1


def test_faces_come_back_in_their_order():
    faces = [face(n, shows(n % 7)) for n in (9, 2, 30, 4)]
    results = stage()[0].process(faces, 0)
    assert [result.track_id for result in results] == [9, 2, 30, 4]
    assert [result.emotion for result in results] == [2, 2, 2, 4]


def test_a_face_is_unknown_before_it_is_classified():
    emotions, classifier = stage()
    (result,) = emotions.process([face(1, None)], at(1))
    assert (result.emotion, result.confidence) == (Emotion.UNKNOWN, 0)
    assert result.classified_at_ns is None
    assert not result.probabilities.any()
    assert classifier.batches == []


def test_a_face_is_unknown_before_it_is_classified_also_where_any_confidence_will_do():
    emotions, _ = stage(EmotionOptions(min_confidence=0.0))
    (result,) = emotions.process([face(1, None)], 0)
    assert result.emotion is Emotion.UNKNOWN


def test_an_image_without_faces_gives_no_emotions():
    emotions, classifier = stage()
    assert emotions.process([], 0) == []
    assert classifier.batches == []


@pytest.mark.parametrize(('percent', 'emotion'), [
    (30, Emotion.UNKNOWN), (39, Emotion.UNKNOWN), (41, Emotion.FEAR), (100, Emotion.FEAR)])
def test_below_the_confidence_asked_for_a_face_is_unknown(percent, emotion):
    options = replace(UNSMOOTHED, min_confidence=0.4)
    (result,) = stage(options)[0].process([face(1, shows(Emotion.FEAR, percent))], 0)
    assert result.emotion is emotion
    assert result.confidence == pytest.approx(percent / 100)
    assert result.probabilities.sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize('sign', [-1, 1])
@pytest.mark.parametrize(('yaw', 'pitch', 'is_away'), [
    (0.99, 0.0, False), (1.01, 0.0, True), (0.0, 0.79, False), (0.0, 0.81, True)])
def test_a_face_that_turns_away_is_unknown_and_not_classified(yaw, pitch, is_away, sign):
    emotions, classifier = stage(EmotionOptions(max_yaw_rad=1.0, max_pitch_rad=0.8, rate_hz=0.0))
    emotions.process([face(1, shows(Emotion.HAPPY))], 0)
    (result,) = emotions.process(
        [face(1, shows(Emotion.HAPPY), yaw=sign * yaw, pitch=sign * pitch)], at(0.1))
    assert result.emotion is (Emotion.UNKNOWN if is_away else Emotion.HAPPY)
    assert len(classifier.batches) == (1 if is_away else 2)


def test_a_face_that_turned_away_stays_unknown_while_it_is_only_predicted():
    emotions, _ = stage()
    emotions.process([face(1, shows(Emotion.HAPPY))], 0)
    emotions.process([face(1, shows(Emotion.HAPPY), yaw=1.5)], at(0.1))
    (result,) = emotions.process([face(1, None)], at(0.2))
    assert result.emotion is Emotion.UNKNOWN
    (result,) = emotions.process([face(1, shows(Emotion.HAPPY))], at(0.3))
    assert result.emotion is Emotion.HAPPY


def test_a_face_of_unknown_pose_is_classified():
    seen = Face(1, FaceState.DETECTED, Box(0, 0, 9, 9), 0.9, crop=shows(Emotion.SAD))
    (result,) = stage()[0].process([seen], 0)
    assert result.emotion is Emotion.SAD
    assert math.isnan(result.head_pose.yaw)


def test_a_predicted_face_keeps_the_emotion_seen_last():
    emotions, classifier = stage()
    emotions.process([face(1, shows(Emotion.SAD, 90))], at(1))
    (result,) = emotions.process([face(1, None)], at(1.1))
    assert (result.emotion, result.classified_at_ns) == (Emotion.SAD, at(1))
    assert result.state is FaceState.TRACKED
    assert len(classifier.batches) == 1


def test_nothing_is_left_of_a_face_that_was_lost():
    emotions, _ = stage(EmotionOptions(smoothing_s=10.0, rate_hz=0.1))
    emotions.process([face(1, shows(Emotion.ANGRY)), face(2, shows(Emotion.SAD))], 0)
    emotions.process([face(2, shows(Emotion.SAD))], at(0.1))
    (unknown,) = emotions.process([face(1, None)], at(0.2))
    assert unknown.emotion is Emotion.UNKNOWN
    (again,) = emotions.process([face(1, shows(Emotion.HAPPY))], at(0.3))
    assert again.probabilities[Emotion.ANGRY] < 1e-5
    assert (again.emotion, again.classified_at_ns) == (Emotion.HAPPY, at(0.3))


@pytest.mark.parametrize('stamp_ns', [0, 1, at(1_700_000_000)])
def test_the_first_image_is_classified_whatever_its_stamp(stamp_ns):
    (result,) = stage(EmotionOptions())[0].process([face(1, shows(Emotion.SAD))], stamp_ns)
    assert result.emotion is Emotion.SAD
    assert result.classified_at_ns == stamp_ns


def test_all_due_faces_are_classified_in_one_call():
    emotions, classifier = stage(EmotionOptions(max_batch=8))
    emotions.process([face(n, shows(n)) for n in range(1, 7)], 0)
    assert [sorted(batch) for batch in classifier.batches] == [[1, 2, 3, 4, 5, 6]]


def test_more_faces_than_fit_have_their_turns_one_after_the_other():
    emotions, classifier = stage(EmotionOptions(max_batch=3, rate_hz=10.0))
    faces = [face(n, shows(n % 7)) for n in range(1, 21)]
    for k in range(7):
        results = emotions.process(faces, at(k / 30))
    assert [len(batch) for batch in classifier.batches] == [3] * 7
    assert all(result.emotion == result.track_id % 7 for result in results)


def test_faces_are_classified_at_the_rate_asked_for():
    emotions, classifier = stage(EmotionOptions(rate_hz=10.0))
    for k in range(300):
        emotions.process([face(1, shows(1)), face(2, shows(2))], at(k / 30))
    turns = Counter(track for batch in classifier.batches for track in batch)
    assert turns == {1: pytest.approx(100, abs=1), 2: pytest.approx(100, abs=1)}


@pytest.mark.parametrize(('options', 'emotion'), [
    ({}, Emotion.HAPPY), ({'smoothing_s': 2.0}, Emotion.SAD),
    ({'emotion_duration_s': 600.0}, Emotion.SAD)])
def test_a_step_shows_sooner_or_later(options, emotion):
    emotions, _ = stage(EmotionOptions(rate_hz=10.0, **options))
    for k in range(10):
        emotions.process([face(1, shows(Emotion.SAD, 80))], at(k / 10))
    for k in range(10, 14):
        (result,) = emotions.process([face(1, shows(Emotion.HAPPY, 80))], at(k / 10))
    assert result.emotion is emotion
    assert result.raw_probabilities[Emotion.HAPPY] == pytest.approx(0.8)
    assert result.confidence == pytest.approx(result.probabilities.max())


def test_dynamic_options_count_from_the_next_image():
    emotions, classifier = stage(EmotionOptions(min_confidence=0.9, rate_hz=0.0))
    seen = [face(1, shows(Emotion.SAD, 70))]
    assert emotions.process(seen, 0)[0].emotion is Emotion.UNKNOWN
    emotions.options = EmotionOptions(min_confidence=0.5, rate_hz=1.0, max_age_s=0.0)
    assert emotions.process(seen, at(0.01))[0].emotion is Emotion.SAD
    emotions.process(seen, at(0.5))
    assert len(classifier.batches) <= 2


def test_stamps_that_go_far_back_begin_anew():
    emotions, _ = stage(EmotionOptions(smoothing_s=10.0))
    emotions.process([face(1, shows(Emotion.ANGRY))], at(100))
    (result,) = emotions.process([face(1, shows(Emotion.HAPPY))], at(2))
    assert (result.emotion, result.confidence) == (Emotion.HAPPY, pytest.approx(1, abs=1e-4))
    assert result.classified_at_ns == at(2)


def test_stamps_that_go_a_little_back_change_nothing():
    emotions, _ = stage(EmotionOptions(smoothing_s=10.0, rate_hz=0.0))
    emotions.process([face(1, shows(Emotion.ANGRY))], at(100))
    (result,) = emotions.process([face(1, shows(Emotion.HAPPY))], at(99.9))
    assert (result.emotion, result.confidence) == (Emotion.ANGRY, pytest.approx(1, abs=1e-4))


def test_after_a_reset_nothing_is_known():
    emotions, classifier = stage(EmotionOptions(rate_hz=0.1))
    emotions.process([face(1, shows(Emotion.ANGRY))], at(100))
    emotions.reset()
    (result,) = emotions.process([face(1, None)], at(100.1))
    assert result.emotion is Emotion.UNKNOWN
    emotions.process([face(1, shows(Emotion.SAD))], at(100.2))
    assert len(classifier.batches) == 2


def test_20_faces_have_their_turns_though_only_3_fit_into_an_image():
    emotions, classifier = stage(EmotionOptions(budget_ms=10.0, rate_hz=10.0), ms_per_face=3.0)
    faces = [face(n, shows(n % 7)) for n in range(1, 21)]
    turns = {n: [] for n in range(1, 21)}
    for k in range(200):
        for result in emotions.process(faces, at(k / 30)):
            if result.classified_at_ns == at(k / 30):
                turns[result.track_id].append(k)
    assert [len(batch) for batch in classifier.batches] == [3] * 200
    counts = [len(images) for images in turns.values()]
    assert max(counts) - min(counts) <= 1
    for images in turns.values():
        assert images[0] < math.ceil(20 / 3)
        assert max(b - a for a, b in pairwise(images)) <= math.ceil(20 / 3)


def test_a_face_that_comes_to_a_crowd_is_classified_at_once():
    emotions, classifier = stage(EmotionOptions(budget_ms=10.0), ms_per_face=3.0)
    crowd = [face(n, shows(n % 7)) for n in range(1, 21)]
    for k in range(30):
        emotions.process(crowd, at(k / 30))
    results = emotions.process([*crowd, face(21, shows(Emotion.SAD))], at(1))
    assert (results[-1].emotion, results[-1].classified_at_ns) == (Emotion.SAD, at(1))
    assert len(classifier.batches[-1]) == 3


def test_the_first_image_already_keeps_to_the_budget():
    emotions, classifier = stage(EmotionOptions(budget_ms=10.0), ms_per_face=3.0)
    emotions.process([face(n, shows(0)) for n in range(20)], 0)
    assert [len(batch) for batch in classifier.batches] == [3]


def test_the_budget_follows_a_classifier_that_becomes_slower_and_faster():
    emotions, classifier = stage(EmotionOptions(budget_ms=12.5, rate_hz=0.0), ms_per_face=2.0)
    faces = [face(n, shows(0)) for n in range(20)]
    sizes = []
    for k, ms in enumerate([2.0] * 9 + [6.0] * 9 + [1.0] * 9 + [50.0] * 9):
        classifier.ms_per_face = ms
        emotions.process(faces, at(k / 30))
        sizes.append(len(classifier.batches[-1]))
    assert [sizes[k] for k in (0, 8, 17, 26, 35)] == [6, 6, 2, 8, 1]


def test_without_a_budget_as_many_are_classified_as_a_batch_may_hold():
    emotions, classifier = stage(EmotionOptions(budget_ms=0.0, max_batch=15), ms_per_face=100.0)
    emotions.process([face(n, shows(0)) for n in range(20)], 0)
    assert [len(batch) for batch in classifier.batches] == [15]


def test_one_face_is_classified_however_small_the_budget():
    emotions, classifier = stage(EmotionOptions(budget_ms=1.0), ms_per_face=100.0)
    for k in range(3):
        emotions.process([face(1, shows(0)), face(2, shows(0))], at(k))
    assert [len(batch) for batch in classifier.batches] == [1, 1, 1]


def test_a_changed_budget_counts_from_the_next_image():
    emotions, classifier = stage(EmotionOptions(budget_ms=9.5, rate_hz=0.0), ms_per_face=3.0)
    faces = [face(n, shows(0)) for n in range(20)]
    emotions.process(faces, 0)
    emotions.options = EmotionOptions(budget_ms=20.0, rate_hz=0.0, max_age_s=0.0)
    emotions.process(faces, at(0.1))
    assert [len(batch) for batch in classifier.batches] == [3, 6]


def test_the_quality_is_that_of_the_view_classified_last():
    emotions, _ = stage()
    (before,) = emotions.process([face(1, None)], 0)
    (good,) = emotions.process([face(1, shows(Emotion.SAD))], at(0.1))
    (poor,) = emotions.process([face(1, shows(Emotion.SAD, view=BLURRED))], at(0.2))
    (oblique,) = emotions.process([face(1, shows(Emotion.SAD), yaw=0.9)], at(0.3))
    (predicted,) = emotions.process([face(1, None)], at(0.4))
    assert math.isnan(before.quality)
    assert 0.9 < good.quality <= 1
    assert 0 <= poor.quality < 0.4
    assert oblique.quality == pytest.approx(math.cos(0.9) ** 0.28 * good.quality, abs=0.01)
    assert predicted.quality == oblique.quality


def test_the_pose_known_last_counts_where_an_image_gives_none():
    emotions, _ = stage()
    (oblique,) = emotions.process([face(1, shows(Emotion.SAD), yaw=0.9)], 0)
    unknown = Face(
        1, FaceState.DETECTED, Box(9, 9, 50, 50), 0.9, head_pose=HeadPose(),
        crop=shows(Emotion.SAD))
    (result,) = emotions.process([unknown], at(0.1))
    assert result.quality == oblique.quality


@pytest.mark.parametrize('poor', [
    face(1, shows(Emotion.FEAR, view=BLURRED)),
    face(1, shows(Emotion.FEAR, view=DARK)),
    Face(1, FaceState.DETECTED, Box(9, 9, 5, 5), 0.9, crop=shows(Emotion.FEAR))],
    ids=['blurred', 'dark', 'small'])
def test_a_poor_view_among_good_ones_changes_little(poor):
    def after(view):
        emotions, _ = stage(EmotionOptions(rate_hz=0.0))
        for k in range(5):
            emotions.process([face(1, shows(Emotion.HAPPY, 70))], at(k / 10))
        (result,) = emotions.process([view], at(0.5))
        assert result.raw_probabilities[Emotion.FEAR] == 1
        assert result.probabilities.sum() == pytest.approx(1, abs=1e-5)
        return result

    good, doubted = after(face(1, shows(Emotion.FEAR))), after(poor)
    assert good.emotion is Emotion.FEAR
    assert doubted.emotion is Emotion.HAPPY
    assert doubted.probabilities[Emotion.FEAR] < good.probabilities[Emotion.FEAR] / 2


def test_a_poor_beginning_is_overruled_by_the_first_good_view():
    emotions, _ = stage(EmotionOptions(rate_hz=0.0))
    small = Box(9, 9, 5, 5)
    emotions.process(
        [Face(1, FaceState.DETECTED, small, 0.9, crop=shows(Emotion.FEAR, view=DARK))], 0)
    (result,) = emotions.process([face(1, shows(Emotion.HAPPY))], at(0.1))
    assert result.emotion is Emotion.HAPPY
    assert result.confidence > 0.7


@pytest.mark.parametrize(('min_quality', 'emotion'), [
    (0.0, Emotion.SAD), (0.2, Emotion.SAD), (0.45, Emotion.UNKNOWN)])
def test_the_label_of_a_poor_view_is_unknown_and_the_quality_says_why(min_quality, emotion):
    emotions, _ = stage(replace(UNSMOOTHED, min_quality=min_quality))
    (result,) = emotions.process([face(1, shows(Emotion.SAD, view=BLURRED))], 0)
    assert result.emotion is emotion
    assert 0.2 < result.quality < 0.45
    # A robot can still judge for itself.
    assert result.probabilities[Emotion.SAD] == 1


def test_a_single_poor_view_does_not_flip_a_steady_label_but_many_do():
    emotions, _ = stage(EmotionOptions(rate_hz=0.0))
    labels = []
    for k in range(60):
        is_poor = k == 8 or k > 20
        (result,) = emotions.process(
            [face(1, shows(Emotion.SAD, view=BLURRED if is_poor else SHARP))], at(k / 10))
        assert (result.quality < 0.45) == is_poor
        labels.append(result.emotion)
    first = labels.index(Emotion.UNKNOWN)
    # A second of poor views still leaves good ones behind the average, four seconds do not.
    assert 25 < first < 60
    assert set(labels[first:]) == {Emotion.UNKNOWN}


def test_the_first_good_view_gives_a_label_after_poor_ones():
    emotions, _ = stage(EmotionOptions(rate_hz=0.0))
    for k in range(10):
        (result,) = emotions.process([face(1, shows(Emotion.SAD, view=BLURRED))], at(k / 10))
        assert result.emotion is Emotion.UNKNOWN
    for k in range(10, 14):
        (result,) = emotions.process([face(1, shows(Emotion.SAD))], at(k / 10))
    assert result.emotion is Emotion.SAD


def test_a_new_minimum_of_the_quality_counts_from_the_next_image():
    emotions, _ = stage()
    blurred = face(1, shows(Emotion.SAD, view=BLURRED))
    assert emotions.process([blurred], 0)[0].emotion is Emotion.UNKNOWN
    emotions.options = EmotionOptions(min_quality=0.0)
    assert emotions.process([blurred], at(0.01))[0].emotion is Emotion.SAD


def test_results_do_not_change_afterwards():
    emotions, _ = stage(EmotionOptions(smoothing_s=1.0, rate_hz=0.0))
    (first,) = emotions.process([face(1, shows(Emotion.ANGRY))], 0)
    before = first.probabilities.copy()
    emotions.process([face(1, shows(Emotion.HAPPY))], at(1))
    np.testing.assert_array_equal(first.probabilities, before)


def test_the_model_has_the_title_of_its_card():
    assert stage()[0].model == 'scripted 1.0'


OTHER = np.ascontiguousarray(SHARP[:, ::-1])
"""Another view of a face, with the same detail."""


def noisy(crop, seed):
    noise = np.random.default_rng(seed).normal(0, 4, crop.shape)
    seen = np.clip(crop + noise, 0, 255).astype(np.uint8)
    seen[0, :2] = crop[0, :2]
    return seen


def test_a_face_that_does_not_change_is_classified_again_at_an_age():
    emotions, classifier = stage(EmotionOptions(rate_hz=10.0), max_age_s=1.0)
    ages = []
    for k in range(91):
        (result,) = emotions.process([face(1, noisy(shows(Emotion.SAD), k))], at(k / 30))
        ages.append(k / 30 - result.classified_at_ns / NS_PER_S)
    assert len(classifier.batches) == 4
    assert max(ages) == pytest.approx(29 / 30)
    assert result.emotion is Emotion.SAD


@pytest.mark.parametrize('moment', range(3))
def test_a_face_that_changes_is_classified_at_its_next_turn(moment):
    emotions, _ = stage(EmotionOptions(rate_hz=10.0), max_age_s=1.0)
    for k in range(40 + moment):
        emotions.process([face(1, noisy(shows(Emotion.SAD), k))], at(k / 30))
    for k in range(40 + moment, 43 + moment):
        (result,) = emotions.process([face(1, shows(Emotion.HAPPY, view=OTHER))], at(k / 30))
    assert result.raw_probabilities[Emotion.HAPPY] == 1


def test_a_step_is_smoothed_as_fast_though_the_new_view_is_classified_once():
    results = {}
    for max_age_s in (0.0, 1.0):
        emotions, classifier = stage(
            EmotionOptions(smoothing_s=0.5, rate_hz=10.0), max_age_s=max_age_s)
        for k in range(90):
            crop = shows(Emotion.SAD) if k < 45 else shows(Emotion.HAPPY, view=OTHER)
            (result,) = emotions.process([face(1, crop)], at(k / 30))
            results.setdefault(max_age_s, []).append(result.probabilities)
    assert len(classifier.batches) == 4
    np.testing.assert_allclose(results[1.0], results[0.0], atol=1e-6)


def test_a_slow_change_adds_up():
    emotions, classifier = stage(EmotionOptions(rate_hz=10.0), max_age_s=60.0)
    before, after = (view.astype(np.float32) for view in (SHARP, OTHER))
    for k in range(300):
        view = (before + (after - before) * k / 300).astype(np.uint8)
        emotions.process([face(1, shows(1, view=view))], at(k / 30))
    assert 5 < len(classifier.batches) < 50


def test_noise_of_the_classifier_does_not_change_the_label_of_an_unchanged_face():
    emotions, _ = stage(EmotionOptions(rate_hz=10.0), max_age_s=0.3)
    labels = []
    for k in range(300):
        # Three of four times it is a sad face.
        seen = Emotion.SAD if (k // 9) % 4 else Emotion.FEAR
        labels += emotions.process([face(1, shows(seen))], at(k / 30))
    assert {result.emotion for result in labels[60:]} == {Emotion.SAD}


def test_another_face_has_a_view_of_its_own():
    emotions, classifier = stage(EmotionOptions(rate_hz=10.0), max_age_s=1.0)
    emotions.process([face(1, shows(Emotion.SAD))], 0)
    results = emotions.process(
        [face(1, shows(Emotion.SAD)), face(2, shows(Emotion.SAD))], at(0.1))
    assert classifier.batches == [[Emotion.SAD], [Emotion.SAD]]
    assert [result.classified_at_ns for result in results] == [0, at(0.1)]
