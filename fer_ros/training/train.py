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

"""Trains a network. An interrupted training continues from its last checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import csv
from dataclasses import replace
from hashlib import blake2b
from importlib import metadata
import json
import math
from pathlib import Path
import shutil
import time
from typing import Any

import cv2
from fer_ros.core.classification.classifier import softmax
from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.core.landmarks.mesh_features import FEATURE_COUNT
from fer_ros.core.options import OptionError
from fer_ros.evaluation.data_sets import DataSet, fuse, LabelledFaces, read_data
from fer_ros.evaluation.detected_faces import mesh_features, MIN_EDGE, pipeline_faces, with_faces
from fer_ros.evaluation.fer2013 import EDGE as FER2013_EDGE
from fer_ros.evaluation.labelled_faces import Images
from fer_ros.evaluation.metrics import figures
from fer_ros.evaluation.simulated_scenes import random_scene_views, SceneViews
from fer_ros.training.batches import Batch, Batches
from fer_ros.training.network_input import network_input, NORMALISATION
from fer_ros.training.networks import (
    fastest_kinds,
    network,
    NETWORKS,
    set_whitening,
    start_from,
    Style,
)
from fer_ros.training.teacher import mixed, Teacher
from fer_ros.training.trained_network import trained_network
from fer_ros.training.training_config import read_stages, Stage
from fer_ros.training.training_options import TrainingOptions
from fer_ros.training.training_run import (
    BEST_FILE,
    CHECKPOINT,
    epochs_done,
    holds_model,
    STATE_FILE,
    Training,
)
import keras
from keras import layers
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

LOG_FILE = 'log.csv'

SCENES_PER_IMAGE = 2


class Trainer:
    """
    Trains one network and keeps the epoch that is best on the validation rows.

    The moving average of the weights is validated and kept. The folder receives `best.keras`,
    `log.csv` and `checkpoint/`. If it holds a checkpoint, the training continues from there.
    """

    def __init__(
        self, training: LabelledFaces, validation: LabelledFaces, folder: Path,
        options: TrainingOptions, detected: Images | None = None,
        scenes: SceneViews | None = None,
    ) -> None:
        """
        Make the network, or load it from the checkpoint in the folder.

        :param folder: folder of the training; it must exist.
        :param detected: the training images as the pipeline crops them; None if not used.
        :param scenes: the training images as the pipeline crops them in random scenes; None if not
            used.
        :raises ValueError: if there are fewer rows than a batch has.
        """
        self._options = options
        self._validation = validation
        self._folder = folder
        self._preprocessing = Preprocessing(options.edge, options.edge, **NORMALISATION)
        keras.utils.set_random_seed(options.seed)
        style = Style(options.dropout, options.precision, fastest_kinds())
        self._network = network(options.network, options.edge, style, mesh=options.mesh)
        self._average = network(options.network, options.edge, mesh=options.mesh)
        if options.mesh and training.mesh is not None:
            features = training.mesh[:, 0]
            set_whitening(self._network, features[features.any(axis=1)])
        if options.start:
            start_from(self._network, trained_network(options.start))
        self._average.set_weights(self._network.get_weights())
        self._teacher: Teacher | None = None
        if options.teachers and options.teacher_once:
            training = _taught_once(training, options, folder)
        elif options.teachers:
            self._teacher = _teacher(options)
        self._batches = Batches(training, detected, self._preprocessing, options, scenes)
        self._network.compile(
            self._optimizer(), keras.losses.CategoricalCrossentropy(from_logits=True))
        self._epoch, self._best = 0, -1.0
        self._restore()

    @property
    def epoch(self) -> int:
        """Return the number of finished epochs."""
        return self._epoch

    def run(self) -> Path:
        """
        Train the remaining epochs and return the path of the best network.

        :raises RuntimeError: if the training diverges.
        """
        while self._epoch < self._options.epochs:
            start = time.monotonic()
            loss = self._train_epoch()
            validation_loss, accuracy = self._validated()
            self._epoch += 1
            if accuracy > self._best or self._options.kept_epoch == 'last':
                self._best = max(accuracy, self._best)
                with _replaced(self._folder / BEST_FILE) as path:
                    self._average.save(path)
            self._log(loss, validation_loss, accuracy, time.monotonic() - start)
            self._save()
        return self._folder / BEST_FILE

    def _optimizer(self) -> keras.optimizers.Optimizer:
        options = self._options
        steps = len(self._batches) * options.epochs
        warm_up = min(round(len(self._batches) * options.warm_up_epochs), steps - 1)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0 if warm_up else options.learning_rate, steps - warm_up,
            warmup_target=options.learning_rate if warm_up else None, warmup_steps=warm_up)
        optimizer = keras.optimizers.SGD(
            schedule, momentum=options.momentum, nesterov=True, weight_decay=options.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=['gamma', 'beta', 'bias'])
        optimizer.build(self._network.trainable_variables)
        return optimizer

    def _train_epoch(self) -> float:
        # Dropout must be the same with and without an interruption: PyTorch draws it from this
        # seed; other backends count the batches (see `_count_noise`).
        keras.utils.set_random_seed(self._options.seed + self._epoch)
        losses: list[float] = []
        done = self._epoch * len(self._batches)
        console = Console()
        batches = track(
            self._batches.epoch(self._epoch), total=len(self._batches), console=console,
            description=f'epoch {self._epoch + 1}/{self._options.epochs}', transient=True,
            disable=not console.is_terminal)
        for batch in map(self._taught, batches):
            loss = float(self._network.train_on_batch(
                batch.inputs, batch.targets, sample_weight=batch.weights))
            losses.append(loss)
            done += 1
            self._follow(done)
            if not math.isfinite(loss):
                raise RuntimeError(
                    f'training diverged in epoch {self._epoch + 1}: lower learning_rate')
        return float(np.mean(losses))

    def _taught(self, batch: Batch) -> Batch:
        """Return the batch with the teacher's answers mixed into its targets."""
        if self._teacher is None:
            return batch
        answers = self._teacher.answers(batch.inputs)
        return batch._replace(targets=mixed(answers, batch.targets, self._options.teacher_share))

    def _follow(self, done: int) -> None:
        # The average is short at first, so that the initial weights soon have no influence.
        decay = min(self._options.average_decay, (1 + done) / (10 + done))
        pairs = zip(self._average.weights, self._network.weights, strict=True)
        for average, weight in pairs:
            average.assign(decay * average + (1 - decay) * weight)

    def _validated(self) -> tuple[float, float]:
        """Return the mean cross-entropy and the accuracy on the validation rows."""
        logits = self._average.predict(
            network_input(self._average, self._validation), batch_size=256, verbose=0)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)(
            self._validation.targets, logits)
        return float(loss), float(np.mean(logits.argmax(1) == self._validation.labels))

    def _log(self, loss: float, validation_loss: float, accuracy: float, seconds: float) -> None:
        rate = float(keras.ops.convert_to_numpy(self._network.optimizer.learning_rate))
        row = {
            'epoch': self._epoch, 'loss': f'{loss:.5f}',
            'validation_loss': f'{validation_loss:.5f}', 'validation_accuracy': f'{accuracy:.5f}',
            'learning_rate': f'{rate:.6f}', 'seconds': f'{seconds:.1f}'}
        with (self._folder / LOG_FILE).open('a', newline='') as file:
            writer = csv.DictWriter(file, row)
            if file.tell() == 0:
                writer.writeheader()
            writer.writerow(row)
        print(f'epoch {self._epoch}/{self._options.epochs}: loss {loss:.4f}, '
              f'validation loss {validation_loss:.4f}, accuracy {accuracy:.2%}, '
              f'{seconds:.0f} s', flush=True)

    def _save(self) -> None:
        """Write a checkpoint. If that is interrupted, the previous one stays."""
        new = self._new_checkpoint
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        # These weights include the state of the optimizer.
        self._network.save_weights(new / 'network.weights.h5')
        self._average.save_weights(new / 'average.weights.h5')
        with _replaced(new / STATE_FILE) as path:
            path.write_text(json.dumps({'epoch': self._epoch, 'best': self._best}))
        self._swap_checkpoints()

    def _swap_checkpoints(self) -> None:
        place = self._folder / CHECKPOINT
        shutil.rmtree(place, ignore_errors=True)
        self._new_checkpoint.rename(place)

    def _restore(self) -> None:
        if (self._new_checkpoint / STATE_FILE).is_file():
            # The training was ended in the swap; of the checkpoint before, parts may be deleted.
            self._swap_checkpoints()
        place = self._folder / CHECKPOINT
        if (place / STATE_FILE).is_file():
            state = json.loads((place / STATE_FILE).read_text())
            self._network.load_weights(place / 'network.weights.h5')
            self._average.load_weights(place / 'average.weights.h5')
            self._epoch, self._best = state['epoch'], state['best']
            self._count_noise(self._epoch * len(self._batches))
        self._drop_later_rows()

    def _count_noise(self, done: int) -> None:
        """Set the state of dropout and noise after some batches; checkpoints of Keras lack it."""
        for layer in self._network.layers:
            if (isinstance(layer, layers.Dropout) and layer.rate
                    or isinstance(layer, layers.GaussianNoise)):
                state = layer.seed_generator.state
                seed, _ = keras.ops.convert_to_numpy(state)
                state.assign(np.array([seed, done]))

    def _drop_later_rows(self) -> None:
        """Drop rows of the log after the checkpoint, whose epochs are repeated."""
        log = self._folder / LOG_FILE
        if not log.is_file():
            return
        with log.open(newline='') as file:
            rows = file.readlines()
        kept = rows[:1] + [
            row for row in rows[1:] if int(row.partition(',')[0]) <= self._epoch]
        if kept != rows:
            with _replaced(log) as path, path.open('w', newline='') as file:
                file.writelines(kept)

    @property
    def _new_checkpoint(self) -> Path:
        return self._folder / f'{CHECKPOINT}.new'


