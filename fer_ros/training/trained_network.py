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

"""Loads the network of a training, as it is exported, or of a model."""

from __future__ import annotations

from pathlib import Path

from fer_ros.training.training_run import holds_model, network_file, Training
import keras


def trained_network(folder: Path) -> keras.Model:
    """
    Return the network of a model or of a training.

    With the option `start_share`, the network of a training is mixed with the one that it started
    from.

    :raises OptionError: if the folder holds neither.
    :raises ValueError: if a mixture is wanted, and the two networks differ.
    """
    network = keras.models.load_model(network_file(folder))
    if holds_model(folder):
        return network
    options = Training.of(folder).options
    if not options.start or not options.start_share:
        return network
    earlier = trained_network(options.start).get_weights()
    weights = network.get_weights()
    if [own.shape for own in weights] != [other.shape for other in earlier]:
        raise ValueError(
            f'start_share: the network of {options.start} has other weights than that of '
            f'{folder}: set start_share to 0')
    share = options.start_share
    network.set_weights([
        share * other + (1 - share) * own for own, other in zip(weights, earlier, strict=True)])
    return network
