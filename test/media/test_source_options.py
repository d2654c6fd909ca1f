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

"""Options of a source that are out of range are refused."""

import math

from fer_ros.core.options import OptionError
from fer_ros.media.sources import SourceOptions
import pytest


@pytest.mark.parametrize(
    'values',
    [
        {'rate_hz': -1.0},
        {'rate_hz': 241.0},
        {'rate_hz': math.nan},
        {'width': -1},
        {'fourcc': 'MJP'},
        {'source': True},
    ],
)
def test_options_out_of_range_are_refused(values):
    with pytest.raises(OptionError, match=next(iter(values))):
        SourceOptions.from_mapping(values)
