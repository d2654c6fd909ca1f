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

"""How many faces each detector finds, and how many false faces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fer_ros.bench.labelled_photos import is_whole, LabelledPhoto, whole_faces
from fer_ros.bench.matching import Counts
from fer_ros.bench.photo_views import blurred, darkened, noisy, View, view
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import Detector, DetectorOptions
from fer_ros.core.values import Image
from fer_ros.media.timed_video import TimedVideo
import numpy as np

SIZES = (20, 30, 40, 60, 90, 130, 200, 300, 400)
"""Edges of the faces in pixels, in images of 640x480."""

STEP_SIZE = 90
"""Edge of the faces in pixels for darkness, blur, noise and roll."""

STEPS: dict[str, tuple[float, ...]] = {
    'darkness': (1, 0.5, 0.25, 0.12, 0.06, 0.03),
    'blur': (0, 1, 2, 4, 6, 9),
    'noise': (0, 10, 20, 40, 60, 90),
    'roll': (0, 15, 30, 45, 60, 75, 90),
}
UNITS = {
    'size': 'edge in px', 'darkness': 'share of the light', 'blur': 'sigma in px',
    'noise': 'sigma in grey levels', 'roll': 'degrees to either side'}

SEED = 4

FACELESS = 'no-face-bottles.mp4'
FACELESS_STRIDE = 2
"""Only every second image of the clip without faces is used; neighbours hardly differ."""


def run(
    photos: Sequence[LabelledPhoto], data: Path | None, report: Callable[[str], None],
) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Measure all detectors that are installed, the default first.

    :param data: folder of the data sets; None to measure only the photographs.
    :return: two mappings. The first holds for each detector `photos`, `clip_without_faces` and, by
        condition and step, the counts of the views. The second holds the reasons why detectors or
        clips were left out.
    """
    left_out: dict[str, str] = {}
    with ExitStack() as stack:
        detectors: dict[str, Detector] = {}
        for name in _names():
            try:
                detectors[name] = create_detector(DetectorOptions(name=name))
            except (ImportError, RuntimeError, ValueError) as error:
                left_out[name] = str(error)
                continue
            stack.callback(detectors[name].close)
        result: dict[str, Any] = {name: {} for name in detectors}
        report('detecting in the photographs')
        _add(result, 'photos', _counted(detectors, ((0, as_view(photo)) for photo in photos)))
        report('detecting faces of all sizes')
        _add_steps(result, 'size', _counted(detectors, (
            (edge, view(photo, index, edge)) for edge in SIZES
            for photo, index in whole_faces(photos))))
        for condition in STEPS:
            report(f'detecting in steps of {condition}')
            _add_steps(result, condition, _counted(detectors, views(photos, condition)))
        clip = data / 'clips' / FACELESS if data is not None else None
        if clip is None or not clip.is_file():
            left_out['clip_without_faces'] = f'FER_ROS_DATA names no folder with clips/{FACELESS}'
        else:
            report(f'detecting in {FACELESS}')
            video = stack.enter_context(TimedVideo(clip))
            _add(result, 'clip_without_faces', _counted(detectors, (
                (0, View(timed.image, [], [])) for timed in video.images()
                if timed.number % FACELESS_STRIDE == 0)))
    return result, left_out


def _add(result: dict[str, Any], key: str, counts: dict[str, dict[float, Counts]]) -> None:
    for name, (count,) in ((name, by_step.values()) for name, by_step in counts.items()):
        result[name][key] = count.to_mapping()


def _add_steps(result: dict[str, Any], key: str, counts: dict[str, dict[float, Counts]]) -> None:
    for name, by_step in counts.items():
        result[name][key] = {f'{step:g}': count.to_mapping() for step, count in by_step.items()}


def as_view(photo: LabelledPhoto) -> View:
    """Return the whole photograph as a view."""
    cut = [face for face in photo.faces if not is_whole(photo, face)]
    return View(photo.image, [face for face in photo.faces if is_whole(photo, face)], cut)


def _names() -> Sequence[str]:
    (row,) = (row for row in DetectorOptions.table() if row.name == 'name')
    return [str(choice) for choice in row.choices]


def views(photos: Sequence[LabelledPhoto], condition: str) -> Iterator[tuple[float, View]]:
    """Yield the views of a condition with their steps; the noise is the same in each run."""
    random = np.random.default_rng(SEED)
    for step in STEPS[condition]:
        for photo, index in whole_faces(photos):
            if condition == 'roll':
                for sign in (1, -1) if step else (1,):
                    yield step, view(photo, index, STEP_SIZE, sign * np.radians(step))
                continue
            plain = view(photo, index, STEP_SIZE)
            yield step, View(
                _degraded(plain.image, condition, step, random), plain.faces, plain.partial)


def _degraded(image: Image, condition: str, step: float, random: np.random.Generator) -> Image:
    if condition == 'darkness':
        return darkened(image, step, random)
    return blurred(image, step) if condition == 'blur' else noisy(image, step, random)


def _counted(
    detectors: dict[str, Detector], pictures: Iterable[tuple[float, View]],
) -> dict[str, dict[float, Counts]]:
    """Return the counts of each detector at each step."""
    counts: dict[str, dict[float, Counts]] = {name: {} for name in detectors}
    for step, picture in pictures:
        for name, detector in detectors.items():
            counts[name].setdefault(step, Counts()).add(
                picture.faces, [found.box for found in detector.detect(picture.image)],
                picture.partial)
    return counts
