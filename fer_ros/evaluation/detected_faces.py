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

"""The pictures of a data set as the running pipeline would find and frame their faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import cv2
from fer_ros.core.classification.crop import upright_crop
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.landmarks.mesh import region_of_face
from fer_ros.core.values import Box, Detection, Image
from fer_ros.evaluation.labelled_faces import DataSet, Images, Mask
from fer_ros.evaluation.pictures import resized
import numpy as np
from rich.console import Console
from rich.progress import track

EDGE = 96
"""Smaller pictures are enlarged to this edge, in pixels, before faces are looked for in them."""

MARGIN = 0.5
"""Width of the grey frame that is put around a picture, in the picture's edges."""

# Of 500 pictures of FER-2013's PublicTest that FER+ labels, the detector with its defaults found
# this share of the faces, for pictures that fill 0.4 / 0.5 / 0.6 / 0.7 / 0.8 of their canvas:
#     frame of the picture's mean grey, canvas  96 px   0.956  0.990  0.994  0.992  0.986
#                                       canvas 192 px   0.958  0.994  0.990  0.992  0.988
#     frame that continues the edges,   canvas 192 px   0.934  0.968  0.972  0.962  0.970
# Frames that mirror the picture are found as second faces.


def pipeline_crops(images: Images, size: int = 48, progress: bool = False) -> tuple[Images, Mask]:
    """
    Return faces as the running pipeline would frame them.

    Each picture is enlarged and put on a canvas as if a camera saw it; then the pipeline's
    detector finds the face, the landmark network frames it, and `upright_crop` cuts it out. The
    result depends on nothing but the images and the size. A row takes about 6 ms.

    Of FER-2013's PublicTest, the faces of 3,146 of the 3,186 rows with a FER+ majority are found
    (98.7 %), and of 98.4 % of all rows.

    :param images: (N, S, S) uint8, grey.
    :param size: edge of the crops in pixels.
    :param progress: whether a bar on standard error shows how far it is.
    :return: crops (N, size, size) uint8, and where a face was found (N,); the other rows hold
        their own picture, brought to the size.
    """
    crops = np.array(resized(images, size))
    found = np.zeros(len(images), np.bool_)
    network = FaceMesh()
    for place, (picture, detection) in enumerate(_largest_faces(images, progress)):
        if detection is not None:
            face = framed(network, picture, detection)
            crops[place] = upright_crop(picture, face.box, face.key_points, size)
            found[place] = True
    return crops, found


def framed(network: FaceMesh, image: Image, face: Detection) -> Detection:
    """
    Return the face with box and key points of its landmarks, where the network sees them.

    :param image: (H, W, 3) uint8, BGR.
    """
    mesh = network.refine(image, region_of_face(face.box, face.key_points))
    return Detection(mesh.box, mesh.presence, mesh.key_points) if mesh.is_face else face


def with_faces(
    data_set: DataSet, splits: Sequence[str] = ('training',), progress: bool = False,
) -> DataSet:
    """
    Return the data set without the pictures in which the detector finds no face.

    :param splits: where they are left out; by default not in the tests, whose figures could not
        be compared with others' then.
    :param progress: whether a bar on standard error shows how far it is.
    """
    for split in splits:
        faces = _largest_faces(data_set.faces(split).images, progress)
        missing = np.array([face is None for _, face in faces], np.bool_)
        data_set = data_set.without(split, missing, 'the detector finds no face in them')
    return data_set


def _largest_faces(images: Images, progress: bool) -> Iterator[tuple[Image, Detection | None]]:
    """Yield each picture as it is searched, (S, S, 3), and its largest face in its pixels."""
    bar = track(
        images, 'looking for faces', console=Console(stderr=True), disable=not progress)
    with closing(create_detector(DetectorOptions())) as detector:
        for image in bar:
            edge = max(image.shape[0], EDGE)
            enlarged = cv2.resize(image, (edge, edge), interpolation=cv2.INTER_CUBIC)
            picture = np.asarray(cv2.cvtColor(enlarged, cv2.COLOR_GRAY2BGR), np.uint8)
            margin = round(MARGIN * edge)
            canvas = cv2.copyMakeBorder(
                picture, margin, margin, margin, margin, cv2.BORDER_CONSTANT,
                value=[round(float(picture.mean()))] * 3)
            faces = detector.detect(np.asarray(canvas, np.uint8))
            # Cut from the picture itself, a crop that reaches beyond it continues its edges, as
            # one that reaches beyond a camera's image does, instead of showing the grey frame.
            yield picture, max(
                (_moved(face, -margin) for face in faces), key=lambda face: face.box.area,
                default=None)


def _moved(face: Detection, by: int) -> Detection:
    box = Box(face.box.x + by, face.box.y + by, face.box.width, face.box.height)
    points = None if face.key_points is None else face.key_points + np.float32(by)
    return replace(face, box=box, key_points=points)
