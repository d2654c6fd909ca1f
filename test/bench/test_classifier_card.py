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

"""The aims name figures that the default classifier's evaluation file has."""

from fer_ros.bench import classifier_card
from fer_ros.bench.aims import read_aims
import pytest


@pytest.mark.parametrize(
    'aim', [aim for aim in read_aims('quality') if aim.measure.startswith('classifier.')],
    ids=lambda aim: aim.measure)
def test_what_the_aims_ask_for_is_stated(aim):
    judged = aim.judged({'classifier': classifier_card.run()})
    assert judged['state'] in ('held', 'missed'), judged
