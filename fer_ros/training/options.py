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
from pathlib import Path
from typing import Any

from fer_ros.core.options import option, OptionError, Options
from fer_ros.training.data_sets import LABEL_SETS
import yaml

OPTIONS_FILE = 'training.yaml'
NETWORK_NAMES = ('compact', 'residual', 'residual_wide', 'separable')


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
        '', 'Folder of a finished training, whose network is imitated; empty: none.')
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
        '', 'Folder of a finished training of the same network, whose weights are the beginning; '
        'empty: random ones.')
    precision: str = option(
        'float32', 'Of the arithmetic while training.', choices=('float32', 'mixed_bfloat16'))
    seed: int = option(1, 'Of all random numbers.', minimum=0)


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
    ) -> Training:
        """
        Read a training's YAML file: a mapping of options, and `data`, a list of paths.

        :param data: paths that replace the file's own.
        :param seed: replaces the file's own.
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
        words = ['fer train', f'--config {config}', *(f'--data {Path(p).name}' for p in paths)]
        if seed is not None:
            values['seed'] = seed
            words.append(f'--seed {seed}')
        try:
            options = TrainingOptions.from_mapping(values)
        except OptionError as error:
            raise OptionError(f'{config}: {error}') from error
        return cls(' '.join(words), paths, options)

    def keep(self, folder: Path) -> None:
        """
        Write the training into its folder, which is made where it does not exist.

        :raises ValueError: where the folder belongs to a training with other options.
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
        kept, wanted = Training.of(folder).options.to_mapping(), self.options.to_mapping()
        other = [name for name in wanted if kept[name] != wanted[name]]
        if other:
            raise ValueError(
                f'{folder} holds a training with '
                + ', '.join(f'{name} {kept[name]} instead of {wanted[name]}' for name in other)
                + '; give the same options, or another --run')

    @classmethod
    def of(cls, folder: Path) -> Training:
        """
        Return the training of a folder.

        :raises OptionError: where the folder holds none.
        """
        values = _mapping(folder / OPTIONS_FILE)
        return cls(
            values['command'], tuple(values['data']),
            TrainingOptions.from_mapping(values['options']), values['software'])


def commands(folder: Path) -> list[str]:
    """Return the commands that repeat the training in the folder, those it rests on first."""
    training = Training.of(folder)
    before: list[str] = []
    for other in (training.options.teacher, training.options.start_from):
        if other:
            before += [words for words in commands(Path(other)) if words not in before]
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
