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

"""The command `fer evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
import json
from pathlib import Path
from typing import Any

import click
from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import LiteRtClassifier
from fer_ros.core.classification.model_card import ModelCard, ModelError, PRECISIONS
from fer_ros.evaluation.classifier_evaluation import (
    evaluate as evaluation_of,
    Evaluation,
    probabilities_of,
)
from fer_ros.evaluation.command_line import console, DATA, FOLDER, NEW_FILE, PlainErrors
from fer_ros.evaluation.data_sets import DataSet, LABEL_SETS, read_data, Split
from fer_ros.evaluation.evaluation_file import load_evaluation, ModelEvaluation
from fer_ros.evaluation.fer2013 import EDGE as FER2013_EDGE
from fer_ros.evaluation.figure_tables import confusion_table, figures_table, scenes_table
from fer_ros.evaluation.machine import machine
from fer_ros.evaluation.metrics import Calibration, figures as figures_of, intervals
from fer_ros.evaluation.model_readme import SPLIT_NAMES
from fer_ros.evaluation.model_writer import update_evaluation
from fer_ros.evaluation.photographs import is_photographs
import numpy as np
from rich.console import Console


@click.command(cls=PlainErrors)
@click.option(
    '--model', required=True, help='Name of a model, or path of a model card or its folder.')
@click.option(
    '--data', type=DATA, required=True,
    help='FER-2013 (.npz or .csv), a folder with one folder per emotion, a folder of RAF-DB, or a '
         'folder of photographs with a labels.csv (docs/accuracy.md).')
@click.option(
    '--split', type=click.Choice(['train', *SPLIT_NAMES]), default='public', show_default=True,
    help='Rows to measure on. Use private only for finished models.')
@click.option(
    '--labels', type=click.Choice(LABEL_SETS), default='fer2013', show_default=True,
    help="Labels of FER-2013: its own, or the majority of FER+'s votes.")
@click.option(
    '--precision', type=click.Choice(PRECISIONS),
    help='Model file to measure. Default: int8 if the model has it.')
@click.option(
    '--crops', type=click.Choice(['own', 'pipeline', 'scenes']), default='own', show_default=True,
    help='own: the images of the data set. pipeline: faces found and cropped by the pipeline. '
         'scenes: the same in simulated camera images (small, blurred, dark, rolled).')
@click.option(
    '--mirrored', is_flag=True,
    help='Average the outputs for each image and its mirror image.')
@click.option(
    '--threads', type=click.IntRange(1, 64), default=1, show_default=True,
    help='Number of threads of the classifier.')
@click.option('--json', 'json_path', type=NEW_FILE, help='Write the figures to this file.')
@click.option(
    '--plots', type=FOLDER,
    help='Write the confusion matrix and the reliability diagram to this folder.')
@click.option(
    '--peer', is_flag=True,
    help='Of photographs, measure the fer package from PyPI, too, if it is installed.')
@click.option(
    '--update-card', is_flag=True,
    help="Write the figures to the model's evaluation.yaml and README.")
def evaluate(
    model: str, data: Path, split: str, labels: str, precision: str | None, crops: str,
    mirrored: bool, threads: int, json_path: Path | None, plots: Path | None, peer: bool,
    update_card: bool,
) -> None:
    """Measure the accuracy of a model on labelled faces."""
    if is_photographs(data):
        _evaluate_photographs(data, model, precision or '', threads, peer, json_path)
        return
    if peer:
        raise click.UsageError(
            f'--peer needs a folder of photographs with a labels.csv, and {data} is none')
    if update_card and split not in SPLIT_NAMES:
        raise click.UsageError(
            f'--update-card needs --split {" or ".join(SPLIT_NAMES)}, not {split}: only figures '
            'of held-out rows are kept')
    if update_card and mirrored and crops != 'own':
        raise click.UsageError(
            f'--update-card with --mirrored needs --crops own, not {crops}: no other figures of '
            'mirrored images are kept')
    if plots is not None and crops == 'scenes':
        raise click.UsageError(
            '--plots needs --crops own or pipeline: figures of scenes are shown as a table only')
    card = load_card(model)
    known = _known_evaluation(card, is_required=update_card)
    precision = card.precision(precision or '')
    classifier = LiteRtClassifier(card, threads, precision, mirrored)
    terminal = console()
    with terminal.status('reading the data'):
        data_set = read_data(data, labels, _edge_of_images(data, card))
    for note in data_set.row_report.notes:
        terminal.print(f'{note}.', markup=False, highlight=False, soft_wrap=True)
    rows = _rows(data_set, split)
    run = {
        'model': card.title, 'precision': precision, 'data': data_set.name,
        'labels': labels, 'split': split, 'crops': crops, 'mirrored': mirrored,
        'threads': threads, 'machine': machine()}
    evaluation: Evaluation | None = None
    if crops == 'scenes':
        figures = _measured_in_scenes(classifier, rows)
    else:
        with terminal.status(f'classifying {len(rows.faces):,} faces'):
            evaluation, figures = _measured(
                classifier, rows, crops, known.temperature if known else None)
    _show(terminal, run, figures)
    drawn = {'intervals': intervals(figures['confusion'])} if 'confusion' in figures else {}
    _write(json_path, {**run, **figures, **drawn})
    if plots is not None and evaluation is not None:
        for path in _draw(plots, run, evaluation, figures):
            click.echo(f'wrote {path}')
    if update_card and known is not None:
        update_evaluation(card.path, _changes(known, run, figures))
        click.echo(f'updated {known.path} and the README beside it')


def _edge_of_images(data: Path, card: ModelCard) -> int:
    """Return the edge in pixels with which the images are read."""
    if not data.is_dir():
        return FER2013_EDGE  # it has no more detail
    from fer_ros.evaluation.detected_faces import MIN_EDGE
    return max(card.preprocessing.width, MIN_EDGE)


def _evaluate_photographs(
    data: Path, model: str, precision: str, threads: int, peer: bool, json_path: Path | None,
) -> None:
    context = click.get_current_context()
    for name in ('split', 'labels', 'crops', 'mirrored', 'plots', 'update_card'):
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(
                f'--{name.replace("_", "-")} is not for photographs: those in {data} are measured '
                'with the preset still, and all their lines in labels.csv count')
    from fer_ros.evaluation.photographs_report import measured_on_photographs
    figures = measured_on_photographs(data, model, precision, threads, peer, console())
    _write(json_path, {'data': str(data), 'machine': machine(), **figures})


def _write(path: Path | None, figures: Mapping[str, Any]) -> None:
    """Write the figures to the file that --json names, if any."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=2) + '\n', encoding='utf-8')
        click.echo(f'wrote {path}')


