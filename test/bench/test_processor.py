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
"""The processor is named with the flags that matter, and the reference load is timed."""

from fer_ros.bench import processor as module
from fer_ros.bench.processor import description, processor
import pytest

INTEL = """processor\t: 0
cpu family\t: 6
model\t\t: 85
model name\t: Abacus 3000
flags\t\t: fpu vme avx2 avx512f avx512_vnni hypervisor

processor\t: 1
cpu family\t: 7
model\t\t: 99
flags\t\t: fpu
"""
ARM = 'processor\t: 0\nFeatures\t: fp asimd evtstrm asimddp\nCPU part\t: 0xd0c\n'


@pytest.mark.parametrize(('cpuinfo', 'family', 'flags'), [
    (INTEL, 'family 6, model 85', ['avx2', 'avx512f', 'avx512_vnni']),
    (ARM, '', ['asimd', 'asimddp']),
    ('', '', []),
])
def test_family_and_flags(tmp_path, cpuinfo, family, flags):
    file = tmp_path / 'cpuinfo'
    file.write_text(cpuinfo)
    about = processor(file)
    assert (about['family'], about['flags']) == (family, flags)


def test_without_the_file_of_linux(tmp_path):
    about = processor(tmp_path / 'none')
    assert about['flags'] == []
    assert description(about).startswith('flags: none that matter; reference load: Python ')


def test_ten_times_the_reference_load_takes_longer(monkeypatch):
    once = module.reference_load()
    monkeypatch.setattr(module, 'LOOP_STEPS', 10 * module.LOOP_STEPS)
    monkeypatch.setattr(module, 'FILTERS', 10 * module.FILTERS)
    more = module.reference_load()
    assert more['python_ms'] > once['python_ms'] > 0
    assert more['filter_ms'] > once['filter_ms'] > 0


def test_the_line_of_text():
    about = {'family': 'family 6, model 85', 'flags': ['avx2', 'avx_vnni'],
             'reference': {'python_ms': 12.34, 'filter_ms': 5.0}}
    assert description(about) == (
        'family 6, model 85; flags: avx2 avx_vnni; '
        'reference load: Python 12.3 ms, filters 5.0 ms')
