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

"""The command `fer serve`: its options, and the server."""

from __future__ import annotations

from contextlib import ExitStack
import importlib.util
import ipaddress
import os
from pathlib import Path
import re
import signal
import socket
import tempfile
from typing import TYPE_CHECKING

import click
from fer_ros.nodes.base.parent import end_with_parent
from fer_ros.parameters.overrides import parameters
from fer_ros.parameters.parameter_files import config_warnings, ConfigError
from fer_ros.parameters.picture_parameters import picture_parameters

if TYPE_CHECKING:
    from fer_ros.apps.serve.settings import Settings

PACKAGES = ('fastapi', 'uvicorn', 'websockets', 'prometheus_client', 'cryptography')

VIDEO_SETTINGS = ('emotion_node.budget_ms=0',)
"""As `fer analyze`: the results of a video must not depend on the speed of the machine."""

TOKEN = re.compile(r'[A-Za-z0-9._~-]{16,200}')
"""Texts that fit into the names of WebSocket subprotocols as well."""

FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.command()
@click.option(
    '--host', default='127.0.0.1', show_default=True,
    help='Address to listen on; 0.0.0.0 and :: are all. Others than this machine need a token.')
@click.option(
    '--port', type=click.IntRange(0, 65535), default=8000, show_default=True,
    help='0 takes a free one.')
@click.option(
    '--token-file', type=FILE, metavar='FILE',
    help='File with the token that requests must have: at least 16 letters and digits.')
@click.option(
    '--tls-self-signed', is_flag=True,
    help='Use HTTPS with a certificate that is made at the start. Browsers of other machines open '
    'their cameras only with HTTPS.')
@click.option('--tls-certificate', type=FILE, metavar='FILE', help='Use HTTPS with this one.')
@click.option('--tls-key', type=FILE, metavar='FILE', help='The key of --tls-certificate.')
@click.option(
    '--workers', type=click.IntRange(1, 256), metavar='N',
    help='Processes that analyse images. Default: the number of cores.')
@click.option(
    '--max-live', type=click.IntRange(1), metavar='N',
    help='Most live connections at a time. Default: by the speed that is measured at the start.')
@click.option('--ros', is_flag=True, help='Show the nodes of a running ROS 2 graph, too.')
@click.option(
    '--namespace', default='', metavar='NAME', help='Namespace of these nodes (with --ros).')
@click.option(
    '--temporary', type=click.Path(file_okay=False, exists=True, path_type=Path), metavar='FOLDER',
    help="Where uploaded videos are until they are analysed. Default: the system's temporary "
    'folder.')
@click.option(
    '--model', metavar='NAME', help='Name in models/ or path of a model card or its folder.')
@click.option(
    '--config', metavar='NAME',
    help='Name in config/ or path of a parameter file, as for fer analyze.')
@click.option(
    '--set', 'settings', multiple=True, metavar='NODE.NAME=VALUE',
    help='Set a parameter. Can be given more than once.')
def serve(
    host: str, port: int, token_file: Path | None, tls_self_signed: bool,
    tls_certificate: Path | None, tls_key: Path | None, workers: int | None,
    max_live: int | None, ros: bool, namespace: str, temporary: Path | None, model: str | None,
    config: str | None, settings: tuple[str, ...],
) -> None:
    """
    Serve a web page and an interface for programs, for pictures, videos and cameras.

    By default only programs and browsers of this machine can connect.
    """
    _check_platform()
    _check_packages()
    token = _token(token_file)
    if not token and not _is_local(host):
        raise click.UsageError(
            f'--host {host} lets other machines connect: give --token-file too (make one with '
            'openssl rand -hex 16 > token).')
    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError('--tls-certificate and --tls-key belong together')
    if tls_self_signed and tls_certificate is not None:
        raise click.UsageError('give --tls-self-signed or --tls-certificate, not both')
    own = {'emotion_node': {'model': model}} if model is not None else {}
    from fer_ros.apps.serve.settings import Settings
    try:
        values = Settings(
            live=parameters(config or 'live', settings, own),
            video=parameters(config or 'live', (*VIDEO_SETTINGS, *settings), own),
            picture=picture_parameters(config, settings, own),
            workers=workers or _cores(), token=token, max_live=max_live or 0,
            temporary=temporary, with_ros=ros,
            namespace=_enter_ros(namespace) if ros else '')
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    for text in config_warnings(config or 'live'):
        click.echo(text, err=True)
    if end_with_parent():
        return
    serve_settings(values, host, port, tls_self_signed, tls_certificate, tls_key)


