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

"""What can be chosen for a training, and how a training remembers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import shlex
from typing import Any

from fer_ros.core.classification.model_card import CARD_FILE, load_card, ModelError, SOURCE
from fer_ros.core.options import option, OptionError, Options
from fer_ros.evaluation.data_sets import LABEL_SETS
import yaml

BEST_FILE = 'best.keras'
OPTIONS_FILE = 'training.yaml'
CHECKPOINT = 'checkpoint'
STATE_FILE = 'state.json'
"""The last file of a checkpoint that is written; it holds `epoch` and `best`."""

NETWORK_NAMES = ('compact', 'residual', 'residual_cnn48', 'residual_wide', 'separable')


@dataclass(frozen=True)
class TrainingOptions(Options):
    """What can be chosen for a training."""

    network: str = option('compact', 'Shape of the network.', choices=NETWORK_NAMES)
    edge: int = option(
        48, 'Edge of the pictures that the network sees.', unit='pixels', minimum=16)
    labels: str = option(
        'fer2013', "FER-2013's own labels or FER+'s votes; other data has its own.",
        choices=LABEL_SETS)
    faces_only: bool = option(
        False, 'Leave out training pictures in which our detector finds no face.')
    pipeline_crops: float = option(
        0.0, 'Share of the pictures that are shown as our detector frames them.', minimum=0.0,
        maximum=1.0)
    balance: str = option(
        'none', 'How rare emotions are made to count more: in the loss, or by drawing their rows '
        'more often.', choices=('none', 'weights', 'sampling'))
    balance_strength: float = option(
        0.5, '1: all emotions count the same; 0: all rows do.', minimum=0.0, maximum=1.0)
    epochs: int = option(24, 'Passes over the training rows.', minimum=1)
    batch_size: int = option(128, 'Pictures for each step.', minimum=2)
    learning_rate: float = option(
        0.1, 'The highest; it rises over the first steps and falls as a cosine.', minimum=0.0)
    warm_up_epochs: float = option(1.0, 'Over which the learning rate rises.', minimum=0.0)
    momentum: float = option(0.9, 'Nesterov momentum.', minimum=0.0, maximum=1.0)
    weight_decay: float = option(
        0.004, 'Times the learning rate, taken off the weights at each step.', minimum=0.0)
    label_smoothing: float = option(
        0.0, 'Share of a label that is spread over all seven.', minimum=0.0, maximum=1.0)
    mixup: float = option(
        0.0, 'Both parameters of the beta distribution that pictures are mixed with; 0: not at '
        'all.', minimum=0.0, maximum=4.0)
    teacher: str = option(
        '', 'Folder of a finished training or of a model, whose network is imitated, or several '
        'with commas between them, whose mean is; empty: none.')
    teacher_once: bool = option(
        False, 'The teacher sees each picture and its mirror image before the training, not each '
        'of its changes, and so costs nothing in an epoch.')
    teacher_share: float = option(
        0.7, "Of the targets, what is the teacher's answer to the same picture.", minimum=0.0,
        maximum=1.0)
    dropout: float = option(0.3, 'Before the last layer.', minimum=0.0, maximum=0.9)
    average_decay: float = option(
        0.998, 'Of the moving average of the weights, which is what is kept.',
        minimum=0.0, maximum=0.9999)
    augmentation: float = option(
        1.0, 'Strength of the changes to the pictures; 0 leaves only mirroring.', minimum=0.0,
        maximum=2.0)
    median_luminance_share: float = option(
        0.0, 'Of the pictures are brought to the same median of brightness.', minimum=0.0,
        maximum=1.0)
    closing_share: float = option(
        0.0, 'Of the pictures go through a morphological closing.', minimum=0.0, maximum=1.0)
    start_from: str = option(
        '', 'Folder of a finished training or of a model of the same network, whose weights are '
        'the beginning; empty: random ones. `{seed}` in it stands for the own seed.')
    precision: str = option(
        'float32', 'Of the arithmetic while training.', choices=('float32', 'mixed_bfloat16'))
    seed: int = option(1, 'Of all random numbers.', minimum=0)

    @property
    def rests_on(self) -> list[tuple[str, Path]]:
        """Return the folders of what comes before, by the options that name them."""
        start = [('start_from', self.start)] if self.start else []
        return [*(('teacher', folder) for folder in self.teachers), *start]

    @property
    def start(self) -> Path | None:
        """Return the folder whose weights are the beginning, if there is one."""
        return Path(self.start_from.replace('{seed}', str(self.seed))) if self.start_from else None

    @property
    def teachers(self) -> list[Path]:
        """Return the folders whose networks are imitated."""
        return [Path(folder.strip()) for folder in self.teacher.split(',') if folder.strip()]


@dataclass(frozen=True)
class Training:
    """
    A training as its folder remembers it.

    :param command: the words that ask for it.
    :param data: paths of the pictures.
    :param software: what computes it, in words.
    """

    command: str
    data: tuple[str, ...]
    options: TrainingOptions
    software: str = ''

    @classmethod
    def from_config(
        cls, config: Path, data: Sequence[Path] = (), seed: int | None = None,
        run: Path | None = None,
    ) -> Training:
        """
        Read a training's YAML file: a mapping of options, and `data`, a list of paths.

        :param data: paths that replace the file's own.
        :param seed: replaces the file's own.
        :param run: the training's folder, where it is not `default_folder`.
        :raises OptionError: where the file is wrong; the text says what.
        """
        values = _mapping(config)
        named = values.pop('data', [])
        if not isinstance(named, list) or not all(isinstance(path, str) for path in named):
            raise OptionError(f'{config}: data must be a list of paths, not {named!r}')
        paths = tuple(str(path) for path in data) or tuple(named)
        if not paths:
            raise OptionError(
                f'no pictures to train on: name them under `data` in {config} or with --data')
        words = ['fer', 'train', '--config', str(config)]
        for path in paths:
            words += ['--data', Path(path).name]
        if seed is not None:
            values['seed'] = seed
            words += ['--seed', str(seed)]
        if run is not None and run != default_folder(config, seed):
            words += ['--run', str(run)]
        try:
            options = TrainingOptions.from_mapping(values)
        except OptionError as error:
            raise OptionError(f'{config}: {error}') from error
        return cls(shlex.join(words), paths, options)

    def keep(self, folder: Path) -> None:
        """
        Write the training into its folder, which is made where it does not exist.

        :raises ValueError: where the folder belongs to a training with other options or data.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / OPTIONS_FILE).exists():
            (folder / OPTIONS_FILE).write_text(
                yaml.safe_dump({
                    'command': self.command, 'data': list(self.data),
                    'software': self.software, 'options': self.options.to_mapping()},
                    sort_keys=False),
                encoding='utf-8')
            return
        other = Training.of(folder).differences(self)
        if other:
            raise ValueError(
                f'{folder} holds a training with {", ".join(other)}; give the same options and '
                'data, or another --run')

    def differences(self, other: Training) -> list[str]:
        """Return how the options and data are not another's: `epochs 3 instead of 4`."""
        own, wanted = self.options.to_mapping(), other.options.to_mapping()
        found = [
            f'{name} {own[name]} instead of {wanted[name]}'
            for name in own if own[name] != wanted[name]]
        # The same file may be named from here and by its whole path.
        if [Path(path).resolve() for path in self.data] != [
                Path(path).resolve() for path in other.data]:
            found.append(f'data {", ".join(self.data)} instead of {", ".join(other.data)}')
        return found

    @classmethod
    def of(cls, folder: Path) -> Training:
        """
        Return the training of a folder.

        :raises OptionError: where the folder holds none.
        """
        values = _mapping(folder / OPTIONS_FILE)
        kinds = {'command': str, 'data': list, 'software': str, 'options': Mapping}
        wrong = [name for name, kind in kinds.items() if not isinstance(values.get(name), kind)]
        if wrong:
            raise OptionError(
                f'{folder / OPTIONS_FILE} lacks {", ".join(wrong)}, so `fer train` did not write '
                'it: name the folder of a training')
        return cls(
            values['command'], tuple(values['data']),
            TrainingOptions.from_mapping(values['options']), values['software'])

    @classmethod
    def finished(cls, folder: Path) -> Training:
        """
        Return the training of a folder, all of whose epochs are done.

        :raises OptionError: where the folder holds none, or one that has epochs left.
        """
        training = cls.of(folder)
        state = folder / CHECKPOINT / STATE_FILE
        done = json.loads(state.read_text())['epoch'] if state.is_file() else 0
        if done < training.options.epochs:
            raise OptionError(
                f'the training in {folder} is not finished, {done} of {training.options.epochs} '
                f'epochs are done: let it go on (`{training.command}`)')
        return training


