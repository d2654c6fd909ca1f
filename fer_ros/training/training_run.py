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

"""
The folder of a training: its options and data, and the earlier trainings that it needs.

The folder also holds the checkpoint, the log and the best network, which `train.py` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
from pathlib import Path
import shlex
from typing import Any

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.model_card import ModelError
from fer_ros.core.classification.model_folders import CARD_FILE
from fer_ros.core.options import OptionError
from fer_ros.core.yaml_values import dump_yaml, load_yaml
from fer_ros.evaluation.evaluation_file import EVALUATION_FILE, load_evaluation
from fer_ros.training.training_options import TrainingOptions
import yaml

BEST_FILE = 'best.keras'
OPTIONS_FILE = 'training.yaml'
CHECKPOINT = 'checkpoint'
STATE_FILE = 'state.json'
"""The last file of a checkpoint to be written; it holds `epoch` and `best`."""


@dataclass(frozen=True)
class Training:
    """
    The record of a training that is kept in its folder.

    :param command: command line that starts or continues it.
    :param data: paths of the data sets.
    :param software: Keras and its backend, with versions.
    :param rows: fingerprint of the images and labels; empty if they have not been read.
    """

    command: str
    data: tuple[str, ...]
    options: TrainingOptions
    software: str = ''
    rows: str = ''

    def keep(self, folder: Path) -> None:
        """
        Write the record into a folder, which is made if it does not exist.

        :raises ValueError: if the folder belongs to a training with other options or data.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / OPTIONS_FILE).exists():
            (folder / OPTIONS_FILE).write_text(
                dump_yaml({
                    'command': self.command, 'data': list(self.data),
                    'software': self.software, 'rows': self.rows,
                    'options': self.options.to_mapping()}),
                encoding='utf-8')
            return
        other = Training.of(folder).differences(self)
        if other:
            raise ValueError(
                f'{folder} holds a training with {", ".join(other)}; give the same options and '
                'data, or another --run')

    def differences(self, other: Training) -> list[str]:
        """Return the options and data that differ, such as `epochs 3 instead of 4`."""
        own, wanted = self.options.to_mapping(), other.options.to_mapping()
        found = [
            f'{name} {own[name]} instead of {wanted[name]}'
            for name in own if own[name] != wanted[name]]
        # The same file can have a relative and an absolute path.
        if [Path(path).resolve() for path in self.data] != [
                Path(path).resolve() for path in other.data]:
            found.append(f'data {", ".join(self.data)} instead of {", ".join(other.data)}')
        elif self.rows and other.rows and self.rows != other.rows:
            found.append('other images or labels in the same data')
        return found

    @classmethod
    def of(cls, folder: Path) -> Training:
        """
        Read the record in a folder.

        :raises OptionError: if there is none.
        """
        values = read_mapping(folder / OPTIONS_FILE)
        kinds = {'command': str, 'data': list, 'software': str, 'options': Mapping}
        wrong = [name for name, kind in kinds.items() if not isinstance(values.get(name), kind)]
        if wrong:
            raise OptionError(
                f'{folder / OPTIONS_FILE} lacks {", ".join(wrong)}: `fer train` did not write it; '
                'name the folder of a training')
        return cls(
            values['command'], tuple(values['data']),
            TrainingOptions.from_mapping(values['options']), values['software'],
            str(values.get('rows', '')))

    @classmethod
    def finished(cls, folder: Path) -> Training:
        """
        Read the record in a folder and check that all epochs are done.

        :raises OptionError: if there is no training in the folder, or it has epochs left.
        """
        training = cls.of(folder)
        done = epochs_done(folder)
        if done < training.options.epochs:
            raise OptionError(
                f'the training in {folder} is not finished, {done} of {training.options.epochs} '
                f'epochs are done: continue it (`{training.command}`)')
        return training


def epochs_done(folder: Path) -> int:
    """Return the number of finished epochs of the training in a folder."""
    state = folder / CHECKPOINT / STATE_FILE
    done: int = json.loads(state.read_text())['epoch'] if state.is_file() else 0
    return done


def network_file(folder: Path) -> Path:
    """
    Return the `.keras` file of a training or of a model.

    :param folder: folder with the training, or with the model's card.
    :raises OptionError: if the file of a model is missing or does not fit its description.
    """
    if not holds_model(folder):
        return folder / BEST_FILE
    try:
        evaluation = load_evaluation(folder / CARD_FILE)
        if evaluation.source is not None:
            evaluation.source.read()
            return evaluation.source.path
    except ModelError as error:
        raise OptionError(str(error)) from error
    raise OptionError(f'{evaluation.path} names no Keras network (`source`)')


def holds_model(folder: Path) -> bool:
    """Return whether the folder holds a model, as opposed to a training."""
    return (folder / CARD_FILE).is_file()


def commands(folder: Path) -> list[str]:
    """
    Return the commands that repeat the training in a folder, after those that it rests on.

    For a model that it rests on, a comment names the model.
    """
    if holds_model(folder):
        return [f'# {folder} is {load_card(folder).title}; see its {EVALUATION_FILE}']
    training = Training.of(folder)
    found: list[str] = []
    for _, other in training.options.rests_on:
        found += [words for words in commands(other) if words not in found]
    command = _without_folders(training)
    return found if command in found else [*found, command]


def _without_folders(training: Training) -> str:
    """Return the command without the folders of the data, which others do not have."""
    return shlex.join(
        Path(word).name if word in training.data else word
        for word in shlex.split(training.command))


def stages(folder: Path) -> list[dict[str, Any]]:
    """
    Return the training in a folder, after those that it rests on, for the evaluation file.

    :return: `name` of the folder and `options` that differ from the defaults.
    """
    if holds_model(folder):
        return []
    training = Training.of(folder)
    found: list[dict[str, Any]] = []
    for _, other in training.options.rests_on:
        found += [stage for stage in stages(other) if stage not in found]
    defaults = TrainingOptions().to_mapping()
    options = {
        name: value for name, value in training.options.to_mapping().items()
        if value != defaults[name]}
    for name, value in options.items():
        if name in ('start_from', 'teacher'):
            options[name] = ', '.join(
                # Earlier stages are beside this one; here, their names are enough.
                Path(part).name if Path(part).parent == folder.parent else part
                for part in str(value).split(', '))
    return [*found, {'name': folder.name, 'options': options}]


def read_mapping(path: Path) -> dict[str, Any]:
    """
    Read a YAML file that holds `name: value`.

    :raises OptionError: if it cannot be read or holds something else.
    """
    try:
        values = load_yaml(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise OptionError(f'{path} cannot be read: {error.strerror}') from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise OptionError(f'{path} is not YAML: {" ".join(str(error).split())}') from error
    if not isinstance(values, Mapping):
        raise OptionError(f'{path} must hold options as `name: value`, not {values!r}')
    return dict(values)
