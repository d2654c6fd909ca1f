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

"""The command `fer analyze`: its options, its output on the terminal and its exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, ExitStack
from pathlib import Path
import signal
import sys
from typing import Any

import click
from fer_ros.apps.analyze.analysis import Analysis, Job, Summary
from fer_ros.apps.analyze.results_file import CsvFile, JsonFile, OutputError, ResultsFile
from fer_ros.media.media_files import find_media, Media
from fer_ros.media.video_writer import FOURCC
from fer_ros.parameters.overrides import parameters
from fer_ros.parameters.parameter_files import config_warnings, ConfigError
from fer_ros.parameters.picture_parameters import picture_parameters
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

VIDEO_CONFIG = 'live'

OWN_SETTINGS = ('emotion_node.budget_ms=0',)
"""No time budget: the results must not depend on the speed of the machine."""

OUTPUT = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument(
    'paths', nargs=-1, required=True, metavar='PATH...', type=click.Path(path_type=Path))
@click.option(
    '--json', 'json_path', type=OUTPUT, metavar='FILE',
    help='Write one row for each face in each image; - is the standard output.')
@click.option('--csv', 'csv_path', type=OUTPUT, metavar='FILE', help='Write the same rows as CSV.')
@click.option(
    '--video', 'video', type=click.Path(path_type=Path), metavar='OUT',
    help='Write annotated copies: a video without sound (.mp4, .mkv or .avi), or a folder for '
    'pictures or several files.')
@click.option(
    '--plot', 'plot', type=click.Path(path_type=Path), metavar='OUT',
    help='Draw the emotions of each face of a video over time: a .png file, or a folder for '
    'several videos. Pictures get no chart.')
@click.option(
    '--model', metavar='NAME', help='Name in models/ or path of a model card or its folder.')
@click.option(
    '--config', metavar='NAME',
    help='Name in config/ or path of a parameter file. Default: live for videos (follows faces '
    'and smooths emotions), still for pictures. Pictures stand alone with any file: tracking, '
    'smoothing and time limits in it are used for videos only; detector, model and thresholds '
    'for both.')
@click.option(
    '--set', 'settings', multiple=True, metavar='NODE.NAME=VALUE',
    help='Set a parameter. For example, emotion_node.rate_hz=0 classifies every face in every '
    'image of a video instead of ten times per second. Can be given more than once.')
def analyze(
    paths: tuple[Path, ...], json_path: Path | None, csv_path: Path | None, video: Path | None,
    plot: Path | None, model: str | None, config: str | None, settings: tuple[str, ...],
) -> None:
    """
    Find the emotions in pictures, videos and folders of them.

    A summary line for each file is written to the standard error. A file that cannot be read is
    reported and skipped; the exit code is then 1.
    """
    if json_path == csv_path == Path('-'):
        raise click.UsageError('--json - and --csv - cannot both use the standard output')
    own = {'emotion_node': {'model': model}} if model is not None else {}
    try:
        of_video = parameters(config or VIDEO_CONFIG, (*OWN_SETTINGS, *settings), own)
        of_picture = picture_parameters(config, settings, own)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    console = Console(stderr=True)
    for text in config_warnings(config or VIDEO_CONFIG):
        _say(console, text)
    faults: list[str] = []

    def fault(text: str) -> None:
        faults.append(text)
        _say(console, f'{text.rstrip(".")}.')
    jobs = _jobs(find_media(paths, fault), video, plot, (json_path, csv_path))
    pictures = sum(not job.media.is_video for job in jobs)
    if plot is not None and pictures:
        _say(console, _no_chart(pictures))
    results: list[ResultsFile] = []
    try:
        with _signals() as received, ExitStack() as stack:
            analysis = Analysis(of_video, of_picture, results, lambda: bool(received))
            stack.callback(analysis.close)
            _load(analysis, jobs)
            # Not earlier: opening these files deletes their previous content.
            results += [
                stack.enter_context(kind(path))
                for kind, path in ((JsonFile, json_path), (CsvFile, csv_path))
                if path is not None and jobs]
            for summary in _run(console, analysis, jobs):
                for text in summary.faults:
                    fault(text)
                for text in summary.notes:
                    _say(console, f'{text}.')
                if summary.images:
                    _say(console, summary.line())
                if received:
                    break
    except OutputError as error:
        raise click.ClickException(f'{error}.') from error
    if received:
        sys.exit(128 + received[0])
    if faults:
        sys.exit(1)


def _no_chart(pictures: int) -> str:
    which = 'the picture gets' if pictures == 1 else f'the {pictures} pictures get'
    return (
        f'--plot: {which} no chart, because charts show emotions over time and are drawn for '
        'videos only.')


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM; a second signal ends the process at once."""
    received: list[int] = []

    def receive(number: int, _: Any) -> None:
        received.append(number)
        signal.signal(number, before[number])
    before: dict[int, Any] = {
        number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _load(analysis: Analysis, jobs: Sequence[Job]) -> None:
    """Load the networks before the first file, so that a wrong name is reported at once."""
    try:
        for is_video in {job.media.is_video for job in jobs}:
            analysis.pipeline(is_video)
    except (ValueError, OSError, ImportError) as error:
        raise click.ClickException(f'{str(error).rstrip(".")}.') from error


def _run(console: Console, analysis: Analysis, jobs: Sequence[Job]) -> Iterator[Summary]:
    """Yield the summary of each file; on a terminal, show progress bars."""
    progress = Progress(
        TextColumn('{task.description}', markup=False), BarColumn(), MofNCompleteColumn(),
        TextColumn('{task.fields[rate]}'), TimeRemainingColumn(),
        console=console, disable=not console.is_terminal)
    with progress:
        files = progress.add_task('files', total=len(jobs), rate='', visible=len(jobs) > 1)
        for job in jobs:
            images = progress.add_task(job.media.path.name, total=None, rate='')

            def show(summary: Summary, bar: Any = images) -> None:
                progress.update(
                    bar, completed=summary.images, total=summary.images_expected,
                    rate=summary.rate)
            yield analysis.run(job, show)
            progress.remove_task(images)
            progress.advance(files)


def _jobs(
    media: Sequence[Media], video: Path | None, plot: Path | None,
    others: Sequence[Path | None],
) -> list[Job]:
    """
    Return the files together with the outputs of each.

    :param others: further files that are written.
    :raises UsageError: if an output does not fit these files, or is one of them.
    """
    taken: set[Path] = set()
    annotated = _outputs('--video', video, media, tuple(FOURCC), _annotated_name, taken)
    timelines = _outputs('--plot', plot, media, ('.png',), _timeline_name, taken)
    inputs = {item.path.resolve() for item in media}
    outputs: set[Path] = set()
    for output in filter(None, (*annotated, *timelines, *others)):
        path = output.resolve()
        if path in inputs:
            raise click.UsageError(
                f'{output} is one of the input files: give the output another name')
        if path in outputs:
            raise click.UsageError(
                f'two outputs have the name {output}: give each a different name')
        outputs.add(path)
    return [Job(*row) for row in zip(media, annotated, timelines, strict=True)]


def _outputs(
    option: str, output: Path | None, media: Sequence[Media], endings: Sequence[str],
    name: Callable[[Media], Path | None], taken: set[Path],
) -> list[Path | None]:
    """
    Return the output of each file: the given file, or a file in the given folder.

    :param name: returns the file name in a folder; None if the file has no such output.
    :param taken: paths in folders that are already used; new ones are added.
    """
    if output is None or not media:
        return [None] * len(media)
    if output.is_dir() or not output.suffix:
        return [
            None if own is None else _free(output / own, taken)
            for own in (name(item) for item in media)]
    if output.suffix.lower() not in endings:
        raise click.UsageError(
            f'{option} {output}: the name must end in {", ".join(endings)}, or be a folder')
    if option == '--plot' and len(media) == 1 and not media[0].is_video:
        raise click.UsageError(_no_chart(1))
    if len(media) != 1 or not media[0].is_video:
        given = 'the input is a picture' if len(media) == 1 else f'there are {len(media)} inputs'
        raise click.UsageError(
            f'{option} {output} is for one video, but {given}: give a folder instead')
    return [output]


def _annotated_name(item: Media) -> Path | None:
    if item.is_video:
        return item.name.with_suffix('.mp4')
    is_jpeg = item.name.suffix.lower() in ('.jpg', '.jpeg')
    return item.name if is_jpeg else item.name.with_suffix('.png')


def _timeline_name(item: Media) -> Path | None:
    return item.name.with_name(f'{item.name.stem}_timeline.png') if item.is_video else None


def _free(path: Path, taken: set[Path]) -> Path:
    """Return the path, with a number if the path is already used."""
    free, number = path, 1
    while free in taken:
        number += 1
        free = path.with_stem(f'{path.stem}-{number}')
    taken.add(free)
    return free
