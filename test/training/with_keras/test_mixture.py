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

"""The network of a training can be a mixture with the one that it started from."""

from fer_ros.training.networks import network
from fer_ros.training.trained_network import trained_network
from fer_ros.training.training_options import TrainingOptions
from fer_ros.training.training_run import BEST_FILE, Training
import numpy as np
import pytest


def run(folder, start='', share=0.0, **kinds):
    """Make the folder of a training with random weights."""
    options = TrainingOptions(network='compact', start_from=str(start), start_share=share)
    Training('', (), options).keep(folder)
    network('compact', 16, **kinds).save(folder / BEST_FILE)
    return folder


@pytest.fixture
def start(tmp_path):
    return run(tmp_path / 'start')


def own_weights(folder):
    return trained_network(folder).get_weights()


def mixture(share, trained, earlier):
    return [
        (1 - share) * one + share * other for one, other in zip(trained, earlier, strict=True)]


def same(found, expected):
    return all(np.allclose(*pair, atol=1e-6) for pair in zip(found, expected, strict=True))


def test_the_weights_are_mixed_where_that_is_wanted(start, tmp_path):
    folder = run(tmp_path / 'run', start)
    alone = own_weights(folder)
    assert not same(alone, own_weights(start))
    (folder / 'training.yaml').unlink()
    Training('', (), TrainingOptions(start_from=str(start), start_share=0.25)).keep(folder)
    assert same(own_weights(folder), mixture(0.25, alone, own_weights(start)))


def test_a_later_training_rests_on_the_mixture(start, tmp_path):
    middle = run(tmp_path / 'middle', start, 1.0)
    assert same(own_weights(middle), own_weights(start))
    assert same(own_weights(run(tmp_path / 'last', middle, 1.0)), own_weights(start))


def test_another_network_cannot_be_mixed_in(start, tmp_path):
    assert own_weights(run(tmp_path / 'other', start, mesh=True))
    with pytest.raises(ValueError, match='set start_share to 0'):
        trained_network(run(tmp_path / 'mixed', start, 0.5, mesh=True))
