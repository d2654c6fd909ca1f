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
"""Sequences of emotions that are known, and what is measured in them."""

import cv2
from fer_ros.bench import emotion_steps
from fer_ros.bench.emotion_steps import delay_ms, false_changes_per_minute, sequence
from fer_ros.evaluation.labelled_faces import LabelledFaces, one_hot
import numpy as np
import pytest

SAD, HAPPY, FEAR, UNKNOWN = 4, 3, 2, 255


def faces():
    """Return twelve faces, each with grey values of its own."""
    random = np.random.default_rng(1)
    coarse = random.integers(0, 256, (12, 6, 6), dtype=np.uint8)
    images = np.stack([cv2.resize(one, (48, 48), interpolation=cv2.INTER_CUBIC) for one in coarse])
    return LabelledFaces(images, one_hot(np.array([3] * 6 + [4] * 4 + [2] * 2)))


def test_emotions_last_some_seconds_and_rows_show_them():
    known = faces()
    shown = list(sequence(known, np.random.default_rng(2)))
    assert len(shown) == 300
    assert all(known.labels[one.row] == one.label for one in shown)
    labels = np.array([one.label for one in shown])
    lengths = np.diff(np.flatnonzero(np.diff(labels)))
    # 2 to 5 s at 10 images/s.
    assert (lengths.min(), lengths.max()) >= (20, 20)
    assert lengths.max() <= 50
    rows = np.array([one.row for one in shown])
    stays = np.diff(rows)[np.diff(labels) == 0] == 0
    # One of four images is drawn anew, and then mostly another row.
    assert 0.65 < stays.mean() < 0.9


def test_crops_move_as_in_the_clips():
    known = LabelledFaces(faces().images[:1], one_hot(np.array([3])))
    # One row and one emotion: only the jitter is left.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emotion_steps, 'EMOTION_S', (40.0, 40.0))
        crops = [one.crop for one in sequence(known, np.random.default_rng(3))]
    still = cv2.resize(known.images[0], (96, 96), interpolation=cv2.INTER_CUBIC)
    shifts = []
    for crop in crops:
        warp = np.eye(2, 3, dtype=np.float32)
        _, warp = cv2.findTransformECC(
            still, crop, warp, cv2.MOTION_AFFINE, (3, 100, 1e-6), None, 5)
        shifts.append([np.log(np.linalg.det(warp[:, :2])) / 2,
                       np.arctan2(warp[1, 0] - warp[0, 1], warp[0, 0] + warp[1, 1])])
    measured = np.std(shifts, axis=0)
    np.testing.assert_allclose(measured, emotion_steps.JITTER[2:], rtol=0.2)
    pairs = np.array(shifts)
    correlation = np.corrcoef(pairs[1:, 1], pairs[:-1, 1])[0, 1]
    assert correlation == pytest.approx(emotion_steps.JITTER_CORRELATION, abs=0.15)


def labels_of(*parts):
    return np.concatenate([np.full(count, label) for label, count in parts])


TRUTH = labels_of((SAD, 30), (HAPPY, 30))


@pytest.mark.parametrize(('answers', 'false'), [
    (TRUTH, 0),
    # Late, but once.
    (labels_of((SAD, 34), (HAPPY, 26)), 0),
    # Another emotion on the way.
    (labels_of((SAD, 32), (FEAR, 2), (HAPPY, 26)), 1),
    (labels_of((SAD, 30), (UNKNOWN, 2), (HAPPY, 28)), 1),
    # There and back while nothing changes: both are false.
    (labels_of((SAD, 10), (FEAR, 1), (SAD, 19), (HAPPY, 30)), 2),
    # Never right, but steady.
    (labels_of((FEAR, 60)), 0),
])
def test_changes_that_no_emotion_explains_are_false(answers, false):
    # 60 images at 10 images/s are a tenth of a minute.
    assert false_changes_per_minute([TRUTH], [answers]) == pytest.approx(10 * false)


def test_the_delay_is_that_of_90_percent_of_the_steps():
    # Ten steps, of which the labels of nine follow after 0.3 s and that of one after 1 s.
    answers = [labels_of((SAD, 33), (HAPPY, 27))] * 9 + [labels_of((SAD, 40), (HAPPY, 20))]
    assert delay_ms([TRUTH] * 10, answers) == pytest.approx(300)
    # Of those that follow at all: the share of a label that never does is no delay.
    never = [*answers[:9], labels_of((SAD, 60))]
    assert delay_ms([TRUTH] * 10, never) == pytest.approx(290)
    assert delay_ms([TRUTH], [TRUTH]) == 0


def test_nothing_is_measured_without_data(tmp_path):
    assert emotion_steps.run(None, print) == {}
    assert emotion_steps.run(tmp_path, print) == {}


@pytest.mark.slow
def test_smoothing_is_right_more_often_and_changes_less(data_directory, monkeypatch):
    monkeypatch.setattr(emotion_steps, 'SEQUENCES', 4)
    measured = emotion_steps.run(data_directory, print)
    raw, smoothed = measured['raw'], measured['smoothed']
    assert 0.75 < raw['accuracy'] < smoothed['accuracy'] <= 1
    assert smoothed['false_changes_per_minute'] < raw['false_changes_per_minute'] / 2
    assert 0 <= raw['delay_ms'] < smoothed['delay_ms'] < 800
