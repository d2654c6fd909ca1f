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

"""The exported network can be a mixture of the trained one and the one that it started from."""

from fer_ros.training.export import finished_network
from fer_ros.training.networks import network
from fer_ros.training.training_options import TrainingOptions
from fer_ros.training.training_run import BEST_FILE
import numpy as np
import pytest


@pytest.fixture
def folders(tmp_path):
    for name, edge in (('start', 16), ('run', 16)):
        (tmp_path / name).mkdir()
        network('compact', edge).save(tmp_path / name / BEST_FILE)
    return tmp_path


def options(folder, share):
    return TrainingOptions(network='compact', start_from=str(folder), start_share=share)


def weights(folder, share):
    return finished_network(folder / 'run', options(folder / 'start', share)).get_weights()


def test_the_weights_are_mixed(folders):
    trained, earlier = weights(folders, 0.0), weights(folders, 1.0)
    assert any((one != other).any() for one, other in zip(trained, earlier, strict=True))
    for one, other, mixed in zip(trained, earlier, weights(folders, 0.25), strict=True):
        np.testing.assert_allclose(mixed, 0.75 * one + 0.25 * other, atol=1e-6)


def test_another_network_cannot_be_mixed_in(folders):
    network('compact', 16, mesh=True).save(folders / 'run' / BEST_FILE)
    assert weights(folders, 0.0)
    with pytest.raises(ValueError, match='set start_share to 0'):
        weights(folders, 0.5)
