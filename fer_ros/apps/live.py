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

"""`fer live`: the whole pipeline on real ROS 2 topics, without a ROS installation."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from pathlib import Path
import resource
import signal
import tempfile
import threading
import time
from typing import Any

import click
from fer_ros.apps.bring_up import (
    BringUp,
    BringUpError,
    Interrupted,
    OneProcess,
    OwnProcesses,
    use_fastdds_profile,
    write_parameter_file,
)
from fer_ros.apps.display import faces_line, LINES_PERIOD_S, live_table, print_summary
from fer_ros.apps.monitor import Monitor
from fer_ros.apps.recording import OverlayRecorder
from fer_ros.apps.window import OverlayWindow
from fer_ros.core.configuration import ConfigError, NODE_OPTIONS, read_config
from fer_ros.core.options import OptionError
from fer_ros.nodes.node import spin
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rich.console import Console
import yaml

WARM_UP_S = 10.0
"""After this time memory should not grow any more."""

TICK_S = 0.02
ANSWERS_TIMEOUT_S = 1.0

VIDEO_RATE_HZ = 30.0
"""Of a recording, where no rate is asked of the source."""


@click.command()
@click.option(
    '--source', help='Camera (0, /dev/video2), video, image, folder, rtsp:// or http:// stream, '
    'sample, or auto: the camera if one opens, else the sample.')
@click.option(
    '--config', default='live', show_default=True,
    help='Name in config/ or path of a parameter file.')
@click.option(
    '--set', 'settings', multiple=True, metavar='NODE.NAME=VALUE',
    help='Set a parameter, such as emotion_node.rate_hz=5. Can be given more than once.')
@click.option('--loop', is_flag=True, help='Begin a file again at its end.')
@click.option(
    '--duration', type=click.FloatRange(min=0, min_open=True), metavar='S',
    help='End after S seconds.')
@click.option(
    '--record', type=click.Path(dir_okay=False, path_type=Path), metavar='FILE',
    help='Write the annotated video: .mp4, .mkv or .avi.')
@click.option('--show', is_flag=True, help='Open a window with the overlay; q or Esc ends.')
@click.option(
    '--processes', is_flag=True, help='Each node in a process of its own, as on a robot.')
def live(
    source: str | None, config: str, settings: tuple[str, ...], loop: bool, duration: float | None,
    record: Path | None, show: bool, processes: bool,
) -> None:
    """Show the emotions of the faces that a camera sees."""
    try:
        values = _parameters(config, settings, source, loop)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    use_fastdds_profile()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        with tempfile.TemporaryDirectory(prefix='fer_live_') as folder:
            file = Path(folder) / 'parameters.yaml'
            write_parameter_file(file, values)
            _run(file, values, duration, record, show, processes, stop)
    except Interrupted:
        pass
    except (BringUpError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        rclpy.try_shutdown()


def _parameters(
    config: str, settings: tuple[str, ...], source: str | None, loop: bool,
) -> dict[str, dict[str, Any]]:
    """Return the parameters of all nodes, checked."""
    values = read_config(config)
    for setting in settings:
        name, equals, text = setting.partition('=')
        node, _, parameter = name.partition('.')
        if not equals or node not in values or not parameter:
            raise ConfigError(
                f'--set {setting}: write NODE.NAME=VALUE, where NODE is one of '
                f'{", ".join(values)}.')
        values[node][parameter] = yaml.safe_load(text)
    if source is not None:
        values['camera_node']['source'] = source
    if loop:
        values['camera_node']['loop'] = True
    checked = {}
    for node, options in NODE_OPTIONS.items():
        try:
            checked[node] = dict(options.from_mapping(values[node]).to_mapping())
        except OptionError as error:
            raise ConfigError(f'{node}: {error}.') from error
    return checked


def _run(
    parameter_file: Path, values: dict[str, dict[str, Any]], duration: float | None,
    record: Path | None, show: bool, processes: bool, stop: threading.Event,
) -> None:
    console = Console()
    with ExitStack() as stack:
        executor = SingleThreadedExecutor()
        monitor = Monitor()
        executor.add_node(monitor)
        thread = threading.Thread(target=spin, args=(executor, monitor.get_logger()), daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(executor.shutdown)
        rate_hz = values['camera_node']['rate_hz'] or VIDEO_RATE_HZ
        recorder = OverlayRecorder(monitor, record, rate_hz) if record else None
        window = OverlayWindow(monitor) if show else None
        arguments = ['--ros-args', '--params-file', str(parameter_file)]
        nodes: BringUp = (
            OwnProcesses(monitor, arguments, stop) if processes
            else OneProcess(monitor, arguments, executor, stop))
        recorded = ''
        with live_table(console, monitor) if console.is_terminal else nullcontext():
            try:
                nodes.start()
                begin = time.monotonic()
                memory = _watch(console, monitor, nodes, window, duration, stop)
                duration_s = time.monotonic() - begin
            finally:
                # What the camera published is still answered and recorded.
                nodes.stop(['camera_node'])
                monitor.wait_for_answers(ANSWERS_TIMEOUT_S)
                if recorder is not None:
                    recorded = recorder.close(monitor.moment.stamp_ns)
                if window is not None:
                    window.close()
                nodes.stop()
        print_summary(console, monitor.figures(), duration_s, memory)
        if recorder is not None and recorder.fault:
            raise ValueError(recorded)
        if recorded:
            console.print(recorded, highlight=False)


def _watch(
    console: Console, monitor: Monitor, nodes: BringUp, window: OverlayWindow | None,
    duration: float | None, stop: threading.Event,
) -> dict[str, tuple[float, float]]:
    """Watch until the end, and return the memory of each process after warm-up and at the end."""
    begin = time.monotonic()
    next_line = begin + LINES_PERIOD_S
    warm: dict[str, float] = {}
    while not stop.wait(TICK_S):
        now = time.monotonic()
        if monitor.camera_has_ended.is_set():
            break
        if duration is not None and now - begin >= duration:
            break
        if window is not None and not window.update():
            break
        if not warm and now - begin >= WARM_UP_S:
            warm = _memory_mib(nodes)
        if not console.is_terminal and now >= next_line:
            console.print(faces_line(monitor, now - begin), highlight=False, soft_wrap=True)
            next_line += LINES_PERIOD_S
        nodes.watch()
    return {
        name: (warm.get(name, end), end) for name, end in _memory_mib(nodes).items()}


def _memory_mib(nodes: BringUp) -> dict[str, float]:
    memory = {}
    for name, process in nodes.process_ids().items():
        try:
            pages = int(Path(f'/proc/{process}/statm').read_text(encoding='ascii').split()[1])
        except OSError:
            continue
        memory[name] = pages * resource.getpagesize() / 2 ** 20
    return memory
