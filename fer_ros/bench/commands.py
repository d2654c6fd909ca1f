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
"""`fer bench`: quality and speed, in comparison with other pipelines and with the aims."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from fer_ros.bench.processor import description
from fer_ros.bench.results import with_aims, write_json
from rich.console import Console

FILE = click.Path(dir_okay=False, path_type=Path)

Report = Callable[[str], None]


@click.group()
def bench() -> None:
    """Measure quality and speed in comparison with other pipelines."""


def _outputs(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
            click.option('--plot', type=FILE, metavar='FILE', help='Write a chart as a PNG.'),
            click.option(
                '--json', 'json_path', type=FILE, metavar='FILE',
                help='Write all figures as JSON.')):
        command = option(command)
    return command


@bench.command()
@_outputs
def quality(json_path: Path | None, plot: Path | None) -> None:
    """
    Measure detection, identities, and the stability of the emotions.

    The environment variable FER_ROS_DATA names the folder of the data sets (photos, clips,
    tracks). Without it, only data that comes with the project is used.
    """
    from fer_ros.bench.data_folder import data_folder
    from fer_ros.bench.quality_bench import run
    _bench('quality', lambda report: run(data_folder(), report), json_path, plot)


@bench.command()
@click.option(
    '--rounds', type=click.IntRange(min=1), default=3, show_default=True,
    help='Number of turns of each pipeline.')
@_outputs
def speed(rounds: int, json_path: Path | None, plot: Path | None) -> None:
    """
    Compare the speed with that of other pipelines, and the cost of moving and still scenes.

    With the environment variable FER_ROS_DATA, clips of the data sets are used, too.
    """
    from fer_ros.bench import scene_cost, time_by_module
    from fer_ros.bench.data_folder import data_folder
    from fer_ros.bench.speed_bench import run
    _bench(
        'speed', lambda report: {
            **run(rounds=rounds, report=report), 'profile': time_by_module.run(report),
            **scene_cost.run(data_folder(), report, rounds)},
        json_path, plot)


@bench.command()
@click.option(
    '--rounds', type=click.IntRange(min=1), default=2, show_default=True,
    help='Number of repetitions of each run.')
@_outputs
def ros(rounds: int, json_path: Path | None, plot: Path | None) -> None:
    """Measure latency and load of the ROS nodes."""
    from fer_ros.bench.ros_bench import run
    _bench('ros', lambda report: run(rounds=rounds, report=report), json_path, plot)


@bench.command()
@click.option(
    '--valgrind/--no-valgrind', 'with_valgrind', default=True, show_default=True,
    help='Count instructions and copied bytes too, which takes about fifteen minutes.')
@_outputs
def work(with_valgrind: bool, json_path: Path | None, plot: Path | None) -> None:
    """Count the work of the pipeline, which does not depend on the machine."""
    from fer_ros.bench.work_bench import run
    _bench('work', lambda report: run(with_valgrind, report), json_path, plot)


@bench.command()
@click.option(
    '--rounds', type=click.IntRange(min=1), default=3, show_default=True,
    help='Number of repetitions of each run.')
@_outputs
def desktop(rounds: int, json_path: Path | None, plot: Path | None) -> None:
    """Measure the window of fer desktop, on this display or on one without a monitor."""
    from fer_ros.bench.desktop_bench import run
    _bench('desktop', lambda report: run(rounds=rounds, report=report), json_path, plot)


@bench.command()
@click.option(
    '--rounds', type=click.IntRange(min=1), default=3, show_default=True,
    help='Number of repetitions of each run.')
@_outputs
def serve(rounds: int, json_path: Path | None, plot: Path | None) -> None:
    """Measure the web service with 1, 4 and 16 clients, beside the pipeline alone."""
    from fer_ros.bench.serve_bench import run
    _bench('serve', lambda report: run(rounds=rounds, report=report), json_path, plot)


def _bench(
    name: str, run: Callable[[Report], dict[str, Any]], json_path: Path | None, plot: Path | None,
) -> None:
    """Run a bench, print its tables and write its files."""
    console = Console(stderr=True)
    try:
        with console.status(f'fer bench {name}') as status:
            figures = with_aims(
                name, run(status.update if console.is_terminal else console.print))
        if json_path is not None:
            write_json(json_path, figures)
        if plot is not None:
            from fer_ros.bench.charts import save_chart
            save_chart(plot, figures)
    except (RuntimeError, ValueError, OSError) as error:
        raise click.ClickException(f'{str(error).rstrip(".")}.') from error
    print_tables(figures)


def print_tables(figures: dict[str, Any]) -> None:
    """Print the tables of a run with date and machine, and the number of aims that are held."""
    from fer_ros.bench.tables import tables
    console = Console(highlight=False)
    if not console.is_terminal:
        # A file or a pipe has no width, so lines are not wrapped.
        console = Console(highlight=False, width=200)
    console.print(f'fer bench {figures["bench"]}, {figures["date"]}, {figures["machine"]}, '
                  f'load before {figures["load_before"]}')
    console.print(f'{description(figures["processor"])}\n')
    for title, table in tables(figures):
        console.print(title, style='bold')
        console.print(table)
    states = [aim['state'] for aim in figures['aims']]
    console.print(', '.join(
        f'{states.count(state)} {state}' for state in dict.fromkeys(states)))
