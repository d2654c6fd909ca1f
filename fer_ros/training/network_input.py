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
The input of the networks: pixels, and for some of them the features of the face mesh.

All networks are trained with the same normalisation. Cards repeat it.
"""

from typing import Any, TypedDict

from fer_ros.core.classification.preprocessing import Preprocessing
from fer_ros.evaluation.labelled_faces import LabelledFaces
import numpy as np
import numpy.typing as npt


class Normalisation(TypedDict):
    """The fields of `Preprocessing` that are the same for all networks."""

    scale: float
    offset: float
    least_contrast: int


NORMALISATION = Normalisation(scale=1 / 127.5, offset=-1.0, least_contrast=100)
"""A minimum contrast of 100 gives the best accuracy in poor light (docs/benchmarks.md)."""


NetworkInput = npt.NDArray[np.float32] | list[npt.NDArray[np.float32]]
"""
Pixels (N, edge, edge, 1); or a list of them and of the features of the mesh, (N, 288), in which a
row of zeros means that there is no mesh.
"""


def network_input(network: Any, faces: LabelledFaces, mirrored: bool = False) -> NetworkInput:
    """
    Return what a network receives for faces.

    :param network: a Keras network with the input `image`, and perhaps `mesh`.
    :param mirrored: whether it receives the mirror images.
    :raises ValueError: if it receives the features, but the faces have none.
    """
    _, height, width, _ = network.inputs[0].shape
    pixels = Preprocessing(width, height, **NORMALISATION).network_input(list(faces.images))
    if mirrored:
        pixels = pixels[:, :, ::-1]
    if len(network.inputs) == 1:
        return pixels
    if faces.mesh is None:
        raise ValueError('the network receives the features of the mesh, but the faces have none')
    return [pixels, faces.mesh[:, int(mirrored)].astype(np.float32)]
