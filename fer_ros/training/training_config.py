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
Reads the file of a training: options, data, and stages that are trained one after the other.

Example of a file with stages::

    data: [fer2013.csv]
    network: separable             # options of all stages
    epochs: 8
    stages:                        # names and further options of each stage
      - {name: small, edge: 64}
      - {name: large, edge: 96, start_from: small}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
import shlex
from typing import Any

from fer_ros.core.options import OptionError
from fer_ros.training.training_options import TrainingOptions
from fer_ros.training.training_run import read_mapping, Training


@dataclass(frozen=True)
class Stage:
    """A training and the folder that it is kept in."""

    folder: Path
    training: Training


def read_stages(
    config: Path, data: Sequence[Path] = (), seed: int | None = None, run: Path | None = None,
) -> list[Stage]:
    """
    Read the file of a training.

    A file without `stages` describes one stage, which is kept in the folder of the run. Otherwise
    each stage is kept in a folder of its name below that folder. In `teacher` and `start_from` the
    name of an earlier stage stands for its folder.

    :param config: YAML file with options, `data` (a list of paths) and, if wanted, `stages`.
    :param data: paths that replace those of the file.
    :param seed: seed that replaces those of the file.
    :param run: folder of the run; None for `default_folder`.
    :raises OptionError: if the file is wrong. The text names the fault.
    """
    values = read_mapping(config)
    named = values.pop('data', [])
    if not isinstance(named, list) or not all(isinstance(path, str) for path in named):
        raise OptionError(f'{config}: data must be a list of paths, not {named!r}')
    paths = tuple(str(path) for path in data) or tuple(named)
    if not paths:
        raise OptionError(
            f'there are no images to train on: name them under `data` in {config} or with --data')
    command = _command(config, paths, seed, run)
    folder = run or default_folder(config, seed)
    rows = values.pop('stages', None)
    if rows is None:
        return [Stage(folder, _training(config, command, paths, values, seed))]
    folders: dict[str, Path] = {}
    stages = []
    for name, own in _named(config, rows):
        if name in folders:
            raise OptionError(f'{config}: two stages have the name {name!r}; rename one')
        merged = {**values, **own}
        for option in 'teacher', 'start_from':
            if isinstance(merged.get(option), str):
                merged[option] = _with_folders(merged[option], folders)
        folders[name] = folder / name
        stages.append(Stage(
            folders[name],
            _training(f'{config}, stage {name}', command, paths, merged, seed)))
    return stages


def default_folder(config: Path, seed: int | None) -> Path:
    """Return the folder of a run for which no other is given."""
    return Path('runs') / (config.stem if seed is None else f'{config.stem}_seed{seed}')


def _named(config: Path, rows: Any) -> Iterable[tuple[str, dict[str, Any]]]:
    if not isinstance(rows, list) or not rows or not all(
            isinstance(row, Mapping) and isinstance(row.get('name'), str) for row in rows):
        raise OptionError(
            f'{config}: stages must be a list of options, each with a `name`, not {rows!r}')
    for row in rows:
        name = row['name']
        if not name or Path(name).name != name or ',' in name:
            raise OptionError(
                f'{config}: the name of a stage must be the name of a folder, not {name!r}')
        yield name, {option: value for option, value in row.items() if option != 'name'}


def _with_folders(text: str, folders: Mapping[str, Path]) -> str:
    """Replace names of stages in a list with commas by their folders."""
    names = [name.strip() for name in text.split(',')]
    return ', '.join(str(folders.get(name, name)) for name in names)


def _training(
    place: Path | str, command: str, data: tuple[str, ...], values: Mapping[str, Any],
    seed: int | None,
) -> Training:
    own_seed = {} if seed is None else {'seed': seed}
    try:
        options = TrainingOptions.from_mapping({**values, **own_seed})
    except OptionError as error:
        raise OptionError(f'{place}: {error}') from error
    return Training(command, data, options)


def _command(config: Path, data: Sequence[str], seed: int | None, run: Path | None) -> str:
    words = ['fer', 'train', '--config', str(config)]
    for path in data:
        words += ['--data', path]
    if seed is not None:
        words += ['--seed', str(seed)]
    if run is not None and run != default_folder(config, seed):
        words += ['--run', str(run)]
    return shlex.join(words)