def main(config: Path, data: tuple[Path, ...], run: Path | None, seed: int | None) -> None:
    """Run the stages that a file describes, see `read_stages`. Finished stages are skipped."""
    cv2.setNumThreads(1)
    stages = read_stages(config, data, seed, run)
    for number, stage in enumerate(stages, 1):
        stage = replace(stage, training=replace(stage.training, software=_software()))
        if len(stages) > 1:
            keras.utils.clear_session()
            print(f'stage {number} of {len(stages)}: {stage.folder}')
            if epochs_done(stage.folder) >= stage.training.options.epochs:
                stage.training.keep(stage.folder)
                print('this stage is finished')
                best = stage.folder / BEST_FILE
                continue
        best = _trained(stage)
    print(f'the best network is {best}')


def _trained(stage: Stage) -> Path:
    """Train a stage and return the path of its best network."""
    training, folder = stage.training, stage.folder
    options = training.options
    _check_earlier(options)
    data_set = images_of(training)
    Console().print(data_set.row_report.table())
    for split, purpose in ('training', 'train on'), ('public', 'choose the best epoch by'):
        if not len(data_set.faces(split)):
            raise ValueError(
                f'{data_set.name} has no {split} rows to {purpose}: add data with such rows; '
                '--data can be given more than once')
    training = replace(training, rows=_fingerprint(data_set))
    training.keep(folder)
    print(f'training with {training.software}, on the {"GPU" if _has_gpu() else "CPU"}')
    try:
        validation = data_set.public.faces
        if options.mesh:
            data_set = replace(data_set, training=_with_mesh(
                data_set.training, folder / 'mesh_features.npy'))
            validation = _with_mesh(validation, folder / 'mesh_features_public.npy')
        trainer = Trainer(
            data_set.training, validation, folder, options,
            _detected(data_set, options, folder), _scenes(data_set, options, folder))
        if trainer.epoch:
            print(f'continuing after epoch {trainer.epoch}, from {folder}')
        best = trainer.run()
    except KeyboardInterrupt:
        print(f'\nstopped; the same command continues from the last checkpoint in {folder}')
        raise SystemExit(130) from None
    _draw(best, validation)
    return best


