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

"""
One process of `fer bench serve`: the service, or the pipeline alone.

`serve WORKERS` prints the address and serves until it is ended. `alone SECONDS` waits for a line,
then decodes and analyses the same pictures in a loop and prints the figures as JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
import statistics
import sys
import time
from typing import Any

import cv2
from fer_ros.apps.serve.command import serve_settings
from fer_ros.apps.serve.limits import Limits
from fer_ros.apps.serve.settings import Settings
from fer_ros.core.values import Frame
from fer_ros.media.image_file import decode_image
from fer_ros.media.sample_clip import SampleClip
from fer_ros.parameters.overrides import parameters
from fer_ros.parameters.picture_parameters import picture_parameters
from fer_ros.pipeline import Pipeline

PICTURES = 16


def pictures() -> list[bytes]:
    """Return images of the sample clip as JPEG: 640x480, two faces."""
    clip = SampleClip()
    return [cv2.imencode('.jpg', clip.frame(4 * k))[1].tobytes() for k in range(PICTURES)]


def serve(workers: int) -> None:
    """Serve without a limit of rate, as the clients of the bench have one address."""
    live = parameters('live', ())
    serve_settings(Settings(
        live=live, video=live, picture=picture_parameters(None, (), {}), workers=workers,
        limits=Limits(requests_per_s=1e6, waiting_per_worker=1000)), '127.0.0.1', 0)


def alone(seconds: float) -> dict[str, Any]:
    """Return images per second, and the times of decoding and of the pipeline in milliseconds."""
    cv2.setNumThreads(1)
    data = pictures()
    decoding: list[float] = []
    analysing: list[float] = []
    with Pipeline.from_config('still') as pipeline:
        pipeline.process(Frame(decode_image(Path('picture'), data[0]), 0))
        print('ready', flush=True)
        sys.stdin.readline()
        begin_s = time.perf_counter()
        while time.perf_counter() - begin_s < seconds:
            start_s = time.perf_counter()
            image = decode_image(Path('picture'), data[len(decoding) % PICTURES])
            decoded_s = time.perf_counter()
            pipeline.process(Frame(image, 0))
            decoding.append((decoded_s - start_s) * 1e3)
            analysing.append((time.perf_counter() - decoded_s) * 1e3)
        took_s = time.perf_counter() - begin_s
    return {
        'images_per_s': len(decoding) / took_s, 'decoding_ms': statistics.median(decoding),
        'pipeline_ms': statistics.median(analysing)}


if __name__ == '__main__':
    if sys.argv[1] == 'serve':
        serve(int(sys.argv[2]))
    else:
        print(json.dumps(alone(float(sys.argv[2]))))
