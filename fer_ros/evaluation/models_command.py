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

"""The command `fer models`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from fer_ros.core.classification.model_folders import card_paths
from fer_ros.evaluation.command_line import console, FILE, PlainErrors
from fer_ros.evaluation.installed_models import installed_model, models_table
from fer_ros.evaluation.installed_networks import (
    fetch_networks,
    installed_networks,
    networks_table,
)


@click.command(cls=PlainErrors)
@click.option('--json', 'as_json', is_flag=True, help='Print JSON instead of tables.')
@click.option(
    '--fetch', is_flag=True,
    help="Download the wheel of mediapipe, if MediaPipe's networks are not there yet, and take "
    'them out of it.')
@click.option(
    '--wheel', type=FILE, metavar='FILE',
    help="Take MediaPipe's networks out of this wheel of mediapipe; no network is needed.")
def models(as_json: bool, fetch: bool, wheel: Path | None) -> None:
    """List the installed models and MediaPipe's networks, and check their files."""
    if fetch or wheel:
        click.echo(fetch_networks(wheel))
        return
    found = [installed_model(path) for path in card_paths()]
    networks = installed_networks()
    if as_json:
        click.echo(json.dumps({'models': found, 'networks': networks}, indent=2))
    else:
        console().print(models_table(found))
        console().print(networks_table(networks))
    faults = [fault for model in found for fault in model['faults']]
    # One place is searched for all networks, so what is wrong with one is mostly wrong with all.
    faults += [network['fault'] for network in networks if network['fault']][:1]
    for fault in faults:
        click.echo(f'{fault}.', err=True)
    if faults:
        raise SystemExit(1)