def images_of(training: Training) -> DataSet:
    """Read the images of a training, all in one size."""
    options = training.options
    # FER-2013 has no more detail. Other images are read in the size of the network, or in that in
    # which faces are found.
    has_folder = any(Path(path).is_dir() for path in training.data)
    finds_faces = options.mesh or options.pipeline_crops or options.scenes
    own_size = max(options.edge, MIN_EDGE) if finds_faces else options.edge
    size = own_size if has_folder else FER2013_EDGE
    # Only FER-2013 has votes.
    data_set = fuse([
        read_data(path, 'fer2013' if Path(path).is_dir() else options.labels, size)
        for path in training.data])
    return with_faces(data_set, progress=True) if options.faces_only else data_set


def _fingerprint(data_set: DataSet) -> str:
    """Return a text that is another one if an image, a label or the order of the rows changes."""
    digest = blake2b(digest_size=16)
    for faces in data_set.training, data_set.public.faces:
        digest.update(faces.images.tobytes())
        digest.update(faces.targets.tobytes())
    return digest.hexdigest()


def _check_earlier(options: TrainingOptions) -> None:
    """
    Check the trainings and models that a training rests on.

    :raises OptionError: if one is missing, is not finished, or has another network.
    """
    for name, folder in options.rests_on:
        try:
            if not holds_model(folder):
                Training.finished(folder)
            known = trained_network(folder)
        except OptionError as error:
            raise OptionError(
                f'{name} must be the folder of a finished training or of a model: {error}; or '
                'name another folder') from error
        if known.name not in NETWORKS:
            raise OptionError(
                f'{name}: {folder} holds an unknown network {known.name}; known are '
                f'{", ".join(NETWORKS)}: name another folder')
        if name == 'start_from' and known.name != options.network:
            raise OptionError(
                f'start_from: {folder} holds a network {known.name}, whose weights do not fit the '
                f'network {options.network}: set `network: {known.name}`, or name another folder')
        knows_mesh = len(known.inputs) == 2
        if knows_mesh and not options.mesh:
            raise OptionError(
                f'{name}: the network in {folder} receives the features of the mesh: set '
                '`mesh: true`, or name another folder')
        if name == 'start_from' and options.start_share and knows_mesh != options.mesh:
            raise OptionError(
                f'start_share: the network in {folder} does not receive the features of the mesh, '
                'so its weights cannot be mixed with those of this training: remove start_share')
    if options.start_share and not options.start:
        raise OptionError('start_share needs start_from: name the network to mix with')


