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

"""The commands `fer evaluate` and `fer models`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
import json
from pathlib import Path
from typing import Any

import click
from fer_ros.core.classification.classifier import LiteRtClassifier
from fer_ros.core.classification.model_card import card_paths, load_card, ModelCard, PRECISIONS
from fer_ros.evaluation.card_writer import SPLITS, update_card as write_into_card
from fer_ros.evaluation.classifier_speed import machine
from fer_ros.evaluation.command_line import DATA, FOLDER, NEW_FILE, PlainErrors
from fer_ros.evaluation.data_sets import DataSet, LABEL_SETS, read_data, Split
from fer_ros.evaluation.fer2013 import EDGE as FER2013_EDGE
from fer_ros.evaluation.measuring import (
    Calibration,
    evaluate as evaluation_of,
    Evaluation,
    figures as figures_of,
    probabilities_of,
)
from fer_ros.evaluation.report import (
    confusion_table,
    figures_table,
    installed_model,
    models_table,
    scenes_table,
)
import numpy as np
from rich.console import Console

_PIPE_COLUMNS = 120


@click.command(cls=PlainErrors)
@click.option('--model', required=True, help='Name of a model, or path of a card or its folder.')
@click.option(
    '--data', type=DATA, required=True,
    help='FER-2013 (.npz or .csv), a folder of classes, or a folder of RAF-DB.')
@click.option(
    '--split', type=click.Choice(['train', *SPLITS]), default='public', show_default=True,
    help='Rows to measure on; private is for finished models only.')
@click.option(
    '--labels', type=click.Choice(LABEL_SETS), default='fer2013', show_default=True,
    help="FER-2013's own labels, or the majority of FER+'s votes.")
@click.option(
    '--precision', type=click.Choice(PRECISIONS),
    help='Which file of the model; default: int8 where there is one.')
@click.option(
    '--crops', type=click.Choice(['own', 'pipeline', 'scenes']), default='own', show_default=True,
    help='Pictures as they are, as our detector finds and cuts them, or as it does in images of a '
         'camera that sees them small, blurred, dim and rolled.')
@click.option(
    '--mirrored', is_flag=True,
    help='Classify each picture together with its mirror image, by the mean of both.')
@click.option(
    '--threads', type=click.IntRange(1, 64), default=1, show_default=True,
    help='Threads of the classifier.')
@click.option('--json', 'json_path', type=NEW_FILE, help='Write the figures into this file.')
@click.option(
    '--plots', type=FOLDER, help='Draw confusion matrix and reliability diagram in this folder.')
@click.option(
    '--update-card', is_flag=True, help="Write the figures into the model's card and README.")
def evaluate(
    model: str, data: Path, split: str, labels: str, precision: str | None, crops: str,
    mirrored: bool, threads: int, json_path: Path | None, plots: Path | None, update_card: bool,
) -> None:
    """Measure how good a model is on labelled faces."""
    if update_card and split not in SPLITS:
        raise click.UsageError(
            f'a card states figures of held-out rows only: --update-card needs --split '
            f'{" or ".join(SPLITS)}, not {split}')
    if update_card and mirrored and crops != 'own':
        raise click.UsageError(
            f'a card states what mirror images give for pictures as they are only: --update-card '
            f'with --mirrored needs --crops own, not {crops}')
    if plots is not None and crops == 'scenes':
        raise click.UsageError('--plots needs --crops own or pipeline: scenes are told in a table')
    card = load_card(model)
    precision = card.precision(precision or '')
    classifier = LiteRtClassifier(card, threads, precision, mirrored)
    console = _console()
    with console.status('reading the data'):
        # FER-2013 has no more detail; pictures of a folder are read as the model sees them.
        size = card.preprocessing.width if data.is_dir() else FER2013_EDGE
        data_set = read_data(data, labels, size)
    rows = _rows(data_set, split)
    run = {
        'model': card.title, 'precision': precision, 'data': data_set.name,
        'labels': labels, 'split': split, 'crops': crops, 'mirrored': mirrored,
        'threads': threads, 'machine': machine()}
    evaluation: Evaluation | None = None
    if crops == 'scenes':
        figures = _measured_in_scenes(classifier, rows)
    else:
        with console.status(f'classifying {len(rows.faces):,} faces'):
            evaluation, figures = _measured(classifier, rows, crops)
    _show(console, run, figures)
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps({**run, **figures}, indent=2) + '\n', encoding='utf-8')
        click.echo(f'wrote {json_path}')
    if plots is not None and evaluation is not None:
        for path in _draw(plots, run, evaluation, figures):
            click.echo(f'wrote {path}')
    if update_card:
        write_into_card(card.path, _changes(card, run, figures))
        click.echo(f'updated {card.path} and its README')


def _rows(data_set: DataSet, split: str) -> Split:
    if split == 'train':
        training = data_set.training
        rows = Split(training, np.ones(len(training), np.bool_))
    else:
        rows = data_set.public if split == 'public' else data_set.private
    if not len(rows.faces):
        raise ValueError(f'{data_set.name} has no {split} rows; choose another --split')
    return rows


def _measured(
    classifier: LiteRtClassifier, rows: Split, crops: str,
) -> tuple[Evaluation, dict[str, Any]]:
    temperature = classifier.card.figures.get('temperature', {}).get('folded_into_logits')
    if crops == 'own':
        evaluation = evaluation_of(classifier, rows)
        return evaluation, evaluation.to_mapping(temperature)
    from fer_ros.core.face_stage import FaceOptions
    from fer_ros.evaluation.detected_faces import pipeline_crops
    images, found = pipeline_crops(rows.faces.images, FaceOptions().crop_size)
    if not found.any():
        raise ValueError('the detector found a face in none of the pictures')
    own = rows.where(found)
    seen = replace(own, faces=replace(own.faces, images=images[found]))
    evaluation = evaluation_of(classifier, seen)
    return evaluation, {
        **evaluation.to_mapping(temperature), 'rows': len(rows.faces),
        'own_framing': evaluation_of(classifier, own).to_mapping(temperature)}


def _measured_in_scenes(classifier: LiteRtClassifier, rows: Split) -> dict[str, Any]:
    from fer_ros.core.face_stage import FaceOptions
    from fer_ros.evaluation.degraded_views import scene_crops, SCENES
    scenes: dict[str, dict[str, Any]] = {}
    for scene in SCENES:
        crops, found = scene_crops(
            rows.faces.images, scene, FaceOptions().crop_size, progress=True)
        seen = replace(rows.faces, images=crops).where(found)
        measured = figures_of(probabilities_of(classifier, seen), seen.labels).to_mapping()
        scenes[scene.name] = {name: measured[name] for name in ('n', 'accuracy', 'macro_f1')}
    return {'rows': len(rows.faces), 'scenes': scenes}


def _show(console: Console, run: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    console.print(
        f'[bold]{run["model"]}[/], {run["precision"]}, {run["threads"]} '
        f'thread{"s" if run["threads"] > 1 else ""}, on {run["split"]} of {run["data"]}'
        f'{", each picture with its mirror image" if run["mirrored"] else ""}')
    if 'scenes' in figures:
        console.print(scenes_table(figures))
        return
    columns = {'all rows': figures, 'not in Training': figures['without_rows_in_training']}
    if 'own_framing' in figures:
        console.print(
            f'the detector finds {figures["n"]:,} of {figures["rows"]:,} faces; on those:')
        columns = {'pipeline crops': figures, 'own framing': figures['own_framing']}
    console.print(figures_table(columns))
    console.print(confusion_table(figures))


def _draw(
    folder: Path, run: Mapping[str, Any], evaluation: Evaluation, figures: Mapping[str, Any],
) -> list[Path]:
    # Only who wants pictures waits for matplotlib.
    from fer_ros.evaluation.plots import confusion_matrix, reliability_diagram
    folder.mkdir(parents=True, exist_ok=True)
    name = '_'.join(run[key] for key in ('labels', 'split', 'precision', 'crops'))
    name += '_mirrored' if run['mirrored'] else ''
    model, _, _ = run['model'].partition('/')
    paths = [folder / f'{model}_{kind}_{name}.png' for kind in ('confusion', 'reliability')]
    title = f'{run["model"]}, {run["precision"]}, {run["split"]}'
    confusion_matrix(
        np.array(figures['confusion']), f'{title}: accuracy {figures["accuracy"]:.1%}', paths[0])
    calibration = Calibration.of(evaluation.probabilities, evaluation.split.faces.labels)
    reliability_diagram(calibration, title, paths[1])
    return paths


def _changes(
    card: ModelCard, run: Mapping[str, Any], figures: Mapping[str, Any],
) -> dict[tuple[str | int, ...], Any]:
    """Return what the run changes in the card, as `update_card` takes it."""
    precision, here = run['precision'], run['machine']
    is_fer2013 = run['data'].startswith('FER-2013')
    rows = (run['labels'] if is_fer2013 else run['data'], run['split'])
    if run['mirrored']:
        brief = {name: figures[name] for name in ('n', 'accuracy', 'macro_f1', 'ece')}
        return {('figures', 'mirrored', precision, *rows): brief}
    if run['crops'] == 'pipeline':
        brief = {name: figures[name] for name in ('rows', 'n', 'accuracy', 'macro_f1')}
        own = {name: figures['own_framing'][name] for name in ('accuracy', 'macro_f1')}
        return {('figures', 'pipeline_crops', precision, *rows): {**brief, 'own_framing': own}}
    if run['crops'] == 'scenes':
        return {('figures', 'scenes', precision, *rows): figures}
    # The card has the times apart, as they depend on the threads.
    stated = {name: value for name, value in figures.items() if name != 'ms_per_face'}
    changes: dict[tuple[str | int, ...], Any] = {('figures', precision, *rows): stated}
    if card.ms_per_face.get('machine') == here:
        changes['ms_per_face', precision, run['threads']] = figures['ms_per_face']
    else:
        # Times of different machines do not belong into one table.
        changes['ms_per_face',] = {
            'machine': here, precision: {run['threads']: figures['ms_per_face']}}
    return changes


@click.command(cls=PlainErrors)
@click.option('--json', 'as_json', is_flag=True, help='Print JSON instead of a table.')
def models(as_json: bool) -> None:
    """List the installed models and check their files."""
    found = [installed_model(path) for path in card_paths()]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _console().print(models_table(found))
    faults = [fault for model in found for fault in model['faults']]
    for fault in faults:
        click.echo(f'{fault}.', err=True)
    if faults:
        raise SystemExit(1)


def _console() -> Console:
    console = Console(highlight=False)
    # What goes into a file or a pipe need not fit onto 80 columns.
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_COLUMNS)
