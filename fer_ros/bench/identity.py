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

"""How well the tracker keeps identities: MOTA, IDF1 and identity switches."""

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
"""The four videos of LTFT with their images per second, from its README."""

DROPPED = 0.2
"""Share of the boxes that is left out."""

JITTER = 0.03
"""Standard deviation of the boxes' center and size, in units of the face's edge."""

SEED = 4

MIN_IOU = 0.5
"""Minimum overlap of a track with the true box, as in MOTChallenge."""

MAX_GAP_S = 1.0
"""The identity must survive shorter gaps. After a longer one, a person counts as a new person."""

CROWD_FACES = 8

Labelled = list[tuple[int, Box]]
"""True faces of an image with their identities."""

Tracked = list[tuple[int, Box, FaceState]]
"""Tracks that were reported for an image: ID, box, state."""


def run(data: Path | None, report: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Measure on the tracks of LTFT, the sample clip and a synthetic crowd.

    :param data: folder of the data sets; None to leave out LTFT.
    :return: two mappings by clip: the figures (see `score`), and the reasons why clips were left
        out.
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
        result[name] = score(truth, tracked(truth, rate_hz), rate_hz)
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


def tracked(truth: Sequence[Labelled], rate_hz: float) -> list[Tracked]:
    """
    Return the tracks of the default tracker for boxes with jitter, a fifth of them left out.

    The boxes are the same in each run.
    """
    random = np.random.default_rng(SEED)
    tracker = create_tracker(TrackerOptions())
    # The association uses only the boxes, not the image.
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


def _seen(clip: SampleClip | CrowdClip) -> list[Tracked]:
    """Return the tracks of the default pipeline for the images of a clip."""
    with Pipeline.from_config('live') as pipeline:
        return [
            [(face.track_id, face.box, face.state) for face in pipeline.process(
                Frame(clip.frame(index), round(index * NS_PER_S / clip.rate_hz)))]
            for index in range(clip.frame_count)]


def score(
    truth: Sequence[Labelled], tracks: Sequence[Tracked], rate_hz: float,
) -> dict[str, float]:
    """
    Compare tracks with the truth, frame by frame, using motmetrics.

    A person who was absent for a second or longer counts as a new person, because nobody can be
    recognised by position alone. A predicted position without a person is not counted as false,
    because its state says that the face was not detected. `idf1_strict` is computed without these
    two exceptions.

    :return: `mota`, `idf1`, `idf1_strict`, `switches`, `misses`, `false`, `people`, and
        `predicted_for_nobody`, the number of positions that were not counted.
    """
    counted = [
        [(track_id, box) for track_id, box, state in found
         if state is FaceState.DETECTED
         or any(box.iou(other) >= MIN_IOU for _, other in faces)]
        for faces, found in zip(truth, tracks, strict=True)]
    max_gap = round(MAX_GAP_S * rate_hz)
    row = _by_motmetrics(split_stays(truth, max_gap), split_stays(counted, max_gap))
    strict = _by_motmetrics(truth, [[face[:2] for face in found] for found in tracks])
    return {
        'mota': float(row['mota']), 'idf1': float(row['idf1']),
        'idf1_strict': float(strict['idf1']),
        'switches': int(row['num_switches']), 'misses': int(row['num_misses']),
        'false': int(row['num_false_positives']), 'people': int(row['num_unique_objects']),
        'predicted_for_nobody': sum(map(len, tracks)) - sum(map(len, counted))}


def split_stays(frames: Sequence[Labelled], max_gap: int) -> list[Labelled]:
    """Return the frames with a new identity for each person after a gap longer than `max_gap`."""
    last: dict[int, int] = {}
    name: dict[int, int] = {}
    names = 0
    result = []
    for index, faces in enumerate(frames):
        for person, _ in faces:
            if person not in last or index - last[person] > max_gap:
                names += 1
                name[person] = names
            last[person] = index
        result.append([(name[person], box) for person, box in faces])
    return result


def _by_motmetrics(truth: Sequence[Labelled], tracks: Sequence[Labelled]) -> Any:
    """Return the row of figures of motmetrics."""
    import motmetrics
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for faces, found in zip(truth, tracks, strict=True):
        overlap = np.array(
            [[box.iou(other) for _, other in found] for _, box in faces]).reshape(
                len(faces), len(found))
        accumulator.update(
            [identity for identity, _ in faces], [identity for identity, _ in found],
            np.where(overlap >= MIN_IOU, 1 - overlap, np.nan))
    return motmetrics.metrics.create().compute(accumulator, metrics=[
        'mota', 'idf1', 'num_switches', 'num_misses', 'num_false_positives',
        'num_unique_objects']).iloc[0]