def default_folder(config: Path, seed: int | None) -> Path:
    """Return where a training is kept if nothing else is said."""
    return Path('runs') / (config.stem if seed is None else f'{config.stem}_seed{seed}')


def network_file(folder: Path) -> Path:
    """
    Return the `.keras` file of a training, or of a model.

    :param folder: holds the training, or the model's card.
    :raises OptionError: where a model's file is missing or not what the card describes.
    """
    if not holds_model(folder):
        return folder / BEST_FILE
    try:
        files = load_card(folder).files
        if SOURCE in files:
            files[SOURCE].read()
            return files[SOURCE].path
    except ModelError as error:
        raise OptionError(str(error)) from error
    raise OptionError(f'{folder / CARD_FILE} names no {SOURCE} file, from which one could learn')


def holds_model(folder: Path) -> bool:
    """Return whether a model is in the folder, and not a training."""
    return (folder / CARD_FILE).is_file()


def commands(folder: Path) -> list[str]:
    """
    Return the commands that repeat the training in the folder, those it rests on first.

    How a model was made that it rests on is in that model's card, which a comment names.
    """
    if holds_model(folder):
        return [f'# {folder} is {load_card(folder).title}, whose card says how it was made']
    training = Training.of(folder)
    before: list[str] = []
    for _, other in training.options.rests_on:
        before += [words for words in commands(other) if words not in before]
    return [*before, training.command]


def _mapping(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise OptionError(f'{path} cannot be read: {error.strerror}') from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise OptionError(f'{path} is not YAML: {" ".join(str(error).split())}') from error
    if not isinstance(values, Mapping):
        raise OptionError(f'{path} must hold options as `name: value`, not {values!r}')
    return dict(values)
