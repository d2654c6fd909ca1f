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

"""`fer live`: the whole pipeline on real ROS 2 topics; it needs no ROS installation."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
import math
import os
from pathlib import Path
import resource
import signal
import tempfile
import threading
import time
from typing import Any

import click
from fer_ros.apps.live.bring_up import (
    BringUp,
    BringUpError,
    Interrupted,
    OneProcess,
    OwnProcesses,
    write_parameter_file,
)
from fer_ros.apps.live.display import live_table, native_output_through, PlainLines, print_summary
from fer_ros.apps.live.monitor import Monitor
from fer_ros.apps.live.recording import OverlayRecorder
from fer_ros.apps.live.window import OverlayWindow
from fer_ros.apps.startup import checked_namespace, profile_variables, shared_memory_warning
from fer_ros.media.sources import shows_pictures
from fer_ros.nodes.base.executor import SpinThread
from fer_ros.nodes.base.log_folder import ensure_log_folder
from fer_ros.nodes.base.parent import end_with_parent
from fer_ros.nodes.base.signals import setter_for_handlers
from fer_ros.parameters.overrides import Parameters, parameters
from fer_ros.parameters.parameter_files import config_warnings, ConfigError, read_ros_parameters
from fer_ros.parameters.picture_parameters import picture_parameters_of_nodes
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rich.console import Console

WARM_UP_S = 10.0
"""After this time the memory of the nodes should not grow."""

TICK_S = 0.02
ANSWERS_TIMEOUT_S = 1.0
"""At the end, answers are waited for at least this long, and as long as an image may wait."""

SECOND_CTRL_C_S = 0.5
"""A second Ctrl-C within this time is ignored."""

DISCOVERY_VARIABLES = ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY')
SHOW_CURSOR = b'\x1b[?25h'


@click.command()
@click.option(
    '--source', help='Camera (0, /dev/video2), video, image, folder, rtsp:// or http:// stream, '
    'sample, or auto: the camera if one opens, else the sample.')
@click.option(
    '--config', default='live', show_default=True,
    help='Name of a file in config/, or path of a parameter file.')
@click.option(
    '--set', 'settings', multiple=True, metavar='NODE.NAME=VALUE',
    help='Set a parameter, such as emotion_node.rate_hz=5. Can be repeated.')
@click.option('--loop', is_flag=True, help='Play a file again after its end.')
@click.option(
    '--duration', type=click.FloatRange(min=0, min_open=True), metavar='S',
    help='End after S seconds.')
@click.option(
    '--record', type=click.Path(dir_okay=False, path_type=Path), metavar='FILE',
    help='Write the annotated video: .mp4, .mkv or .avi. An .mkv or .avi file stays readable if '
    'the program is killed.')
@click.option(
    '--show', is_flag=True, help='Open a window with the annotated images; q or Esc ends.')
@click.option(
    '--processes', is_flag=True, help='Run each node in a process of its own, as on a robot.')
@click.option(
    '--namespace', default='', metavar='NAME',
    help='Namespace of all nodes and topics; use one for each camera.')
@click.pass_obj
def live(
    started_s: float | None, source: str | None, config: str, settings: tuple[str, ...],
    loop: bool, duration: float | None, record: Path | None, show: bool, processes: bool,
    namespace: str,
) -> None:
    """Show the emotions of the faces that a camera sees."""
    try:
        namespace = checked_namespace(namespace)
        values = _parameters(config, settings, source, loop, namespace)
        of_ros = read_ros_parameters(config, namespace)
        for text in config_warnings(config, namespace):
            click.echo(text, err=True)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    stop = threading.Event()
    _end_on_signals(stop)
    profile = profile_variables()
    os.environ.update(profile)
    if processes and (warning := shared_memory_warning(profile)):
        click.echo(warning, err=True)
    if not any(name in os.environ for name in DISCOVERY_VARIABLES):
        # Camera images must not reach other machines unless the user wants that.
        os.environ[DISCOVERY_VARIABLES[0]] = 'LOCALHOST'
    ensure_log_folder()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        with tempfile.TemporaryDirectory(prefix='fer_live_') as folder:
            file = Path(folder) / 'parameters.yaml'
            write_parameter_file(
                file, {node: {**of_ros[node], **own} for node, own in values.items()})
            run = _Run(values, duration, record, show, processes, namespace, stop, started_s)
            run.run(file)
    except Interrupted:
        pass
    except (BringUpError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        rclpy.try_shutdown()


def _parameters(
    config: str, settings: tuple[str, ...], source: str | None, loop: bool, namespace: str,
) -> Parameters:
    """
    Return the parameters of all nodes; pictures that are shown once each stand alone.

    :raises ConfigError: if the file or a value is invalid.
    """
    camera: dict[str, Any] = {'source': source} if source is not None else {}
    own = {'camera_node': {**camera, 'loop': True} if loop else camera}
    values = parameters(config, settings, own, namespace=namespace)
    camera = values['camera_node']
    if camera['image_duration_s'] > 0 or not shows_pictures(camera['source']):
        return values
    of_pictures = picture_parameters_of_nodes(config, settings, own, namespace)
    if of_pictures['face_node'] != values['face_node']:
        click.echo(
            'Each picture stands alone, because image_duration_s is 0: nothing is tracked or '
            f'smoothed, whatever {config} says. For the images of a video, set '
            'camera_node.image_duration_s to 0.001.', err=True)
    return of_pictures


def _end_on_signals(stop: threading.Event) -> None:
    """Set the event on SIGINT, SIGTERM and SIGHUP; a second Ctrl-C ends the process at once."""
    first_s = math.inf
    end = setter_for_handlers(stop)

    def receive(number: int, _: Any) -> None:
        nonlocal first_s
        if number == signal.SIGINT and time.monotonic() - first_s > SECOND_CTRL_C_S:
            for descriptor in (1, 2):
                if os.isatty(descriptor):
                    os.write(descriptor, SHOW_CURSOR)
            os._exit(130)
        first_s = min(first_s, time.monotonic())
        end()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup has set SIGHUP to be ignored; keep that.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, receive)
    if end_with_parent():
        stop.set()


@dataclass
class _Run:
    """One run of the pipeline with the options of the command line."""

    values: dict[str, dict[str, Any]]
    duration: float | None
    record: Path | None
    show: bool
    processes: bool
    namespace: str
    stop: threading.Event
    started_s: float | None

    def run(self, parameter_file: Path) -> None:
        """
        Start everything, watch it, and end it.

        :raises ValueError: if something failed; the text says what.
        """
        console = Console()
        lines = None if console.is_terminal else PlainLines(
            partial(console.print, highlight=False, soft_wrap=True, markup=False),
            # Pictures without a duration are processed once each.
            every_image=not self.values['camera_node']['image_duration_s'])
        with ExitStack() as stack:
            executor = SingleThreadedExecutor()
            monitor = Monitor(
                lines.add if lines is not None else None, self.namespace, self.started_s)
            executor.add_node(monitor)
            stack.callback(SpinThread(executor, monitor.get_logger()).stop)
            recorder = OverlayRecorder(monitor, self.record) if self.record else None
            window = OverlayWindow(monitor) if self.show else None
            arguments = ['--ros-args', '--params-file', str(parameter_file)]
            if self.namespace:
                arguments += ['-r', f'__ns:={self.namespace}']
            nodes: BringUp = (
                OwnProcesses(monitor, arguments, self.stop) if self.processes
                else OneProcess(monitor, arguments, executor, self.stop))
            recorded = ''
            with ExitStack() as screen:
                if console.is_terminal:
                    # Before the start, because processes keep the standard error they inherit.
                    screen.enter_context(native_output_through(console))
                try:
                    nodes.start()
                    start_s = time.monotonic()
                    if console.is_terminal:
                        screen.enter_context(live_table(console, monitor))
                    memory = self._watch(lines, monitor, nodes, window)
                    duration_s = time.monotonic() - start_s
                finally:
                    # Images that the camera has published are still classified and recorded.
                    nodes.stop(['camera_node'])
                    monitor.wait_for_answers(max(
                        ANSWERS_TIMEOUT_S, self.values['face_node']['input.max_delay_s']))
                    if recorder is not None:
                        recorded = recorder.close(monitor.moment.stamp_ns)
                    if window is not None:
                        window.close()
                    nodes.stop()
            if lines is not None:
                lines.close(monitor)
            print_summary(console, monitor.figures(), duration_s, memory)
            faults = [monitor.camera_fault, recorder.fault if recorder is not None else '']
            if recorded and not faults[1]:
                console.print(recorded, highlight=False, soft_wrap=True)
            if any(faults):
                raise ValueError(' '.join(f'{fault.rstrip(".")}.' for fault in faults if fault))

    def _watch(
        self, lines: PlainLines | None, monitor: Monitor, nodes: BringUp,
        window: OverlayWindow | None,
    ) -> dict[str, tuple[float | None, float]]:
        """
        Watch until the end.

        :return: for each process, memory in MiB after warm-up (None if the run was shorter) and at
            the end.
        """
        start_s = time.monotonic()
        if lines is not None:
            lines.begin()
        warm: dict[str, float] = {}
        while not self.stop.wait(TICK_S):
            now = time.monotonic()
            if monitor.camera_has_ended():
                break
            if self.duration is not None and now - start_s >= self.duration:
                break
            if window is not None and not window.update():
                break
            if not warm and now - start_s >= WARM_UP_S:
                warm = _memory_mib(nodes)
            if lines is not None:
                lines.update(monitor)
            nodes.watch()
        return {name: (warm.get(name), end) for name, end in _memory_mib(nodes).items()}


def _memory_mib(nodes: BringUp) -> dict[str, float]:
    memory = {}
    for name, process in nodes.process_ids().items():
        try:
            pages = int(Path(f'/proc/{process}/statm').read_text(encoding='ascii').split()[1])
        except OSError:
            continue
        memory[name] = pages * resource.getpagesize() / 2 ** 20
    return memory
