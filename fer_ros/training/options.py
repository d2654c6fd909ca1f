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

from dataclasses import dataclass
from pathlib import Path

from fer_ros.core.options import option, Options
import yaml

OPTIONS_FILE = 'options.yaml'


@dataclass(frozen=True)
class TrainingOptions(Options):
    """What can be chosen for a training."""

    epochs: int = option(24, 'passes over the training rows', minimum=1)
    batch_size: int = option(128, 'pictures for each step', minimum=2)
    learning_rate: float = option(
        0.1, 'the highest; it rises over the first steps and falls as a cosine', minimum=0.0)
    warm_up_epochs: float = option(1.0, 'over which the learning rate rises', minimum=0.0)
    momentum: float = option(0.9, 'Nesterov momentum', minimum=0.0, maximum=1.0)
    weight_decay: float = option(
        0.004, 'times the learning rate, taken off the weights at each step', minimum=0.0)
    label_smoothing: float = option(
        0.1, 'share of a label spread over all seven', minimum=0.0, maximum=1.0)
    dropout: float = option(0.3, 'before the last layer', minimum=0.0, maximum=0.9)
    average_decay: float = option(
        0.995, 'of the moving average of the weights, which is what is kept',
        minimum=0.0, maximum=0.9999)
    augmentation: float = option(
        1.0, 'strength of the changes to the pictures; 0 leaves only mirroring', minimum=0.0,
        maximum=2.0)
    start_from: str = option(
        '', 'best.keras of another training, whose weights are the beginning; empty: random ones')
    precision: str = option(
        'float32', 'of the arithmetic while training', choices=('float32', 'mixed_bfloat16'))
    seed: int = option(1, 'of all random numbers', minimum=0)

    @property
    def arguments(self) -> str:
        """
        Return the words on the command line that choose these options.

        They are empty for the defaults.
        """
        defaults = TrainingOptions().to_mapping()
        return ' '.join(
            f'--{name.replace("_", "-")} {value}' for name, value in self.to_mapping().items()
            if value != defaults[name])


def keep_options(folder: Path, options: TrainingOptions) -> None:
    """
    Write the options into the folder of a training, which is made where it does not exist.

    :raises ValueError: where the folder belongs to a training with other options.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / OPTIONS_FILE).exists():
        kept = kept_options(folder)
        if kept != options:
            raise ValueError(
                f'{folder} holds a training with other options '
                f'({kept.arguments or "the defaults"}); '
                'give the same ones, or another folder')
        return
    (folder / OPTIONS_FILE).write_text(yaml.safe_dump(options.to_mapping(), sort_keys=False))


def commands(folder: Path, data: str) -> list[str]:
    """Return the commands that repeat the training in the folder, the one it starts from first."""
    options = kept_options(folder)
    before = commands(Path(options.start_from).parent, data) if options.start_from else []
    command = f'python -m fer_ros.training train --data {data} --run {folder} {options.arguments}'
    return [*before, command.rstrip()]


def kept_options(folder: Path) -> TrainingOptions:
    """Return the options of the training in the folder."""
    return TrainingOptions.from_mapping(yaml.safe_load((folder / OPTIONS_FILE).read_text()))
