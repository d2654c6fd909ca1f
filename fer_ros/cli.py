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

"""The `fer` command: the table of its subcommands, which are imported only when they run."""

from __future__ import annotations

import importlib
import logging

import click

COMMANDS = {
    'live': ('fer_ros.apps.live.command', 'Show the emotions of the faces that a camera sees.'),
    'analyze': (
        'fer_ros.apps.analyze.command',
        'Find the emotions in pictures, videos and folders of them.'),
    'desktop': (
        'fer_ros.apps.desktop.command', 'Open a window for cameras, videos and pictures.'),
    'serve': (
        'fer_ros.apps.serve.command',
        'Serve a web page and an interface for programs, for pictures, videos and cameras.'),
    'bench': (
        'fer_ros.bench.commands',
        'Measure quality and speed in comparison with other pipelines.'),
    'models': (
        'fer_ros.evaluation.models_command',
        "List the installed models and MediaPipe's networks, and check their files."),
    'evaluate': (
        'fer_ros.evaluation.evaluate_command',
        'Measure the accuracy of a model on labelled faces.'),
    'train': (
        'fer_ros.training.commands', 'Train a network, or continue an interrupted training.'),
    'export': (
        'fer_ros.training.commands', 'Export a trained network for deployment.'),
}
"""The module of each command, and its one-line help."""


class LazyGroup(click.Group):
    """Imports the module of a command, and with it ROS or LiteRT, only to run the command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of all commands without importing their modules."""
        with formatter.section('Commands'):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={'help_option_names': ['-h', '--help']})
def fer() -> None:
    """Facial emotion recognition for robots."""
    # Without a HOME that can be written, matplotlib uses a temporary folder and works as well, but
    # warns in several lines.
    logging.getLogger('matplotlib').setLevel(logging.ERROR)
