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
Every parameter of every node, and the files that set them.

The files are ordinary ROS 2 parameter files; the same ones serve `ros2 launch`, `fer` and
`Pipeline.from_config`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fer_ros.core.emotion_stage import EmotionOptions
from fer_ros.core.face_stage import FaceOptions
from fer_ros.core.options import flattened, option, OptionError, Options
from fer_ros.core.resources import share_directory
from fer_ros.media.drawing import DrawingOptions
from fer_ros.media.sources import SourceOptions
import yaml

AnyOptions = TypeVar('AnyOptions', bound=Options)


class ConfigError(ValueError):
    """A configuration file is missing or faulty; the text says where and what to do."""


@dataclass(frozen=True)
class InputOptions(Options):
    """How a node takes in what it works on."""

    max_delay_s: float = option(
        0.1,
        'What waited longer for its turn is dropped when something newer has come; 0: only the '
        'newest is kept.',
        unit='s', minimum=0.0, maximum=10.0, dynamic=True)


@dataclass(frozen=True)
class ImageInputOptions(InputOptions):
    """How a node takes in images."""

    reliability: str = option(
        'auto',
        "Reliability of the subscription; auto: the publishers' own, best effort where they "
        'differ.',
        choices=('auto', 'best_effort', 'reliable'))


@dataclass(frozen=True)
class CameraNodeOptions(SourceOptions):
    """Parameters of `camera_node`."""

    frame_id: str = option(
        'camera_optical_frame',
        'frame_id of the images: the optical frame (REP 103), z away from the camera.')
    camera_info_url: str = option(
        '',
        'Calibration file as written by camera_calibration: a path, file:// or package://; '
        'empty: not calibrated.')
    wait_for_subscriber_s: float = option(
        2.0, 'A file of this machine is not begun before someone subscribes to image_raw, at most '
        'for this time.',
        unit='s', minimum=0.0, maximum=600.0)


@dataclass(frozen=True)
class FaceNodeOptions(FaceOptions):
    """Parameters of `face_node`."""

    input: ImageInputOptions = ImageInputOptions()


@dataclass(frozen=True)
class EmotionNodeOptions(EmotionOptions):
    """Parameters of `emotion_node`."""

    input: InputOptions = InputOptions()


@dataclass(frozen=True)
class OverlayNodeOptions(DrawingOptions):
    """Parameters of `overlay_node`."""

    input: ImageInputOptions = ImageInputOptions()
    max_wait_s: float = option(
        0.5, 'An image whose emotions have not come after this time is given up.', unit='s',
        minimum=0.01, maximum=10.0, dynamic=True)
    jpeg_quality: int = option(
        80, 'Quality of emotions/overlay/compressed.', unit='%',
        minimum=1, maximum=100, dynamic=True)


NODE_OPTIONS: dict[str, type[Options]] = {
    'camera_node': CameraNodeOptions,
    'face_node': FaceNodeOptions,
    'emotion_node': EmotionNodeOptions,
    'overlay_node': OverlayNodeOptions,
}
"""The parameter table of each node."""

ROS_PARAMETERS = frozenset({'use_sim_time', 'qos_overrides', 'start_type_description_service'})
"""Parameters that every ROS node has; they may stand in the files, and are not ours to check."""


def find_config(path_or_name: str | Path) -> Path:
    """
    Return a configuration's file: a path, or the name of a file in config/ without its ending.

    :raises ConfigError: where there is none; the text names those that there are.
    """
    path = Path(path_or_name).expanduser()
    if path.suffix in ('.yaml', '.yml') or path.is_file():
        if not path.is_file():
            raise ConfigError(f'There is no configuration file {path}.')
        return path
    folder = share_directory() / 'config'
    named = folder / f'{path_or_name}.yaml'
    if not named.is_file():
        names = ', '.join(sorted(p.stem for p in folder.glob('*.yaml')))
        raise ConfigError(
            f'There is no configuration {str(path_or_name)!r}: give the path of a YAML file or '
            f'one of {names}.')
    return named


def parameter_sections(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """
    Return the sections of a ROS parameter file, of whichever nodes, with what they set.

    :raises ConfigError: where the file cannot be read or is no parameter file.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8')) or {}
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f'{path} is not valid YAML: {error}') from error
    except OSError as error:
        raise ConfigError(f'{path} cannot be read: {error.strerror}.') from error
    if not isinstance(content, Mapping):
        raise ConfigError(
            f'{path} is no ROS parameter file: it must begin with the name of a node.')
    return list(_sections(path, content, ''))


def _sections(
    path: Path, content: Mapping[str, Any], namespace: str,
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, body in content.items():
        section = f'{namespace}{name}'
        parameters = body.get('ros__parameters') if isinstance(body, Mapping) else None
        if isinstance(parameters, Mapping):
            yield section, parameters
        elif body and isinstance(body, Mapping) and all(
                isinstance(below, Mapping) for below in body.values()):
            yield from _sections(path, body, f'{section}/')
        else:
            raise ConfigError(
                f'{path}: the section {section} has no "ros__parameters:" below it, as ROS '
                'parameter files need.')


def read_config(path_or_name: str | Path) -> dict[str, dict[str, Any]]:
    """
    Return what a ROS parameter file sets for each of our nodes.

    Names are joined by dots, values are not checked yet.

    A section counts for the nodes that its name matches: `/**` for all that have the option, else
    the name's last part is the node's, so `/**/face_node` and `/robot/face_node` both are
    `face_node`.

    :raises ConfigError: where the file is missing or is no parameter file.
    """
    path = find_config(path_or_name)
    values: dict[str, dict[str, Any]] = {name: {} for name in NODE_OPTIONS}
    for section, parameters in parameter_sections(path):
        node = section.rsplit('/', 1)[-1]
        if node not in NODE_OPTIONS and node != '**':
            raise ConfigError(
                f'{path}: there is no node {node!r}; there are {", ".join(NODE_OPTIONS)}.')
        flat = {
            name: value for name, value in flattened(parameters)
            if name.split('.')[0] not in ROS_PARAMETERS}
        if node != '**':
            values[node].update(flat)
            continue
        known = {name: {row.name for row in NODE_OPTIONS[name].table()} for name in NODE_OPTIONS}
        unknown = [name for name in flat if not any(name in names for names in known.values())]
        if unknown:
            raise ConfigError(f'{path}, {section}: no node has an option {", ".join(unknown)}.')
        for name in NODE_OPTIONS:
            values[name].update((k, v) for k, v in flat.items() if k in known[name])
    return values


def load_options(path_or_name: str | Path, node: str, kind: type[AnyOptions]) -> AnyOptions:
    """
    Return one node's options from a configuration; what the file does not set has its default.

    :param kind: the node's class of `NODE_OPTIONS`.
    :raises ConfigError: where the file is missing or faulty, or a value is not permitted.
    """
    values = read_config(path_or_name)[node]
    try:
        return kind.from_mapping(values)
    except OptionError as error:
        raise ConfigError(f'{find_config(path_or_name)}, {node}: {error}.') from error
