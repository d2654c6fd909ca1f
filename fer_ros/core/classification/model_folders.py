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

"""Where the models are: names of shipped models, and paths of cards. Reads no card."""

from __future__ import annotations

import os
from pathlib import Path

from fer_ros.core.classification.model_card import ModelError
from fer_ros.core.resources import models_directory

CARD_FILE = 'model.yaml'

ALIASES = {'default': 'ferplus_light48'}
"""Further names of shipped models, which parameters and commands accept."""


def card_paths() -> list[Path]:
    """
    Return the paths of the cards of the shipped models.

    :raises FileNotFoundError: if the folder of the models is not found.
    """
    return sorted(models_directory().glob(f'*/{CARD_FILE}'))


def card_path(path_or_name: str | os.PathLike[str]) -> Path:
    """
    Return the path of a card, which may not exist.

    :param path_or_name: name or alias of a shipped model. A string that holds a path separator or
        ends in `.yaml`, and every path object, is the path of a card or of the folder that holds
        `model.yaml`.
    :raises ModelError: if a name is given and the folder of the models is not found.
    """
    path = Path(path_or_name)
    is_bare = path_or_name == path.name and path.suffix != '.yaml'
    if isinstance(path_or_name, str) and is_bare:
        try:
            folder = ALIASES.get(path_or_name, path_or_name)
            return models_directory() / folder / CARD_FILE
        except FileNotFoundError as error:
            raise ModelError(
                f'the model {path_or_name!r} cannot be looked up: {error}') from error
    return path / CARD_FILE if path.is_dir() else path


def known_models() -> str:
    """Return the names of the shipped models as a clause for error messages."""
    try:
        names = [_with_aliases(path.parent.name) for path in card_paths()]
    except FileNotFoundError as error:
        return str(error)
    if not names:
        return f'there are no models in {models_directory()}'
    return f'shipped models are {", ".join(names)}'


def aliases_of(name: str) -> list[str]:
    """Return the further names of a shipped model."""
    return [alias for alias, model in ALIASES.items() if model == name]


def _with_aliases(name: str) -> str:
    aliases = aliases_of(name)
    return f'{name} ({", ".join(aliases)})' if aliases else name
