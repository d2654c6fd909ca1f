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
MediaPipe's BlazeFace networks, which find faces and six key points of each.

They are described in V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on
Mobile GPUs", CVPR workshops 2019. The code here does the same as the graph of
`mediapipe.solutions.face_detection`, with the constants of MediaPipe's files
`modules/face_detection/face_detection*.pbtxt`, but without its threads, packets and copies.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
from fer_ros.core.geometry import Box, Similarity
from fer_ros.core.networks.mediapipe_files import FULL_RANGE_FILE, NetworkFile, SHORT_RANGE_FILE
from fer_ros.core.networks.mediapipe_network import MediaPipeNetwork, Values
from fer_ros.core.values import Detection, Image, KeyPoint
import numpy as np
import numpy.typing as npt

SAME_FACE_IOU = 0.3
"""Raw detections that overlap the best one by more than this IoU are the same face."""

_COLUMNS = 2 * (2 + len(KeyPoint))


@dataclass(frozen=True)
class BlazeFaceModel:
    """
    The properties of one network.

    `edge` is the size of its input in pixels. `anchors` are pairs of stride and count: every
    `stride` pixels along x and y, the network predicts `count` faces. `min_score` is the lowest
    score of a detection.
    """

    file: NetworkFile
    edge: int
    anchors: tuple[tuple[int, int], ...]
    min_score: float

    @property
    def anchor_places(self) -> Values:
        """Return the centre of each anchor: (N, 2), pixels of the input."""
        places = []
        for stride, count in self.anchors:
            line = (np.arange(self.edge // stride, dtype=np.float32) + 0.5) * stride
            x, y = np.meshgrid(line, line)
            places.append(np.stack([x, y], axis=-1).reshape(-1, 2).repeat(count, axis=0))
        return np.concatenate(places)


SHORT_RANGE = BlazeFaceModel(SHORT_RANGE_FILE, 128, ((8, 2), (16, 6)), 0.5)
"""For faces up to 2 m from the camera."""

FULL_RANGE = BlazeFaceModel(FULL_RANGE_FILE, 192, ((4, 1),), 0.6)
"""For faces up to 5 m from the camera."""


class BlazeFace:
    """One loaded network. Do not call it from two threads at once."""

    def __init__(self, model: BlazeFaceModel) -> None:
        """
        Load the network.

        :raises MediaPipeNetworkError: if the file is missing or cannot be run.
        """
        self._network = MediaPipeNetwork(
            model.file, 'set detector.name to haar', -1, cv2.BORDER_CONSTANT)
        self._anchors = np.tile(model.anchor_places, _COLUMNS // 2)
        self._min_score = model.min_score

    @property
    def edge(self) -> int:
        """Return the edge of the network's input in pixels."""
        return self._network.edge

    def find(
        self, image: Image, view: Image | None = None, min_score: float | None = None,
    ) -> list[Detection]:
        """
        Return the faces of the image, the highest score first.

        :param image: (H, W, 3) uint8, BGR.
        :param view: what the network sees instead, see `search_view`; made for this network or
            one with a larger input. None: the image itself.
        :param min_score: lowest score of a detection; None: that of the model.
        """
        height, width = image.shape[:2]
        if view is None:
            # The image is centred in a black square. As in MediaPipe's graph, the centres of the
            # first pixels of square and view coincide, not their corners.
            square = max(height, width)
            step: npt.NDArray[np.float64] = np.full(2, square / self.edge)
            corner: npt.NDArray[np.float64] = np.array([width - square, height - square]) / 2
            to_image = Similarity(
                square / self.edge, 0.0, (0.5, 0.5), (corner[0] + 0.5, corner[1] + 0.5))
            self._network.run(image, to_image.warp_matrix())
        else:
            reduction = self.edge / max(view.shape[:2])
            if reduction != 1:
                size = round(view.shape[1] * reduction), round(view.shape[0] * reduction)
                view = np.asarray(cv2.resize(
                    view, (max(size[0], 1), max(size[1], 1)), interpolation=cv2.INTER_AREA),
                    np.uint8)
            step = np.array([width / view.shape[1], height / view.shape[0]])
            corner = -step * np.array(self._network.run_on_view(view), np.float64)
        logits = self._network.output(1)[:, 0]
        lowest = self._min_score if min_score is None else min_score
        (found,) = (logits >= math.log(lowest / (1 - lowest))).nonzero()
        if not found.size:
            return []
        # (N, 16): centre, size and six key points in pixels of the view.
        places = self._network.output(_COLUMNS, found)
        half = places[:, 2:4] / 2
        # All values but the size are relative to the anchor.
        places += self._anchors[found]
        places[:, 2:4] = places[:, :2] + half
        places[:, :2] -= half
        scores = 1 / (1 + np.exp(-logits[found]))
        return [
            _detection(step * face.reshape(-1, 2) + corner, score)
            for face, score in _merged(places, scores)]


def _merged(places: Values, scores: Values) -> list[tuple[Values, float]]:
    """
    Return for each face the mean of its raw detections, weighted by score, and the best score.

    :param places: (N, 16): left, top, right, bottom, key points.
    """
    order = scores.argsort()[::-1]
    places, scores = places[order], scores[order]
    faces = []
    while len(scores):
        left, top, right, bottom = places[:, :4].T
        areas = (right - left) * (bottom - top)
        shared = (
            np.maximum(np.minimum(right, right[0]) - np.maximum(left, left[0]), 0)
            * np.maximum(np.minimum(bottom, bottom[0]) - np.maximum(top, top[0]), 0))
        same = shared > SAME_FACE_IOU * (areas + areas[0] - shared)
        same[0] = True
        weights = scores[same]
        faces.append((weights @ places[same] / weights.sum(), float(weights[0])))
        places, scores = places[~same], scores[~same]
    return faces


def _detection(places: npt.NDArray[np.float64], score: float) -> Detection:
    (left, top), (right, bottom) = places[:2].tolist()
    return Detection(
        Box(left, top, right - left, bottom - top), score, places[2:].astype(np.float32))
