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

"""`python -m fer_ros.training`: train, export and evaluate classifiers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from fer_ros.core.classifier import LiteRtClassifier
from fer_ros.core.model_card import load_card
from fer_ros.core.options import Options
from fer_ros.training.card_writer import add_figures, SPLITS
from fer_ros.training.data_sets import FER2013_TERMS, read_fer2013
from fer_ros.training.evaluate import evaluate as figures_of
from fer_ros.training.options import commands, TrainingOptions
from fer_ros.training.speed import median_ms

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
DATA = click.option('--data', type=FILE, required=True, help='packed FER-2013 (.npz)')
RUN = click.option(
    '--run', 'folder', type=FOLDER, required=True,
    help='folder of the training; holds its checkpoints')


def options_from(table: type[Options]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a command the options of a table."""
    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for row in reversed(table.table()):
            kind: Any = click.Choice(row.choices) if row.choices else row.type
            command = click.option(
                '--' + row.name.replace('_', '-'), row.name, type=kind, default=row.default,
                show_default=True, help=row.description)(command)
        return command
    return decorate


class PlainErrors(click.Group):
    """Commands whose errors are sentences instead of tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ValueError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=PlainErrors)
def main() -> None:
    """Train classifiers of facial emotions, measure them and make the pipeline's files."""


@main.command()
@DATA
@RUN
@options_from(TrainingOptions)
def train(data: Path, folder: Path, **values: Any) -> None:
    """Train, or go on where a training stopped; keep the epoch that is best on PublicTest."""
    from fer_ros.training.train import Trainer
    faces = read_fer2013(data)
    print(faces.summary, flush=True)
    options = TrainingOptions.from_mapping(values)
    best = Trainer(faces.training, faces.public_test.faces, folder, options).run()
    print(f'the best network is {best}')


@main.command()
@DATA
@RUN
@click.option(
    '--output', type=FOLDER, required=True, help='folder of the model, named as the model')
@click.option('--version', default='1.0.0', show_default=True, help='of the model')
@click.option('--description', required=True, help='the model in one sentence, for its card')
def export(data: Path, folder: Path, output: Path, version: str, description: str) -> None:
    """Write model.tflite, model.keras, card and README; calibrate on PublicTest."""
    from fer_ros.training.export import export as export_network, Origin
    faces = read_fer2013(data)
    card = export_network(folder / 'best.keras', faces.public_test.faces, output, Origin(
        name=output.name, version=version, description=description,
        data=(
            f'FER-2013 with its own labels: {faces.summary}. '
            'The epoch and the temperature were chosen on PublicTest.'),
        terms=FER2013_TERMS,
        training='\n'.join(commands(folder, data.name))))
    print(f'wrote {card}')


@main.command()
@DATA
@click.option('--model', required=True, help='name or path of a model')
@click.option(
    '--split', 'splits', type=click.Choice(list(SPLITS)), multiple=True, default=['public_test'],
    show_default=True, help='rows to measure on; private_test is for finished models only')
@click.option('--update-card', is_flag=True, help='write the figures into the card and its README')
def evaluate(data: Path, model: str, splits: tuple[str, ...], update_card: bool) -> None:
    """Measure a model: accuracy, macro-F1, recall, calibration, confusion; without TensorFlow."""
    faces = read_fer2013(data)
    rows = {'public_test': faces.public_test, 'private_test': faces.private_test}
    card = load_card(model)
    with_figures = {split: figures_of(LiteRtClassifier(card), rows[split]) for split in splits}
    for split, values in with_figures.items():
        print(f'{card.title} on {SPLITS[split]}:')
        for name, value in values.items():
            print(f'  {name}: {value}')
    if update_card:
        add_figures(card.path, with_figures)
        print(f'updated {card.path}')


@main.command()
@click.option('--model', required=True, help='name or path of a model')
@click.option('--threads', type=int, multiple=True, default=[1, 2], show_default=True)
@click.option('--faces', type=int, multiple=True, default=[1, 4, 8], show_default=True)
def speed(model: str, threads: tuple[int, ...], faces: tuple[int, ...]) -> None:
    """Measure how long a call takes. Needs no TensorFlow."""
    card = load_card(model)
    for number in threads:
        classifier = LiteRtClassifier(card, number)
        for count in faces:
            duration = median_ms(classifier, count)
            print(f'{card.title}, {number} threads, {count} faces: {duration:.2f} ms a call, '
                  f'{duration / count:.2f} ms a face')


if __name__ == '__main__':
    main(prog_name='python -m fer_ros.training')
