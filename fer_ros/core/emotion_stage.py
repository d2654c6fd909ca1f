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

"""From faces with crops to faces with emotions: schedule, classifier and smoothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
import math
import time

from fer_ros.core.change import Cells, cells, is_changed
from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import Classifier, LiteRtClassifier
from fer_ros.core.classification.model_card import PRECISIONS
from fer_ros.core.classification.schedule import ClassificationSchedule, TimeBudget
from fer_ros.core.classification.smoothing import EmotionFilter
from fer_ros.core.classification.view_quality import view_quality
from fer_ros.core.emotions import Emotion
from fer_ros.core.landmarks.mesh_features import MeshFeatures
from fer_ros.core.options import option, Options
from fer_ros.core.values import (
    Face,
    FaceEmotion,
    HeadPose,
    Image,
    no_probabilities,
    NS_PER_S,
    Probabilities,
    read_only,
)
import numpy as np


@dataclass(frozen=True)
class EmotionOptions(Options):
    """How faces are classified and their emotions smoothed."""

    model: str = option(
        'default',
        'Classifier: name of a folder in models/, or path of a model card (model.yaml) or of its '
        'folder.')
    precision: str = option(
        '', "Arithmetic of the model; '': int8 if the model has it, because it is faster.",
        choices=('', *PRECISIONS))
    threads: int = option(
        1, 'Threads of the classifier; 1 leaves the other cores to the other nodes.',
        minimum=1, maximum=64)
    mirrored: bool = option(
        False, 'Classify each face and its mirror image, and use the mean: steadier, but takes '
        'twice as long.')
    rate_hz: float = option(
        10.0, 'Classifications per second and face; 0: every face in every image.', unit='Hz',
        minimum=0.0, maximum=240.0, dynamic=True)
    max_age_s: float = option(
        1.0, 'Time after which a face is classified again although its crop has not changed. '
        'Noise and slow changes of the exposure are no change. 0: classify it at every turn.',
        unit='s', minimum=0.0, maximum=60.0, dynamic=True)
    max_batch: int = option(
        8, 'Maximum faces classified per image, least recently classified first.',
        unit='faces', minimum=1, maximum=1000, dynamic=True)
    budget_ms: float = option(
        10.0, 'Time budget for classification, per image. At least one face is classified; the '
        'others wait for the next image; 0: no limit.', unit='ms',
        minimum=0.0, maximum=10000.0, dynamic=True)
    smoothing_s: float = option(
        0.16, 'Time whose classifications of a face count as one view. Longer: steadier, but '
        'later; 0: no smoothing. Good views have more weight than poor ones.', unit='s',
        minimum=0.0, maximum=60.0, dynamic=True)
    emotion_duration_s: float = option(
        2.0, 'Mean time for which a face is expected to keep an emotion. Longer: a new emotion '
        'needs more evidence, so labels are steadier, but later.', unit='s',
        minimum=0.01, maximum=3600.0, dynamic=True)
    min_confidence: float = option(
        0.4, 'Minimum confidence; below it, the emotion is UNKNOWN.',
        minimum=0.0, maximum=1.0, dynamic=True)
    min_quality: float = option(
        0.45, 'Minimum quality of the last views, averaged over 0.4 s with more weight for good '
        'ones; below it, the emotion is UNKNOWN, because half of the labels of such blurred or '
        'noisy faces are wrong; 0: no minimum.', minimum=0.0, maximum=1.0, dynamic=True)
    max_yaw_rad: float = option(
        1.0, 'Maximum yaw to either side; beyond it, the face is not classified and its emotion '
        'is UNKNOWN.', unit='rad', minimum=0.0, maximum=3.2, dynamic=True)
    max_pitch_rad: float = option(
        0.8, 'Maximum pitch up or down; beyond it, the face is not classified and its emotion is '
        'UNKNOWN.', unit='rad', minimum=0.0, maximum=1.6, dynamic=True)


MAX_OBSERVATIONS = 5
"""Number of classifications of one view that are averaged; older ones fade."""


@dataclass
class _View:
    """A view of a face, as long as it does not change, and what the classifier sees in it."""

    cells: Cells
    mean: Probabilities = field(default_factory=no_probabilities)
    count: int = 0

    def add(self, row: Probabilities) -> None:
        """Add a classification. Those of one view differ by noise alone, so the mean is taken."""
        self.count = min(self.count + 1, MAX_OBSERVATIONS)
        self.mean = (self.mean + (row - self.mean) / self.count).astype(row.dtype)


@dataclass
class _Evidence:
    """What was measured of one track: probabilities, quality, and its last known head pose."""

    filter: EmotionFilter = field(default_factory=EmotionFilter)
    smoothed: Probabilities = field(default_factory=lambda: read_only(no_probabilities()))
    raw: Probabilities = field(default_factory=lambda: read_only(no_probabilities()))
    classified_at_ns: int | None = None
    quality: float = math.nan
    head_pose: HeadPose = HeadPose()
    view: _View | None = None


class EmotionStage:
    """Classifies the faces that are due, all faces of one image in one call, and smooths."""

    def __init__(
        self, options: EmotionOptions, classifier: Classifier | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """
        Load the model and measure its time per face.

        :param classifier: None: load the model that the options name.
        :param clock: returns seconds; it measures the time of the classifier.
        :raises ModelError: if the model or its card is missing or faulty; the text says how.
        """
        self._options = self._next_options = options
        self._classifier = classifier or LiteRtClassifier(
            load_card(options.model), options.threads, options.precision, options.mirrored)
        self._clock = clock
        self._budget = TimeBudget()
        self._schedule = ClassificationSchedule()
        self._evidence: dict[int, _Evidence] = {}
        self._stamp_ns: int | None = None
        self._warm_up()

    def _warm_up(self) -> None:
        # The first call of a network takes five times as long as the next ones. It is not counted,
        # and no image waits for it.
        blank = [np.zeros((48, 48), np.uint8)]
        self._classifier.classify(blank)
        self._timed(blank)

    def _timed(
        self, crops: Sequence[Image], features: Sequence[MeshFeatures | None] | None = None,
    ) -> Probabilities:
        begin = self._clock()
        rows = self._classifier.classify(crops, features)
        self._budget.add(len(crops), self._clock() - begin)
        return rows

    @property
    def options(self) -> EmotionOptions:
        """
        Return the options; new ones take effect before the next image.

        They can be set from any thread. Only dynamic options can change.
        """
        return self._next_options

    @options.setter
    def options(self, options: EmotionOptions) -> None:
        self._next_options = options

    @property
    def model(self) -> str:
        """Name and version of the classifier."""
        return self._classifier.card.title

    def process(self, faces: Sequence[Face], stamp_ns: int) -> list[FaceEmotion]:
        """
        Return the faces with their emotions, in the same order.

        Faces that are not in the list are forgotten.

        :param stamp_ns: stamp of the image. If it goes back by more than a second, all faces are
            forgotten.
        """
        self._options = self._next_options
        if self._stamp_ns is not None and stamp_ns < self._stamp_ns - NS_PER_S:
            self.reset()
        self._stamp_ns = stamp_ns
        self._evidence = {
            face.track_id: self._evidence.get(face.track_id) or _Evidence() for face in faces}
        self._schedule.keep(self._evidence)
        for face in faces:
            if not math.isnan(face.head_pose.yaw):
                self._evidence[face.track_id].head_pose = face.head_pose
        self._classify(faces, stamp_ns)
        return [self._result(face) for face in faces]

    def _classify(self, faces: Sequence[Face], stamp_ns: int) -> None:
        crops = {
            face.track_id: face.crop for face in faces
            if face.crop is not None and not self._is_turned_away(face.track_id)}
        due = self._schedule.take(
            crops, stamp_ns, self._options.rate_hz,
            self._budget.max_faces(self._options.budget_ms, self._options.max_batch))
        new = [
            track_id for track_id in due
            if not self._is_known_view(self._evidence[track_id], crops[track_id], stamp_ns)]
        if new:
            known = {face.track_id: face for face in faces}
            rows = self._timed(
                [crops[track_id] for track_id in new],
                [known[track_id].mesh_features for track_id in new])
            for track_id, row in zip(new, rows, strict=True):
                evidence = self._evidence[track_id]
                evidence.quality = view_quality(
                    crops[track_id], known[track_id].box, evidence.head_pose)
                evidence.raw = read_only(row.copy())
                evidence.classified_at_ns = stamp_ns
                if evidence.view is not None:
                    evidence.view.add(row)
        # A view that has not changed counts again, as if it had been classified: the smoothing
        # goes on as fast as it would have done.
        for track_id in due:
            evidence = self._evidence[track_id]
            observed = evidence.raw if evidence.view is None else evidence.view.mean
            evidence.smoothed = read_only(evidence.filter.update(
                observed, stamp_ns, self._options.smoothing_s, self._options.emotion_duration_s,
                evidence.quality))

    def _is_known_view(self, evidence: _Evidence, crop: Image, stamp_ns: int) -> bool:
        """Return whether the face looks as when it was classified, not long ago."""
        max_age_ns = self._options.max_age_s * NS_PER_S
        if max_age_ns == 0:
            evidence.view = None
            return False
        now = cells(crop)
        view = evidence.view
        if view is None or is_changed(now, view.cells):
            # Compared with the first image of the view, a slow change adds up.
            evidence.view = _View(now)
            return False
        classified_at_ns = evidence.classified_at_ns
        return classified_at_ns is not None and 0 <= stamp_ns - classified_at_ns < max_age_ns

    def _is_turned_away(self, track_id: int) -> bool:
        pose = self._evidence[track_id].head_pose
        return (abs(pose.yaw) > self._options.max_yaw_rad
                or abs(pose.pitch) > self._options.max_pitch_rad)

    def _result(self, face: Face) -> FaceEmotion:
        evidence = self._evidence[face.track_id]
        confidence = float(evidence.smoothed.max())
        is_known = (
            confidence > 0 and confidence >= self._options.min_confidence
            and evidence.filter.quality >= self._options.min_quality
            and not self._is_turned_away(face.track_id))
        return FaceEmotion(
            face.track_id, face.state, face.box, face.score, face.head_pose,
            emotion=Emotion(int(evidence.smoothed.argmax())) if is_known else Emotion.UNKNOWN,
            confidence=confidence, probabilities=evidence.smoothed,
            raw_probabilities=evidence.raw, classified_at_ns=evidence.classified_at_ns,
            quality=evidence.quality, position=face.position)

    def reset(self) -> None:
        """Forget all faces."""
        self._evidence = {}
        self._schedule = ClassificationSchedule()
        self._stamp_ns = None
