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

"""Drawings are pictures that show what they are given."""

import csv

import cv2
from fer_ros.evaluation.metrics import Calibration, CALIBRATION_BINS
from fer_ros.evaluation.plots import confusion_matrix, learning_curves, reliability_diagram
import numpy as np
import pytest


def colours(path):
    """Return the colours of a picture, each with the number of its pixels."""
    image = cv2.imread(str(path))
    assert image.shape[0] > 300
    assert image.shape[1] > 300
    values, counts = np.unique(image.reshape(-1, 3), axis=0, return_counts=True)
    return {tuple(map(int, value)): int(n) for value, n in zip(values, counts, strict=True)}


def dark_blue(path):
    return sum(n for (b, g, r), n in colours(path).items() if b > 80 and g < 60 and r < 30)


def test_the_diagonal_of_a_perfect_classifier_is_dark(tmp_path):
    perfect, wrong = tmp_path / 'perfect.png', tmp_path / 'wrong.png'
    confusion_matrix(np.diag(np.arange(1, 8)), 'perfect', perfect)
    confusion_matrix(np.ones((7, 7), np.int64), 'always unsure', wrong)
    # Shades are shares of the row, so that one row and seven count alike.
    assert dark_blue(perfect) > 5 * dark_blue(wrong)


def test_a_label_without_rows_is_drawn(tmp_path):
    confusion_matrix(np.zeros((7, 7), np.int64), 'nothing', tmp_path / 'nothing.png')
    assert colours(tmp_path / 'nothing.png')


def test_the_diagram_has_a_bar_for_each_bin_that_has_rows(tmp_path):
    def diagram(name, rows):
        shares = np.full(CALIBRATION_BINS, 0.5)
        reliability_diagram(Calibration(rows, shares, shares), name, tmp_path / name)
        blue = (180, 119, 31)
        return colours(tmp_path / name)[blue]

    rows = np.zeros(CALIBRATION_BINS, np.int64)
    rows[4:6] = 10
    two = diagram('two.png', rows)
    rows[8:12] = 1
    assert diagram('six.png', rows) == pytest.approx(3 * two, rel=0.1)


LOG = ['epoch', 'loss', 'validation_loss', 'validation_accuracy', 'learning_rate', 'seconds']


def test_the_best_epoch_is_marked(tmp_path, monkeypatch):
    log = tmp_path / 'log.csv'
    with log.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(LOG)
        for epoch, accuracy in enumerate([0.2, 0.4, 0.7, 0.6], 1):
            writer.writerow([epoch, 2 / epoch, 2.1 / epoch, accuracy, 0.1, 30])
    drawn = []
    monkeypatch.setattr(
        'matplotlib.figure.Figure.savefig', lambda figure, path: drawn.append((figure, path)))
    learning_curves(log, tmp_path / 'curves.png')
    (figure, path), = drawn
    assert path == tmp_path / 'curves.png'
    losses, accuracies = figure.axes
    np.testing.assert_allclose(losses.lines[0].get_ydata(), [2, 1, 2 / 3, 0.5])
    np.testing.assert_allclose(losses.lines[1].get_ydata(), [2.1, 1.05, 0.7, 0.525])
    np.testing.assert_allclose(accuracies.lines[0].get_ydata(), [0.2, 0.4, 0.7, 0.6])
    assert 'best: 70.0% in epoch 3' in [
        text.get_text() for text in accuracies.get_legend().get_texts()]


def test_curves_are_written_as_a_picture(tmp_path):
    log = tmp_path / 'log.csv'
    log.write_text(','.join(LOG) + '\n1,2.0,2.1,0.2,0.1,30\n')
    learning_curves(log, tmp_path / 'curves.png')
    assert colours(tmp_path / 'curves.png')


def test_a_log_without_epochs_is_told(tmp_path):
    (tmp_path / 'log.csv').write_text(','.join(LOG) + '\n')
    with pytest.raises(ValueError, match=r'log\.csv holds no epoch'):
        learning_curves(tmp_path / 'log.csv', tmp_path / 'curves.png')
