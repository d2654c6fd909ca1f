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

"""How long a classifier takes, and on what machine."""

from __future__ import annotations

import math
import os
from pathlib import Path
import platform
import time

from fer_ros.core.classification.classifier import Classifier
from fer_ros.core.emotions import LABELS
from fer_ros.core.values import Probabilities
import numpy as np
import numpy.typing as npt

_WARM_UPS = 5


def timed_probabilities(
    classifier: Classifier, images: npt.NDArray[np.uint8],
) -> tuple[Probabilities, float]:
    """
    Classify faces one by one, as they come from a camera.

    :param images: (N, S, S) grey.
    :return: the probabilities, (N, 7), and the median time of a call in milliseconds, resizing of
        the picture included; NaN without pictures.
    """
    probabilities = np.zeros((len(images), len(LABELS)), np.float32)
    if not len(images):
        return probabilities, math.nan
    for _ in range(_WARM_UPS):
        classifier.classify([images[0]])
    seconds = np.zeros(len(images))
    for row, image in enumerate(images):
        start = time.perf_counter()
        probabilities[row] = classifier.classify([image])[0]
        seconds[row] = time.perf_counter() - start
    return probabilities, float(np.median(seconds) * 1e3)


def machine() -> str:
    """Return this machine's processor and the number of cores that may be used, in words."""
    name = platform.machine()
    try:
        lines = Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(':')
        if key.strip() == 'model name':
            name = value.strip()
            break
    cores = len(os.sched_getaffinity(0))
    return f'{name}, {cores} core{"s" if cores > 1 else ""}'
