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

"""Running a network of MediaPipe in LiteRT, without MediaPipe."""

from __future__ import annotations

from typing import Any

from ai_edge_litert.interpreter import Interpreter
import cv2
from fer_ros.core.native_stderr import silenced
from fer_ros.core.networks.mediapipe_files import MediaPipeNetworkError, NetworkFile, read_network
from fer_ros.core.values import Image
import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]


class MediaPipeNetwork:
    """
    A network whose input is a square view of an image.

    Do not call it from two threads at once.
    """

    def __init__(self, file: NetworkFile, instead: str, lowest: float, border: int) -> None:
        """
        Load the network.

        :param file: one of `NETWORK_FILES`.
        :param instead: end of an error's sentence: what to do without this network.
        :param lowest: input value of black, 0 or -1; white is 1.
        :param border: OpenCV's border mode for pixels outside the image.
        :raises MediaPipeNetworkError: if the file is missing or cannot be run.
        """
        self._interpreter = _loaded(file, instead)
        self._lowest = lowest
        self._border = border
        details = self._interpreter.get_input_details()[0]
        self._input = details['index']
        self._outputs = {
            int(o['shape'][-1]): o['index'] for o in self._interpreter.get_output_details()}
        # Allocated once: for arrays of this size, the system maps and clears new pages each time.
        self._view = np.empty(details['shape'][1:], np.uint8)
        self._pixels = np.empty(details['shape'], np.float32)

    @property
    def edge(self) -> int:
        """Return the edge of the network's input in pixels."""
        return self._view.shape[0]

    def run(self, image: Image, to_image: npt.NDArray[np.float64]) -> None:
        """
        Run the network on a part of an image.

        :param image: (H, W, 3) uint8, BGR.
        :param to_image: (2, 3) matrix for `cv2.warpAffine`, from pixels of the view to the image.
        """
        cv2.warpAffine(
            image, to_image, (self.edge, self.edge), dst=self._view,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=self._border)
        self._invoke()

    def run_on_view(self, view: Image) -> tuple[int, int]:
        """
        Run the network on an image that is not larger than its input, centred on black.

        :param view: (H, W, 3) uint8, BGR.
        :return: left and top of the view in the input, in pixels.
        """
        height, width = view.shape[:2]
        left, top = (self.edge - width) // 2, (self.edge - height) // 2
        self._view[:] = 0
        self._view[top:top + height, left:left + width] = view
        self._invoke()
        return left, top

    def _invoke(self) -> None:
        cv2.cvtColor(self._view, cv2.COLOR_BGR2RGB, dst=self._view)
        np.multiply(self._view, np.float32((1 - self._lowest) / 255), out=self._pixels[0])
        if self._lowest:
            self._pixels += np.float32(self._lowest)
        self._interpreter.set_tensor(self._input, self._pixels)
        self._interpreter.invoke()

    def output(self, columns: int, rows: Any = slice(None)) -> Values:
        """
        Return a copy of an output for the last view.

        :param columns: length of the output's last axis, which identifies the output.
        :param rows: NumPy selection of rows.
        :return: (rows, columns).
        """
        # LiteRT does not run again while there is a view of its memory.
        values: Values = self._interpreter.tensor(self._outputs[columns])()
        return np.array(values.reshape(-1, columns)[rows])

    def constant(self, name: str) -> npt.NDArray[Any]:
        """
        Return a copy of weights of the network, as the file holds them.

        :param name: name of the tensor.
        :raises KeyError: if the network has no such tensor.
        """
        for tensor in self._interpreter.get_tensor_details():
            if tensor['name'] == name:
                weights: npt.NDArray[Any] = self._interpreter.get_tensor(tensor['index'])
                return weights
        raise KeyError(name)


def _loaded(file: NetworkFile, instead: str) -> Interpreter:
    try:
        content, place = read_network(file)
    except MediaPipeNetworkError as error:
        raise MediaPipeNetworkError(f'{error}, or {instead}') from error
    with silenced():
        try:
            interpreter = Interpreter(model_content=content, num_threads=1)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise MediaPipeNetworkError(
                f'the network {file.name} from {place} cannot be run by this ai-edge-litert '
                f'({error}): install the version that requirements/run.txt names, or {instead}'
            ) from error
    return interpreter
