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

"""Settings and clients for the tests of the web service."""

from dataclasses import replace
import os
import signal
import subprocess
import sys
import time

from fer_ros.apps.serve.application import create_app
from fer_ros.apps.serve.limits import Limits
from fer_ros.apps.serve.settings import Settings
from fer_ros.parameters.overrides import parameters
from fer_ros.parameters.picture_parameters import picture_parameters
import pytest
from starlette.testclient import TestClient

LIVE = 'ws://localhost/v1/live'

LIMITS = Limits(
    picture_bytes=2**20, picture_pixels=2_000_000, live_bytes=2**20, live_pixels=2_000_000,
    requests_per_s=10_000, live_rate_hz=10_000, video_bytes=2**23)


def settings(**changes):
    values = Settings(
        live=parameters('live', ()), video=parameters('live', ('emotion_node.budget_ms=0',)),
        picture=picture_parameters(None, (), {}), workers=1, limits=LIMITS, max_live=3)
    return replace(values, **changes)


def client(service, **options):
    """Return a client of a service, whose faults become answers as they do in a server."""
    return TestClient(
        create_app(service), base_url='http://localhost', raise_server_exceptions=False,
        **options)


def wait_until(predicate, deadline_s=60.0):
    """Return the first true value of the predicate, or fail after the deadline."""
    end_s = time.monotonic() + deadline_s
    while not (value := predicate()):
        assert time.monotonic() < end_s, f'not within {deadline_s:g} s'
        time.sleep(0.01)
    return value


class Server:
    """A running `fer serve`, with its address."""

    def __init__(self, *arguments, **environment):
        """Start it and wait until it listens."""
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'fer_ros', 'serve', '--port', '0', '--workers', '1',
             *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **environment})
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith('Open '):
                self.address = line.split()[1]
                return
        pytest.fail(f'fer serve ended with {self.process.wait()}: {"".join(self.lines)}')

    def __enter__(self):
        return self

    def end(self, number=signal.SIGTERM):
        """Send a signal; return the exit code and what was written."""
        self.process.send_signal(number)
        output = self.process.communicate(timeout=60)[0]
        return self.process.returncode, output

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