def serve_settings(
    values: Settings, host: str, port: int, tls_self_signed: bool = False,
    certificate: Path | None = None, key: Path | None = None,
) -> None:
    """
    Serve until a signal comes.

    :raises ClickException: if the port is taken, or a network cannot be loaded.
    """
    from fer_ros.apps.serve.application import create_app
    from fer_ros.apps.serve.certificate import self_signed
    from fer_ros.apps.serve.pool import PoolError
    from fer_ros.apps.serve.service import Service
    import uvicorn
    with ExitStack() as stack:
        listening = stack.enter_context(_listen(host, port))
        if tls_self_signed:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='fer-tls-')))
            made = self_signed(folder, host)
            certificate, key = made.path, made.key
            click.echo(f'The SHA-256 fingerprint of the certificate is {made.fingerprint}.')
        click.echo('Loading the networks…')
        try:
            service = stack.enter_context(Service(values))
        except (PoolError, OSError) as error:
            raise click.ClickException(f'{str(error).rstrip(".")}.') from error
        options = uvicorn.Config(
            create_app(service), log_level='warning', access_log=False, server_header=False,
            ws='websockets-sansio', ws_max_size=values.limits.live_bytes, ws_max_queue=4,
            lifespan='off', limit_concurrency=values.limits.connections, timeout_keep_alive=15,
            timeout_graceful_shutdown=5, ssl_certfile=certificate, ssl_keyfile=key)
        try:
            options.load()
        except OSError as error:
            raise click.ClickException(
                f'the certificate or its key cannot be used: {error}.') from error
        scheme = 'https' if options.is_ssl else 'http'
        address, number = listening.getsockname()[:2]
        shown = f'[{address}]' if ':' in address else address
        click.echo(
            f'Open {scheme}://{shown}:{number} in a browser. {len(service.pool.workers)} '
            f'processes, {service.live_limit} live places; Ctrl-C ends.')
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            # uvicorn ends in good order and then repeats the signal for the handler of before.
            signal.signal(signal_number, lambda *_: None)
        uvicorn.Server(options).run(sockets=[listening])


def _enter_ros(namespace: str) -> str:
    """
    Prepare the environment for ROS, and return the checked namespace.

    :raises ClickException: if ROS cannot be imported.
    :raises ConfigError: if it is no namespace.
    """
    try:
        import fer_msgs.msg  # noqa: F401
        from fer_ros.apps.startup import checked_namespace, profile_variables
    except ImportError as error:
        raise click.ClickException(
            f'--ros needs ROS 2 and fer_msgs ({error}): source them first, or use make serve '
            'ARGS=--ros in a checkout.') from error
    os.environ.update(profile_variables())
    return checked_namespace(namespace)


def _listen(host: str, port: int) -> socket.socket:
    """
    Return a socket on which the server will accept connections.

    :raises ClickException: if the address is wrong or taken.
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        raise click.ClickException(
            f'{host} port {port} cannot be used ({error}): give another --host or --port.',
        ) from error


def _token(path: Path | None) -> str:
    if path is None:
        return ''
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f'{path} cannot be read: {error}.') from error
    if not TOKEN.fullmatch(text):
        raise click.ClickException(
            f'{path} does not hold a token of 16 to 200 letters, digits and ._~-: make one with '
            'openssl rand -hex 16.')
    return text


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def _cores() -> int:
    """Return the number of cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        # Not on macOS and Windows.
        return os.cpu_count() or 1


def _check_platform() -> None:
    if importlib.util.find_spec('fcntl') is None:
        raise click.ClickException(
            'fer serve locks its temporary folder as Linux and macOS do, which Windows does not '
            'have: start the container instead (docs/container.md), or use WSL.')


def _check_packages() -> None:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise click.ClickException(
            f'{" and ".join(missing)} cannot be imported: pip install -r requirements/serve.txt')
