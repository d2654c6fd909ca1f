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

"""Running a network of the installed package `mediapipe` without importing the package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ai_edge_litert.interpreter import Interpreter
import cv2
from fer_ros.core.native_stderr import silenced
from fer_ros.core.values import Image
import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]


class MediaPipeNetworkError(ValueError):
    """A network of MediaPipe cannot be used; the text says why and what to do."""


class MediaPipeNetwork:
    """
    A network whose input is a square view of an image.

    Only the file of the network is read. Importing the package would take 0.5 s and 65 MB. Do not
    call it from two threads at once.
    """

    def __init__(self, file: str, instead: str, lowest: float, border: int) -> None:
        """
        Load the network.

        :param file: path below `mediapipe/modules`.
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


def _loaded(file: str, instead: str) -> Interpreter:
    spec = find_spec('mediapipe')
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0] if folders else 'mediapipe', 'modules', file)
    remedy = (
        f'install the version of mediapipe that requirements/run.txt names, or {instead}')
    if not path.is_file():
        raise MediaPipeNetworkError(f'the network {path} is missing; {remedy}')
    with silenced():
        try:
            interpreter = Interpreter(str(path), num_threads=1)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise MediaPipeNetworkError(
                f'the network {path} cannot be run ({error}); {remedy}') from error
    return interpreter