def _known_evaluation(card: ModelCard, is_required: bool) -> ModelEvaluation | None:
    """
    Return what is known about the model; None, with a warning, if its file cannot be read.

    :raises ModelError: if the file cannot be read and `is_required`.
    """
    try:
        return load_evaluation(card.path)
    except ModelError as error:
        if is_required:
            raise
        click.echo(f'warning: {error}; the figures before the temperature are left out', err=True)
        return None


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
    classifier: LiteRtClassifier, rows: Split, crops: str, temperature: float | None,
) -> tuple[Evaluation, dict[str, Any]]:
    from fer_ros.core.face_stage import FaceOptions
    from fer_ros.evaluation.detected_faces import pipeline_faces, with_mesh_features
    if classifier.card.uses_mesh:
        rows = replace(rows, faces=with_mesh_features(rows.faces, progress=True))
    if crops == 'own':
        evaluation = evaluation_of(classifier, rows)
        return evaluation, evaluation.to_mapping(temperature)
    faces = pipeline_faces(rows.faces.images, FaceOptions().crop_size)
    if not faces.found.any():
        raise ValueError('the detector found no face in any of the images')
    own = rows.where(faces.found)
    seen = replace(own, faces=faces.of(rows.faces))
    evaluation = evaluation_of(classifier, seen)
    return evaluation, {
        **evaluation.to_mapping(temperature), 'rows': len(rows.faces),
        'own_framing': evaluation_of(classifier, own).to_mapping(temperature)}


def _measured_in_scenes(classifier: LiteRtClassifier, rows: Split) -> dict[str, Any]:
    from fer_ros.core.face_stage import FaceOptions
    from fer_ros.evaluation.simulated_scenes import scene_faces, SIMULATED_SCENES
    scenes: dict[str, dict[str, Any]] = {}
    for scene in SIMULATED_SCENES:
        seen = scene_faces(
            rows.faces.images, scene, FaceOptions().crop_size, progress=True).of(rows.faces)
        measured = figures_of(probabilities_of(classifier, seen), seen.labels).to_mapping()
        scenes[scene.name] = {name: measured[name] for name in ('n', 'accuracy', 'macro_f1')}
    return {'rows': len(rows.faces), 'scenes': scenes}


def _show(terminal: Console, run: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    terminal.print(
        f'[bold]{run["model"]}[/], {run["precision"]}, {run["threads"]} '
        f'thread{"s" if run["threads"] > 1 else ""}, on {run["split"]} of {run["data"]}'
        f'{", each image averaged with its mirror image" if run["mirrored"] else ""}')
    if 'scenes' in figures:
        terminal.print(scenes_table(figures))
        return
    columns = {'all rows': figures, 'not in Training': figures['without_rows_in_training']}
    if 'own_framing' in figures:
        terminal.print(
            f'the detector finds {figures["n"]:,} of {figures["rows"]:,} faces; figures on these:')
        columns = {'pipeline crops': figures, 'own framing': figures['own_framing']}
    terminal.print(figures_table(columns))
    terminal.print(confusion_table(figures))
    terminal.print(
        'Rows are labels, columns answers. In brackets, and in the last column: 95 % intervals.',
        style='dim')


def _draw(
    folder: Path, run: Mapping[str, Any], evaluation: Evaluation, figures: Mapping[str, Any],
) -> list[Path]:
    # matplotlib takes long to import.
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
    known: ModelEvaluation, run: Mapping[str, Any], figures: Mapping[str, Any],
) -> dict[tuple[str | int, ...], Any]:
    """Return the fields of the evaluation file that the run changes."""
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
    # Times have a place of their own, because they depend on the number of threads.
    stated = {name: value for name, value in figures.items() if name != 'ms_per_face'}
    changes: dict[tuple[str | int, ...], Any] = {('figures', precision, *rows): stated}
    if known.ms_per_face.get('machine') == here:
        changes['ms_per_face', precision, run['threads']] = figures['ms_per_face']
    else:
        # A table must not mix times of different machines.
        changes['ms_per_face',] = {
            'machine': here, precision: {run['threads']: figures['ms_per_face']}}
    return changes
