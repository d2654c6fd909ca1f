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

"""Charts of measurements: confusion matrix, reliability diagram, learning curves."""

from __future__ import annotations

import csv
from pathlib import Path

from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.metrics import Calibration, CALIBRATION_BINS
from matplotlib.figure import Figure
import numpy as np
import numpy.typing as npt

_DPI = 120


def confusion_matrix(
    confusion: npt.NDArray[np.int64], title: str, path: Path,
) -> None:
    """
    Draw a confusion matrix. The shade is the share of the label's rows, the number their count.

    :param confusion: (7, 7), labels in the rows, answers in the columns.
    :param path: path of the PNG to write.
    """
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(6.4, 5.8), dpi=_DPI, layout='constrained')
    axes = figure.add_subplot()
    shades = axes.imshow(shares, cmap='Blues', vmin=0, vmax=1)
    figure.colorbar(shades, ax=axes, label="share of the label's rows", shrink=0.8)
    axes.set_xticks(range(len(LABELS)), LABELS, rotation=40, ha='right', rotation_mode='anchor')
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set(title=title, xlabel='answer', ylabel='label')
    for (row, column), share in np.ndenumerate(shares):
        axes.text(
            column, row, f'{share:.0%}\n{confusion[row, column]}', ha='center', va='center',
            fontsize=8, color='white' if share > 0.6 else 'black')
    figure.savefig(path)


def reliability_diagram(calibration: Calibration, title: str, path: Path) -> None:
    """
    Draw the accuracy as a function of the confidence.

    :param path: path of the PNG to write.
    """
    figure = Figure(figsize=(5.6, 6.0), dpi=_DPI, layout='constrained')
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    edges = np.arange(CALIBRATION_BINS) / CALIBRATION_BINS
    bars = {'width': 1 / CALIBRATION_BINS, 'align': 'edge', 'edgecolor': 'white'}
    filled = calibration.rows > 0
    upper.bar(edges[filled], calibration.accuracy[filled], label='accuracy', **bars)
    upper.plot(
        calibration.confidence[filled], calibration.accuracy[filled], 'o', color='black',
        markersize=4, label="at the bin's mean confidence")
    upper.plot([0, 1], [0, 1], '--', color='grey', label='perfect calibration')
    upper.set(
        title=f'{title}\nexpected calibration error {calibration.error:.3f}',
        ylabel='accuracy', xlim=(0, 1), ylim=(0, 1))
    upper.legend(loc='upper left')
    lower.bar(edges, calibration.rows, color='grey', **bars)
    lower.set(xlabel='confidence', ylabel='rows')
    figure.savefig(path)


def learning_curves(log_path: Path, path: Path) -> None:
    """
    Draw losses and accuracy of each epoch of a training, and mark the best epoch.

    :param log_path: path of the `log.csv` of the training.
    :param path: path of the PNG to write.
    :raises ValueError: if the log holds no epoch.
    """
    with log_path.open(newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError(f'{log_path} holds no epoch yet')
    log = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    best = int(log['validation_accuracy'].argmax())
    figure = Figure(figsize=(10, 4.2), dpi=_DPI, layout='constrained')
    losses, accuracies = figure.subplots(1, 2)
    losses.plot(log['epoch'], log['loss'], label='training (augmented)')
    losses.plot(log['epoch'], log['validation_loss'], label='validation')
    losses.set(title='Loss', xlabel='epoch', ylabel='cross-entropy')
    accuracies.plot(log['epoch'], log['validation_accuracy'], color='C1', label='validation')
    accuracies.set(title='Accuracy', xlabel='epoch', ylabel='accuracy')
    accuracies.plot(
        log['epoch'][best], log['validation_accuracy'][best], 'o', color='black',
        label=f'best: {log["validation_accuracy"][best]:.1%} in epoch {log["epoch"][best]:.0f}')
    for axes in losses, accuracies:
        axes.axvline(log['epoch'][best], linestyle=':', color='grey')
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path)
