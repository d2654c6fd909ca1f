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

"""The bench of the web service sends real pictures to a real service."""

from fer_ros.bench import serve_bench
import pytest


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_short_run(monkeypatch):
    monkeypatch.setattr(serve_bench, 'CLIENTS', (1, 3))
    figures = serve_bench.run(rounds=1, seconds=2.0)
    for row in figures['runs'].values():
        assert row['images_per_s'] > 0
        assert 0 < row['p50_ms'] <= row['p95_ms']
        assert row['server_cpu_ms'] > 0
    alone = figures['alone']['one_process']
    assert 0 < alone['decoding_ms'] < alone['pipeline_ms']
    # A machine that is busy with other programs makes these differ, but not in sign.
    assert figures['throughput'] > 0
    assert figures['runs']['clients_1']['p50_ms'] > alone['decoding_ms']
