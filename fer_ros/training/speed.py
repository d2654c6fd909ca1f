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

"""How long a classifier takes."""

from __future__ import annotations

import time

from fer_ros.core.classifier import Classifier
import numpy as np

_WARM_UPS = 5


def median_ms(
    classifier: Classifier, faces: int, *, crop_edge: int = 96, calls: int = 200,
) -> float:
    """
    Return the median time of one call in milliseconds, resizing of the crops included.

    :param faces: crops in each call.
    :param crop_edge: of the crops in pixels.
    """
    random = np.random.default_rng(0)
    crops = list(random.integers(0, 256, (faces, crop_edge, crop_edge), dtype=np.uint8))
    times = []
    for _ in range(_WARM_UPS + calls):
        start = time.perf_counter()
        classifier.classify(crops)
        times.append(time.perf_counter() - start)
    return float(np.median(times[_WARM_UPS:]) * 1e3)
