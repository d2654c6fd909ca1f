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

"""Dockerfile, compose.yaml and .dockerignore agree with the project; the health check works."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import os
from pathlib import Path
import re
import shlex
import socket
import ssl
import subprocess
import sys
import threading

from checkout import ROOT
from fer_ros.apps.serve.command import serve
import pytest
import yaml

DEFAULTS = {option.name: option.default for option in serve.params}
HEALTH = ROOT / 'tools' / 'container_health.py'
IMAGE_TOOL = ROOT / 'tools' / 'image.sh'
FIRST_STAGES = {'${DEBIAN_IMAGE}', '${ROS_IMAGE}'}


def instructions():
    """Return the instructions of the Dockerfile as pairs of a name and its arguments."""
    text = re.sub(r'^\s*#.*\n', '', (ROOT / 'Dockerfile').read_text(), flags=re.MULTILINE)
    lines = re.sub(r'\\\n', ' ', text).splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


def stages():
    """Return the instructions of each stage by its name, in order; `` are those before."""
    found = {'': []}
    name = ''
    for instruction, arguments in instructions():
        if instruction == 'FROM':
            name = arguments.split(' AS ')[1]
            assert name not in found
            found[name] = []
        found[name].append((instruction, arguments))
    return found


def arguments_of(stage, instruction):
    return [arguments for name, arguments in stages()[stage] if name == instruction]


def copied(stage, other=None):
    """Return what a stage copies: from another stage, or from the project; without the targets."""
    sources = []
    for arguments in arguments_of(stage, 'COPY'):
        words = arguments.split()
        options = [word for word in words if word.startswith('--')]
        origin = next((w.partition('=')[2] for w in options if w.startswith('--from=')), None)
        if origin == other:
            sources += [word for word in words if word not in options][:-1]
    return sources


def is_ignored(path):
    """
    Tell whether a file is kept from the builder: the last line of .dockerignore that fits decides.

    :param path: relative to the project, with slashes.
    """
    ignored = False
    for line in (ROOT / '.dockerignore').read_text().splitlines():
        if not line or line.startswith('#'):
            continue
        pattern = line.removeprefix('!')
        # In Docker's patterns, * does not reach over a slash, and ** stands for any folders.
        parts = [
            '(.*/)?' if part == '**' else re.escape(part).replace(r'\*', '[^/]*') + '/'
            for part in pattern.split('/')]
        if re.match(''.join(parts), f'{path}/'):
            ignored = not line.startswith('!')
    return ignored


def tracked():
    """Return the files of the project that git knows."""
    done = subprocess.run(
        ['git', 'ls-files', '-z'], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip('this is not a checkout of git')
    return [path for path in done.stdout.split('\0') if path and (ROOT / path).exists()]


@pytest.fixture(scope='module')
def services():
    return yaml.safe_load((ROOT / 'compose.yaml').read_text())


def test_the_default_image_is_the_web_service():
    assert list(stages())[-1] == 'serve'
    assert 'ros' in stages()


def test_stages_are_made_from_stages_that_stand_before_them():
    known = set(FIRST_STAGES)
    for name, content in stages().items():
        for instruction, arguments in content:
            if instruction == 'FROM':
                assert arguments.split()[0] in known
            for origin in re.findall(r'--from=(\S+)', arguments):
                assert origin in known
        known.add(name)
    for variable in FIRST_STAGES:
        assert any(
            arguments.startswith(f'{variable[2:-1]}=') for arguments in arguments_of('', 'ARG'))


@pytest.mark.parametrize('stage', ['serve-build', 'serve', 'ros-build', 'ros'])
def test_what_is_copied_exists_and_reaches_the_builder(stage):
    sources = copied(stage)
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if is_ignored(source)] == []


def test_what_is_copied_into_an_image_was_made_in_the_stage_that_builds_it():
    for image in 'serve', 'ros':
        made = ' '.join(arguments for _, arguments in stages()[f'{image}-build'])
        for folder in copied(image, f'{image}-build'):
            assert folder in made


@pytest.mark.parametrize('stage', ['serve-build', 'ros-build'])
def test_all_that_is_installed_is_copied(stage):
    # setup.py takes the files of these folders, and the package.
    needed = {
        'config', 'fer_ros', 'launch', 'models', 'package.xml', 'requirements', 'resource',
        'setup.cfg', 'setup.py'}
    assert needed <= set(copied(stage))
    assert 'fer_msgs' in copied('ros-build')


@pytest.mark.parametrize('stage', ['serve-build', 'ros-build'])
def test_the_requirements_that_are_installed_exist(stage):
    text = ' '.join(arguments_of(stage, 'RUN') + arguments_of(stage, 'ENV'))
    named = re.findall(r'requirements/\S+?\.txt', text)
    assert len(named) >= 3
    assert [name for name in named if not (ROOT / name).is_file()] == []
    # The pattern of sed must fit, or OpenCV with Qt is installed.
    name = re.search(r's/(\^\S+?)/', text)[1]
    assert re.search(name, (ROOT / 'requirements' / 'run.txt').read_text(), re.MULTILINE)


def test_only_what_the_images_are_made_from_reaches_the_builder():
    tops = {source for stage in stages() for source in copied(stage)}
    sent = [path for path in tracked() if not is_ignored(path)]
    assert [path for path in sent if not any(
        path == top or path.startswith(f'{top}/') for top in tops)] == []
    assert any(path.endswith('model.tflite') for path in sent)
    assert [path for path in sent if '/training/' in path and path.startswith('models/')] == []
    for path in '.git/config', 'token', '.venv/bin/python', 'party.jpg', 'build/x':
        assert is_ignored(path)
    assert is_ignored('fer_ros/core/__pycache__/values.cpython-311.pyc')
    assert not is_ignored('fer_ros/core/values.py')


@pytest.mark.parametrize('stage', ['serve', 'ros'])
def test_images_do_not_run_as_root(stage):
    user = arguments_of(stage, 'USER')
    assert len(user) == 1
    assert re.fullmatch(r'[1-9]\d*:[1-9]\d*', user[0])


def test_the_service_is_started_with_options_that_it_has():
    assert json.loads(arguments_of('serve', 'ENTRYPOINT')[0]) == ['fer']
    words = json.loads(arguments_of('serve', 'CMD')[0])
    assert words[0] == 'serve'
    context = serve.make_context('serve', [
        word.replace('/run/secrets/token', str(ROOT / 'LICENSE')) for word in words[1:]])
    # Otherwise nothing outside of the container reaches it, and then it needs a token.
    assert context.params['host'] == '0.0.0.0'
    assert context.params['token_file'] is not None


def test_the_port_is_everywhere_the_default_of_fer_serve(services):
    port = DEFAULTS['port']
    assert arguments_of('serve', 'EXPOSE') == [str(port)]
    namespace = {'__name__': 'container_health'}
    exec(compile(HEALTH.read_text(), str(HEALTH), 'exec'), namespace)
    assert namespace['PORT'] == port
    (published,) = services['services']['serve']['ports']
    assert published == f'127.0.0.1:${{FER_PORT:-{port}}}:{port}'


def test_the_health_check_calls_a_file_of_the_image():
    (health,) = arguments_of('serve', 'HEALTHCHECK')
    command = json.loads(health.partition('CMD ')[2])
    target = Path(command[-1])
    (copy,) = [text for text in arguments_of('serve', 'COPY') if HEALTH.name in text]
    assert Path(copy.split()[-1], HEALTH.name) == target


def test_compose_builds_targets_of_the_dockerfile(services):
    found = services['services']
    assert set(found) == {'serve', 'ros'}
    for name, service in found.items():
        assert service['build'] == {'context': '.', 'target': name}
        assert name in stages()
        assert service['image'] == f'fer_ros:{name}'
    assert services['services']['ros']['command'] == json.loads(arguments_of('ros', 'CMD')[0])


def test_compose_starts_containers_that_cannot_write_their_own_files(services):
    for service in services['services'].values():
        assert service['read_only'] is True
        assert [entry.partition(':')[0] for entry in service['tmpfs']] == ['/tmp']
        assert service['cap_drop'] == ['ALL']
        assert service['user'].startswith('${FER_UID:-1000}:')
        # Docker parses each of them as a text with a number, not as a number.
        assert isinstance(service['user'], str)


def test_compose_gives_what_it_declares(services):
    serve_service, ros = services['services']['serve'], services['services']['ros']
    assert set(serve_service['secrets']) == set(services['secrets'])
    words = json.loads(arguments_of('serve', 'CMD')[0])
    assert f'/run/secrets/{serve_service["secrets"][0]}' in words
    (volume,) = ros['volumes']
    name, _, folder = volume.partition(':')
    assert name in services['volumes']
    # Numbers of faces and log files of ROS are there.
    assert f'ROS_HOME={folder}' in arguments_of('ros', 'ENV')[0]
    assert ros['ipc'] == ros['network_mode'] == 'host'
    assert ros['devices'] == ['${FER_CAMERA:-/dev/video0}:/dev/video0']


def test_the_launch_file_of_the_image_exists():
    *_, package, name = json.loads(arguments_of('ros', 'CMD')[0])
    assert package == 'fer_ros'
    assert (ROOT / 'launch' / name).is_file()
    (entry,) = json.loads(arguments_of('ros', 'ENTRYPOINT')[0])
    assert any(text.endswith(f'/{entry}') for text in arguments_of('ros', 'COPY'))


@pytest.mark.parametrize('name', ['container_ros.sh', 'image.sh'])
def test_scripts_can_be_run(name):
    assert os.access(ROOT / 'tools' / name, os.X_OK)


def image_tool(tmp_path, *arguments, **programs):
    """
    Run tools/image.sh with stand-ins for programs, and return what it did.

    :param programs: lines of shell by the name of the program that does them.
    """
    folder = tmp_path / 'programs'
    folder.mkdir()
    for name, lines in programs.items():
        path = folder / name
        log = shlex.quote(str(tmp_path / 'calls'))
        path.write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\n{lines}\n')
        path.chmod(0o755)
    done = subprocess.run(
        ['bash', IMAGE_TOOL, *arguments], capture_output=True, text=True, check=False,
        env={'PATH': f'{folder}:/usr/bin:/bin', 'IMAGE_BUILDER': ' '.join(programs)})
    calls = tmp_path / 'calls'
    return done, calls.read_text().splitlines() if calls.exists() else []


def test_the_image_tool_names_the_targets(tmp_path):
    done, calls = image_tool(tmp_path, 'robot', docker='exit 0')
    assert done.returncode == 1
    assert 'there is no image robot: serve or ros' in done.stderr
    assert calls == []


def test_the_image_tool_takes_a_builder_that_works(tmp_path):
    # The build of the second ends the script.
    done, calls = image_tool(
        tmp_path, 'ros', '--pull', docker='exit 1', podman='[ "$1" = images ]')
    assert done.returncode == 1
    assert calls == [
        'docker images', 'podman images',
        'podman build --format docker --target ros --tag fer_ros:ros --pull .']


def test_the_image_tool_says_what_is_missing(tmp_path):
    done, _ = image_tool(tmp_path, docker='exit 1')
    assert done.returncode == 1
    assert 'docker does not work: install' in done.stderr


@contextmanager
def service(status, certificate=None):
    """Answer /readyz with a status on a port, which is yielded."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == '/readyz' else 404)
            self.end_headers()

        def log_message(self, *_):
            pass
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.path, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def health(port):
    """Return the exit code and the sentence of the health check."""
    done = subprocess.run(
        [sys.executable, '-I', HEALTH, str(port)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(('status', 'code'), [(200, 0), (503, 1), (404, 1)])
def test_the_health_check_fails_if_the_service_takes_no_work(status, code):
    with service(status) as port:
        assert health(port) == (code, f'/readyz answers {status}\n')


def test_the_health_check_works_with_an_own_certificate(tmp_path):
    pytest.importorskip('cryptography')
    from fer_ros.apps.serve.certificate import self_signed
    with service(200, self_signed(tmp_path, '0.0.0.0')) as port:
        assert health(port) == (0, '/readyz answers 200\n')


def test_the_health_check_fails_if_nothing_listens():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
    code, text = health(port)
    assert code == 1
    assert f'does not answer on port {port}' in text
