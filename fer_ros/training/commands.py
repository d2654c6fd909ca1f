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
@click.option(
    '--config', type=FILE, required=True, help='YAML file with the options of the training.')
@click.option(
    '--data', type=DATA, multiple=True,
    help='Data set; replaces those of the file. Can be given more than once.')
@click.option(
    '--run', type=FOLDER,
    help='Folder for checkpoints and results. Default: runs/NAME_OF_THE_FILE.')
@click.option('--seed', type=int, help='Random seed; replaces the one of the file.')
def train(config: Path, data: tuple[Path, ...], run: Path | None, seed: int | None) -> None:
    """Train a network, or continue an interrupted training."""
    _with_tensorflow('train').main(config, data, run, seed)


@click.command(cls=PlainErrors)
@click.option('--run', type=FOLDER, required=True, help='Folder of a finished training.')
@click.option(
    '--output', type=FOLDER, required=True,
    help='Folder of the model to write; its name becomes the name of the model.')
@click.option(
    '--version', default='1.0.0', show_default=True, help='Version of the model.')
@click.option('--description', required=True, help='One sentence about the model, for its card.')
@click.option(
    '--seed-run', 'seed_runs', type=FOLDER, multiple=True,
    help='Folder of the same training with another seed, whose accuracy is stated, too. Can be '
         'given more than once.')
@click.option(
    '--balance', type=click.FloatRange(0, 1), default=0.0, show_default=True,
    help='Correction for rare emotions; 0: frequencies of the training rows, 1: all emotions '
         'equally likely.')
def export(
    run: Path, output: Path, version: str, description: str, seed_runs: tuple[Path, ...],
    balance: float,
) -> None:
    """Export a trained network for deployment."""
    _with_tensorflow('export').main(run, output, version, description, seed_runs, balance)


def _with_tensorflow(name: str) -> ModuleType:
    """Import a module of the training; if TensorFlow is missing, say how to install it."""
    # Hides TensorFlow's log lines about its own build. Errors are exceptions.
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    # Keras can train on another backend without it.
    with silenced(), suppress(ModuleNotFoundError):
        importlib.import_module('tensorflow')
    try:
        return importlib.import_module(f'fer_ros.training.{name}')
    except ModuleNotFoundError as error:
        if error.name in ('torch', 'jax'):
            raise click.ClickException(
                f'KERAS_BACKEND chooses {error.name}, which is not installed here: run '
                f'`.venv-train/bin/pip install {error.name}`, or unset the variable') from error
        if error.name not in ('keras', 'tensorflow'):
            raise
        raise click.ClickException(
            f'`fer {name}` needs TensorFlow, which is not installed here; run `make setup-train`, '
            f'then `.venv-train/bin/fer {name} …`') from error
