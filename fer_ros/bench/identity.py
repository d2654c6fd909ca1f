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

"""How well identities are kept: MOTA, IDF1 and switches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fer_ros.bench.crowd import CrowdClip
from fer_ros.core.tracking import create_tracker
from fer_ros.core.tracking.tracker import TrackerOptions
from fer_ros.core.values import Box, Detection, FaceState, Frame, NS_PER_S
from fer_ros.media.sample_clip import SampleClip
from fer_ros.pipeline import Pipeline
import numpy as np

LTFT_RATES_HZ = {'choke1': 30.0, 'street': 30.0, 'terminal_1': 30.0, 'shibuya': 25.0}
"""The four videos of LTFT and their images per second, as its README states them."""

DROPPED = 0.2
JITTER = 0.03
"""Share of the boxes that is left out, and spread of middle and edge in the faces' edges."""

SEED = 4

LEAST_IOU = 0.5
"""Overlap from which a followed box counts as the true one, as MOTChallenge has it."""

LONGEST_GAP_S = 1.0
"""Shorter gaps must not cost the identity; after a longer one a person counts as a new one."""

CROWD_FACES = 8

Labelled = list[tuple[int, Box]]
"""True faces of an image with their identities."""

Followed = list[tuple[int, Box, FaceState]]
"""Faces that were reported for an image."""


def run(data: Path | None, report: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Measure on LTFT's tracks, the sample clip and a made crowd.

    :param data: folder of the data sets; None: without LTFT.
    :return: the figures by clip, as `score` gives them, and why others were left out.
    """
    try:
        import motmetrics  # noqa: F401
    except ModuleNotFoundError as error:
        text = f'the Python package {error.name} is not installed (requirements/bench.txt)'
        return {}, dict.fromkeys((*LTFT_RATES_HZ, 'sample', 'crowd'), text)
    result: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name, rate_hz in LTFT_RATES_HZ.items():
        path = data / 'tracks' / f'{name}.txt' if data is not None else None
        if path is None or not path.is_file():
            left_out[name] = (
                'FER_ROS_DATA names no folder of data sets' if path is None
                else f'there is no {path}')
            continue
        report(f'identities of {name}')
        truth = read_ltft(path)
        result[name] = score(truth, followed(truth, rate_hz), rate_hz)
    crowd = CrowdClip(CROWD_FACES, 640, 480)
    for name, clip in (('sample', SampleClip()), ('crowd', crowd)):
        report(f'identities of the {name} clip')
        result[name] = score(
            [[(face.identity, face.box) for face in clip.truth(index)]
             for index in range(clip.frame_count)],
            _seen(clip), clip.rate_hz)
    return result, left_out


def read_ltft(path: Path) -> list[Labelled]:
    """Return the faces of each frame of one of LTFT's files."""
    lines = path.read_text(encoding='ascii').split('\n')
    frames = []
    for line in lines[1:int(lines[0]) + 1]:
        words = line.split()
        faces = [words[2 + 7 * k:9 + 7 * k] for k in range(int(words[1]))]
        frames.append([
            (int(face[0]), Box(*map(float, face[1:5]))) for face in faces if face[5] == '1'])
    return frames


def followed(truth: Sequence[Labelled], rate_hz: float) -> list[Followed]:
    """
    Return what our default tracker makes of the boxes, jittered and with a fifth left out.

    The same truth gives the same boxes in each run.
    """
    random = np.random.default_rng(SEED)
    tracker = create_tracker(TrackerOptions())
    # Association looks at boxes alone.
    image = np.zeros((1, 1, 3), np.uint8)
    result = []
    for index, faces in enumerate(truth):
        detections = [
            Detection(_jittered(box, random), 1.0) for _, box in faces
            if random.random() >= DROPPED]
        tracks = tracker.update(detections, round(index * NS_PER_S / rate_hz), image)
        result.append([(track.track_id, track.box, track.state) for track in tracks])
    return result


def _jittered(box: Box, random: np.random.Generator) -> Box:
    edge = float(np.sqrt(box.area))
    x, y = box.center + random.normal(0, JITTER * edge, 2)
    width, height = np.array((box.width, box.height)) * np.exp(random.normal(0, JITTER))
    return Box(x - width / 2, y - height / 2, width, height)


def _seen(clip: SampleClip | CrowdClip) -> list[Followed]:
    """Return what our default pipeline makes of the images."""
    with Pipeline.from_config('live') as pipeline:
        return [
            [(face.track_id, face.box, face.state) for face in pipeline.process(
                Frame(clip.frame(index), round(index * NS_PER_S / clip.rate_hz)))]
            for index in range(clip.frame_count)]


def score(
    truth: Sequence[Labelled], tracks: Sequence[Followed], rate_hz: float,
) -> dict[str, float]:
    """
    Compare tracks with the truth, frame by frame, by motmetrics.

    A person who was away for a second or longer counts as a new one, whether or not the tracker
    knows the face again: by its place alone nobody can. A predicted place where nobody is (any
    more) is not counted as false, as it says itself that it was not seen. `idf1_strict` is without
    both, over all that was reported and each person's whole life.

    :return: `mota`, `idf1`, `idf1_strict`, `switches`, `misses`, `false`, `people`, and
        `predicted_for_nobody`, the places that were not counted.
    """
    counted = [
        [(track_id, box) for track_id, box, state in found
         if state is FaceState.DETECTED
         or any(box.iou(other) >= LEAST_IOU for _, other in faces)]
        for faces, found in zip(truth, tracks, strict=True)]
    longest_gap = round(LONGEST_GAP_S * rate_hz)
    row = _by_motmetrics(split_stays(truth, longest_gap), split_stays(counted, longest_gap))
    strict = _by_motmetrics(truth, [[face[:2] for face in found] for found in tracks])
    return {
        'mota': float(row['mota']), 'idf1': float(row['idf1']),
        'idf1_strict': float(strict['idf1']),
        'switches': int(row['num_switches']), 'misses': int(row['num_misses']),
        'false': int(row['num_false_positives']), 'people': int(row['num_unique_objects']),
        'predicted_for_nobody': sum(map(len, tracks)) - sum(map(len, counted))}


def split_stays(frames: Sequence[Labelled], longest_gap: int) -> list[Labelled]:
    """Return the frames with a new identity for who was away for so many of them or longer."""
    last: dict[int, int] = {}
    name: dict[int, int] = {}
    names = 0
    result = []
    for index, faces in enumerate(frames):
        for person, _ in faces:
            if person not in last or index - last[person] > longest_gap:
                names += 1
                name[person] = names
            last[person] = index
        result.append([(name[person], box) for person, box in faces])
    return result


def _by_motmetrics(truth: Sequence[Labelled], tracks: Sequence[Labelled]) -> Any:
    """Return the row of figures that motmetrics makes."""
    import motmetrics
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for faces, found in zip(truth, tracks, strict=True):
        overlap = np.array(
            [[box.iou(other) for _, other in found] for _, box in faces]).reshape(
                len(faces), len(found))
        accumulator.update(
            [identity for identity, _ in faces], [identity for identity, _ in found],
            np.where(overlap >= LEAST_IOU, 1 - overlap, np.nan))
    return motmetrics.metrics.create().compute(accumulator, metrics=[
        'mota', 'idf1', 'num_switches', 'num_misses', 'num_false_positives',
        'num_unique_objects']).iloc[0]
