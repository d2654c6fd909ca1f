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

"""The settings: values that differ from the defaults, kept in a file between starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
import os
from pathlib import Path
import tempfile
from typing import Any

from fer_ros.apps.desktop.model.options import DesktopOptions
from fer_ros.core.classification.model_folders import ALIASES, card_paths
from fer_ros.core.options import Option, OptionError, Options, Value
from fer_ros.core.yaml_values import load_yaml
from fer_ros.media.source_options import SourceOptions
from fer_ros.parameters.node_options import NODE_OPTIONS, OverlayNodeOptions
from fer_ros.parameters.overrides import Parameters, parameters
from fer_ros.parameters.parameter_files import read_config
from fer_ros.parameters.picture_parameters import picture_parameters
import yaml

DESKTOP = 'desktop'
"""Name of the section of `DesktopOptions`; the other sections are nodes."""

TABLES: Mapping[str, type[Options]] = {**NODE_OPTIONS, DESKTOP: DesktopOptions}

FILE_NAME = 'desktop.yaml'


@dataclass(frozen=True)
class Group:
    """A page of the settings: its title, and the sections and names of its options."""

    title: str
    options: tuple[tuple[str, str], ...]


GROUPS = (
    Group('Window', (
        (DESKTOP, 'theme'), (DESKTOP, 'scale_percent'), (DESKTOP, 'show_overlay'),
        ('overlay_node', 'show_probabilities'), ('overlay_node', 'show_head_pose'),
        (DESKTOP, 'blur_faces'), (DESKTOP, 'mirror_camera'))),
    Group('Emotions', (
        ('emotion_node', 'model'), ('emotion_node', 'min_confidence'),
        ('emotion_node', 'min_quality'), ('emotion_node', 'smoothing_s'),
        ('emotion_node', 'rate_hz'), ('emotion_node', 'max_yaw_rad'),
        ('emotion_node', 'max_pitch_rad'))),
    Group('Faces', (
        ('face_node', 'detector.min_score'), ('face_node', 'detector.min_size'),
        ('face_node', 'max_faces'), ('face_node', 'tracker.timeout_s'),
        ('face_node', 'tracker.reidentify_s'), ('face_node', 'detector.interval'))),
    Group('Camera', (
        ('camera_node', 'width'), ('camera_node', 'height'), ('camera_node', 'rate_hz'),
        ('camera_node', 'fourcc'))),
)
"""The options that the window offers; files and `--set` can set all others."""


def configuration_folder() -> Path:
    """Return the folder of this user's settings on this platform; it may not exist."""
    from platformdirs import user_config_path
    return user_config_path('fer_ros', appauthor=False)


class Settings:
    """
    Values by section (a node, or `DESKTOP`) and name.

    `video` are the parameters for cameras, streams and videos, `picture` those for pictures,
    `drawing` says which results are drawn, and `desktop` are the options of the window. The first
    of these counts: the command line, what was set here or is in the file, the configuration, the
    default.
    """

    def __init__(
        self, file: Path | None = None, config: str = 'live', command_line: Sequence[str] = (),
    ) -> None:
        """
        Read the file; values in it that are wrong are ignored, with a sentence in `notes`.

        :param file: None: nothing is kept.
        :param config: name of a file in config/, or path of a parameter file.
        :param command_line: texts of the form NODE.NAME=VALUE.
        :raises ConfigError: if the configuration or the command line is wrong.
        """
        self.notes: list[str] = []
        self._file = file
        self._config = config
        self._command_line = tuple(command_line)
        self._values: dict[str, dict[str, Value]] = {section: {} for section in TABLES}
        self._update()
        if file is not None:
            self._load(file)

    def row(self, section: str, name: str) -> Option:
        """Return the row of the options table; the choices of the model are those installed."""
        row = next(row for row in TABLES[section].table() if row.name == name)
        if (section, name) != ('emotion_node', 'model'):
            return row
        with suppress(FileNotFoundError):
            return replace(row, choices=(*ALIASES, *(path.parent.name for path in card_paths())))
        return row

    def get(self, section: str, name: str) -> Value:
        """Return a value that is used now."""
        values = self.desktop.to_mapping() if section == DESKTOP else self.video[section]
        value: Value = values[name]
        return value

    def set(self, section: str, name: str, value: Any) -> None:
        """
        Set a value; `save` keeps it.

        :raises OptionError: if the value is of the wrong type or out of range; nothing changes.
        """
        row = next(row for row in TABLES[section].table() if row.name == name)
        value = row.checked(value)
        # Some options have further limits, such as the four letters of `fourcc`.
        TABLES[section].from_mapping({name: value})
        self._command_line = tuple(
            text for text in self._command_line if text.partition('=')[0] != f'{section}.{name}')
        self._values[section][name] = value
        if value == self._base[section].get(name, row.default):
            del self._values[section][name]
        self._update()

    def reset(self) -> None:
        """Return to the configuration and the defaults."""
        self._values = {section: {} for section in TABLES}
        self._update()

    def is_changed(self, section: str, name: str) -> bool:
        """Return whether the value was set here."""
        return name in self._values[section]

    def _update(self) -> None:
        """Compute what follows from the values."""
        self._base: dict[str, dict[str, Any]] = {**read_config(self._config), DESKTOP: {}}
        self.desktop = DesktopOptions.from_mapping(self._values[DESKTOP])
        on_command_line = {text.partition('=')[0] for text in self._command_line}
        own = {
            node: {
                name: value for name, value in self._values[node].items()
                if f'{node}.{name}' not in on_command_line}
            for node in NODE_OPTIONS}
        if self.desktop.blur_faces:
            # A face that is not reported is not blurred.
            own['face_node']['tracker.min_hits'] = 1
        self.video: Parameters = parameters(self._config, self._command_line, own)
        config = None if self._config == 'live' else self._config
        self.picture: Parameters = picture_parameters(config, self._command_line, own)
        self.drawing = OverlayNodeOptions.from_mapping(self.video['overlay_node'])

    def source_options(self, source: str) -> SourceOptions:
        """Return the options that open this source."""
        names = {row.name for row in SourceOptions.table()}
        values = {k: v for k, v in self.video['camera_node'].items() if k in names}
        return SourceOptions.from_mapping({**values, 'source': source})

    def save(self) -> str:
        """Write the file, if there is one; return a sentence if it cannot be written, else ''."""
        if self._file is None:
            return ''
        content = {section: values for section, values in self._values.items() if values}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # The old file must survive if the program is killed meanwhile.
            with tempfile.NamedTemporaryFile(
                    'w', dir=self._file.parent, suffix='.new', delete=False,
                    encoding='utf-8') as new:
                yaml.safe_dump(content, new)
            os.replace(new.name, self._file)
        except OSError as error:
            return f'The settings cannot be kept in {self._file}: {error.strerror}.'
        return ''

    def _load(self, file: Path) -> None:
        try:
            content = load_yaml(file.read_text(encoding='utf-8')) or {}
            if not isinstance(content, Mapping):
                raise ValueError('it holds no sections')
        except FileNotFoundError:
            return
        except (OSError, ValueError, yaml.YAMLError) as error:
            self.notes.append(f'The settings in {file} cannot be read, defaults are used: {error}')
            return
        for section, values in content.items():
            for name, value in (values.items() if isinstance(values, Mapping) else ()):
                try:
                    TABLES[section].from_mapping({name: value})
                    self._values[section][name] = value
                except (KeyError, OptionError) as error:
                    self.notes.append(f'{file}, {section}.{name} is ignored: {error}')
        self._update()
