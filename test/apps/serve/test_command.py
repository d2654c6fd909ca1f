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
`fer serve` as a process: its options, its messages and its end.

`FER_ROS_PICTURES=10000 python -m pytest -s test/apps/serve/test_command.py -k memory` runs for
longer and prints the memory of all processes.
"""

from concurrent.futures import ThreadPoolExecutor
import importlib.util
import os
import signal
import socket
import ssl
import time

from click.testing import CliRunner
import cv2
from fer_ros.apps.serve.command import serve
from fer_ros.media.sample_clip import SampleClip
import httpx
import pytest
from serve_pictures import encoded
from web_service import Server, wait_until

PICTURES = int(os.environ.get('FER_ROS_PICTURES', '200'))


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--host', '0.0.0.0'], 'give --token-file too'),
    (['--host', 'robot.local'], 'give --token-file too'),
    (['--tls-key', __file__], 'belong together'),
    (['--tls-self-signed', '--tls-key', __file__, '--tls-certificate', __file__], 'not both'),
    (['--token-file', __file__], 'does not hold a token'),
    (['--token-file', '/nothing'], 'does not exist'),
    (['--model', 'oracle', '--port', '0'], 'oracle'),
    (['--config', 'nothing'], 'nothing'),
    (['--set', 'emotion_node.rate_hz=fast'], 'rate_hz'),
    (['--host', '203.0.113.1', '--token-file', 'TOKEN'], 'give another --host or --port'),
    (['--tls-key', __file__, '--tls-certificate', __file__, '--port', '0'], 'cannot be used')])
def test_wrong_options_end_with_a_sentence(arguments, words, tmp_path):
    token = tmp_path / 'token'
    token.write_text('0123456789abcdef\n')
    result = CliRunner().invoke(
        serve, [str(token) if word == 'TOKEN' else word for word in arguments])
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), result.exception
    assert words in result.output


def test_a_port_that_is_taken_is_named():
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        result = CliRunner().invoke(serve, ['--port', str(port)])
    assert (result.exit_code, f'port {port} cannot be used' in result.output) == (1, True)


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_all_its_processes(number):
    with Server() as server:
        assert httpx.get(f'{server.address}/readyz').json() == {'status': 'ok'}
        children = _children(server.process.pid)
        assert children
        code, output = server.end(number)
        assert (code, output) == (0, '')
        wait_until(lambda: not any(_is_running(child) for child in children))


@pytest.mark.slow
def test_the_workers_end_also_when_it_is_killed():
    with Server() as server:
        children = _children(server.process.pid)
        server.process.kill()
        wait_until(lambda: not any(_is_running(child) for child in children))


@pytest.mark.slow
def test_a_token_and_tls_for_other_machines(tmp_path):
    token = tmp_path / 'token'
    token.write_text('0123456789abcdef\n')
    with Server(
            '--host', '0.0.0.0', '--token-file', str(token), '--tls-self-signed') as server:
        port = int(server.address.rsplit(':', 1)[1])
        told = next(line for line in server.lines if 'fingerprint' in line)
        pem = ssl.get_server_certificate(('127.0.0.1', port))
        der = ssl.PEM_cert_to_DER_cert(pem)
        import hashlib
        assert hashlib.sha256(der).hexdigest() == (
            told.split(' is ')[1].strip(' .\n').replace(':', '').lower())
        context = ssl.create_default_context(cadata=pem)
        with httpx.Client(verify=context, base_url=f'https://localhost:{port}') as http:
            assert http.get('/healthz').status_code == 200
            assert http.post('/v1/pictures', content=encoded()).status_code == 401
            answer = http.post(
                '/v1/pictures', content=encoded(),
                headers={'Authorization': 'Bearer 0123456789abcdef'})
            assert len(answer.json()['faces']) == 2


@pytest.fixture(scope='module')
def server():
    with Server() as made:
        yield made


@pytest.mark.parametrize(('absent', 'words'), [
    ('fcntl', 'start the container instead'),
    ('uvicorn', 'uvicorn cannot be imported: pip install -r requirements/serve.txt')])
def test_what_is_absent_is_told(absent, words, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, 'find_spec', lambda name: None if name == absent else found(name))
    result = CliRunner().invoke(serve, ['--port', '0'])
    assert (result.exit_code, words in result.output) == (1, True)


@pytest.mark.slow
def test_two_hundred_connections(server):
    with (
        httpx.Client(limits=httpx.Limits(max_connections=200), timeout=60) as http,
        ThreadPoolExecutor(200) as threads,
    ):
        answers = list(threads.map(
            lambda k: http.get(f'{server.address}/healthz'), range(200)))
        # The rate of one address is limited; nothing else may happen.
        assert {answer.status_code for answer in answers} <= {200, 429}
        time.sleep(2.5)
        answers = list(threads.map(
            lambda k: http.post(f'{server.address}/v1/pictures', content=encoded()), range(40)))
    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {200, 503}
    assert codes.count(200) >= 8
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers['retry-after']) == 1


@pytest.mark.slow
def test_clients_that_are_slow_broken_or_gone_disturb_nobody(server):
    host, port = server.address.removeprefix('http://').split(':')

    def connected(text):
        sock = socket.create_connection((host, int(port)), timeout=30)
        sock.sendall(text.encode('latin-1'))
        return sock
    head = f'POST /v1/pictures HTTP/1.1\r\nHost: {host}\r\nContent-Length: '
    sockets = [
        # Slow: the rest never comes.
        connected('POST /v1/pic'), connected(f'{head}5000\r\n\r\nabc'),
        # Gone in the middle.
        connected(f'{head}5000\r\n\r\nabc'), connected(f'{head}5000\r\n\r\nabc')]
    for sock in sockets[2:]:
        sock.close()
    for text, status in (
            ('\x16\x03\x01\x02\x00\x01', b'400'), (f'{head}-5\r\n\r\n', b'400'),
            (f'{head}99999999999\r\n\r\n', b'413'),
            (f'GET /{"a" * 100_000} HTTP/1.1\r\nHost: {host}\r\n\r\n', b'4')):
        with connected(text) as sock:
            assert sock.recv(100).split()[1].startswith(status), text[:40]
    assert httpx.get(f'{server.address}/readyz').status_code == 200
    answer = httpx.post(f'{server.address}/v1/pictures', content=encoded(), timeout=60)
    assert len(answer.json()['faces']) == 2
    for sock in sockets[:2]:
        sock.close()
    assert server.process.poll() is None


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_memory_stays_flat():
    pictures = [
        cv2.imencode('.jpg', cv2.resize(SampleClip().frame(20 * k), (320, 240)))[1].tobytes()
        for k in range(5)]
    with Server() as server, httpx.Client(timeout=60) as http:
        def send(number):
            for k in range(number):
                answer = http.post(f'{server.address}/v1/pictures', content=pictures[k % 5])
                assert len(answer.json()['faces']) == 2
            processes = [server.process.pid, *_children(server.process.pid)]
            return sum(_resident_mib(process) for process in processes)
        before = send(40)
        # An image has 0.2 MiB.
        for _ in range(max(PICTURES // 1000, 1)):
            after = send(min(PICTURES, 1000))
            print(f'{before:.0f} MiB, {after:.0f} MiB')
        assert after - before < 20


def _resident_mib(process):
    with open(f'/proc/{process}/status') as file:
        found = [line for line in file if line.startswith('VmRSS')]
    return int(found[0].split()[1]) / 1024 if found else 0.0


def _children(process):
    import subprocess
    found = subprocess.run(
        ['ps', '-o', 'pid=', '--ppid', str(process)], capture_output=True, text=True, check=True)
    return [int(word) for word in found.stdout.split()]


def _is_running(process):
    try:
        with open(f'/proc/{process}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False
