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

import click
from fer_ros.core.classification.model_folders import card_paths
from fer_ros.evaluation.command_line import console, PlainErrors
from fer_ros.evaluation.installed_models import installed_model, models_table


@click.command(cls=PlainErrors)
@click.option('--json', 'as_json', is_flag=True, help='Print JSON instead of a table.')
def models(as_json: bool) -> None:
    """List the installed models and check their files."""
    found = [installed_model(path) for path in card_paths()]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        console().print(models_table(found))
    faults = [fault for model in found for fault in model['faults']]
    for fault in faults:
        click.echo(f'{fault}.', err=True)
    if faults:
        raise SystemExit(1)
