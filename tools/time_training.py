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
Measures the time of training steps, with the layers of Keras and with the fastest layers.

Run it in the environment of the trainings, on an idle machine:

    KERAS_BACKEND=torch .venv-train/bin/python tools/time_training.py --edge 224
"""

from __future__ import annotations

from statistics import median
import time

import click
from fer_ros.core.emotions import LABELS
from fer_ros.training.networks import fastest_kinds, LayerKinds, network, NETWORKS, Style
import keras
import numpy as np
from rich.console import Console
from rich.table import Table


@click.command()
@click.option(
    '--network', 'name', type=click.Choice(list(NETWORKS)), default='separable',
    show_default=True)
@click.option('--edge', default=96, show_default=True, help='Edge of the images in pixels.')
@click.option('--batch', default=32, show_default=True, help='Images per step.')
@click.option(
    '--steps', default=5, show_default=True, help='Number of steps; the median is printed.')
def main(name: str, edge: int, batch: int, steps: int) -> None:
    """Print the time of a training step."""
    table = Table(title=f'{name}, {edge}x{edge}, on {keras.backend.backend()}')
    for column in 'layers', 'ms per image', 'speed-up':
        table.add_column(column)
    plain, fast = (
        _seconds(kinds, name, edge, batch, steps) for kinds in (LayerKinds(), fastest_kinds()))
    for layers, seconds in ('Keras', plain), ('fastest', fast):
        table.add_row(layers, f'{seconds / batch * 1000:.1f}', f'{plain / seconds:.2f}')
    Console().print(table)


def _seconds(kinds: LayerKinds, name: str, edge: int, batch: int, steps: int) -> float:
    """Return the median time of a step; the first step is not counted."""
    made = network(name, edge, Style(kinds=kinds))
    made.compile(
        keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        keras.losses.CategoricalCrossentropy(from_logits=True))
    random = np.random.default_rng(1)
    pixels = random.uniform(-1, 1, (batch, edge, edge, 1)).astype(np.float32)
    targets = np.eye(len(LABELS), dtype=np.float32)[random.integers(0, len(LABELS), batch)]
    times = []
    for _ in range(steps + 1):
        begin = time.perf_counter()
        made.train_on_batch(pixels, targets)
        times.append(time.perf_counter() - begin)
    return median(times[1:])


if __name__ == '__main__':
    main()
