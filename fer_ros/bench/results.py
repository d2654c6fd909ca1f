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

"""What all benchmarks write: machine and versions of a run, its figures and its aims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
import json
import math
import os
from pathlib import Path
import platform
from typing import Any

from fer_ros.bench.aims import read_aims
from fer_ros.bench.processor import processor
from fer_ros.evaluation.machine import machine
import numpy as np

_PACKAGES = (
    'numpy', 'opencv-contrib-python', 'mediapipe', 'ai-edge-litert', 'tensorflow', 'mtcnn')


PACKAGE_PARENT = Path(__file__).resolve().parents[2]


def child_environment(**variables: str) -> dict[str, str]:
    """Return the environment of a child process that imports this package, with more variables."""
    paths = [str(PACKAGE_PARENT), *filter(None, [os.environ.get('PYTHONPATH')])]
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(paths), **variables}


def circumstances() -> dict[str, Any]:
    """Return the date, the machine, its processor and the versions of a run."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        'date': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        'machine': machine(),
        'processor': processor(),
        'load_before': round(os.getloadavg()[0], 2),
        'python': platform.python_version(),
        'packages': versions,
    }


def with_aims(bench: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Add the aims of the benchmark to the figures of a run, each marked as held or missed."""
    return {
        'bench': bench, **figures, 'aims': [aim.judged(figures) for aim in read_aims(bench)]}


def write_json(path: Path, figures: Mapping[str, Any]) -> None:
    """Write the figures as JSON; NaN becomes null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(figures), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(f'{text}\n', encoding='utf-8')


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (float, np.floating)):
        # Five digits are more than any of the measurements has.
        return None if math.isnan(value) else float(f'{value:.5g}')
    return value


def percentiles(ms: Sequence[float]) -> dict[str, float]:
    """Return p50_ms, p95_ms and p99_ms; NaN without values."""
    if not len(ms):
        return dict.fromkeys(('p50_ms', 'p95_ms', 'p99_ms'), math.nan)
    values = np.percentile(ms, (50, 95, 99))
    return dict(zip(('p50_ms', 'p95_ms', 'p99_ms'), map(float, values), strict=True))
