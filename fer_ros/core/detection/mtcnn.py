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

"""Face detection with MTCNN: three networks of increasing size, slow."""

from __future__ import annotations

import importlib
import os
from typing import Any

import cv2
from fer_ros.core import native_stderr
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.values import Box, Detection, Image, KeyPoint
import numpy as np
import numpy.typing as npt

BOX_SCALE = 0.93
"""Edge of MediaPipe's box of a face in mean edges of MTCNN's box."""

BOX_SHIFT = 0.09
"""Distance of the centre of MediaPipe's box below that of MTCNN's box, in the same unit."""

# Both are medians over faces that both detectors found (docs/benchmarks.md).

# Rows of the package's key points. Its left and right are those of the image: its left eye is the
# person's right eye.
_POINTS = {KeyPoint.RIGHT_EYE: 0, KeyPoint.LEFT_EYE: 1, KeyPoint.NOSE_TIP: 2}
_MOUTH_CORNERS = [3, 4]


class MtcnnDetector:
    """
    The networks of the package `mtcnn`, which run in TensorFlow.

    The score of a face is that of the last network. Eyes, nose and the centre of the mouth (the
    midpoint of its corners) are known; the ears are NaN.
    """

    def __init__(self, options: DetectorOptions) -> None:
        """
        Load the networks.

        :raises ImportError: if the package or TensorFlow is not installed.
        """
        # TensorFlow prints an error of the package for every image without faces.
        os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
        try:
            with native_stderr.silenced():
                self._mtcnn: Any = importlib.import_module('mtcnn').MTCNN()
        except ImportError as error:
            raise ImportError(
                f"the detector 'mtcnn' needs packages that are not installed ({error}); "
                'in the folder of fer_ros, `pip install -r requirements/mtcnn.txt` installs them'
            ) from error
        self._options = options

    def detect(self, image: Image, scale: float = 1.0) -> list[Detection]:
        """
        Return the faces of the image, in no particular order.

        :param image: (H, W, 3) uint8, BGR.
        """
        options = self._options
        height, width = image.shape[:2]
        shrink = max(max(height, width) / options.mtcnn.image_edge, 1.0)
        if shrink > 1:
            size = max(round(width / shrink), 1), max(round(height / shrink), 1)
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        # `min_face_size` and `scale_factor` keep the package's defaults of 20 and 0.709. With
        # other values, its pyramid ends in images smaller than the input of its network, and it
        # then finds no face at all.
        rows = self._mtcnn.detect_faces(
            cv2.cvtColor(image, cv2.COLOR_BGR2RGB), fit_to_image=False, box_format='xyxy',
            output_type='numpy', threshold_pnet=options.mtcnn.pnet_threshold,
            threshold_rnet=options.mtcnn.rnet_threshold, threshold_onet=options.min_score)
        enlarge = np.array([width / image.shape[1], height / image.shape[0]])
        faces = (_detection(row, enlarge) for row in rows)
        return [face for face in faces if face.box.width >= scale * options.min_size]

    detect_small = None
    """It searches images of several sizes itself."""

    def close(self) -> None:
        """Free the networks."""
        self._mtcnn = None


def _detection(row: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]) -> Detection:
    """
    Convert a row of the package.

    :param row: (16,): image, left, top, right, bottom, score, x of five points, y of them.
    :param scale: (2,): pixels of the image for one of the searched one, along x and y.
    """
    (left, top), (right, bottom) = row[1:5].reshape(2, 2) * scale
    found = np.stack([row[6:11], row[11:16]], axis=1) * scale
    points = np.full((len(KeyPoint), 2), np.nan, np.float32)
    for key_point, index in _POINTS.items():
        points[key_point] = found[index]
    points[KeyPoint.MOUTH_CENTER] = found[_MOUTH_CORNERS].mean(axis=0)
    mean_edge = (right - left + bottom - top) / 2
    edge = float(BOX_SCALE * mean_edge)
    box = Box(
        float(left + right - edge) / 2,
        float((top + bottom - edge) / 2 + BOX_SHIFT * mean_edge), edge, edge)
    return Detection(box, min(max(float(row[5]), 0.0), 1.0), points)
