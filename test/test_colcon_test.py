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

"""`colcon test` runs these tests, and fails where one of them fails."""

from importlib.util import find_spec
import os
from pathlib import Path
import subprocess
import sys
from xml.etree import ElementTree

from checkout import ROOT
import pytest

BUILT = Path(sys.prefix)
"""Where tools/setup.sh has colcon build fer_ros."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec('colcon_core') is None, reason='colcon is not installed'),
    pytest.mark.skipif(
        not (BUILT / 'colcon' / 'build' / 'fer_ros').exists(), reason='fer_ros is not built here')]


@pytest.fixture
def colcon_test(tmp_path):
    """Return a function that runs `colcon test` and returns its exit code and its result."""
    outside = {
        name: value for name, value in os.environ.items() if not name.startswith('PYTEST_')}

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, '-m', 'colcon', '--log-base', tmp_path / 'log', 'test',
             '--base-paths', ROOT, '--packages-select', 'fer_ros', '--merge-install',
             '--build-base', BUILT / 'colcon' / 'build', '--install-base', BUILT / 'overlay',
             '--test-result-base', tmp_path / 'result', '--return-code-on-test-failure',
             '--pytest-args', *arguments],
            env=outside, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
        results = tmp_path / 'result' / 'fer_ros' / 'pytest.xml'
        assert results.exists(), done.stdout + done.stderr
        return done.returncode, ElementTree.parse(results).getroot().find('testsuite')

    return run


def test_it_runs_the_tests_of_the_package(colcon_test):
    code, result = colcon_test('test/core/test_values.py')
    assert code == 0
    names = {case.get('classname') for case in result.iter('testcase')}
    assert names == {'fer_ros.test.core.test_values'}
    assert int(result.get('tests')) > 50
    assert int(result.get('failures')) == int(result.get('errors')) == 0


def test_it_fails_where_a_test_fails(colcon_test, tmp_path):
    (tmp_path / 'test_wrong.py').write_text('def test_wrong():\n    assert 1 == 2\n')
    code, result = colcon_test(str(tmp_path / 'test_wrong.py'))
    assert code != 0
    assert (int(result.get('tests')), int(result.get('failures'))) == (1, 1)
