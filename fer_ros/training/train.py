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

"""Training of a network, with checkpoints from which it goes on after an interruption."""

from __future__ import annotations

import csv
import math
from pathlib import Path
import time

from fer_ros.core.emotions import LABELS
from fer_ros.core.preprocessing import Preprocessing
from fer_ros.training.augmentation import Augmentation
from fer_ros.training.data_sets import LabelledFaces
from fer_ros.training.networks import residual_cnn
from fer_ros.training.options import keep_options, TrainingOptions
from fer_ros.training.preprocessing import NORMALISATION
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf


class Trainer:
    """
    Trains one network and keeps, of all epochs, the one that is best on the validation rows.

    The folder receives `best.keras`, `log.csv`, `options.yaml` and `checkpoints/`. Where it holds
    a checkpoint, training goes on from there, with the same options.
    """

    def __init__(
        self, training: LabelledFaces, validation: LabelledFaces, folder: Path,
        options: TrainingOptions,
    ) -> None:
        """
        Make the network, or take it from the folder's checkpoint.

        :raises ValueError: where the folder belongs to a training with other options, or the rows
            fill no batch.
        """
        keras.utils.set_random_seed(options.seed)
        self._options = options
        self._training = training
        self._validation = validation
        edge = training.images.shape[1]
        self._preprocessing = Preprocessing(edge, edge, **NORMALISATION)
        self._network = residual_cnn(edge, dropout=options.dropout, precision=options.precision)
        if options.start_from:
            start = keras.models.load_model(options.start_from)
            self._network.set_weights(start.get_weights())
        self._average = residual_cnn(edge)
        self._average.set_weights(self._network.get_weights())
        self._steps_per_epoch = len(training) // options.batch_size
        if not self._steps_per_epoch:
            raise ValueError(
                f'{len(training)} training rows are fewer than one batch of {options.batch_size}; '
                'lower batch_size')
        self._optimizer = self._make_optimizer()
        self._epoch = tf.Variable(0, dtype=tf.int64)
        self._best = tf.Variable(-1.0, dtype=tf.float64)
        self._folder = folder
        keep_options(folder, options)
        self._checkpoints = tf.train.CheckpointManager(
            tf.train.Checkpoint(
                network=self._network, average=self._average, optimizer=self._optimizer,
                epoch=self._epoch, best=self._best),
            str(folder / 'checkpoints'), max_to_keep=2)
        self._checkpoints.restore_or_initialize()
        self._step = tf.function(self._trained_step)

    @property
    def epoch(self) -> int:
        """Return the number of epochs done."""
        return int(self._epoch)

    def run(self) -> Path:
        """Train until all epochs are done and return the path of the best network."""
        best = self._folder / 'best.keras'
        while self.epoch < self._options.epochs:
            start = time.monotonic()
            loss = self._train_epoch()
            accuracy = self._accuracy(self._validation)
            self._epoch.assign_add(1)
            if accuracy > float(self._best):
                self._best.assign(accuracy)
                self._average.save(best)
            self._log(loss, accuracy, time.monotonic() - start)
            self._checkpoints.save()
        return best

    def _make_optimizer(self) -> keras.optimizers.Optimizer:
        options = self._options
        steps = self._steps_per_epoch * options.epochs
        warm_up = min(round(self._steps_per_epoch * options.warm_up_epochs), steps - 1)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0 if warm_up else options.learning_rate, steps - warm_up,
            warmup_target=options.learning_rate if warm_up else None, warmup_steps=warm_up)
        optimizer = keras.optimizers.SGD(
            schedule, momentum=options.momentum, nesterov=True, weight_decay=options.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=['gamma', 'beta', 'bias'])
        optimizer.build(self._network.trainable_variables)
        return optimizer

    def _train_epoch(self) -> float:
        options = self._options
        random = np.random.default_rng((options.seed, self.epoch))
        tf.random.set_seed(options.seed + self.epoch)
        augmented = Augmentation().times(options.augmentation)
        order = random.permutation(len(self._training))
        losses = []
        for first in range(0, self._steps_per_epoch * options.batch_size, options.batch_size):
            rows = order[first:first + options.batch_size]
            images = augmented(self._training.images[rows], random)
            losses.append(self._step(
                tf.constant(self._preprocessing.network_input(list(images))),
                tf.constant(self._targets(self._training.labels[rows]))))
        loss = float(np.mean([float(value) for value in losses]))
        if not math.isfinite(loss):
            raise RuntimeError(
                f'training diverged in epoch {self.epoch + 1}: loss {loss}; lower learning_rate')
        return loss

    def _targets(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        smoothing = self._options.label_smoothing
        sure = np.eye(len(LABELS), dtype=np.float32)[labels]
        return sure * np.float32(1 - smoothing) + np.float32(smoothing / len(LABELS))

    def _trained_step(self, images: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = self._network(images, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        weights = self._network.trainable_variables
        gradients = tape.gradient(loss, weights)
        self._optimizer.apply_gradients(zip(gradients, weights, strict=True))
        self._follow()
        return loss

    def _follow(self) -> None:
        done = tf.cast(self._optimizer.iterations.value, tf.float32)
        # Short at first, so that the random weights of the beginning are forgotten soon.
        decay = tf.minimum(self._options.average_decay, (1 + done) / (10 + done))
        pairs = zip(self._average.weights, self._network.weights, strict=True)
        for average, weight in pairs:
            average.value.assign_sub((1 - decay) * (average.value - weight.value))

    def _accuracy(self, faces: LabelledFaces) -> float:
        logits = self._average.predict(
            self._preprocessing.network_input(list(faces.images)), batch_size=256, verbose=0)
        return float(np.mean(logits.argmax(1) == faces.labels))

    def _log(self, loss: float, accuracy: float, seconds: float) -> None:
        path = self._folder / 'log.csv'
        with path.open('a', newline='') as file:
            writer = csv.writer(file)
            if file.tell() == 0:
                writer.writerow(['epoch', 'loss', 'validation_accuracy', 'seconds'])
            writer.writerow([self.epoch, f'{loss:.5f}', f'{accuracy:.5f}', f'{seconds:.1f}'])
        print(f'epoch {self.epoch}/{self._options.epochs}: loss {loss:.4f}, '
              f'validation accuracy {accuracy:.4f}, {seconds:.0f} s', flush=True)