def _draw(best: Path, validation: LabelledFaces) -> None:
    """Draw the learning curves of a training and the confusion matrix of its best network."""
    from fer_ros.evaluation.plots import confusion_matrix, learning_curves
    folder = best.parent
    learning_curves(folder / LOG_FILE, folder / 'learning_curves.png')
    trained = keras.models.load_model(best)
    given = network_input(trained, validation)
    found = figures(softmax(trained.predict(given, verbose=0)), validation.labels)
    confusion_matrix(
        found.confusion, f'best epoch, validation rows: accuracy {found.accuracy:.1%}',
        folder / 'confusion.png')


def _software() -> str:
    backend = keras.backend.backend()
    return f'Keras {keras.version()} on {backend} {metadata.version(backend)}'


def _has_gpu() -> bool:
    """Return whether Keras' backend computes on a GPU."""
    backend = keras.backend.backend()
    if backend == 'torch':
        import torch
        return bool(torch.cuda.is_available())
    if backend == 'jax':
        import jax
        return bool(jax.default_backend() == 'gpu')
    import tensorflow as tf
    return bool(tf.config.list_physical_devices('GPU'))


def _detected(data_set: DataSet, options: TrainingOptions, folder: Path) -> Images | None:
    """Return the training images as the pipeline crops them; they are kept in the folder."""
    if not options.pipeline_crops:
        return None
    images = data_set.training.images

    def found() -> Images:
        faces = pipeline_faces(images, images.shape[1], progress=True)
        print(f'the detector finds {faces.found.sum():,} of {len(images):,} training faces')
        return faces.crops

    return np.asarray(_kept(folder / 'pipeline_crops.npy', found, images.shape), np.uint8)


def _scenes(data_set: DataSet, options: TrainingOptions, folder: Path) -> SceneViews | None:
    """Return the training images in random scenes; they are kept in the folder."""
    if not options.scenes:
        return None
    images = data_set.training.images
    rows, edge = images.shape[:2]

    def seen() -> npt.NDArray[np.void]:
        views = random_scene_views(images, SCENES_PER_IMAGE, edge, progress=True)
        found = views.crops.any(axis=(2, 3))
        print(f'the detector finds {found.sum():,} faces in {found.size:,} random scenes')
        kept = np.empty(found.shape, [
            ('crops', np.uint8, (edge, edge)), ('features', np.float32, (2, FEATURE_COUNT))])
        kept['crops'], kept['features'] = views
        return kept

    kept = _kept(folder / 'scenes.npy', seen, (rows, SCENES_PER_IMAGE))
    return SceneViews(np.array(kept['crops']), np.array(kept['features']))


def _with_mesh(faces: LabelledFaces, path: Path) -> LabelledFaces:
    """Return the faces with the features of their meshes, which are kept in a file."""
    def found() -> npt.NDArray[np.float32]:
        features = mesh_features(faces.images, progress=True)
        print(f'a mesh is found in {features[:, 0].any(axis=1).sum():,} of {len(faces):,} faces')
        return features

    return replace(faces, mesh=_kept(path, found, (len(faces), 2, FEATURE_COUNT)))


def _teacher(options: TrainingOptions) -> Teacher:
    return Teacher(
        [trained_network(folder) for folder in options.teachers], options.precision)


def _taught_once(
    training: LabelledFaces, options: TrainingOptions, folder: Path,
) -> LabelledFaces:
    """Return the faces with the teacher's answers, computed once, mixed into their targets."""
    answers = _kept(
        folder / 'teacher_answers.npy', lambda: _teacher(options).answers_once(training),
        training.targets.shape)
    return replace(training, targets=mixed(answers, training.targets, options.teacher_share))


def _kept(
    path: Path, make: Callable[[], npt.NDArray[Any]], shape: tuple[int, ...],
) -> npt.NDArray[Any]:
    """Return an array with a row for each training image from its file, or make the file."""
    if not path.is_file():
        made = make()
        with _replaced(path) as new:
            np.save(new, made)
    kept: npt.NDArray[Any] = np.load(path)
    if kept.shape != shape:
        raise ValueError(
            f'{path} holds {len(kept):,} rows, but there are {shape[0]:,} training images: the '
            'data changed after the training was started; restore it, or give another --run')
    return kept


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """Yield a temporary path; after the block, the file there replaces the given one."""
    new = path.with_name(f'{path.stem}.new{path.suffix}')
    yield new
    new.replace(path)
