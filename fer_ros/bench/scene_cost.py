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

"""CPU time and calls of the networks in moving and still scenes, and with `low_power`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import cProfile
from dataclasses import dataclass
from itertools import islice
import math
from pathlib import Path
import pstats
import statistics
import time
from typing import Any

from fer_ros.bench.crowd import CrowdClip
from fer_ros.bench.steadiness import unhurried_pipeline
from fer_ros.core.values import Frame, Image, NS_PER_S
from fer_ros.media.timed_video import TimedVideo
from fer_ros.pipeline import Pipeline
import numpy as np

ROUNDS = 3
WARM_UP_S = 3.0
"""A scene is calm after two seconds without motion."""

SECONDS = 3.0

CLIPS = ('brother.mkv', 'sister.mkv')
"""Clips of a webcam with one person each, 640x480, 30 images/s."""

LIVE_HZ = 30.0
LOW_POWER_HZ = 15.0

DRIFT, DRIFT_S = 0.15, 20.0
"""Amplitude and period of the changes of the exposure."""

_NETWORKS = {
    ('blaze_face.py', 'find'): 'detector', ('face_mesh.py', 'find'): 'landmarks'}


@dataclass(frozen=True)
class Scene:
    """
    What a camera sees.

    :param noise: standard deviation of the noise of each pixel in grey levels; the same noise in
        all colours. Where there is noise, the exposure drifts.
    """

    name: str
    is_moving: bool = False
    noise: float = 0.0

    def images(self, clip: Sequence[Image]) -> Iterator[Image]:
        """Return endless images: the clip forwards and backwards, or one image of it."""
        if self.is_moving:
            while True:
                yield from clip
                yield from clip[-2:0:-1]
        image = clip[len(clip) // 2]
        rng = np.random.default_rng(0)
        grain = [rng.normal(0, self.noise, image.shape[:2]).astype(np.float32) for _ in range(16)]
        index = 0
        while True:
            if not self.noise:
                yield image
                continue
            gain = 1 + DRIFT * math.sin(2 * math.pi * index / LIVE_HZ / DRIFT_S)
            # Pictures of noise that are shifted are as good as new ones, and come faster.
            noise = np.roll(grain[index % len(grain)], int(rng.integers(image.shape[0])), axis=0)
            yield np.clip(image * np.float32(gain) + noise[..., None], 0, 255).astype(np.uint8)
            index += 1


MOVING = Scene('moving', is_moving=True)
STILL = Scene('still')
SCENES = (MOVING, STILL, Scene('noise_3', noise=3.0), Scene('noise_6', noise=6.0))


def run(
    data: Path | None, report: Callable[[str], None] = lambda text: None, rounds: int = ROUNDS,
) -> dict[str, Any]:
    """
    Measure pipelines in scenes, all in turns, so that other load of the machine affects all.

    :param data: folder of the data sets with clips; None to use only the sample.
    :return: `scenes`: by clip and scene, the figures of `live` at 30 images/s, and `to_moving`,
        its CPU time relative to the moving scene. `low_power`: by configuration, the figures in
        the moving sample at 15 images/s; and `to_live`, the ratio of the CPU times. CPU times are
        medians over the rounds, ratios medians of the ratios.
    """
    clips = {'sample': _sample()}
    for name in CLIPS:
        path = data / 'clips' / name if data is not None else None
        if path is not None and path.is_file():
            with TimedVideo(path) as video:
                clips[path.stem] = [timed.image for timed in video.images()]
    scenes: dict[str, Any] = {}
    with unhurried_pipeline('live') as live, unhurried_pipeline('low_power') as low_power:
        for name, clip in clips.items():
            turns: dict[str, list[float]] = {scene.name: [] for scene in SCENES}
            for round_ in range(rounds):
                for scene in SCENES:
                    report(f'round {round_ + 1} of {rounds}: {name}, {scene.name}')
                    turns[scene.name].append(_cpu_ms(live, scene.images(clip), LIVE_HZ))
            scenes[name] = {
                scene.name: {
                    'cpu_ms': statistics.median(turns[scene.name]),
                    'to_moving': _ratio(turns[scene.name], turns[MOVING.name]),
                    **_calls(live, scene.images(clip), LIVE_HZ)}
                for scene in SCENES}
        both = {'live': live, 'low_power': low_power}
        by_config: dict[str, list[float]] = {name: [] for name in both}
        for round_ in range(rounds):
            for name, pipeline in both.items():
                report(f'round {round_ + 1} of {rounds}: {name} at {LOW_POWER_HZ:g} images/s')
                by_config[name].append(
                    _cpu_ms(pipeline, _every_second(clips['sample']), LOW_POWER_HZ))
        low: dict[str, Any] = {
            name: {
                'cpu_ms': statistics.median(turns),
                'cpu_percent': statistics.median(turns) * LOW_POWER_HZ / 10,
                **_calls(both[name], _every_second(clips['sample']), LOW_POWER_HZ)}
            for name, turns in by_config.items()}
    return {
        'scenes': scenes,
        'low_power': {**low, 'to_live': _ratio(by_config['low_power'], by_config['live'])}}


def _sample() -> list[Image]:
    clip = CrowdClip(2, 640, 480)
    return [clip.frame(index) for index in range(clip.frame_count)]


def _every_second(clip: Sequence[Image]) -> Iterator[Image]:
    return islice(MOVING.images(clip), 0, None, 2)


def _frames(images: Iterator[Image], rate_hz: float) -> Iterator[tuple[bool, Frame]]:
    """Return the images of a turn as frames, and whether each counts."""
    warm_up = round(WARM_UP_S * rate_hz)
    for index in range(warm_up + round(SECONDS * rate_hz)):
        # A camera writes each image into new memory.
        yield index >= warm_up, Frame(
            next(images).copy(), round(index * NS_PER_S / rate_hz))


def _cpu_ms(pipeline: Pipeline, images: Iterator[Image], rate_hz: float) -> float:
    """Return the mean CPU time of all threads per image."""
    pipeline.reset()
    spent_ns = count = 0
    for counts, frame in _frames(images, rate_hz):
        begin = time.process_time_ns()
        pipeline.process(frame)
        if counts:
            spent_ns += time.process_time_ns() - begin
            count += 1
    return spent_ns / count / 1e6


def _calls(pipeline: Pipeline, images: Iterator[Image], rate_hz: float) -> dict[str, float]:
    """Return how often networks run, and how many faces are classified and found, per second."""
    pipeline.reset()
    profiler = cProfile.Profile()
    classified = faces = 0
    for counts, frame in _frames(images, rate_hz):
        if counts:
            profiler.enable()
        found = pipeline.process(frame)
        profiler.disable()
        if counts:
            faces += len(found)
            classified += sum(face.classified_at_ns == frame.stamp_ns for face in found)
    calls = dict.fromkeys(_NETWORKS.values(), 0)
    for (file, _, function), row in pstats.Stats(profiler).stats.items():  # type: ignore
        network = _NETWORKS.get((Path(file).name, function))
        if network:
            calls[network] += row[0]
    return {
        **{f'{name}_per_s': count / SECONDS for name, count in calls.items()},
        'classified_per_s': classified / SECONDS, 'faces': faces / (SECONDS * rate_hz)}


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
