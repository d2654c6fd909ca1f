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

"""How stable identities and emotions are in clips of people, and the delay of the smoothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
import math
from pathlib import Path
import statistics
from typing import Any

from fer_ros.bench.crowd import CrowdClip
from fer_ros.bench.detection_accuracy import STEP_SIZE, STEPS
from fer_ros.bench.labelled_photos import LabelledPhoto, whole_faces
from fer_ros.bench.matching import matched
from fer_ros.bench.photo_views import HEIGHT, view, WIDTH
from fer_ros.core.emotions import Emotion
from fer_ros.core.values import FaceEmotion, FaceState, Frame, NS_PER_S, Probabilities
from fer_ros.media.timed_video import TimedVideo
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions
from fer_ros.parameters.parameter_files import load_options
from fer_ros.pipeline import Pipeline
import numpy as np

CLIPS = {
    'again.mkv': 1, 'book.mkv': 1, 'brother.mkv': 1, 'eat.mkv': 1, 'sister.mkv': 1, 'yes.mkv': 1,
    'head-pose-face-detection-female.gif': 1,
    'head-pose-face-detection-female-and-male.gif': 2, 'face-demographics-walking.gif': 2,
    'classroom.gif': 4, 'short_hamilton_clip.mp4': 4,
}
"""The clips of the data sets with the maximum number of people in each."""

STEP_RATE_HZ = 30.0
STEP_BEFORE_S, STEP_AFTER_S = 1.5, 2.5
STEP_PHASES = 6
"""Number of changes of the face; each is at another moment between two classifications."""

RISE = 0.63
"""Share of a step after the time constant, 1 - 1/e, rounded down: a turn may end right there."""


@dataclass
class LabelCount:
    """How often a label changed while its face was tracked."""

    changes: int = 0
    seconds: float = 0.0
    _last: dict[int, tuple[Emotion, int]] = field(default_factory=dict)

    def add(self, track_id: int, label: Emotion, stamp_ns: int) -> None:
        """Count the label of a face in an image."""
        if track_id in self._last:
            last, last_ns = self._last[track_id]
            self.changes += label is not last
            self.seconds += (stamp_ns - last_ns) / NS_PER_S
        self._last[track_id] = label, stamp_ns

    @property
    def per_minute(self) -> float:
        return 60 * self.changes / self.seconds if self.seconds else math.nan


def unhurried_pipeline(config: str) -> Pipeline:
    """Return the pipeline of a configuration without a time budget, so that no face is skipped."""
    return Pipeline(
        load_options(config, 'face_node', FaceNodeOptions),
        replace(load_options(config, 'emotion_node', EmotionNodeOptions), budget_ms=0.0))


def run_clips(data: Path | None, report: Callable[[str], None]) -> dict[str, Any]:
    """
    Run the default pipeline over the clips.

    :param data: folder of the data sets; None to measure nothing.
    :return: `by_clip`; `extra_identities` of the clips with one person; and label changes per
        minute over all clips together.
    """
    by_clip: dict[str, Any] = {}
    whole = {'raw': LabelCount(), 'smoothed': LabelCount()}
    for name, people in CLIPS.items():
        path = data / 'clips' / name if data is not None else None
        if path is None or not path.is_file():
            continue
        report(f'steadiness in {name}')
        by_clip[name], counts = _clip(path, people)
        for kind, count in counts.items():
            whole[kind].changes += count.changes
            whole[kind].seconds += count.seconds
    if not by_clip:
        return {}
    return {
        'by_clip': by_clip,
        'extra_identities': sum(
            max(figures['identities'] - 1, 0) for name, figures in by_clip.items()
            if CLIPS[name] == 1),
        'raw_changes_per_minute': whole['raw'].per_minute,
        'smoothed_changes_per_minute': whole['smoothed'].per_minute}


def _clip(path: Path, people: int) -> tuple[dict[str, Any], dict[str, LabelCount]]:
    raw, smoothed = LabelCount(), LabelCount()
    identities, images, found, false = set(), 0, 0, 0
    with unhurried_pipeline('live') as pipeline, TimedVideo(path) as video:
        for timed in video.images():
            stamp_ns = round(timed.time_s * NS_PER_S)
            followed = pipeline.process(Frame(timed.image, stamp_ns))
            detected = sum(face.state is FaceState.DETECTED for face in followed)
            images += 1
            found += min(detected, people)
            false += max(detected - people, 0)
            for face in followed:
                identities.add(face.track_id)
                if face.confidence > 0:
                    smoothed.add(face.track_id, face.emotion, stamp_ns)
                    raw.add(face.track_id, _raw_label(face), stamp_ns)
    return {
        'people': people, 'images': images,
        'found': found / (images * people), 'false_per_image': false / images,
        'identities': len(identities), 'raw_changes_per_minute': raw.per_minute,
        'smoothed_changes_per_minute': smoothed.per_minute,
    }, {'raw': raw, 'smoothed': smoothed}


def _raw_label(face: FaceEmotion) -> Emotion:
    return Emotion(int(face.raw_probabilities.argmax()))


def run_step(report: Callable[[str], None]) -> dict[str, float]:
    """
    Replace the face of a tracked person from one image to the next, and measure the response.

    :return: medians over the phases, in milliseconds from the image with the new face: `raw_ms`
        until the unsmoothed probabilities reach 63 % of their change, `smoothed_ms` until the
        smoothed ones do, and `added_ms`, the difference; NaN if they never do.
    """
    report('step response')
    images = [CrowdClip(1, WIDTH, HEIGHT, first).frame(0) for first in (0, 1)]
    raw, smoothed = [], []
    with unhurried_pipeline('live') as pipeline:
        for phase in range(STEP_PHASES):
            pipeline.reset()
            step = round(STEP_BEFORE_S * STEP_RATE_HZ) + phase
            rows = [
                pipeline.process(Frame(
                    images[index >= step], round(index * NS_PER_S / STEP_RATE_HZ)))
                for index in range(step + round(STEP_AFTER_S * STEP_RATE_HZ))]
            raw.append(_rise_ms([_only(row).raw_probabilities for row in rows[1:]], step - 1))
            smoothed.append(_rise_ms([_only(row).probabilities for row in rows[1:]], step - 1))
    raw_ms, smoothed_ms = statistics.median(raw), statistics.median(smoothed)
    return {'raw_ms': raw_ms, 'smoothed_ms': smoothed_ms, 'added_ms': smoothed_ms - raw_ms}


def _only(followed: Sequence[FaceEmotion]) -> FaceEmotion:
    """
    Return the person with the oldest track.

    :raises ValueError: if the pipeline found no face.
    """
    if not followed:
        raise ValueError('the step response cannot be measured: the face was not found')
    return followed[0]


def _rise_ms(rows: Sequence[Probabilities], step: int) -> float:
    """Return the time from the step until 63 % of the change is reached; NaN if never."""
    before, after = rows[step - 1], rows[-1]
    way = after - before
    for index, row in enumerate(rows[step:]):
        if np.dot(row - before, way) >= RISE * np.dot(way, way):
            return 1e3 * index / STEP_RATE_HZ
    return math.nan


def run_roll(photos: Sequence[LabelledPhoto], report: Callable[[str], None]) -> dict[str, Any]:
    """
    Roll photographs, and compare labels and head poses with those of the upright faces.

    :return: by degrees, both sides together: `faces`, the number of faces that have a label when
        they are upright; `same_label`, the share of them with the same label (a face that is not
        found counts as another label); `roll_error_deg`, the median error of the measured roll.
    """
    report('labels of rolled faces')
    with unhurried_pipeline('still') as pipeline:
        upright = [
            _face(pipeline, photo, index, 0.0) for photo, index in whole_faces(photos)]
        result = {}
        for degrees in STEPS['roll']:
            same, errors = [], []
            for sign in (1, -1) if degrees else (1,):
                roll = sign * math.radians(degrees)
                for (photo, index), plain in zip(whole_faces(photos), upright, strict=True):
                    if plain is None or plain.emotion is Emotion.UNKNOWN:
                        continue
                    rolled = _face(pipeline, photo, index, roll)
                    same.append(rolled is not None and rolled.emotion is plain.emotion)
                    if rolled is not None:
                        change = rolled.head_pose.roll - plain.head_pose.roll - roll
                        errors.append(abs(math.remainder(change, 2 * math.pi)))
            known = [error for error in errors if not math.isnan(error)]
            result[f'{degrees:g}'] = {
                'faces': len(same),
                'same_label': sum(same) / len(same) if same else math.nan,
                'roll_error_deg': (
                    math.degrees(statistics.median(known)) if known else math.nan)}
    return result


def _face(
    pipeline: Pipeline, photo: LabelledPhoto, index: int, roll: float,
) -> FaceEmotion | None:
    """Return the face in the middle of a view; None if it is not found."""
    picture = view(photo, index, STEP_SIZE, roll)
    found = pipeline.process(Frame(picture.image, 0))
    pair = matched(picture.faces[:1], [face.box for face in found])
    return found[pair[0]] if pair else None
