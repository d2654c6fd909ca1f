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

"""The commands `fer train` and `fer export`."""

from __future__ import annotations

from contextlib import suppress
import importlib
import os
from pathlib import Path
from types import ModuleType

import click
from fer_ros.core.native_stderr import silenced
from fer_ros.evaluation.command_line import DATA, FILE, FOLDER, PlainErrors


@click.command(cls=PlainErrors)
@click.option('--config', type=FILE, required=True, help='YAML file of the training.')
@click.option(
    '--data', type=DATA, multiple=True,
    help='Pictures instead of those that the file names. Can be given more than once.')
@click.option(
    '--run', type=FOLDER,
    help='Folder of the training; holds its checkpoints. Default: runs/, the name of the file.')
@click.option('--seed', type=int, help='Of all random numbers, instead of the one in the file.')
def train(config: Path, data: tuple[Path, ...], run: Path | None, seed: int | None) -> None:
    """Train a model, or go on where a training stopped."""
    _with_tensorflow('train').main(config, data, run, seed)


@click.command(cls=PlainErrors)
@click.option('--run', type=FOLDER, required=True, help='Folder of a finished training.')
@click.option(
    '--output', type=FOLDER, required=True, help='Folder of the model, named as the model.')
@click.option('--version', default='1.0.0', show_default=True, help='Of the model.')
@click.option('--description', required=True, help='The model in one sentence, for its card.')
@click.option(
    '--seed-run', 'seed_runs', type=FOLDER, multiple=True,
    help='Folder of the same training with another seed, for the card. More than once.')
@click.option(
    '--balance', type=click.FloatRange(0, 1), default=0.0, show_default=True,
    help='0: rare emotions stay as unlikely as in the training rows, 1: as if all had been '
         'equally frequent there.')
def export(
    run: Path, output: Path, version: str, description: str, seed_runs: tuple[Path, ...],
    balance: float,
) -> None:
    """Make of a trained network the files that the pipeline runs, and their card."""
    _with_tensorflow('export').main(run, output, version, description, seed_runs, balance)


def _with_tensorflow(name: str) -> ModuleType:
    """Return a module of the training, or say how to get what it needs."""
    # TensorFlow would write a screen of notes on its own build; what fails is an exception.
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    # On another backend, Keras trains without it.
    with silenced(), suppress(ModuleNotFoundError):
        importlib.import_module('tensorflow')
    try:
        return importlib.import_module(f'fer_ros.training.{name}')
    except ModuleNotFoundError as error:
        if error.name not in ('keras', 'tensorflow'):
            raise
        raise click.ClickException(
            f'`fer {name}` needs TensorFlow, which is not installed here; `make setup-train` '
            f'makes an environment with it, then run `.venv-train/bin/fer {name} …`.') from error
