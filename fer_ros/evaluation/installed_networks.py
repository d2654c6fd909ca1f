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

"""What `fer models` shows of MediaPipe's networks, and how it brings them in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fer_ros.core.networks.mediapipe_files import (
    MEDIAPIPE_VERSION,
    MediaPipeNetworkError,
    NETWORK_FILES,
    read_network,
    WHEEL_VARIABLE,
)
from fer_ros.core.networks.mediapipe_wheel import download_wheel, take_networks
from fer_ros.evaluation.figure_tables import ABSENT, compact_table
from rich.console import Group, RenderableType
from rich.text import Text

LICENSE = 'Apache-2.0'
SOURCE = f'mediapipe {MEDIAPIPE_VERSION}'


def installed_networks() -> list[dict[str, Any]]:
    """
    Return what is known about MediaPipe's networks, and check their files.

    :return: `place` is the file or wheel that a network is read from. Without one it is None, and
        `fault` is a sentence instead of ''.
    """
    networks = []
    for file in NETWORK_FILES:
        try:
            place, fault = str(read_network(file)[1]), ''
        except MediaPipeNetworkError as error:
            place, fault = None, str(error)
        networks.append({
            'name': file.name, 'size_bytes': file.size_bytes, 'sha256': file.sha256,
            'license': LICENSE, 'source': SOURCE, 'place': place, 'fault': fault})
    return networks


def networks_table(networks: Sequence[Mapping[str, Any]]) -> RenderableType:
    """
    Return a table of networks.

    :param networks: result of `installed_networks`.
    """
    table = compact_table('network', 'MB', 'license', 'source')
    table.add_column('file')
    for network in networks:
        table.add_row(
            network['name'], f'{network["size_bytes"] / 1e6:.1f}', network['license'],
            network['source'],
            Text('ok', style='green') if network['place'] else Text(ABSENT, style='bold red'))
    where = _places(networks)
    return Group(table, Text(
        'Copyright of the networks: The MediaPipe Authors. '
        + (f'They are read from {where}.' if where else ''), style='dim'))


def fetch_networks(wheel: Path | None = None) -> str:
    """
    Take MediaPipe's networks out of a wheel.

    :param wheel: a wheel of mediapipe. None: the one that `FER_ROS_MEDIAPIPE_WHEEL` names; or if
        it is not set and the networks are not there yet, the one that pip downloads.
    :return: a sentence that says where they are.
    :raises MediaPipeNetworkError: if that fails.
    """
    named = os.environ.get(WHEEL_VARIABLE)
    if wheel or named:
        return f"MediaPipe's networks are in {take_networks(wheel or Path(str(named)))}."
    networks = installed_networks()
    if not any(network['fault'] for network in networks):
        return f"MediaPipe's networks are there already, in {_places(networks)}."
    with TemporaryDirectory() as folder:
        return f"MediaPipe's networks are in {take_networks(download_wheel(Path(folder)))}."


def _places(networks: Sequence[Mapping[str, Any]]) -> str:
    """Return the wheel or the folders that the networks are read from."""
    files = [Path(network['place']) for network in networks if network['place']]
    return ', '.join(sorted({
        str(file if file.suffix == '.whl' else file.parents[2]) for file in files}))
