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
"""The scenes of `fer bench work`: the sample, a still scene, and clips of several faces."""

from __future__ import annotations

from fer_ros.bench.crowd import CrowdClip
from fer_ros.core.values import Image
from fer_ros.media.sample_clip import HEIGHT, RATE_HZ, SampleClip, WIDTH
import numpy as np

STILL_NOISE = 2.0
"""Standard deviation of the noise of the still scene in grey levels, as a camera has by day."""

STILL_VARIANTS = 16
"""The noise of the still scene repeats after this number of images."""

FACES = {'sample': 2, 'still': 2, 'crowd': 8, 'one': 1, 'four': 4}
"""Number of faces of each scene."""


class Scene:
    """Images of 640x480, at 30 images/s; the same index always gives the same image."""

    rate_hz = RATE_HZ

    def __init__(self, name: str) -> None:
        """
        Prepare a scene.

        :param name: `sample`, two moving faces; `still`, its first image with noise; or, with
            moving faces, `crowd` (eight), `one`, `four`.
        """
        self.faces = FACES[name]
        self._variants: list[Image] = []
        self._clip: SampleClip = (
            SampleClip() if name in ('sample', 'still')
            else CrowdClip(self.faces, WIDTH, HEIGHT))
        if name == 'still':
            random = np.random.default_rng(0)
            still = self._clip.frame(0).astype(np.float32)
            self._variants = [
                np.clip(np.rint(still + random.normal(0, STILL_NOISE, still.shape)), 0, 255)
                .astype(np.uint8) for _ in range(STILL_VARIANTS)]

    def image(self, index: int) -> Image:
        """Return an image: (480, 640, 3) uint8, BGR, not to be changed."""
        if self._variants:
            return self._variants[index % len(self._variants)]
        return self._clip.frame(index)
